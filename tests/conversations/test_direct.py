"""In a direct message people simply go on writing: what belongs to an open thread of it is heard there."""

from __future__ import annotations

import pytest

from tests.stack import Stack
from workers import following

TAKEN = "I take that for your open /order"
ELSEWHERE = "Something of yours is open in a thread of this chat"


@pytest.fixture(autouse=True)
async def _nothing_open(stack: Stack) -> None:
    """Of other tests' conversations with the same people."""
    async with stack.db.tenant(stack.tenant) as c:
        await c.execute("update runs set status = 'cancelled' where status = 'waiting'"
                        " and conversation like 'slack:%:D%'")  # fmt: skip


async def ordered(stack: Stack, who: str, words: str = "order two large margheritas") -> str:
    thread = await stack.world.slack.say(who, "dm", words)
    await stack.world.slack.wait_for("Confirm your cart", thread=thread, button="Yes, order it")
    return thread


async def cancelled(stack: Stack, who: str, thread: str) -> None:
    said = await stack.world.slack.say(who, "dm", "cancel", thread=thread)
    await stack.world.slack.wait_for("cancel", thread=thread, after=said)


async def test_a_change_beside_the_thread_is_heard_in_it(stack: Stack) -> None:
    slack = stack.world.slack
    thread = await ordered(stack, "ada")
    beside = await slack.say("ada", "dm", "actually make that three")
    await slack.wait_for(TAKEN, thread=beside)
    await slack.wait_for("3 × Margherita (large)", thread=thread)
    ended = await slack.say("ada", "dm", "cancel")
    await slack.wait_for(TAKEN, thread=ended)
    await slack.wait_for("Cancelled", thread=thread)
    none = await slack.say("ada", "dm", "cancel")
    await slack.wait_for("There is nothing open here", thread=none)


async def test_a_yes_beside_it_confirms_nothing(stack: Stack) -> None:
    slack = stack.world.slack
    thread = await ordered(stack, "grace")
    for words in ("yes", "ok, go ahead"):
        beside = await slack.say("grace", "dm", words)
        await slack.wait_for(ELSEWHERE, thread=beside)
    # It waits for its own yes still, and takes a change.
    said = await slack.say("grace", "dm", "make it three", thread=thread)
    await slack.wait_for("3 × Margherita (large)", thread=thread, button="Yes, order it", after=said)
    await cancelled(stack, "grace", thread)


@pytest.mark.twin
async def test_were_a_yes_heard_there_it_would_pay(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    slack = stack.world.slack
    monkeypatch.setattr(following, "NEVER", ())
    monkeypatch.setattr(following, "ANSWERS", (*following.ANSWERS, "yes"))
    thread = await ordered(stack, "ada")
    await slack.say("ada", "dm", "yes")
    await slack.wait_for("Receipt", thread=thread, timeout=30)


async def test_what_stands_alone_is_no_answer_to_it(stack: Stack) -> None:
    slack = stack.world.slack
    thread = await ordered(stack, "omar")
    alone = {
        "thanks!": "You are welcome",
        "what can you do?": "I can do this",
        "qwertz uiop asdf": "I am not sure what you would like",
    }
    for words, answer in alone.items():
        said = await slack.say("omar", "dm", words)
        await slack.wait_for(answer, thread=said)
    await cancelled(stack, "omar", thread)


async def test_of_two_the_newer_is_changed_and_neither_is_cancelled(stack: Stack) -> None:
    slack = stack.world.slack
    first, second = await ordered(stack, "ada"), await ordered(stack, "ada", "order four colas")
    beside = await slack.say("ada", "dm", "cancel")
    await slack.wait_for(ELSEWHERE, thread=beside)
    beside = await slack.say("ada", "dm", "actually make that five")
    await slack.wait_for(TAKEN, thread=beside)
    await slack.wait_for("5 × Cola", thread=second)
    for thread in (first, second):
        await cancelled(stack, "ada", thread)


async def test_a_question_of_a_thread_is_answered_beside_it(stack: Stack) -> None:
    slack = stack.world.slack
    thread = await slack.say("omar", "dm", "escalate: the printer on floor 3 is on fire")
    await slack.wait_for("How severe", thread=thread, button="Critical")
    other = await slack.say("omar", "dm", "it is getting worse")
    await slack.wait_for("I am not sure what you would like", thread=other)
    beside = await slack.say("omar", "dm", "critical")
    await slack.wait_for("I take that for your open /escalate", thread=beside)
    await slack.wait_for("Hand this to a person: the printer", thread=thread, button="Yes, hand it over")


async def test_in_a_channel_and_after_a_while_nothing_is_guessed(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = stack.world.slack
    thread = await slack.say("ada", "orders", "@Countersign order two large margheritas")
    await slack.wait_for("Confirm your cart", thread=thread)
    beside = await slack.say("ada", "orders", "@Countersign cancel")
    await slack.wait_for("There is nothing open here", thread=beside)
    said = await slack.say("ada", "orders", "cancel", thread=thread)
    await slack.wait_for("Cancelled", thread=thread, after=said)
    thread = await ordered(stack, "ada")
    monkeypatch.setattr(following, "FRESH", 0.0)
    late = await slack.say("ada", "dm", "cancel")
    await slack.wait_for("There is nothing open here", thread=late)
    await cancelled(stack, "ada", thread)
