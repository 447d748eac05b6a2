"""What others do at a service is told in the thread that it belongs to; and with whose account we act."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from flows.loader import load_file
from integrations import tools
from integrations.stripe import webhook
from tests.conversations.test_order import SMALL, asked, ordered
from tests.stack import SECRET, Stack
from workers.push import POLICY, push_to
from workers.services import Services
from workers.services_desk import Desk, integration


async def paid(stack: Stack) -> str:
    """The payment that was made last."""
    rows = await stack.fetch("select external_id from effects where tool = 'stripe.charge' and state = 'done'"
                             " order by finished_at desc limit 1")  # fmt: skip
    found: str = rows[0]["external_id"]
    assert found.startswith("pi_")
    return found


async def refunded(stack: Stack, intent: str, amount: int) -> None:
    """In Stripe's dashboard: with no key of ours."""
    headers = {"Authorization": f"Bearer {stack.settings.secret('stripe_api_key')}"}
    form = {"payment_intent": intent, "amount": str(amount)}
    address = f"{stack.settings.stripe_api_base}/v1/refunds"
    async with (
        aiohttp.ClientSession() as session,
        session.post(address, data=form, headers=headers) as answer,
    ):
        assert answer.status == 200, await answer.text()


async def delivered(
    stack: Stack, event: dict[str, Any], path: str = "/webhooks/stripe", secret: str = ""
) -> int:
    body = json.dumps(event).encode()
    secret = secret or stack.settings.secret("stripe_webhook_secret")
    headers = {
        "Stripe-Signature": webhook.sign(body, secret, int(time.time())),
        "Content-Type": "application/json",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{stack.world.bot_url}{path}", data=body, headers=headers) as answer,
    ):
        return answer.status


def refund(intent: str, id: str, amount: int) -> dict[str, Any]:
    charge = {"id": f"ch_{id}", "payment_intent": intent, "amount": 2700, "amount_refunded": amount}
    thing = charge | {"currency": "usd", "metadata": {}}
    return {"id": id, "object": "event", "type": "charge.refunded", "data": {"object": thing}}


async def test_a_refund_by_somebody_else_is_told_in_the_orders_thread_in_slack(stack: Stack) -> None:
    slack = stack.world.slack
    said, card = await ordered(stack, SMALL)
    await slack.press("ada", card, "Yes, order it")
    await slack.wait_for("Receipt", thread=said)

    await refunded(stack, await paid(stack), 400)

    await slack.wait_for("$4.00 of the payment was refunded.", thread=said)


async def test_a_delivery_that_comes_again_is_told_once_in_the_orders_thread_in_teams(stack: Stack) -> None:
    teams = stack.world.teams
    said = await teams.say("ada", "Orders", "@Countersign order two margheritas and a cola")
    card = await teams.wait_for("Confirm your cart", thread=said, button="Yes, order it")
    await teams.press("ada", card, "Yes, order it")
    await teams.wait_for("Receipt", thread=said)
    intent = await paid(stack)

    for _ in range(3):
        assert await delivered(stack, refund(intent, "evt_again", 300)) == 200
    await teams.wait_for("$3.00 of the payment was refunded.", thread=said)
    assert await delivered(stack, refund(intent, "evt_next", 500)) == 200
    await teams.wait_for("$5.00 of the payment was refunded.", thread=said)

    told = await stack.fetch("select id from outbox where content::text like '%$3.00 of the payment%'")
    assert len(told) == 1


@pytest.mark.parametrize("path", ["/webhooks/stripe", "/webhooks/stripe/a-token-that-is-nobodys"])
async def test_a_forged_webhook_is_401_and_leaves_nothing(stack: Stack, path: str) -> None:
    assert await delivered(stack, refund("pi_x", "evt_forged", 300), path, secret="whsec_guess") == 401

    assert await stack.fetch("select 1 from inbox where dedupe = 'evt_forged'") == []


FILED = """
id: note_down
description: "Note something down at every service"
examples: ["note down the broken bell"]
steps:
  - {id: ask, type: input, gather: [{slot: what, type: text, ask: "What is it about?"}]}
  - {id: ticket, type: tool, call: jira.create_issue, save: ticket, rests_on: [what],
     with: {title: "{{ what }} {{ run.id }}", description: "It does not ring."}}
  - {id: issue, type: tool, call: github.create_issue, save: issue, rests_on: [what],
     with: {title: "{{ what }} {{ run.id }}", body: "It does not ring."}}
  - {id: page, type: tool, call: notion.create_page, save: page, rests_on: [what],
     with: {title: "{{ what }} {{ run.id }}", text: "It does not ring."}}
  - {id: told, type: message, text: "Noted down as {{ run.id }}."}
  - {id: done, type: end}
"""


async def test_what_somebody_says_at_jira_github_or_notion_is_told_where_the_thing_was_made(
    stack: Stack, tmp_path: Path
) -> None:
    slack, world = stack.world.slack, stack.world
    (tmp_path / "note_down.yaml").write_text(FILED)
    await push_to(stack.db, stack.tenant, [load_file(tmp_path / "note_down.yaml", tools())], POLICY)
    said = await slack.say("ada", "orders", "@Countersign /note_down")
    await slack.wait_for("What is it about?", thread=said)
    await slack.say("ada", "orders", "the broken bell", thread=said)
    noted = await slack.wait_for("Noted down as", thread=said, timeout=30)
    title = noted.words.partition("Noted down as ")[2].partition(".")[0]

    for service in ("jira", "github", "notion"):
        await world.refresh()
        [thing] = [each for each in world.records if each["at"] == service and title in str(each)]
        await world.trouble("act", "omar", service=service, act="comment", record=thing["id"])

    for service, words in {"jira": "SHOP-", "github": "pizzeria/shop#", "notion": "page"}.items():
        await slack.wait_for(
            lambda one, words=words: "comment" in one.words.lower() and words in one.words,
            thread=said, after=noted, timeout=30,
        )  # fmt: skip
        assert service


async def test_approved_for_one_account_it_does_not_run_with_another(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, ask = await asked(stack)
    desk = Desk(stack.db, stack.tenant, Services(stack.settings.plain(), SECRET))
    stripe = integration("stripe")
    await desk.change(stripe, lambda values: values.update(STRIPE_API_KEY="sk_test_other"), "service.set", [])
    try:
        await slack.press("grace", ask, "Approve")
        await slack.wait_for("not what was approved", thread=said)
        await slack.wait_until(ask, "not carried out")
    finally:
        await desk.change(stripe, lambda values: values.clear(), "service.unset", [], forget=True)

    assert len(await stack.charges()) == before
