"""One approval in many places, through the whole bot: in private, on the page, typed consent, Teams."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from bot.workbench.cast import GRACE
from bot.workbench.seen import Message
from tests.conversations.test_approvers import deciding
from tests.conversations.test_order import asked
from tests.stack import Stack
from workers.approvers import consenting

DIRECT = {"people": ["grace@example.com", "omar@example.com"], "direct": True}


async def known(stack: Stack, *who: str) -> None:
    """Each has written to the bot before, so that it knows where to find them."""
    for name in who:
        said = await stack.world.slack.say(name, "dm", "help")
        await stack.world.slack.wait_for(None, channel="dm", who=name, after=said)
    await stack.lately_in("slack", *(f"{name}@example.com" for name in who))


def home_words(blocks: list[dict[str, Any]]) -> str:
    return json.dumps(blocks)


async def test_each_who_is_named_gets_a_card_in_private_and_the_others_are_told_who_decided(
    stack: Stack,
) -> None:
    slack = stack.world.slack
    await known(stack, "grace", "omar")
    async with deciding(stack, DIRECT):
        said, channel = await asked(stack)
        grace = await slack.wait_for("Approve?", channel="dm", who="grace", button="Approve")
        omar = await slack.wait_for("Approve?", channel="dm", who="omar", button="Approve")

        await slack.press("omar", omar, "Approve")

        for copy in (grace, omar, channel):
            done = await slack.wait_until(copy, "Approved by Omar Haddad and carried out")
            assert done.buttons == []
        told = await slack.wait_for("nothing left for you to do", channel="dm", who="grace", after=grace)
        assert "Omar Haddad approved it" in told.words
        assert told.buttons == []
        await slack.wait_for("Receipt", thread=said)
        heard = [m.words for m in slack.messages("dm", who="omar") if "nothing left for you" in m.words]
        assert not any("Omar Haddad approved it" in words for words in heard)


async def test_the_page_of_whoever_looked_lately_is_shown_anew(stack: Stack) -> None:
    slack = stack.world.slack
    await slack.open_home("grace")
    await slack.home("grace")
    _, ask = await asked(stack)
    code = _code(ask)
    await stack.world.until(lambda: code in home_words(stack.world.homes["grace"]), "the request on the page")

    await slack.press("grace", ask, "Approve")

    await stack.world.until(
        lambda: (
            "Approved by Grace Okafor" in home_words(stack.world.homes["grace"])
            and code not in home_words(stack.world.homes["grace"])
        ),
        "what became of it on the page",
    )


def _code(card: Message) -> str:
    return card.words.partition("code ")[2].split()[0]


@pytest.mark.parametrize("text", ["approve", "looks good, go ahead", "LGTM"])
async def test_a_yes_typed_under_the_card_is_answered_with_a_button_and_decides_nothing(
    stack: Stack, text: str
) -> None:
    slack = stack.world.slack
    said, ask = await asked(stack)

    typed = await slack.say("grace", "approvals", text, thread=ask)
    card = await slack.wait_for("What is typed decides nothing", thread=ask, who="grace", after=typed)

    assert card.ephemeral_to == GRACE.slack
    assert _code(card) == _code(ask)
    assert "Approve" in slack.now(ask).buttons
    await slack.press("grace", card, "Approve")
    await slack.wait_until(ask, "Approved by Grace Okafor and carried out")
    await slack.wait_for("Receipt", thread=said)
    pressed = await slack.wait_until(card, "Approved by Grace Okafor")
    assert pressed.buttons == []
    assert pressed.ephemeral_to == GRACE.slack


async def test_a_button_shown_to_one_person_is_answered_in_its_place_when_it_is_too_late(
    stack: Stack,
) -> None:
    slack = stack.world.slack
    said, ask = await asked(stack)
    typed = await slack.say("grace", "approvals", "approve", thread=ask)
    card = await slack.wait_for("What is typed decides nothing", thread=ask, who="grace", after=typed)
    await slack.say("ada", "orders", "cancel", thread=said)
    await slack.wait_until(ask, "Withdrawn by Ada Reyes")

    await slack.press("grace", card, "Approve")

    late = await slack.wait_until(card, "Ada Reyes withdrew this, so there is nothing to decide")
    assert late.buttons == []


async def test_a_yes_typed_by_somebody_else_is_answered_why_not(stack: Stack) -> None:
    slack = stack.world.slack
    _, ask = await asked(stack)

    typed = await slack.say("omar", "approvals", "approved, go ahead", thread=ask)
    told = await slack.wait_for("Only the named approvers", thread=ask, who="omar", after=typed)
    again = await slack.say("ada", "approvals", "lgtm", thread=ask)
    own = await slack.wait_for("asked for this yourself", thread=ask, who="ada", after=again)

    assert told.ephemeral_to
    assert own.ephemeral_to
    assert "Approve" in slack.now(ask).buttons


async def test_a_yes_typed_in_teams_is_a_card_with_a_mention(stack: Stack) -> None:
    slack, teams = stack.world.slack, stack.world.teams
    before = teams.activities("Approvals")
    said, ask = await asked(stack)
    await teams.wait_for("Approve?", chat="Approvals", button="Approve", after=before[-1])
    waiting = await stack.fetch("select count(*) from approvals where state = 'pending'")

    await teams.say("grace", "Approvals", "@Countersign looks good to me")

    if waiting[0][0] == 1:
        card = await teams.wait_for("What is typed decides nothing", button="Approve")
        await teams.press("grace", card, "Approve")
        await slack.wait_until(ask, "carried out")
        await slack.wait_for("Receipt", thread=said)
        shown = teams.now(card).card_of("grace")
        assert "Approved by Grace Okafor" in str(shown)
        assert "Action.Execute" not in str(shown)
    else:
        await teams.wait_for("More than one request waits here")
        assert "Approve" in slack.now(ask).buttons


PATHS = ("/slack/events", "/api/messages", "/webhooks/stripe", "/webhooks/github", "/healthz", "/readyz", "/")
AGENTS = (
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "facebookexternalhit/1.1",
    "Microsoft Office/16.0 (Microsoft Outlook Mail Preview)",
)


async def test_no_preview_agent_and_no_page_of_somebody_else_decides(stack: Stack) -> None:
    _, ask = await asked(stack)
    value = ask.control("approval.approve")["value"]
    press = {"type": "block_actions", "actions": [{"action_id": "approval.approve", "value": value}]}
    async with aiohttp.ClientSession(trust_env=False) as session:
        for path in PATHS:
            url = f"{stack.world.bot_url}{path}?action=approve&value={value}"
            for method in ("GET", "HEAD", "OPTIONS"):
                for agent in AGENTS:
                    async with session.request(method, url, headers={"User-Agent": agent}) as answer:
                        assert answer.status in (200, 404, 405)
                        assert answer.status != 200 or path in ("/healthz", "/readyz")
                        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        form = {"payload": json.dumps(press)}
        headers = {"Origin": "https://evil.example", "Cookie": "session=1"}
        for path in ("/slack/events", "/api/messages"):
            async with session.post(stack.world.bot_url + path, data=form, headers=headers) as answer:
                assert answer.status in (400, 401, 415)

    await stack.world.slack.react("grace", ask, "+1")
    await stack.world.slack.react("grace", ask, "white_check_mark")
    await stack.world.settled()
    rows = await stack.fetch("select state from approvals where id = $1", value)
    assert rows[0]["state"] == "pending"
    assert "Approve" in stack.world.slack.now(ask).buttons


@pytest.mark.twin
async def test_without_the_press_whoever_types_a_yes_has_decided(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What most bots would do with the words: take them for the press."""
    from dataclasses import replace

    from bot.turn import Pressed
    from workers import cards
    from workers.turns import _decided

    async def careless(tools: Any, claimed: Any, seen: Any, turn: Any, person: Any, found: Any) -> Any:
        pressed = replace(turn, act=Pressed(cards.APPROVE, found.approval))
        return await _decided(tools, claimed, seen, pressed, person)

    monkeypatch.setattr(consenting, "offered", careless)
    slack = stack.world.slack
    said, ask = await asked(stack)

    await slack.say("grace", "approvals", "looks good", thread=ask)

    await slack.wait_until(ask, "Approved by Grace Okafor")
    await slack.wait_for("Receipt", thread=said)
