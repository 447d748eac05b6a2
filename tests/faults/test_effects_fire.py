"""Effects under fire at the service, in the broker and in the ledger: each happens once, or not at all.

The numbers are those of the crash matrix; see test_points.py.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest
from redis import asyncio as redis

from tests.faults.invariants import new_problems
from tests.faults.rig import Rig
from tests.faults.stub import Watch
from workers.app import make_app

pytestmark = pytest.mark.processes


async def sandbox(rig: Rig, path: str, body: Mapping[str, object]) -> None:
    address = f"{rig.stub.url}/stripe/_sandbox/{path}"
    async with aiohttp.ClientSession() as session, session.post(address, json=body) as answer:
        assert answer.status < 300, await answer.text()


async def charge_of(rig: Rig, thread: str) -> Mapping[str, Any]:
    """The newest charge in the ledger of this thread's run."""
    rows = await rig.fetch(
        "select * from effects where tool = 'stripe.charge' and conversation like '%' || $1"
        " order by created_at desc limit 1",
        thread,
    )
    return dict(rows[0])


def kill_workers_once(rig: Rig, and_then: Any = None) -> Watch:
    """At the first payment: whoever asked for it dies, and hears nothing of what became of it."""
    left = [1]

    async def watch(method: str, _asked: Mapping[str, Any]) -> None:
        if method == "payment_intents" and left:
            left.clear()
            for member in rig.members.values():
                if member.name.startswith("worker"):
                    member.signal(signal.SIGKILL)
            if and_then:
                and_then()

    return watch


async def test_f22_killed_when_stripe_has_the_request_and_has_not_done_it(rig: Rig) -> None:
    rig.stub.before = kill_workers_once(rig)

    await rig.order()
    await rig.settled()

    assert await new_problems(rig) == []


async def test_f23_killed_when_stripe_has_done_it_and_has_not_said_so(rig: Rig) -> None:
    rig.stub.after = kill_workers_once(rig)

    await rig.order()
    await rig.settled()

    assert await new_problems(rig) == []


async def test_f30_killed_then_and_stripe_has_forgotten_the_key(rig: Rig) -> None:
    """As after a day: only the look-up knows that it was charged."""
    rig.stub.after = kill_workers_once(rig, rig.stub.forget_keys)

    await rig.order()
    await rig.settled()

    assert await new_problems(rig) == []


async def test_f26_a_payment_that_is_done_after_we_stopped_waiting_is_not_made_again(rig: Rig) -> None:
    slow = [1.6, 1.6]

    async def before(method: str, _asked: Mapping[str, Any]) -> None:
        if method == "payment_intents" and slow:
            await asyncio.sleep(slow.pop())

    async with rig.patched("worker", {"timeouts": 0.6}):
        rig.stub.before = before
        order = await rig.order()
        await rig.settled()

    assert (await charge_of(rig, order.thread))["attempts"] > 1
    assert await new_problems(rig) == []


async def test_f27_told_to_wait_and_killed_while_waiting(rig: Rig) -> None:
    await sandbox(rig, "fault", {"path": "payment_intents", "kind": "429", "times": 1})
    rig.arm("F27:1:kill")

    order = await rig.order()
    await rig.settled()

    assert rig.struck()
    assert (await charge_of(rig, order.thread))["attempts"] == 2
    assert await new_problems(rig) == []


async def test_f28_what_failed_for_good_is_tried_anew_under_a_new_key_even_if_a_worker_dies_then(
    rig: Rig,
) -> None:
    """The price changed between yes and charge: shown again, confirmed again, charged once."""
    thread, card = await rig.card("<@U0BOTBOT0> order a tiramisu")
    await sandbox(rig, "price", {"price": "price_tiramisu", "unit_amount": 777})
    await rig.press(card, "Yes, order it")
    again = await rig.stub.until(
        lambda: [m for m in rig.stub.in_thread(thread) if "Confirm your cart" in m["text"] and m is not card],
        "a second card",
    )
    rig.arm("F24:1:kill")
    await rig.press(again[-1], "Yes, order it")
    await rig.seen(thread, "Receipt")
    await rig.settled()

    rows = await rig.fetch(
        "select key, state from effects where tool = 'stripe.charge' and conversation like '%' || $1"
        " order by created_at",
        thread,
    )
    assert [(row["key"].rsplit(":", 1)[1], row["state"]) for row in rows] == [("1", "failed"), ("2", "done")]
    assert await new_problems(rig) == []


async def run_thrice(rig: Rig) -> Mapping[str, Any]:
    """A charge under way, and its message comes again to every worker."""
    rig.arm("F21:3:slow=0.25")
    thread, card = await rig.card()
    await rig.press(card, "Yes, order it")
    await rig.until_struck()
    async with asyncio.timeout(10):
        while not await rig.fetch("select 1 from effects where tool = 'stripe.charge' and conversation like"
                                  " '%' || $1", thread):  # fmt: skip
            await asyncio.sleep(0.02)
    key = (await charge_of(rig, thread))["key"]
    publish(rig, key, 6)
    await rig.seen(thread, "Receipt")
    await rig.settled()
    await asyncio.sleep(0.3)
    return await charge_of(rig, thread)


def publish(rig: Rig, key: str, times: int) -> None:
    from bot.settings import Settings

    app = make_app(Settings(_env_file=None, redis_url=rig.servers.redis_url))
    for _ in range(times):
        app.send_task("run_effect", args=(key,), ignore_result=True)


async def test_f29_an_effect_whose_message_comes_many_times_is_carried_out_by_one(rig: Rig) -> None:
    calls = rig.stub.calls["payment_intents"]

    async with rig.patched("worker", {}, EFFECT_LEASE="20"):
        charge = await run_thrice(rig)

    assert charge["attempts"] == 1
    assert rig.stub.calls["payment_intents"] == calls + 1
    assert await new_problems(rig) == []


@pytest.mark.twin
async def test_f29_without_the_claim_several_carry_it_out(rig: Rig) -> None:
    async with rig.patched("worker", {"no_claim": True}):
        charge = await run_thrice(rig)

    assert charge["attempts"] > 1


async def test_f18_an_engine_whose_conversation_was_given_away_writes_nothing(rig: Rig) -> None:
    """Its lease is taken from it while it thinks; the other has answered when it comes to write."""
    rig.arm("F13:1:slow=1.2")
    thread = await rig.say("<@U0BOTBOT0> order two margheritas and a cola")
    await rig.until_struck()
    async with rig.db.tenant(rig.tenant) as c:
        await c.execute(
            "update conversations set lease_until = '-infinity', ready_at = now() where key like '%' || $1",
            thread,
        )
    await rig.seen(thread, "Confirm your cart")
    await asyncio.sleep(1.4)
    await rig.settled()

    assert (await rig.run_of(thread))["version"] == 3
    assert len(rig.stub.in_thread(thread)) == 1
    assert await new_problems(rig) == []


async def test_f42_a_message_lost_inside_the_broker_client_is_sent_again(rig: Rig) -> None:
    """Off the list and not yet noted as unacknowledged: Celery on Redis has lost it for good."""
    async with rig.patched("worker", {"die_between_pop_and_note": True}):
        rig.arm("F42:1:kill,F42:3:kill")
        await rig.order()
        await rig.settled()

        assert len(rig.struck()) == 2
    assert await new_problems(rig) == []


async def test_f44_the_broker_dies_in_mid_run_and_forgets_everything(rig: Rig) -> None:
    valkey = rig.servers.valkey
    assert valkey is not None
    thread, card = await rig.card()
    rig.arm("F15:1:slow=0.3")
    await rig.press(card, "Yes, order it")
    await rig.until_struck()
    await asyncio.to_thread(valkey.stop, at_once=True)
    await asyncio.to_thread(valkey.start)
    client = redis.from_url(rig.servers.redis_url)
    await client.flushall()
    await client.aclose()

    await rig.seen(thread, "Receipt")
    await rig.settled()
    assert await new_problems(rig) == []


async def test_f45_without_a_broker_events_are_taken_and_answered_and_charges_wait(rig: Rig) -> None:
    valkey = rig.servers.valkey
    assert valkey is not None
    thread, card = await rig.card()
    await asyncio.to_thread(valkey.stop, at_once=True)
    try:
        await rig.press(card, "Yes, order it")
        await rig.seen(thread, "Charging")
        said = await rig.say("<@U0BOTBOT0> what can you do?")
        await rig.seen(said, "")
        assert not any("Receipt" in m["text"] for m in rig.stub.in_thread(thread))
    finally:
        await asyncio.to_thread(valkey.start)

    await rig.seen(thread, "Receipt")
    await rig.settled()
    assert await new_problems(rig) == []


async def test_f47_an_effect_that_kills_its_worker_every_time_ends_dead_and_the_person_is_told_once(
    rig: Rig,
) -> None:
    async with rig.patched("worker", {"few_attempts": 2}):
        rig.arm("F21:1+:kill")
        thread = await rig.say("<@U0BOTBOT0> order two margheritas and a cola")
        await rig.seen(thread, "tried too often")
        rig.disarm()
        await rig.settled()

    rows = await rig.fetch("select state, attempts from effects where conversation like '%' || $1", thread)
    assert [(row["state"], row["attempts"]) for row in rows] == [("dead", 3)]
    assert len(rig.stub.in_thread(thread)) == 1
    assert (await rig.run_of(thread))["status"] == "failed"
    said = await rig.say("<@U0BOTBOT0> what can you do?", thread)
    await rig.stub.until(lambda: len(rig.stub.in_thread(thread)) == 2, f"an answer to {said}")
