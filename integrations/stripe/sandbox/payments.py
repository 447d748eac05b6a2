"""Payment intents, their charges, and refunds: the part of the sandbox that moves money."""

from __future__ import annotations

import re
from dataclasses import dataclass

from integrations.stripe.sandbox import things
from integrations.stripe.sandbox.call import Call
from integrations.stripe.sandbox.faults import Refusal
from integrations.stripe.sandbox.things import Data

SMALLEST = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50}
LARGEST = 99_999_999


@dataclass(frozen=True, slots=True)
class Declined:
    """A 402 that is kept: the payment exists, and the key gives this answer from now on."""

    body: Data


def create(call: Call) -> Data | Declined:
    call.allow(
        "amount",
        "currency",
        "customer",
        "payment_method",
        "payment_method_types",
        "off_session",
        "confirm",
        "metadata",
        "description",
        "return_url",
        "receipt_email",
        "statement_descriptor_suffix",
        "automatic_payment_methods",
    )
    amount, currency = money(call)
    customer = call.text("customer")
    if customer:
        call.store.get("customer", customer)
    if call.truth("off_session") and not call.truth("confirm"):
        raise Refusal("off_session needs confirm=true.", param="off_session")
    intent = things.intent(
        call.at,
        amount,
        currency,
        customer=customer or None,
        payment_method=call.text("payment_method") or None,
        description=call.text("description") or None,
        metadata=call.metadata(),
        receipt_email=call.text("receipt_email") or None,
    )
    if intent["payment_method"]:
        _own_card(call, intent)
        intent["status"] = "requires_confirmation"
    call.store.put(intent)
    call.emit("payment_intent.created", intent)
    return _pay(call, intent) if call.truth("confirm") else intent


def confirm(call: Call, id: str) -> Data | Declined:
    call.allow("payment_method", "off_session", "return_url")
    intent = call.store.get("payment_intent", id)
    if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
        raise _wrong_state(intent, "confirm")
    intent["payment_method"] = call.text("payment_method") or intent["payment_method"]
    return _pay(call, intent)


def cancel(call: Call, id: str) -> Data:
    call.allow("cancellation_reason")
    intent = call.store.get("payment_intent", id)
    if intent["status"] in ("succeeded", "canceled"):
        raise _wrong_state(intent, "cancel")
    intent.update(status="canceled", canceled_at=call.at)
    call.emit("payment_intent.canceled", intent)
    return call.store.put(intent)


def money(call: Call) -> tuple[int, str]:
    amount, currency = things.whole(call.params, "amount"), call.need("currency").lower()
    if not re.fullmatch("[a-z]{3}", currency):
        raise Refusal(f"Invalid currency: {currency[:20]}", param="currency")
    if amount < SMALLEST.get(currency, 1):
        raise Refusal("Amount is too small.", code="amount_too_small", param="amount")
    if amount > LARGEST:
        raise Refusal("Amount is too large.", code="amount_too_large", param="amount")
    return amount, currency


def succeed(call: Call, intent: Data, card: Data) -> Data:
    """Take the money: the one place where a payment comes to be paid."""
    charge = things.charge(call.at, intent, card, failure=None, receipts=call.home)
    call.store.put(charge)
    intent.update(
        status="succeeded",
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        payment_method=card["id"],
        last_payment_error=None,
    )
    call.store.put(intent)
    call.emit("charge.succeeded", charge)
    call.emit("payment_intent.succeeded", intent)
    return intent


def _pay(call: Call, intent: Data) -> Data | Declined:
    if not intent["payment_method"]:
        raise Refusal(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    card = _own_card(call, intent)
    reason = call.decline or card["_decline"]
    if not reason:
        return succeed(call, intent, card)
    failure = things.decline(reason)
    charge = things.charge(call.at, intent, card, failure=failure, receipts=call.home)
    call.store.put(charge)
    intent.update(
        status="requires_payment_method",
        latest_charge=charge["id"],
        last_payment_error=failure | {"charge": charge["id"], "payment_method": things.public(card)},
        payment_method=None,
    )
    call.store.put(intent)
    call.emit("payment_intent.payment_failed", intent)
    return Declined({"error": failure | {"charge": charge["id"], "payment_intent": things.public(intent)}})


def _own_card(call: Call, intent: Data) -> Data:
    card = call.store.get("payment_method", intent["payment_method"])
    if card["customer"] is None or card["customer"] != intent["customer"]:
        raise Refusal(
            "The payment method does not belong to the Customer of this payment.", param="payment_method"
        )
    return card


def _wrong_state(intent: Data, verb: str) -> Refusal:
    return Refusal(
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
    )


# ── refunds ──────────────────────────────────────────────────────────────────────────────


def refund(call: Call) -> Data:
    call.allow("payment_intent", "charge", "amount", "reason", "metadata")
    charge = _refundable(call)
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise Refusal(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = things.whole(call.params, "amount") if "amount" in call.params else left
    if not 0 < amount <= left:
        raise Refusal("Refund amount is greater than unrefunded amount on charge.", param="amount")
    reason = call.text("reason") or None
    if reason not in (None, "duplicate", "fraudulent", "requested_by_customer"):
        raise Refusal("Invalid reason", param="reason")
    given = {
        "id": things.new_id("re"),
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "created": call.at,
        "currency": charge["currency"],
        "metadata": call.metadata(),
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "succeeded",
    }
    before = charge["amount_refunded"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    call.store.put(charge)
    call.store.put(given)
    call.emit("refund.created", given)
    call.emit("charge.refunded", charge, amount_refunded=before)
    return given


def fail_refund(call: Call, id: str) -> Data:
    """Days later the bank sends the money back; nobody asked for that by a request."""
    given = call.store.get("refund", id)
    if given["status"] == "failed":
        raise Refusal("This refund has failed already.")
    charge = call.store.get("charge", given["charge"])
    charge["amount_refunded"] -= given["amount"]
    charge["refunded"] = False
    given |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    call.store.put(charge)
    call.store.put(given)
    call.emit("refund.updated", given)
    call.emit("refund.failed", given)
    return given


def _refundable(call: Call) -> Data:
    if call.params.get("charge"):
        charge = call.store.get("charge", call.need("charge"))
    else:
        intent = call.store.get("payment_intent", call.need("payment_intent"))
        if intent["status"] != "succeeded":
            raise Refusal("This PaymentIntent does not have a successful charge to refund.")
        charge = call.store.get("charge", intent["latest_charge"])
    return charge


def balance(call: Call) -> Data:
    call.allow()
    sums: dict[str, int] = {}
    for charge in call.store.newest("charge", keep=lambda each: bool(each["paid"]), most=1_000_000):
        kept = charge["amount"] - charge["amount_refunded"]
        sums[charge["currency"]] = sums.get(charge["currency"], 0) + kept
    available = [{"amount": amount, "currency": code} for code, amount in sorted(sums.items())]
    return {"object": "balance", "livemode": False, "available": available, "pending": []}
