"""Conversations on the web: ordered there and approved elsewhere, and the other way round."""

from __future__ import annotations

from tests.stack import Stack
from tests.web_driver import browser, token_of


async def test_an_order_on_the_web_is_approved_in_slack_and_the_receipt_comes_by_itself(stack: Stack) -> None:
    slack = stack.world.slack
    async with browser(stack, await token_of(stack, "ada@example.com"), "first") as ada:
        await ada.say("order six large margheritas and two colas")
        card = await ada.wait_for("Confirm your cart", button="Yes, order it")
        await ada.press(card, "Yes, order it")
        ask = await slack.wait_for("Approve?", channel="approvals", button="Approve")
        await slack.press("grace", ask, "Approve")
        await ada.wait_for("Receipt")
