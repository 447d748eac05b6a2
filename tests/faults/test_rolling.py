"""Several of each side by side, and one after the other: order is kept, nobody waits for a stranger, and a
rolling deploy drops no turn. F46 and F64 of the crash matrix; see test_points.py.
"""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import pytest

from bot.processes import alive
from tests.faults.events import channel_of, turn_of
from tests.faults.invariants import Told, new_problems
from tests.faults.members import Member
from tests.faults.rig import APPROVALS, GRACE, LARGE, Rig
from tests.faults.stub import TEAM, marker
from workers import engine
from workers.push import load_catalog, push_to

pytestmark = pytest.mark.processes

SAYING = "<@U0BOTBOT0> what can you do?"
LONGEST_STOP = 10.0


async def answered_in(rig: Rig, text: str = SAYING) -> float:
    """Seconds from the word to the answer."""
    began = time.monotonic()
    thread = await rig.say(text)
    await rig.seen(thread, "")
    return time.monotonic() - began


async def stopped(member: Member) -> float:
    """SIGTERM; seconds until it was gone."""
    began, process = time.monotonic(), member.process
    assert process is not None
    member.signal(signal.SIGTERM)
    while alive(process):
        assert time.monotonic() - began < 3 * LONGEST_STOP, f"{member.name} does not stop"
        await asyncio.sleep(0.01)
    return time.monotonic() - began


async def chat(rig: Rig, told: Told, count: int) -> str:
    """So many sentences in one thread, each as soon as the one before is acknowledged."""
    thread = ""
    for _ in range(count):
        ts = await rig.say(SAYING, thread)
        thread = thread or ts
        told.ack(f"slack:{TEAM}:{channel_of(thread)}:{thread}", turn_of(ts, thread))
    return thread


async def test_two_engines_keep_the_order_of_every_conversation(rig: Rig) -> None:
    told = Told()

    threads = await asyncio.gather(*(chat(rig, told, 6) for _ in range(8)))
    await rig.stub.until(lambda: all(len(rig.stub.in_thread(t)) == 6 for t in threads), "48 answers", 40)
    await rig.settled()

    for thread in threads:
        said = [marker(m).removeprefix("say:") for m in rig.stub.in_thread(thread)]
        assert said == told.acked[f"slack:{TEAM}:{channel_of(thread)}:{thread}"]
    assert await new_problems(rig) == []


async def test_a_conversation_that_waits_for_its_model_delays_no_other(rig: Rig) -> None:
    async with rig.patched("engine", {"slow_reader": 5.0}):
        slow = [await rig.say("<@U0BOTBOT0> what can you do, slowly?") for _ in range(4)]
        others = [await answered_in(rig) for _ in range(10)]
        waiting = [thread for thread in slow if not rig.stub.in_thread(thread)]
        await rig.stub.until(lambda: all(rig.stub.in_thread(thread) for thread in slow), "the slow ones")
        await rig.settled()

    assert max(others) < 2.0, others
    assert waiting == slow, "they were slow"
    assert await new_problems(rig) == []


async def after_a_rest(rig: Rig) -> list[float]:
    """Answers of engines that have had nothing to do for a while, each time a little longer."""
    found = []
    for n in range(8):
        await asyncio.sleep(0.3 + n * 0.03)
        found.append(await answered_in(rig))
    return sorted(found)


async def test_a_lost_hint_costs_at_most_a_quarter_of_a_second(rig: Rig) -> None:
    with_hints = await after_a_rest(rig)
    async with rig.patched("", {"hintless": True}):
        await answered_in(rig)
        without = await after_a_rest(rig)

    print(f"{with_hints} s with hints, {without} s without")
    assert without[4] - with_hints[4] <= 0.25


async def test_a_worker_that_is_asked_to_stop_ends_its_calls_first(rig: Rig) -> None:
    """So that nothing has to be looked up: every charge is made by its first try."""
    calls = rig.stub.calls["payment_intents"]

    async def slow(method: str, _asked: object) -> None:
        if method == "payment_intents":
            await asyncio.sleep(1.0)

    async with rig.patched("worker", {}, EFFECT_LEASE="20"):
        rig.stub.before = slow
        orders = [asyncio.create_task(rig.order()) for _ in range(3)]
        await rig.stub.until(lambda: rig.stub.calls["payment_intents"] >= calls + 3, "three calls")
        times = await asyncio.gather(*(stopped(rig.members[name]) for name in ("worker1", "worker2")))
        done = await asyncio.gather(*orders)
        await rig.settled()

    assert max(times) < LONGEST_STOP
    for order in done:
        rows = await rig.fetch(
            "select attempts from effects where tool = 'stripe.charge' and conversation like '%' || $1",
            order.thread,
        )
        assert [row["attempts"] for row in rows] == [1]
    assert await new_problems(rig) == []


@pytest.mark.parametrize("role", ["engine", "front", "worker"])
async def test_f46_asked_to_stop_under_load_each_goes_within_ten_seconds_and_drops_nothing(
    rig: Rig, role: str
) -> None:
    told = Told()
    work = [asyncio.create_task(chat(rig, told, 8)) for _ in range(4)]
    orders = [asyncio.create_task(rig.order()) for _ in range(4)]
    await asyncio.sleep(0.2)

    times = [await stopped(rig.members[f"{role}{n}"]) for n in (1, 2)]
    threads = await asyncio.gather(*work)
    await asyncio.gather(*orders)
    await rig.stub.until(lambda: all(len(rig.stub.in_thread(t)) == 8 for t in threads), "32 answers", 40)
    await rig.settled()

    print(f"{role}: {times}")
    assert max(times) < LONGEST_STOP
    assert await new_problems(rig) == []


async def test_an_engine_asked_to_stop_does_not_take_a_slow_turn_with_it(rig: Rig) -> None:
    """Its lease is long; who comes after need not wait for the end of it."""
    assert engine.FINISH + 2 < LONGEST_STOP
    async with rig.patched("engine", {"slow_reader": 60.0, "hasty_stop": 1.5}, ENGINE_LEASE="30"):
        thread = await rig.say("<@U0BOTBOT0> what can you do, slowly?")
        await asyncio.sleep(0.5)
        for name in ("engine1", "engine2"):
            rig.members[name].patches = {"hasty": True}
        times = await asyncio.gather(*(stopped(rig.members[name]) for name in ("engine1", "engine2")))
        began = time.monotonic()
        await rig.stub.until(lambda: rig.stub.in_thread(thread), "the answer", 25)
        taken_over = time.monotonic() - began
        await rig.settled()

    print(f"stopped in {max(times):.1f} s, answered {taken_over:.1f} s later")
    assert max(times) < 1.5 + 2
    assert taken_over < 6
    assert len(rig.stub.in_thread(thread)) == 1
    assert await new_problems(rig) == []


async def test_f64_a_run_begun_by_an_old_engine_is_finished_by_a_new_one_on_its_own_version(
    rig: Rig, tmp_path: Path
) -> None:
    """The new deploy brings other words; who began before it hears the old ones to the end."""
    old, new = rig.members["engine1"], rig.members["engine2"]
    new.wanted = False
    new.signal(signal.SIGKILL)
    asked = len([m for m in rig.stub.messages if m["channel"] == APPROVALS])
    thread, card = await rig.card(LARGE)
    await rig.press(card, "Yes, order it")
    ask = await rig.stub.until(
        lambda: [m for m in rig.stub.messages if m["channel"] == APPROVALS][asked:], "an approval card"
    )
    await activate(rig, tmp_path, other_words=True)
    try:
        new.wanted = True
        old.wanted = False
        assert await stopped(old) < LONGEST_STOP
        await rig.press(ask[0], "Approve", GRACE)
        await rig.seen(thread, "Receipt")
        later = await rig.say("<@U0BOTBOT0> order two margheritas and a cola")
        await rig.seen(later, "Is this your cart")
        await rig.settled()
    finally:
        old.wanted = True
        await activate(rig, tmp_path, other_words=False)

    assert not any("Is this your cart" in m["text"] for m in rig.stub.in_thread(thread))
    assert (await rig.run_of(thread))["flow_version"] != (await rig.run_of(later))["flow_version"]
    assert await new_problems(rig) == []


async def activate(rig: Rig, folder: Path, *, other_words: bool) -> None:
    """Pushes the catalogue, with or without a change of wording."""
    root = Path(__file__).resolve().parent.parent.parent / "flows"
    catalog = folder / "catalog"
    catalog.mkdir(exist_ok=True)
    for path in (root / "catalog").glob("*.yaml"):
        text = path.read_text()
        changed = text.replace("Confirm your cart:", "Is this your cart:")
        (catalog / path.name).write_text(changed if other_words else text)
    await push_to(rig.db, rig.tenant, load_catalog(catalog), root / "policy.yaml")
