"""Whole escalations: a ticket in Jira, a person on another platform, words both ways, and back to the bot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.workbench.seen import Activity, Message
from tests.stack import Stack
from workers.push import POLICY, load_catalog, push_to

ROTA = """
rotas:
  on-call:
    line: [{who: grace@example.com}, {who: omar@example.com}]
escalation: {to: on-call, github: [critical]}
"""


async def handed(stack: Stack, words: str, severity: str = "High") -> Message:
    """Asked for and confirmed by Ada in #orders; the thread's root."""
    slack = stack.world.slack
    said = await slack.say("ada", "orders", f"@Countersign {words}")
    ask = await slack.wait_for("How severe", thread=said, button=severity)
    await slack.press("ada", ask, severity)
    card = await slack.wait_for("Hand this to a person", thread=said, button="Yes, hand it over")
    await slack.press("ada", card, "Yes, hand it over")
    return said


async def ticket(stack: Stack, title: str) -> dict[str, Any]:
    """The one in Jira with this title, as the sandbox shows it."""
    await stack.world.refresh()
    found = [each for each in stack.world.records if title in str(each)]
    assert len(found) == 1, found
    return found[0]


async def test_a_matter_goes_from_slack_to_somebody_in_teams_and_comes_back(stack: Stack) -> None:
    slack, teams = stack.world.slack, stack.world.teams
    title = "the printer is on fire"
    said = await handed(stack, f"escalate: {title}")
    await slack.wait_for("is open.", thread=said)
    asked = await slack.wait_for(title, channel="approvals", button="I take it")
    offer = await teams.wait_for(title, chat="Approvals", button="I take it")

    await slack.press("omar", asked, "I take it")
    await slack.wait_for("Only those who were asked can take this.", channel="approvals", who="omar")
    await teams.press("grace", offer, "I take it")
    await slack.wait_for("Grace Okafor has taken this over", thread=said, button="It is solved")
    await slack.wait_until(asked, "Taken by Grace Okafor")
    yours = await teams.wait_for("You have this now", chat="Approvals")

    for number in range(3):
        await slack.say("ada", "orders", f"flame {number} <!channel> @here", thread=said)
    third = await teams.wait_for("flame 2", chat="Approvals")
    await teams.say("omar", "Approvals", "@Countersign resolve", thread=yours)
    await teams.wait_for("only what Grace Okafor writes is passed on", chat="Approvals", who="omar")
    await teams.say("grace", "Approvals", "@Countersign I bring water", thread=yours)
    answer = await slack.wait_for("I bring water", thread=said)
    assert "Grace Okafor, who has this matter, writes:" in answer.words
    passed = [each for each in teams.activities("Approvals") if each.bot and "│ flame" in each.words]
    assert [each.words.partition("│ ")[2][:7] for each in passed] == ["flame 0", "flame 1", "flame 2"]
    assert "Ada Reyes, who asked, writes:" in third.words
    bot = [each for each in slack.messages(thread=said) if each.bot and "flame" in each.words]
    assert bot == []

    await teams.say("grace", "Approvals", "@Countersign resolve", thread=yours)
    rating = await slack.wait_for("How well did Grace Okafor help you", thread=said, button="5")
    await slack.press("ada", rating, "5")
    await slack.wait_for("is closed.", thread=said)
    await slack.wait_until(asked, "Resolved by Grace Okafor")
    done = await teams.wait_until(offer, "Resolved by Grace Okafor")
    assert isinstance(done, Activity)
    assert not {"Resolve", "Pass it on", "I take it"} & set(done.buttons)
    assert "Done" in str(await ticket(stack, title))


@pytest.mark.usefixtures("_rota")
async def test_somebody_on_call_is_asked_in_private_and_talks_in_that_thread(stack: Stack) -> None:
    slack = stack.world.slack
    title = "the scanner smokes"
    said = await handed(stack, f"/escalate {title}".removeprefix("/"))
    offer = await slack.wait_for(title, channel="dm", who="grace", button="Not me")

    await slack.press("grace", offer, "I take it")
    await slack.wait_for("Grace Okafor has taken this over", thread=said)
    await slack.say("grace", "dm", "which one?", thread=offer)
    await slack.wait_for("which one?", thread=said)
    await slack.say("ada", "orders", "the blue one", thread=said)
    await slack.wait_for("the blue one", thread=offer)
    await slack.say("grace", "dm", "outside of the thread", thread=None)
    await slack.wait_for("outside of the thread", thread=said)

    await slack.say("ada", "orders", "great, that solved it", thread=said)
    card = await slack.wait_for("Is it solved, then?", thread=said, button="Yes, it is solved")
    await slack.press("ada", card, "Yes, it is solved")
    await slack.wait_for("How well did Grace Okafor help you", thread=said)
    await slack.wait_until(offer, "Ada Reyes says that it is solved.")
    await slack.say("ada", "orders", "4", thread=said)
    await slack.wait_for("Thank you, Ada Reyes.", thread=said)


async def test_a_message_is_escalated_by_its_shortcut_with_what_was_said_before(stack: Stack) -> None:
    slack = stack.world.slack
    root = await slack.say("ada", "general", "The lift is stuck again\nsince nine o'clock")
    await slack.shortcut("ada", root, "escalate")

    card = await slack.wait_for("How severe is “The lift is stuck again”?", thread=root, button="Low")
    await slack.press("ada", card, "Low")
    await slack.wait_for("Hand this to a person: The lift is stuck again", thread=root)
    run = await stack.fetch(
        "select state->>'conversation' as told from runs order by started_at desc limit 1"
    )
    assert "since nine o'clock" in run[0]["told"]
    await slack.say("ada", "general", "cancel", thread=root)
    await slack.wait_for("Cancelled.", thread=root)


@pytest.fixture
async def _rota(stack: Stack, tmp_path: Path) -> Any:
    await stack.world.slack.say("grace", "dm", "hello")
    await stack.world.slack.wait_for("Hello Grace", channel="dm", who="grace")
    await stack.lately_in("slack", "grace@example.com")
    shipped = POLICY.read_text()
    other = tmp_path / "policy.yaml"
    other.write_text(shipped.partition("\ngroups:")[0] + ROTA)
    await push_to(stack.db, stack.tenant, load_catalog(), other)
    yield
    await push_to(stack.db, stack.tenant, load_catalog(), POLICY)
