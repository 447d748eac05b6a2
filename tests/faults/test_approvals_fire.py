"""Approvals under fire: what was approved is done once, whoever dies between the press and the money."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.faults.invariants import new_problems
from tests.faults.rig import ADA, APPROVALS, GRACE, LARGE, Rig

pytestmark = pytest.mark.processes

CARRIED_OUT = "carried out"


async def asked(rig: Rig) -> tuple[str, dict[str, Any]]:
    """A large order, confirmed: its thread, and the card that the approvers see."""
    seen = len([m for m in rig.stub.messages if m["channel"] == APPROVALS])
    thread, card = await rig.card(LARGE)
    await rig.press(card, "Yes, order it")
    found = await rig.stub.until(
        lambda: [m for m in rig.stub.messages if m["channel"] == APPROVALS][seen:], "an approval card"
    )
    await rig.settled()
    return thread, found[0]


async def approval_of(rig: Rig, thread: str) -> Mapping[str, Any]:
    rows = await rig.fetch("select * from approvals where conversation like '%' || $1", thread)
    assert len(rows) == 1
    return dict(rows[0])


@pytest.mark.parametrize(
    "spec",
    [
        "F03",
        "F10",
        "F11",
        "F14",
        "F14:2",
        "F15",
        "F16",
        "F21",
        "F21:1:stop",
        "F24",
        "F24:1:stop",
        "F25",
        "F33",
    ],
)
async def test_an_approved_charge_is_made_once_though_something_dies_at(rig: Rig, spec: str) -> None:
    thread, card = await asked(rig)
    paid = len(rig.stub.payments())
    rig.arm(spec)

    await rig.press(card, "Approve", GRACE)
    await rig.seen(thread, "Receipt")
    await rig.stub.until(lambda: CARRIED_OUT in card["text"], "the card to say so")
    await rig.settled()

    assert rig.struck()
    assert len(rig.stub.payments()) == paid + 1
    assert (await approval_of(rig, thread))["state"] == "used"
    assert await new_problems(rig) == []


async def test_many_presses_while_engines_die_are_one_decision_and_one_charge(rig: Rig) -> None:
    thread, card = await asked(rig)
    paid = len(rig.stub.payments())
    rig.arm("F14:1:kill,F15:2:kill,F13:1:kill")

    await asyncio.gather(*(rig.press(card, "Approve", GRACE, front=n) for n in range(12)))
    await rig.seen(thread, "Receipt")
    await rig.settled()

    assert len(rig.stub.payments()) == paid + 1
    approval = await approval_of(rig, thread)
    counted = await rig.fetch(
        "select outcome from decisions where approval_id = $1 and outcome = 'counted'", approval["id"]
    )
    assert len(counted) == 1
    assert await new_problems(rig) == []


@pytest.mark.parametrize(("spec", "times"), [("F31", 1), ("F32", 1)])
async def test_what_only_one_person_sees_is_never_shown_twice(rig: Rig, spec: str, times: int) -> None:
    """There is no looking it up, so after a crash it is dropped rather than repeated."""
    thread, card = await asked(rig)
    before = len(rig.stub.whispers)
    rig.arm(spec)

    await rig.press(card, "Approve", ADA)
    await rig.until_struck()
    await rig.settled()

    assert len(rig.stub.whispers) == before + times
    assert (await approval_of(rig, thread))["state"] == "pending"
    assert await new_problems(rig) == []
