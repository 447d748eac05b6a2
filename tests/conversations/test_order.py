"""Whole orders, from a signed webhook to what was posted and what was charged."""

from __future__ import annotations

from tests.stack import Stack


async def test_an_order_in_slack_is_approved_by_a_second_person_and_charged_once(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said = await slack.say("ada", "orders", "@Countersign order six large margheritas and two colas")

    card = await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it")
    await slack.press("ada", card, "Yes, order it")
    ask = await slack.wait_for("Approve", channel="approvals", button="Approve")
    await slack.press("grace", ask, "Approve")
    await slack.wait_for("Receipt", thread=said)

    assert len(await stack.charges()) == before + 1
