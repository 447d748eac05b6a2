"""Webhooks, read once they are safe in the inbox: what a service tells completes what we began."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog

from integrations import money
from integrations.stripe import webhook
from workers.store import audit, effects
from workers.store.door import Connection

log = structlog.get_logger()


async def received(c: Connection, tenant: UUID, source: str, event: Any) -> None:
    """One webhook call, verified at the door."""
    if source == "stripe":
        await _stripe(c, tenant, event)


async def _stripe(c: Connection, tenant: UUID, event: Any) -> None:
    notice = webhook.read(event)
    if notice is None:
        return
    result: dict[str, Any] | None = None
    problem = ""
    match notice.outcome:
        case webhook.Outcome.PAID:
            result = {
                "status": "paid",
                "amount": notice.amount,
                "currency": notice.currency,
                "payment_intent": notice.payment_intent,
                "receipt_url": notice.receipt_url,
                "label": "your payment link",
            }
        case webhook.Outcome.FAILED:
            problem = f"The payment of {money.show(notice.amount, notice.currency)} did not go through."
        case webhook.Outcome.EXPIRED:
            problem = "The payment link expired before it was used."
        case _:
            return
    told = await effects.complete(c, tenant, notice.external_id, notice.effect_key, result, problem)
    await audit.record(
        c, tenant, "webhook", service="stripe", event=notice.event, kind=notice.kind, told=told
    )
