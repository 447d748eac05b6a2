"""Handing over in the real database: who is asked, who may take it, and who has it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.reply import Button, Buttons, Reply
from tests.workers.desk import Desk, flow_of, open_desk
from tests.workers.handed import FLOW, GROUP, PLACE, ROTA, ada, begun, grace, rota, taken
from workers import handing
from workers.store.door import Database

__all__ = ["rota", "taken"]

pytestmark = pytest.mark.usefixtures("idle")


# ── who is asked ─────────────────────────────────────────────────────────────────────────


async def test_the_first_in_line_is_asked_in_private_where_they_were_last_seen(rota: Desk) -> None:
    [card] = rota.find("The printer burns")

    assert rota.teams.posts[card].place == grace(rota)
    assert rota.find("I have asked Grace to take this over", "D_ADA")


async def test_whoever_cannot_be_reached_there_is_asked_where_they_have_another_account(db: Database) -> None:
    desk = await open_desk(db, flow_of(FLOW, "help_me"), ROTA)
    for user, platform in (("ada", "slack"), ("grace", "slack"), ("grace", "teams")):
        await desk.meet(user, platform)
    desk.teams.away.add("grace")
    await desk.say("ada", ada(desk), "/help_me")

    assert desk.slack.posts[desk.one("The printer burns")].place.channel == "Dgrace"


async def test_whoever_cannot_be_reached_at_all_is_passed_over(db: Database) -> None:
    desk = await open_desk(db, flow_of(FLOW, "help_me"), ROTA)
    await desk.meet("ada")
    await desk.meet("omar")
    await desk.say("ada", ada(desk), "/help_me")

    assert desk.slack.posts[desk.one("The printer burns")].place.channel == "Domar"


async def test_nobody_is_asked_to_help_themselves(db: Database) -> None:
    desk = await open_desk(db, flow_of(FLOW, "help_me"), ROTA)
    await desk.meet("grace")
    await desk.say("grace", desk.at("D_X", "5.0"), "/help_me")

    assert desk.find("I could not reach anybody who is on call. That is all.")


async def test_when_time_is_over_the_next_is_asked_and_then_it_is_said_that_nobody_is_free(
    rota: Desk,
) -> None:
    first = rota.one("The printer burns")
    await rota.hasten()
    assert rota.slack.posts[rota.find("The printer burns")[-1]].place.channel == "Domar"
    assert "the next was asked" in rota.teams.posts[first].text

    await rota.hasten()

    assert rota.find("Nobody was free to take it in time. That is all.", "D_ADA")


async def test_a_late_press_changes_nothing_and_is_told_so(rota: Desk) -> None:
    first = rota.one("The printer burns")
    action, value = rota.teams.posts[first].button("I take it")
    await rota.hasten()
    rota.teams.posts[first].reply = handing_card(action, value)

    await rota.press("grace", first, "I take it")

    assert rota.teams.whispers[-1] == ("grace", "It took too long, so somebody else was asked.")
    assert not rota.find("has taken this over")


def handing_card(action: str, value: str) -> Any:
    """The card as somebody still sees it."""
    return Reply("old", (Buttons((Button("I take it", action, value),)),))


async def test_a_group_is_asked_at_once_and_every_copy_shows_who_has_it(db: Database) -> None:
    desk = await begun(db, GROUP)
    copies = desk.find("The printer burns")
    assert len(copies) == 2

    await desk.press("omar", copies[0] if copies[0] in desk.slack.posts else copies[1], "I take it")

    for copy in copies:
        shown = {**desk.slack.posts, **desk.teams.posts}[copy]
        assert "Taken by Omar." in shown.text


async def test_one_of_a_group_may_leave_it_to_the_others_and_the_last_to_nobody(db: Database) -> None:
    desk = await begun(db, GROUP)
    for user, last in (("grace", False), ("omar", True)):
        [card] = [
            id
            for id in desk.find("The printer burns")
            if user in {**desk.slack.posts, **desk.teams.posts}[id].place.channel
        ]
        await desk.press(user, card, "Not me")
        assert bool(desk.find("That is all.")) == last


async def test_in_a_place_the_helper_talks_in_the_thread_of_the_card(db: Database) -> None:
    desk = await begun(db, PLACE)
    [card] = [id for id in desk.find("The printer burns") if id in desk.slack.posts]
    await desk.press("omar", card, "I take it")
    await desk.say("omar", desk.at("CHELP", card), "on my way")
    await desk.say("ada", ada(desk), "thank you")

    assert desk.find("Omar, who has this matter, writes: on my way", "D_ADA")
    [passed] = desk.find("Ada, who asked, writes: thank you")
    assert desk.slack.posts[passed].place == desk.at("CHELP", card)


# ── who may ──────────────────────────────────────────────────────────────────────────────


async def test_only_whoever_was_asked_may_take_it(rota: Desk) -> None:
    await rota.press("omar", rota.one("The printer burns"), "I take it")

    assert rota.teams.whispers == [("omar", handing.NOT_ASKED)]
    assert not rota.find("has taken this over")


async def test_whoever_asked_may_not_take_it_themselves(db: Database) -> None:
    desk = await begun(db, PLACE)
    [card] = [id for id in desk.find("The printer burns") if id in desk.slack.posts]

    await desk.press("ada", card, "I take it")

    assert desk.slack.whispers == [("ada", handing.OWN)]


@pytest.mark.twin
async def test_without_that_look_a_stranger_takes_it_and_hears_everything(
    rota: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def careless(*_: Any) -> str:
        return ""

    monkeypatch.setattr(handing, "_refusal", careless)
    await rota.press("omar", rota.one("The printer burns"), "I take it")

    assert rota.find("Omar has taken this over")


async def test_of_two_who_take_it_at_once_one_has_it_and_the_other_is_told_who(db: Database) -> None:
    desk = await begun(db, GROUP)
    every = {**desk.slack.posts, **desk.teams.posts}
    copies = {
        user: id
        for id in desk.find("The printer burns")
        for user in ("grace", "omar")
        if user in every[id].place.channel
    }
    for user in ("grace", "omar"):
        await desk.press(user, copies[user], "I take it", run=False)
    await asyncio.gather(desk.work(), desk.work())
    await desk.work()

    told = desk.find("has taken this over", "D_ADA")
    late = [text for _, text in [*desk.slack.whispers, *desk.teams.whispers]]
    assert len(told) == 1
    assert len(late) == 1
    assert late[0] in ("Grace has this already.", "Omar has this already.")


async def test_without_threads_one_matter_at_a_time(taken: Desk) -> None:
    await taken.say("omar", taken.at("D_OMAR", "9.0"), "/help_me")
    card = taken.find("The printer burns", "Dgrace")[-1]

    await taken.press("grace", card, "I take it")

    assert taken.teams.whispers[-1] == ("grace", handing.BUSY)
