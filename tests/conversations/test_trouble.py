"""Bad days: platforms that refuse, a service that gives no answer, a pause; nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import orjson
import pytest

from bot.reply import Reply
from bot.turn import Place
from bot.workbench.cast import APPROVALS_CHANNEL, TEAM
from bot.workbench.seen import Message
from integrations.stripe.webhook import sign
from tests.conversations.test_order import LARGE, SMALL, asked, ordered
from tests.stack import Stack
from workers import doubt
from workers.store import effects, outbox, tenants

NO_ANSWER = "Stripe did not answer in time. It may have been carried out; somebody has to look."


# -- platforms that want less of us


async def test_twenty_refusals_in_a_row_lose_no_reply_in_slack(stack: Stack) -> None:
    await stack.world.fault("slack", "429", "chat.postMessage", times=20, seconds=0)
    said = await stack.world.slack.say("ada", "orders", "@Countersign help")
    await stack.world.slack.wait_for("order", thread=said, timeout=30)


async def test_nor_in_teams(stack: Stack) -> None:
    await stack.world.fault("teams", "429", "sendActivity", times=20, seconds=0)
    said = await stack.world.teams.say("ada", "Orders", "@Countersign help")
    await stack.world.teams.wait_for("order", thread=said, timeout=30)


async def test_a_channel_that_refuses_holds_up_no_other(stack: Stack) -> None:
    """The approvers' channel wants a pause; the thread, which is in another channel, goes on."""
    slack = stack.world.slack
    said, card = await ordered(stack, LARGE)
    before = slack.messages("approvals")
    to = outbox.Message("x", "post", Place("slack", TEAM, APPROVALS_CHANNEL, None), Reply("x"))
    stack.engine.tools.pacer.refused(to, 4.0)

    await slack.press("ada", card, "Yes, order it")
    await slack.wait_for("second person's approval", thread=said, timeout=3)

    assert slack.messages("approvals") == before
    await slack.wait_for("Approve?", channel="approvals", after=before[-1] if before else None, timeout=15)


# -- money of which nobody knows whether it moved


async def in_doubt(stack: Stack, said: Message) -> Message:
    """What a worker does whose every try stays without an answer; the question that follows."""
    slack = stack.world.slack
    before = slack.messages("approvals")
    async with asyncio.timeout(10):
        while not (key := await queued(stack)):
            await asyncio.sleep(0.02)
    async with stack.db.tenant(stack.tenant) as c:
        claimed = await effects.claim(c, stack.tenant, key, 30)
        assert claimed is not None
        await c.execute("update approvals set state = 'used' where effect_key = $1", key)
        await effects.fail(c, claimed, "unknown", "unknown", NO_ANSWER)
    told = await slack.wait_for("do not know yet whether you were charged", thread=said)
    assert "Nothing was charged" not in told.words
    return await slack.wait_for("Was this carried out?", channel="approvals", button="It was",
                                after=before[-1] if before else None)  # fmt: skip


async def queued(stack: Stack) -> str | None:
    rows = await stack.fetch("select key from effects where tool = 'stripe.charge' and state = 'queued'")
    return rows[0]["key"] if rows else None


@pytest.fixture
def idle_worker(stack: Stack) -> None:
    """It dies, and comes back when the test says so."""
    stack.worker.kill()
    stack.worker.wait()


@pytest.mark.usefixtures("idle_worker")
async def test_a_person_who_looked_has_it_tried_again_and_it_is_charged_once(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    stack.restart_worker()
    said, ask = await asked(stack)
    stack.worker.kill()
    stack.worker.wait()
    await slack.press("grace", ask, "Approve")
    question = await in_doubt(stack, said)
    assert "Ada Reyes" in question.words

    await slack.press("ada", question, "It was")
    await slack.wait_for("somebody else has to look", who="ada", channel="approvals")
    await slack.press("omar", question, "It was")
    await slack.wait_for("Only the named approvers", who="omar", channel="approvals")
    await asyncio.gather(*(slack.press("grace", question, "It was not, try again") for _ in range(5)))
    stack.restart_worker()

    await slack.wait_for("I am trying again now", thread=said)
    await slack.wait_for("It was carried out after all", thread=said, timeout=30)
    settled = await slack.wait_until(question, "Grace Okafor looked")
    assert settled.buttons == []
    await slack.wait_until(ask, "carried out")
    assert len(await stack.charges()) == before + 1


async def test_a_person_who_found_it_settles_it_and_it_is_not_tried_again(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, card = await ordered(stack, SMALL)
    stack.worker.kill()
    stack.worker.wait()
    await slack.press("ada", card, "Yes, order it")
    question = await in_doubt(stack, said)

    await slack.press("grace", question, "It was")
    await slack.wait_for("this was carried out, once", thread=said)
    stack.restart_worker()

    states = await stack.fetch("select state, settled from effects order by created_at desc limit 1")
    assert tuple(states[0]) == ("done", "carried_out")
    noted = await stack.fetch("select convert_from(entry, 'utf8') from audit order by id desc limit 3")
    assert any('"doubt.settled"' in row[0] and '"carried_out"' in row[0] for row in noted)
    assert len(await stack.charges()) == before


@pytest.mark.twin
async def test_without_the_refusal_whoever_asked_could_settle_it(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubt, "_refusal", lambda *_: "")
    slack = stack.world.slack
    said, card = await ordered(stack, SMALL)
    stack.worker.kill()
    stack.worker.wait()
    await slack.press("ada", card, "Yes, order it")
    question = await in_doubt(stack, said)

    await slack.press("ada", question, "It was")
    await slack.wait_for("Ada Reyes looked it up: this was carried out, once", thread=said)
    stack.restart_worker()


@pytest.mark.usefixtures("idle_worker")
async def test_stripe_says_at_last_that_it_went_through_and_nobody_need_look(stack: Stack) -> None:
    slack = stack.world.slack
    stack.restart_worker()
    said, card = await ordered(stack, SMALL)
    stack.worker.kill()
    stack.worker.wait()
    await slack.press("ada", card, "Yes, order it")
    question = await in_doubt(stack, said)
    [row] = await stack.fetch(
        "select key from effects where state = 'unknown' order by created_at desc limit 1"
    )

    assert await told_by_stripe(stack, row["key"]) == 200
    await slack.wait_for("It was carried out after all", thread=said)
    settled = await slack.wait_until(question, "The service has told me since: it was carried out")
    assert settled.buttons == []
    await slack.press("grace", question, "It was not, try again")
    await slack.wait_for("settled already", who="grace", channel="approvals")
    assert await told_by_stripe(stack, row["key"], "evt_again") == 200
    stack.restart_worker()

    states = await stack.fetch("select state, settled from effects where key = $1", row["key"])
    assert tuple(states[0]) == ("done", "told")


async def told_by_stripe(stack: Stack, key: str, id: str = "evt_doubt") -> int:
    """A payment that carries our mark has succeeded, as Stripe signs it."""
    event = {
        "id": f"{id}_{key}",
        "object": "event",
        "type": "payment_intent.succeeded",
        "data": {
            "object": {
                "id": "pi_doubt",
                "object": "payment_intent",
                "amount_received": 500,
                "currency": "usd",
                "metadata": {"effect_key": key},
            }
        },
    }
    body, secret = orjson.dumps(event), stack.settings.secret("stripe_webhook_secret")
    signature = sign(body, secret, int(time.time()))
    headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:
        address = f"{stack.world.bot_url}/webhooks/stripe"
        async with session.post(address, data=body, headers=headers) as answer:
            return answer.status


# -- the kill switch


async def pause(stack: Stack, paused: bool) -> None:
    async with stack.db.tenant(stack.tenant) as c:
        await tenants.pause(c, stack.tenant, paused)


async def test_while_paused_nothing_begins_and_afterwards_nothing_is_missing(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    orders = [await ordered(stack, SMALL) for _ in range(3)]
    await pause(stack, True)
    try:
        await asyncio.gather(*(slack.press("ada", card, "Yes, order it") for _, card in orders))
        for said, _ in orders:
            await slack.wait_for("Charging", thread=said)
        await asyncio.sleep(3)  # longer than the sweep's quiet time: it must not bring them back
        assert len(await stack.charges()) == before
        begun = await stack.fetch("select 1 from effects where state = 'queued' and attempts > 0")
        assert begun == []
    finally:
        await pause(stack, False)
    for said, _ in orders:
        await slack.wait_for("Receipt", thread=said, timeout=20)
    assert len(await stack.charges()) == before + 3
