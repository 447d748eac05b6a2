"""Presses at once, of many people, while engines die: one decision, one charge, and everybody is answered."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.invariants import new_problems
from tests.faults.presses import Pressed, crowd, problems, storm
from tests.faults.rig import Rig


@pytest.mark.processes
async def test_two_hundred_presses_of_fifty_people_over_three_engines_are_one_charge(rig: Rig) -> None:
    rig.add("engine3")
    try:
        told = await storm(rig, 200, crowd(50), kills=2)
    finally:
        await rig.remove("engine3")

    assert problems(told) == []
    assert told.kills == 2
    assert await new_problems(rig) == []


RIGHT = Pressed(
    presses=4,
    people=("U1", "U2"),
    paid=1,
    judged=Counter({"counted": 1, "too late": 3}),
    heard=Counter({"U1": 2, "U2": 2}),
    cards=("Approved by U1 and carried out.",),
)


@pytest.mark.parametrize(
    "wrong",
    [
        {"paid": 2},
        {"paid": 0},
        {"judged": Counter({"counted": 2, "too late": 2})},
        {"judged": Counter({"counted": 1, "too late": 2})},
        {"heard": Counter({"U1": 4})},
        {"heard": Counter({"U1": 2, "U2": 1})},
        {"cards": ("Approved by U1.",)},
    ],
)
def test_whatever_goes_wrong_in_such_a_storm_is_found(wrong: dict[str, Any]) -> None:
    assert problems(RIGHT) == []
    assert problems(replace(RIGHT, **wrong))
