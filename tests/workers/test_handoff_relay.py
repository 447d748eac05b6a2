"""While a person has the matter: what is passed on, to whom, how often, and how it comes back."""

from __future__ import annotations

from typing import Any

import pytest

from bot import text as safe
from bot.errors import PlatformError
from bot.platforms.slack import render
from bot.text import SLACK_INERT
from flows import relay
from tests.workers.desk import Desk, flow_of, open_desk
from tests.workers.handed import FLOW, PLACE, ROTA, ada, begun, grace, rota, taken
from workers import handing
from workers.store import handoffs
from workers.store.door import Database

__all__ = ["rota", "taken"]

pytestmark = pytest.mark.usefixtures("idle")


# ── what is passed on ────────────────────────────────────────────────────────────────────


async def test_words_go_both_ways_across_platforms_in_order_and_once_each(taken: Desk) -> None:
    for number in range(4):
        await taken.say("ada", ada(taken), f"question {number}", f"q{number}{taken.mark}", run=False)
        await taken.say("grace", grace(taken), f"answer {number}", f"a{number}{taken.mark}", run=False)
    await taken.work()
    for number in range(4):  # all of it comes again
        await taken.say("ada", ada(taken), f"question {number}", f"q{number}{taken.mark}")
        await taken.say("grace", grace(taken), f"answer {number}", f"a{number}{taken.mark}")

    heard = [taken.teams.posts[id].reply.text for id in taken.find("writes: question")]
    assert heard == [f"Ada, who asked, writes: question {number}" for number in range(4)]
    read = [taken.slack.posts[id].reply.text for id in taken.find("writes: answer")]
    assert read == [f"Grace, who has this matter, writes: answer {number}" for number in range(4)]


async def test_the_bot_keeps_quiet_meanwhile(taken: Desk) -> None:
    before = len(taken.slack.posts)
    for words in ("cancel", "what can you do?", "hello", "/help_me"):
        await taken.say("ada", ada(taken), words)

    assert len(taken.slack.posts) == before
    assert len(taken.find("Ada, who asked, writes:", "Dgrace")) == 4


@pytest.mark.parametrize("turns", range(1, 8))
async def test_killed_in_between_nothing_is_lost_or_said_twice(rota: Desk, turns: int) -> None:
    await rota.press("grace", rota.one("The printer burns"), "I take it", run=False)
    await rota.say("ada", ada(rota), "it is blue", run=False)
    await rota.say("grace", grace(rota), "which one?", run=False)
    await rota.work(turns=turns)
    await rota.work()
    await rota.say("ada", ada(rota), "and hot")

    blue = rota.find("it is blue", "Dgrace")
    assert len(blue) == 1
    assert len(rota.find("and hot", "Dgrace")) == 1
    assert len(rota.find("which one?", "D_ADA")) == 1
    assert len(rota.find("has taken this over", "D_ADA")) == 1


async def test_what_could_not_be_passed_on_is_told(taken: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: Any, **__: Any) -> Any:
        raise PlatformError("teams", "does not let me write there")

    monkeypatch.setattr(taken.teams, "post", refuse)
    await taken.say("ada", ada(taken), "are you there?")

    assert taken.find("I could not pass on what you wrote last.", "D_ADA")


async def test_an_offer_that_arrives_nowhere_goes_to_the_next_at_once(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await open_desk(db, flow_of(FLOW, "help_me"), ROTA)
    for user, platform in (("ada", "slack"), ("omar", "slack"), ("grace", "teams")):
        await desk.meet(user, platform)

    async def refuse(*_: Any, **__: Any) -> Any:
        raise PlatformError("teams", "does not let me write there")

    monkeypatch.setattr(desk.teams, "post", refuse)
    await desk.say("ada", ada(desk), "/help_me")

    assert desk.slack.posts[desk.one("The printer burns")].place.channel == "Domar"


async def test_a_message_without_words_is_told_to_be_no_words(taken: Desk) -> None:
    await taken.say("grace", grace(taken), "  ")

    assert taken.teams.whispers[-1] == ("grace", handing.WORDS_ONLY)


# ── strangers, other tenants, our voice ──────────────────────────────────────────────────


@pytest.mark.parametrize("words", ["resolve", "Resolved.", "/resolve"])
async def test_a_strangers_resolve_does_nothing(db: Database, words: str) -> None:
    desk = await begun(db, PLACE)
    [card] = [id for id in desk.find("The printer burns") if id in desk.slack.posts]
    await desk.press("omar", card, "I take it")

    await desk.say("grace", desk.at("CHELP", card), words)
    await desk.say("grace", ada(desk), words)
    await desk.press("grace", card, "Resolve")

    assert not desk.find("Thank you.")
    assert not desk.find("writes: " + words)
    assert [row["state"] for row in await desk.fetch("select state from handoffs")] == ["taken"]


@pytest.mark.twin
async def test_without_the_look_at_who_has_it_a_stranger_resolves_it(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await begun(db, PLACE)
    [card] = [id for id in desk.find("The printer burns") if id in desk.slack.posts]
    await desk.press("omar", card, "I take it")
    monkeypatch.setattr(handing, "has_it", lambda matter, person: True)

    await desk.say("grace", desk.at("CHELP", card), "resolve")

    assert desk.find("Thank you.", "D_ADA")


@pytest.mark.parametrize("words", ["resolve", "Resolve!", "resolved", "/resolve"])
async def test_the_helpers_resolve_brings_it_back(taken: Desk, words: str) -> None:
    await taken.say("grace", grace(taken), words)

    assert taken.find("Grace says that this is resolved. I am back.", "D_ADA")
    assert taken.find("Thank you.", "D_ADA")
    assert "Resolved by Grace." in taken.teams.posts[taken.one("The printer burns")].text


async def test_after_it_is_resolved_the_helpers_words_are_for_the_bot_again(taken: Desk) -> None:
    await taken.press("grace", taken.one("The printer burns"), "Resolve")
    await taken.say("grace", grace(taken), "what can you do?")

    assert taken.find("I can do this:", "Dgrace")
    assert not taken.find("what can you do?", "D_ADA")


async def test_what_is_said_never_reaches_another_tenant(taken: Desk, db: Database) -> None:
    """The same people, the same channel names and the same chat, in another organisation."""
    other = await open_desk(db, flow_of(FLOW, "help_me"), ROTA)
    other.mark = taken.mark
    await other.meet("grace", "teams")
    await other.say("grace", grace(other), "secret of the other house")
    await other.say("ada", ada(other), "resolve")

    assert not taken.find("secret of the other house")
    assert [row["state"] for row in await taken.fetch("select state from handoffs")] == ["taken"]


@pytest.mark.twin
async def test_looked_for_without_the_tenant_it_would(
    taken: Desk, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What keeps the two apart is the tenant that the question is asked for."""
    theirs = taken.tenant
    asked = handoffs.helping

    async def across(c: Any, tenant: Any, place: Any) -> Any:
        return await asked(c, theirs, place)

    monkeypatch.setattr(handoffs, "helping", across)
    other = await open_desk(db, flow_of(FLOW, "help_me"), ROTA)
    other.mark = taken.mark
    async with taken.db.tenant(theirs) as c:
        [row] = await c.fetch("select helper from handoffs")
    there = await handoffs.helping(db, other.tenant, grace(other))

    assert [each.helper for each in there] == [row["helper"]]


async def test_what_is_passed_on_stands_behind_a_bar_and_mentions_nobody(taken: Desk) -> None:
    await taken.say("grace", grace(taken), "ok <!channel> @here\nCountersign: your refund was approved")

    [passed] = taken.find("your refund was approved")
    posted = taken.slack.posts[passed]
    assert posted.reply.mentions == ()
    body = posted.reply.blocks[1].text  # type: ignore[union-attr]  # a paragraph
    assert body == f"{relay.BAR}ok <!channel> @here\n{relay.BAR}Countersign: your refund was approved"


HOSTILE = "<!channel> <!here> <@U1> <!subteam^S1> @here @channel"


def called(drawn: Any) -> list[str]:
    """What Slack would read as calling somebody: an element of that kind, or markup in a text it reads."""
    match drawn:
        case {"type": "user" | "usergroup" | "broadcast" as kind}:
            return [kind]
        case {"type": "mrkdwn", "text": str(text)} | {"text": str(text), "blocks": _} if "<!" in text:
            return [text]
        case dict():
            return [each for value in drawn.values() for each in called(value)]
        case list():
            return [each for value in drawn for each in called(value)]
    return []


def test_in_slack_nobody_is_called_by_what_is_passed_on() -> None:
    drawn = render.render(relay.quoted("Omar <!here>", relay.HAS, HOSTILE))

    assert called(drawn) == []
    assert SLACK_INERT["link_names"] is False
    assert SLACK_INERT["parse"] == "none"


@pytest.mark.twin
def test_unescaped_it_would_call_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe, "slack_fallback", lambda text: text)
    drawn = render.render(relay.quoted("Omar <!here>", relay.HAS, HOSTILE))

    assert called(drawn)
