"""A payment is disputed at Stripe: whoever ordered is told where they ordered, and so is how it ended."""

from __future__ import annotations

from tests.conversations.test_news import paid
from tests.conversations.test_order import SMALL, ordered
from tests.conversations.test_payment import sandbox
from tests.stack import Stack


async def test_a_dispute_and_its_end_are_told_in_the_order_s_thread(stack: Stack) -> None:
    slack = stack.world.slack
    said, card = await ordered(stack, SMALL)
    await slack.press("ada", card, "Yes, order it")
    await slack.wait_for("Receipt", thread=said)
    payment = {"payment_intent": await paid(stack)}

    await sandbox(stack, "act", {"act": "dispute", "reason": "fraudulent", **payment})
    await slack.wait_for("is disputed: the cardholder says that it was not them.", thread=said)
    await sandbox(stack, "act", {"act": "lose_dispute", **payment})
    await slack.wait_for("was lost: the money went back to the customer.", thread=said)
