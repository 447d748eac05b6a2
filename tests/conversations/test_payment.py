"""What happens when money does not simply move: no card, declined, prices that change, an odd person."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from tests.conversations.test_order import SMALL, ordered
from tests.stack import Stack


async def sandbox(stack: Stack, path: str, body: Mapping[str, object]) -> None:
    async with aiohttp.ClientSession() as session:
        address = f"{stack.settings.stripe_api_base}/_sandbox/{path}"
        async with session.post(address, json=body) as answer:
            assert answer.status < 300, await answer.text()


async def test_without_a_saved_card_a_link_is_sent_and_the_webhook_completes_the_order(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, card = await ordered(stack, SMALL, who="omar")
    await slack.press("omar", card, "Yes, order it")
    link = await slack.wait_for("please pay here", thread=said)

    url = next(item["url"] for item in link.controls if item.get("url"))
    async with aiohttp.ClientSession() as session, session.post(url) as paid:
        assert paid.status < 400
    await slack.wait_for("Receipt", thread=said, timeout=15)

    assert len(await stack.charges()) == before + 1


async def test_a_declined_card_is_told_in_plain_words_and_nothing_is_charged(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, card = await ordered(stack, SMALL)
    fault = {"path": "payment_intents", "kind": "decline", "code": "insufficient_funds"}
    await sandbox(stack, "fault", fault)

    await slack.press("ada", card, "Yes, order it")
    told = await slack.wait_for("Nothing was charged", thread=said)

    assert "card" in told.words.lower() or "funds" in told.words.lower()
    assert len(await stack.charges()) == before


async def test_a_price_that_changes_between_yes_and_charge_is_shown_again(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, card = await ordered(stack, "order a tiramisu")
    await sandbox(stack, "price", {"price": "price_tiramisu", "unit_amount": 777})
    try:
        await slack.press("ada", card, "Yes, order it")
        again = await slack.wait_for("7.77", thread=said, button="Yes, order it", after=card)
        assert len(await stack.charges()) == before
        await slack.press("ada", again, "Yes, order it")
        await slack.wait_for("Receipt", thread=said)
    finally:
        await sandbox(stack, "reset", {})

    assert stack.settings.stripe_api_base


async def test_an_unknown_product_is_asked_back_with_what_there_is(stack: Stack) -> None:
    slack = stack.world.slack
    said = await slack.say("ada", "orders", "@Countersign order a sushi platter")

    told = await slack.wait_for("I do not know", thread=said)

    assert "Margherita" in told.words


async def test_stripe_away_for_a_moment_only_delays_the_order(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, card = await ordered(stack, SMALL)
    await sandbox(stack, "fault", {"path": "payment_intents", "kind": "500_after", "times": 1})

    await slack.press("ada", card, "Yes, order it")
    await slack.wait_for("Receipt", thread=said, timeout=20)

    assert len(await stack.charges()) == before + 1
