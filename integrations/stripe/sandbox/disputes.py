"""What a customer's bank does to a payment weeks later: asks it back, and says who was right."""

from __future__ import annotations

from integrations.stripe.sandbox import things
from integrations.stripe.sandbox.call import Call
from integrations.stripe.sandbox.faults import Refusal
from integrations.stripe.sandbox.things import Data

REASONS = frozenset(
    {
        "bank_cannot_process", "check_returned", "credit_not_processed", "customer_initiated",
        "debit_not_authorized", "duplicate", "fraudulent", "general", "incorrect_account_details",
        "insufficient_funds", "noncompliant", "product_not_received", "product_unacceptable",
        "subscription_canceled", "unrecognized",
    }
)  # fmt: skip
DAYS_TO_ANSWER = 7


def open_one(call: Call, payment: str, reason: str) -> Data:
    """Over all that was paid; a payment is disputed once."""
    if reason not in REASONS:
        raise Refusal("Invalid reason", param="reason")
    charge = _paid(call, payment)
    if charge["disputed"]:
        raise Refusal(f"Charge {charge['id']} is disputed already.", code="charge_disputed")
    made = {
        "id": things.new_id("du"),
        "object": "dispute",
        "amount": charge["amount"],
        "charge": charge["id"],
        "created": call.at,
        "currency": charge["currency"],
        "evidence_details": {
            "due_by": call.at + DAYS_TO_ANSWER * 86_400, "has_evidence": False, "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": payment,
        "reason": reason,
        "status": "needs_response",
    }  # fmt: skip
    call.store.put(charge | {"disputed": True})
    call.store.put(made)
    call.emit("charge.dispute.created", made)
    return made


def close(call: Call, payment: str, *, won: bool) -> Data:
    """The bank has decided."""
    found = call.store.newest("dispute", keep=lambda each: bool(each["payment_intent"] == payment), most=1)
    if not found or found[0]["status"] in ("won", "lost"):
        raise Refusal("No dispute of this payment is open.", param="payment_intent")
    before = found[0]["status"]
    closed = found[0] | {"status": "won" if won else "lost"}
    call.store.put(closed)
    call.emit("charge.dispute.closed", closed, status=before)
    return closed


def _paid(call: Call, payment: str) -> Data:
    charges = call.store.newest(
        "charge",
        keep=lambda each: bool(each["payment_intent"] == payment and each["status"] == "succeeded"),
        most=1,
    )
    if not charges:
        raise Refusal("No such payment was made.", param="payment_intent")
    return charges[0]
