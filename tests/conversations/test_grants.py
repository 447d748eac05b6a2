"""A standing grant and a batch, from the command and the press to the receipt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import yaml

from flows.policy_file import stored_policy
from tests.conversations.test_approvers import POLICY, awake
from tests.conversations.test_order import LARGE
from tests.stack import Stack
from workers.store import batches, definitions, tenants, timers

GRANT = "tool=stripe.charge requester=ada@example.com each=500.00 currency=usd calls=3 per=day days=7"


@asynccontextmanager
async def ruled(stack: Stack, **more: Any) -> AsyncIterator[None]:
    """With rules that may be granted, and whatever else, for as long as it lasts."""
    document = yaml.safe_load(POLICY.read_text())
    for rule in document["rules"]:
        if rule["name"] == "large-amounts":
            rule["grantable"] = True
    document = {**document, **more}
    async with stack.db.tenant(stack.tenant) as c:
        before = await tenants.policy_version(c, stack.tenant)
        await definitions.keep_policy(c, stack.tenant, stored_policy(document).version, document)
    try:
        yield
    finally:
        async with stack.db.tenant(stack.tenant) as c:
            await c.execute("update tenants set policy_version = $1", before)


async def ordered(stack: Stack) -> str:
    """Its thread, once it was confirmed."""
    slack = stack.world.slack
    said: str = await slack.say("ada", "orders", f"@Countersign {LARGE}")
    card = await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it")
    await slack.press("ada", card, "Yes, order it")
    return said


async def test_what_approvers_granted_runs_alone_until_it_is_revoked(stack: Stack) -> None:
    slack = stack.world.slack
    await awake(stack)
    async with ruled(stack):
        await slack.say("grace", "orders", f"@Countersign /grants add {GRANT}")
        card = await slack.wait_for("Let run alone? stripe.charge", channel="approvals", button="Agree")
        assert "at most $500.00" in card.words
        await slack.press("omar", card, "Agree")
        await slack.wait_for("Only the named approvers", who="omar", channel="approvals")
        await slack.press("grace", card, "Agree")
        card = await slack.wait_until(card, "Grace Okafor let this run alone")

        said = await ordered(stack)
        await slack.wait_for("Receipt", thread=said)
        rows = await stack.fetch(
            "select e.key from grant_uses u join effects e on e.key = u.effect_key where e.state = 'done'"
        )
        assert rows

        await slack.press("grace", card, "Revoke")
        await slack.wait_until(card, "Revoked")
        await slack.wait_for("was revoked", channel="approvals")
        before = slack.messages("approvals")
        said = await ordered(stack)
        ask = await slack.wait_for("Approve?", channel="approvals", button="Approve", after=before[-1])

        await slack.press("grace", ask, "Approve")
        await slack.wait_for("Receipt", thread=said)
        offered = await slack.wait_for(
            "let them run alone", who="grace", channel="approvals", button="Let such run alone…"
        )
        await slack.press("grace", offered, "Let such run alone…")
        card = await slack.wait_for("Let run alone?", channel="approvals", button="Agree", after=ask)
        assert "at most $96.00" in card.words
        assert "ada@example.com" in card.words
        await slack.press("grace", card, "Do not")
        await slack.wait_until(card, "Not granted")


async def test_three_small_orders_come_in_one_card_and_one_press_charges_each(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> dict[str, list[int]]:
        return {}

    monkeypatch.setattr(batches, "amounts_before", nothing)  # what other tests bought makes nothing stand out
    slack = stack.world.slack
    await awake(stack)
    batch = {"tools": ["stripe.charge"], "risks": ["money"], "below": "500.00", "at_least": 2,
             "within_seconds": 600}  # fmt: skip
    async with ruled(stack, batch=batch):
        threads = [await ordered(stack) for _ in range(3)]
        for said in threads:
            await slack.wait_for("I have asked", thread=said)
        await slack.say("grace", "orders", "@Countersign /approvals")
        await slack.wait_for("wait for you", who="grace", channel="orders")
        await hasten(stack)
        card = await slack.wait_for(
            "alike? stripe.charge", channel="approvals", button="One by one", timeout=40
        )
        every = next(label for label in card.buttons if label.startswith("Approve all"))

        await slack.press("grace", card, every)

        done = await slack.wait_until(card, "approved")
        assert "Together" in done.words
        count = int(every.rpartition(" ")[2])
        assert count >= 2
        await slack.wait_for(f"Approved {count}", who="grace", channel="approvals")
        for said in threads[3 - count :]:
            await slack.wait_for("Receipt", thread=said)


async def hasten(stack: Stack) -> None:
    """The gathering is over."""
    async with stack.db.tenant(stack.tenant) as c:
        id = await c.fetchval(
            "select approval_id from approval_queue where state = 'waiting' order by asked_at desc limit 1"
        )
        await timers.hasten(c, stack.tenant, f"{id}:show:0")
