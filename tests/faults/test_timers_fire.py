"""Deadlines under fire: an approval expires once, late rather than never, and never beside a yes.

F50 to F54 of the crash matrix; see test_points.py.
"""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import pytest

from tests.faults.invariants import new_problems
from tests.faults.rig import APPROVALS, GRACE, LARGE, Rig
from workers.store import conversations, timers

pytestmark = pytest.mark.processes


async def asked(rig: Rig) -> tuple[str, Any]:
    """A large order, confirmed: its thread, and the card that the approvers see."""
    seen = len([m for m in rig.stub.messages if m["channel"] == APPROVALS])
    thread, card = await rig.card(LARGE)
    await rig.press(card, "Yes, order it")
    found = await rig.stub.until(
        lambda: [m for m in rig.stub.messages if m["channel"] == APPROVALS][seen:], "an approval card"
    )
    return thread, found[0]


async def come(rig: Rig, thread: str) -> None:
    """The deadline is now."""
    async with rig.db.tenant(rig.tenant) as c:
        # In the order in which the bot takes them: conversations first.
        await c.execute(
            "select 1 from conversations where key like '%' || $1 order by key for update", thread
        )
        rows = await c.fetch(
            "update approvals set expires_at = now() where state = 'pending' and conversation like '%' || $1"
            " returning id, conversation",
            thread,
        )
        for row in rows:
            await timers.hasten(c, rig.tenant, f"{row['id']}:expiry")
            await conversations.wake(c, rig.tenant, row["conversation"])


async def ended(rig: Rig, thread: str) -> tuple[str, str, int]:
    """States of the approval and the effect, and how often the thread was told."""
    rows = await rig.fetch(
        "select a.state, e.state as effect from approvals a join effects e on e.tenant_id = a.tenant_id"
        " and e.key = a.effect_key where a.conversation like '%' || $1",
        thread,
    )
    said = [m for m in rig.stub.in_thread(thread) if "xpired" in m["text"] or "in time" in m["text"]]
    return rows[0]["state"], rows[0]["effect"], len(said)


@pytest.mark.parametrize("spec", ["F50", "F51", "F50:1:drop", "F51:1:stop"])
async def test_f50_f51_an_engine_that_dies_while_a_deadline_fires_fires_it_once(rig: Rig, spec: str) -> None:
    thread, card = await asked(rig)
    rig.arm(spec)

    await come(rig, thread)
    await rig.stub.until(lambda: "xpired" in card["text"], "the card to say so")
    await rig.settled()

    assert rig.struck()
    assert await ended(rig, thread) == ("expired", "withdrawn", 1)
    assert await new_problems(rig) == []


async def test_f52_a_deadline_that_passes_while_everything_is_down_is_late_and_not_lost(rig: Rig) -> None:
    thread, card = await asked(rig)
    engines = [member for member in rig.members.values() if member.name.startswith("engine")]
    for engine in engines:
        engine.wanted = False
        engine.signal(signal.SIGKILL)
    await come(rig, thread)
    await asyncio.sleep(0.5)
    assert "xpired" not in card["text"]
    for engine in engines:
        engine.wanted = True

    await rig.stub.until(lambda: "xpired" in card["text"], "the card to say so")
    await rig.settled()
    assert await ended(rig, thread) == ("expired", "withdrawn", 1)
    assert await new_problems(rig) == []


async def one_outcome(rig: Rig, thread: str, card: dict[str, Any]) -> None:
    def seen() -> bool:
        return "xpired" in card["text"] or any("Receipt" in m["text"] for m in rig.stub.in_thread(thread))

    await rig.stub.until(seen, "one outcome")


async def test_f53_a_press_and_the_deadline_at_one_instant_have_one_outcome(rig: Rig) -> None:
    for _ in range(3):
        thread, card = await asked(rig)
        paid = len(rig.stub.payments())

        await asyncio.gather(rig.press(card, "Approve", GRACE), come(rig, thread))
        await one_outcome(rig, thread, card)
        await rig.settled()

        approval, effect, told = await ended(rig, thread)
        charged = len(rig.stub.payments()) - paid
        assert (approval, effect, charged, told) in {("used", "done", 1, 0), ("expired", "withdrawn", 0, 1)}
    assert await new_problems(rig) == []


@pytest.mark.parametrize("seconds", [86_400, -86_400])
async def test_f54_the_clock_of_an_engine_counts_for_nothing(rig: Rig, seconds: int) -> None:
    """The database's does: a day ahead expires nothing, a day behind delays nothing."""
    async with rig.patched("engine", {"wrong_clock": seconds}):
        thread, card = await asked(rig)
        await asyncio.sleep(0.5)
        assert (await ended(rig, thread))[0] == "pending"
        await rig.press(card, "Approve", GRACE)
        await rig.seen(thread, "Receipt")
        late, ask = await asked(rig)
        await come(rig, late)
        await rig.stub.until(lambda: "xpired" in ask["text"], "the card to say so")
        await rig.settled()

    assert await ended(rig, late) == ("expired", "withdrawn", 1)
    assert await new_problems(rig) == []
