"""What Stripe tells of a payment that somebody's bank asks back: read as one thing that happened."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations import money
from integrations.base import Happened

DISPUTED, WON, LOST, ASKED, CLOSED = "disputed", "dispute_won", "dispute_lost", "inquiry", "inquiry_closed"
_CURRENCY = re.compile(r"[a-z]{3}", re.ASCII)
_WHY: Mapping[str, str] = {
    "fraudulent": "the cardholder says that it was not them",
    "duplicate": "they say that they were charged twice",
    "product_not_received": "they say that nothing came",
    "product_unacceptable": "they say that it was not what was promised",
    "credit_not_processed": "they say that they were to get it back",
    "subscription_canceled": "they say that they had cancelled",
    "unrecognized": "they do not know what it was for",
}


def read(event: Mapping[str, Any]) -> Happened | None:
    """Of a dispute that began or is over; None for every other event, and for one about no payment.

    A bank that only asks takes nothing back yet: Stripe calls that a warning, and it says nothing
    against anybody.
    """
    match event:
        case {
            "id": str(key),
            "type": "charge.dispute.created" | "charge.dispute.closed" as type,
            "data": {
                "object": {"currency": str(code), "amount": int(amount), "status": str(status)} as thing
            },
        } if _CURRENCY.fullmatch(code) and not isinstance(amount, bool):
            payment = _id(thing.get("payment_intent"))
            if not payment:
                return None
            kind, sentence = _told(type, status, money.show(amount, code), str(thing.get("reason"))[:60])
            return Happened(key=key[:500], external_id=payment, kind=kind, sentence=sentence)
    return None


def _told(type: str, status: str, sum: str, reason: str) -> tuple[str, str]:
    why = f": {_WHY[reason]}" if reason in _WHY else ""
    warning = status.startswith("warning")
    if type.endswith("created"):
        if warning:
            return (
                ASKED,
                f"The customer's bank asks about the payment of {sum}{why}. It took nothing back yet.",
            )
        return DISPUTED, f"The payment of {sum} is disputed{why}. The bank took the money back for now."
    if warning:
        return CLOSED, f"The bank asks no more about the payment of {sum}."
    if status == "won":
        return WON, f"The dispute over {sum} was won: the money is back with us."
    return LOST, f"The dispute over {sum} was lost: the money went back to the customer."


def _id(reference: object) -> str:
    """References are ids, or whole objects where they were expanded."""
    found = reference.get("id") if isinstance(reference, Mapping) else reference
    return found[:500] if isinstance(found, str) else ""
