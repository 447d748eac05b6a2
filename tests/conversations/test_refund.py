"""A refund through the front door: only one's own payments, approved by somebody else, given back once."""

from __future__ import annotations

from typing import Any

from tests.conversations.test_order import SMALL, ordered
from tests.stack import Stack


async def refunds(stack: Stack) -> list[dict[str, Any]]:
    return [each["json"] for each in await stack.at_stripe("refund")]


async def test_the_last_order_is_given_back_in_part_once_and_not_told_as_somebody_elses_doing(
    stack: Stack,
) -> None:
    slack = stack.world.slack
    ordered_in, card = await ordered(stack, SMALL)
    await slack.press("ada", card, "Yes, order it")
    await slack.wait_for("Receipt", thread=ordered_in)
    before = len(await refunds(stack))

    said = await slack.say("ada", "orders", "@Countersign refund the last order")
    which = await slack.wait_for("Which payment should be given back?", thread=said)
    await slack.press("ada", which, which.buttons[0])
    much = await slack.wait_for("or a part?", thread=said)
    await slack.press("ada", much, "A part")
    await slack.wait_for("How much of the", thread=said)
    await slack.say("ada", "orders", "7.00", thread=said)
    why = await slack.wait_for("Why is it given back?", thread=said)
    await slack.press("ada", why, "I ask for it")
    confirm = await slack.wait_for("Give back $7.00 of", thread=said)
    await slack.press("ada", confirm, "Yes, give it back")
    ask = await slack.wait_for("does not come back", channel="approvals", button="Approve")
    assert len(await refunds(stack)) == before
    await slack.press("grace", ask, "Approve")
    await slack.wait_for("$7.00 given back", thread=said)

    made = (await refunds(stack))[: len(await refunds(stack)) - before]
    assert [(each["amount"], each["status"], each["reason"]) for each in made] == [
        (700, "succeeded", "requested_by_customer")
    ]
    told = await stack.fetch(
        "select id from outbox where content::text like '%$7.00 of the payment was refunded%'"
    )
    assert told == []
