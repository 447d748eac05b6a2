"""The crash matrix: a process dies, freezes or loses its connection; the order is none the wiser.

Every row is a whole order, from the mention to the receipt, with one fault on its way; then everything is
looked at from outside. The points' numbers are those of the matrix that this project was designed with.

Where a number is not in this file: F17 is F13, F31 and F32 frozen (`stop`); F18, F22, F23, F26 to F30,
F41 to F47 are in test_effects_fire.py; F34 and F36 in test_messages_fire.py; F50 to F54 in
test_timers_fire.py; F60 to F63 and F66 in test_database_fire.py; F46 and F64 in test_rolling.py.

Not in our design: F40, for a worker's pool is threads, and there is no child to kill. F43, a visibility
timeout shorter than a task, is what F29 is: whatever makes a message come twice, the claim turns the second
away. F65, a kernel short of memory, is a SIGKILL like all of these.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import pytest

from tests.faults.events import turn_of
from tests.faults.invariants import Told, new_problems
from tests.faults.rig import Rig
from tests.faults.stub import marker

pytestmark = pytest.mark.processes

# Of the effects of an order, the third is the charge.
ROWS = {
    # ── front: what was answered 200 is stored, what was not comes again ──
    "F01": "verified, not yet stored",
    "F02": "inside the transaction that stores it",
    "F02:1:drop": "the connection breaks in that transaction: 503, and stored when it comes again",
    "F03": "stored, not yet answered",
    "F04": "stored, nobody has been told",
    # ── a turn ──
    "F10": "a conversation is claimed",
    "F11": "a row is read",
    "F12": "while the model reads the sentence",
    "F13": "decided, not yet written",
    "F13:1:stop": "F17: frozen until another has taken over; what it decided is not written",
    "F14": "in the middle of writing it",
    "F14:3:stop": "frozen in the middle of writing: it holds the rows, and goes on when it wakes",
    "F14:2:drop": "the database goes away in the middle of writing",
    "F15": "written, not yet published",
    "F15:4": "F35: the yes is written, the charge not yet published",
    "F15:1:stop": "frozen after it is written, its lease runs out",
    "F15:1:drop": "written, and the connections break before it is published",
    "F16": "in the middle of giving it back",
    "F16:1:stop": "frozen in the middle of giving it back",
    "F12:1:slow=2.5,F19:1+:drop": "the lease cannot be renewed: it stops by itself",
    "F20": "an effect is intended, in a transaction that does not end",
    # ── an effect ──
    "F21:3": "claimed, not yet asked for",
    "F24:3": "charged, not yet noted",
    "F24:3:stop": "charged, and frozen until another worker has it",
    "F24:3:slow=1.5": "charged, and so slow to note it that another worker has it by then",
    "F24:3:drop": "charged, and the database is gone",
    "F25:3": "noted, the run not yet told",
    # ── a message ──
    "F31": "before it is marked as being sent",
    "F31:1:stop": "F17: frozen before that, until another has sent it",
    "F32": "sent, not yet noted",
    "F32:1:stop": "sent, frozen until another has looked it up",
    "F32:1:drop": "sent, and the database is gone",
    "F32:1:slow=1.5": "sent, and slow to note it",
    "F32:3": "the second message of a run sent, not yet noted",
    "F33": "posted, the change of it not yet",
}  # fmt: skip


@pytest.mark.parametrize("spec", ROWS, ids=[f"{spec} {what}" for spec, what in ROWS.items()])
async def test_an_order_is_answered_and_charged_once_though(rig: Rig, spec: str) -> None:
    deaths = rig.deaths()
    rig.arm(spec)

    order = await rig.order()
    struck = rig.struck()
    rig.disarm()
    await rig.settled()

    assert struck, f"{spec} was never reached"
    assert await new_problems(rig) == []
    texts = [message["text"] for message in rig.stub.in_thread(order.thread)]
    assert len(texts) == 3, texts
    if spec.count(":") < 2:
        assert rig.deaths() == deaths + 1


async def test_an_event_whose_storing_fails_is_refused_and_stored_once_when_it_comes_again(rig: Rig) -> None:
    """F06."""
    rig.arm("F02:1:drop")
    ts = rig.ts()
    body = rig.mention("<@U0BOTBOT0> what can you do?", ts)

    assert await rig.send(body, "application/json", tries=1) == 503
    assert not await rig.fetch("select 1 from inbox where dedupe like '%' || $1", ts)
    assert await rig.send(body, "application/json", tries=1) == 200
    await rig.stub.until(lambda: rig.stub.in_thread(ts), "the answer")
    await rig.settled()

    assert len(rig.stub.in_thread(ts)) == 1
    assert await new_problems(rig) == []


async def test_clients_that_vanish_leave_the_others_of_their_batch_alone(rig: Rig) -> None:
    """F05: half of twenty hang up before they are answered, and come again."""
    stamps = [rig.ts() for _ in range(20)]
    bodies = {ts: rig.mention("<@U0BOTBOT0> what can you do?", ts) for ts in stamps}
    rig.arm("F02:1:slow=0.3,F02:2:slow=0.3")
    sending = {ts: asyncio.create_task(rig.send(bodies[ts], "application/json")) for ts in stamps}
    await rig.until_struck()
    for ts in stamps[::2]:
        sending[ts].cancel()
    stayed = await asyncio.gather(*(sending[ts] for ts in stamps[1::2]))
    again = await asyncio.gather(*(rig.send(bodies[ts], "application/json") for ts in stamps[::2]))
    await rig.stub.until(lambda: all(rig.stub.in_thread(ts) for ts in stamps), "twenty answers")
    await rig.settled()

    assert set(stayed) | set(again) == {200}
    assert all(len(rig.stub.in_thread(ts)) == 1 for ts in stamps)
    assert await new_problems(rig) == []


async def test_copies_that_reach_two_fronts_at_once_are_one_event(rig: Rig) -> None:
    """F07."""
    ts = rig.ts()
    body = rig.mention("<@U0BOTBOT0> what can you do?", ts)

    statuses = await asyncio.gather(*(rig.send(body, "application/json", front=n) for n in range(16)))
    await rig.stub.until(lambda: rig.stub.in_thread(ts), "the answer")
    await rig.settled()

    assert set(statuses) == {200}
    assert len(rig.stub.in_thread(ts)) == 1
    assert len(await rig.fetch("select 1 from inbox where dedupe like '%' || $1", ts)) == 1
    assert await new_problems(rig) == []


async def test_what_arrives_while_a_conversation_is_given_back_is_not_forgotten(rig: Rig) -> None:
    """F16, the lost wake-up: the row comes while whoever gives the conversation back is at it."""
    thread = await rig.say("<@U0BOTBOT0> what can you do?")
    await rig.seen(thread, "")
    await rig.settled()
    rig.arm("F16:1:slow=0.5")
    first = await rig.say("<@U0BOTBOT0> and again?", thread)
    await rig.until_struck()
    began = time.monotonic()
    second = await rig.say("<@U0BOTBOT0> and once more?", thread)
    await rig.stub.until(lambda: len(rig.stub.in_thread(thread)) == 3, "three answers")

    assert time.monotonic() - began < 2
    marks = [marker(message) for message in rig.stub.in_thread(thread)]
    assert [mark.rsplit(":", 1)[1] for mark in marks] == [thread, first, second]


async def test_a_forged_event_leaves_no_trace_in_the_middle_of_all_this(rig: Rig) -> None:
    told = Told()
    ts = rig.ts()
    told.refused.add(turn_of(ts))

    status = await rig.send(rig.mention("<@U0BOTBOT0> order two colas", ts), "application/json",
                            tries=1, secret="not-the-secret")  # fmt: skip

    assert status == 401
    assert not [line for line in await new_problems(rig, told) if ts in line]
    assert not rig.stub.in_thread(ts)


# ── twins: without the guard the same fault does harm ────────────────────────────────────


@dataclass(frozen=True)
class Twin:
    role: str
    patch: str
    spec: str
    harm: str


TWINS = (
    Twin("worker", "no_look_up", "F24:3", "DOUBLE charge"),
    Twin("engine", "blind_deliver", "F32", "DOUBLE post"),
    Twin("engine", "no_fence", "F31:1:stop", "DOUBLE post"),
)


@pytest.mark.twin
@pytest.mark.parametrize("twin", TWINS, ids=[f"{twin.patch} at {twin.spec}" for twin in TWINS])
async def test_without_its_guard_the_same_fault_doubles_something(rig: Rig, twin: Twin) -> None:
    """The fault may strike a message that changes another, which twice is as once: then once more."""
    harm: list[str] = []
    async with rig.patched(twin.role, {twin.patch: True}):
        for _ in range(3):
            rig.arm(twin.spec)
            await rig.order()
            assert rig.struck()
            rig.disarm()
            await rig.settled()
            if "stop" in twin.spec:
                await asyncio.sleep(rig.thaw_after)  # until who was frozen has done its harm
            harm += await new_problems(rig)
            if any(line.startswith(twin.harm) for line in harm):
                return
    raise AssertionError(harm)
