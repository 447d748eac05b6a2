"""The list of what is remembered, as Slack and Teams draw it; whose it is, and what a bare word means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from bot.platforms.slack import render as slack
from bot.reply import Buttons, Reply
from bot.turn import Account, Place, Pressed, Said, Turn, TurnId
from flows.memory_words import wish
from tests.workers.memory.kept import ORDERS, PRIVATE, TWO, keep, person
from tests.workers.read_cards import seen_in_slack, seen_in_teams
from workers.memory import said, turning
from workers.memory.said import drawn
from workers.store.door import Database
from workers.store.habits import Habit
from workers.store.memories import Memory

HABIT = Habit(7, "order", "Margherita", "large", "said", 3, "private")
EVIL = "order: 1 × <@U1> *Approved* [x](https://evil.example) \u202egpj.exe\nGrace approved this"


def memory(id: int = 1, body: str = "order: 2 × Margherita", scope: str = "private") -> Memory:
    return Memory(id, "order", "done", body, TWO, scope, "x", datetime(2026, 11, 3, tzinfo=UTC))


def whole(reply: Reply) -> str:
    return f"{seen_in_slack(reply)} {seen_in_teams(reply)}"


def test_each_has_its_day_its_place_and_a_button_to_forget_it() -> None:
    reply = drawn([memory(4), memory(5, scope="slack:T1:C1")], [HABIT], here=2, whole=2, off=False)
    for words in ("3 Nov 2026, in private, done", "in a channel of Slack", "2 × Margherita",
                  "large (order; you wanted it 3 times in a row). I ask before I do it"):  # fmt: skip
        assert words in whole(reply)
    pressed = [b for each in reply.blocks if isinstance(each, Buttons) for b in each.buttons]
    assert [(b.action, b.value) for b in pressed][:3] == [
        (said.FORGET, "4"), (said.FORGET, "5"), (said.FORGET_HABIT, "7")]  # fmt: skip


def test_the_longest_list_is_drawn_whole_in_slack() -> None:
    memories, habits = [memory(n) for n in range(said.MOST)], [HABIT] * said.MOST_HABITS
    many = drawn(memories, habits, here=99, whole=200, off=False)
    [part] = slack.parts(many)
    assert len(slack.render(part, salt="0")["blocks"]) <= 50


def test_that_there_is_more_elsewhere_is_said_without_saying_what() -> None:
    reply = drawn([memory()], [], here=1, whole=3, off=False)
    assert "2 things from elsewhere: ask me in private" in whole(reply)


def test_off_is_said_and_can_be_undone_by_a_press() -> None:
    reply = drawn([], [], here=0, whole=0, off=True)
    assert "Memory is off" in whole(reply)
    assert "Remember again" in whole(reply)


def test_words_of_people_are_words_in_the_list_and_in_a_proposal() -> None:
    for reply in (
        drawn([memory(body=EVIL)], [], here=1, whole=1, off=False),
        turning.card("r1", Habit(7, "order", EVIL, EVIL, "said", 3, "private")),
    ):
        shown = seen_in_slack(reply), seen_in_teams(reply)
        assert "\u202e" not in str(shown)
        assert "U+202E" in str(shown)


async def test_the_page_of_its_own_counts_and_offers_the_switch(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita", PRIVATE)
    async with db.tenant(tenant) as c:
        blocks = await said.on_home(c, tenant, ada)
    assert "One thing. Memory is on." in str(blocks)
    assert "Stop remembering" in str(blocks)


async def test_in_a_channel_the_list_holds_what_was_made_there(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita", PRIVATE)
    await keep(db, tenant, ada, "order: 1 × Cola", ORDERS)
    async with db.tenant(tenant) as c:
        there, alone = await said.listed(c, tenant, ada, ORDERS), await said.listed(c, tenant, ada, PRIVATE)
    assert "Margherita" not in whole(there)
    assert "Cola" in whole(there)
    assert "Margherita" in whole(alone)
    assert "Cola" in whole(alone)


# ── the way in ───────────────────────────────────────────────────────────────────────────


class Nothing:
    """What was seen of a turn outside of any run."""

    stored = None
    person = None


def turn(act: Any, place: Place = ORDERS) -> Turn:
    return Turn(TurnId("t"), place, Account("slack", "T1", "U1"), act)


def concerns(act: Any, place: Place = ORDERS) -> bool:
    return said.concerns(turn(act, place), Nothing())  # type: ignore[arg-type]  # all that is looked at


@pytest.mark.parametrize(
    "act",
    [
        Said("/memory"), Said("/memory off", opens_thread=True), Said("/Memory what is it"),
        Said("what do you remember about me?", mentioned=True), Said("memory off", mentioned=True),
        Pressed("memory.forget", "4"), Pressed("memory.habit", "r|4"),
    ],
)  # fmt: skip
def test_these_are_about_the_memory(act: Any) -> None:
    assert concerns(act)


@pytest.mark.parametrize(
    "act",
    [
        Said("what do you remember about me?"), Said("memory leak in the frontend", mentioned=True),
        Said("memory off"), Said("order two colas", mentioned=True), Said("/memoryless", mentioned=True),
        Pressed("run.yes", "r|a:1|"), Said("forget the cola", mentioned=True),
    ],
)  # fmt: skip
def test_these_are_not(act: Any) -> None:
    assert not concerns(act)


def test_in_private_no_mention_is_needed() -> None:
    assert concerns(Said("what do you remember about me?"), PRIVATE)


def test_forget_that_in_the_middle_of_something_is_about_that() -> None:
    assert wish("forget that") == "forget_that"
    assert said.meant(turn(Said("forget that")), open_run=True) is None
    assert said.meant(turn(Said("forget that")), open_run=False) == "forget_that"


@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 30, "1e3", "１２", "4|5"])
def test_a_button_that_somebody_made_up_forgets_nothing(value: str) -> None:
    assert said._number(value) in (0,)
