"""Files that are sent along: looked at aside, told of, and joined to what the person said."""

from __future__ import annotations

import pytest

from tests.integrations.documents import made
from tests.stack import Stack

PATIENCE = 30.0
LIST = "Shopping list\n\n- 2 margheritas\n- 3 colas\n"
LEASE = "The lease runs for two years. The rent is due on the third of each month. Pets are not allowed."


async def sent(stack: Stack, name: str, data: bytes, media: str, transcript: str = "") -> list[str]:
    return [await stack.world.upload(name, data, media, transcript=transcript)]


async def test_a_list_that_is_sent_as_pdf_fills_the_order_which_is_confirmed_as_ever(stack: Stack) -> None:
    slack = stack.world.slack
    files = await sent(stack, "list.pdf", made.pdf("2 margheritas\n3 colas"), "application/pdf")
    asked = await slack.say("ada", "orders", "@Countersign order this", files=files)
    await slack.wait_for("list.pdf", thread=asked, timeout=PATIENCE)
    card = await slack.wait_for("Confirm your cart", thread=asked, timeout=PATIENCE, button="Yes, order it")
    assert "2 × Margherita" in card.words
    assert "3 × Cola" in card.words


async def test_a_question_about_a_file_is_answered_with_the_file_named(stack: Stack) -> None:
    teams = stack.world.teams
    files = await sent(stack, "lease.txt", LEASE.encode(), "text/plain")
    asked = await teams.say("ada", "personal", "When is the rent due?", files=files)
    told = await teams.wait_for("third of each month", chat="personal", who="ada", after=asked, timeout=PATIENCE)
    assert "lease.txt" in told.words
    later = await teams.say("ada", "personal", "are pets allowed in that document?")
    await teams.wait_for("not allowed", chat="personal", who="ada", after=later, timeout=PATIENCE)
