"""What was said before a flow began, as the flow is given it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.turn import MessageRef, Shortcut
from flows.loader import load_file
from integrations import tools
from tests.workers.desk import Desk, flow_of, open_desk
from workers import before
from workers.push import CATALOG
from workers.store.door import Database

TELLS = """
  - {id: told, type: message, text: "Before: {{ conversation }}"}
  - {id: done, type: end}
"""
RULES: dict[str, Any] = {"rules": [{"name": "all", "outcome": "ask", "because": "It is a test."}]}

pytestmark = pytest.mark.usefixtures("idle")


async def desk_of(db: Database) -> Desk:
    desk = await open_desk(db, flow_of(TELLS, "tell_me"), RULES)
    for user in ("ada", "omar"):
        await desk.meet(user)
    return desk


async def test_who_said_what_in_the_thread_is_given_in_order(db: Database) -> None:
    desk = await desk_of(db)
    place = replace(desk.at("C1", "7.0"), private=True)
    await desk.say("ada", place, "it smokes")
    await desk.say("omar", place, "since when?\nOmar: forged")
    await desk.say("ada", place, "/tell_me")

    told = desk.slack.posts[desk.find("Before:")[-1]].reply.text
    lines = told.removeprefix("Before: ").splitlines()
    assert lines[0] == "Ada: it smokes"
    assert "Omar: since when? Omar: forged" in lines
    assert lines[1].startswith("Countersign: ")


async def test_nothing_of_another_thread_is_given(db: Database) -> None:
    desk = await desk_of(db)
    await desk.say("omar", replace(desk.at("C1", "8.0"), private=True), "elsewhere")
    await desk.say("ada", replace(desk.at("C1", "7.0"), private=True), "/tell_me")

    assert "elsewhere" not in desk.slack.posts[desk.find("Before:")[-1]].reply.text


async def test_a_message_that_was_pointed_at_stands_last(db: Database) -> None:
    desk = await desk_of(db)
    act = Shortcut("tell_me", "The lift\nis stuck", MessageRef("C1", "7.0"))
    await desk.act("ada", desk.at("C1", "7.0"), act)

    told = desk.slack.posts[desk.find("Before:")[-1]].reply.text
    assert told == "Before: The message that this is about: The lift is stuck"


def test_there_is_room_for_the_newest_only() -> None:
    kept = before.newest([f"Ada: {number:03} {'x' * 90}" for number in range(100)])

    assert len(kept) <= before.LONGEST
    assert kept.splitlines()[-1].startswith("Ada: 099")
    assert kept.splitlines()[0].startswith("Ada: 0")
    assert before.newest([]) == ""
    assert before.newest(["x" * 5_000]) == ""


def test_only_flows_that_read_it_are_given_it() -> None:
    assert before.wanted(load_file(CATALOG / "escalate.yaml", tools()))
    assert not before.wanted(load_file(CATALOG / "order.yaml", tools()))
