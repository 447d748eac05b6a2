"""Stripe's objects as they look on the wire, as far as we or an SDK read them.

A key that begins with an underscore is the sandbox's own and never leaves it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from integrations.stripe.sandbox.faults import Refusal

Data = dict[str, Any]

# Stripe's own test cards by token: brand, last four, the code they are declined with.
CARDS: Mapping[str, tuple[str, str, str]] = {
    "pm_card_visa": ("visa", "4242", ""),
    "pm_card_mastercard": ("mastercard", "4444", ""),
    "pm_card_visa_chargeDeclined": ("visa", "0002", "generic_decline"),
    "pm_card_visa_chargeDeclinedInsufficientFunds": ("visa", "9995", "insufficient_funds"),
    "pm_card_chargeDeclinedExpiredCard": ("visa", "0069", "expired_card"),
    "pm_card_chargeDeclinedProcessingError": ("visa", "0119", "processing_error"),
    "pm_card_chargeDeclinedStolenCard": ("visa", "9979", "stolen_card"),
    "pm_card_authenticationRequired": ("visa", "3184", "authentication_required"),
}

# These are error codes of their own; every other reason comes as `card_declined`.
_OWN_CODES = frozenset({"expired_card", "incorrect_cvc", "processing_error", "authentication_required"})


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


def public(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {name: public(value) for name, value in thing.items() if not name.startswith("_")}
    return [public(each) for each in thing] if isinstance(thing, list) else thing


def whole(params: Mapping[str, Any], name: str) -> int:
    text = params.get(name, "")
    if not isinstance(text, str) or not text.isascii() or not text.lstrip("-").isdigit() or len(text) > 15:
        raise Refusal(f"Invalid integer: {text}", code="parameter_invalid_integer", param=name)
    return int(text)


def product(id: str, created: int, name: str, **rest: Any) -> Data:
    return {
        "id": id,
        "object": "product",
        "active": True,
        "created": created,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "metadata": {},
        "name": name,
        "type": "good",
        "updated": created,
        **rest,
    }


def price(id: str, created: int, product: str, unit_amount: int, currency: str, **rest: Any) -> Data:
    return {
        "id": id,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": currency,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product,
        "recurring": None,
        "type": "one_time",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
        **rest,
    }


def customer(id: str, created: int, email: str | None, name: str | None, **rest: Any) -> Data:
    return {
        "id": id,
        "object": "customer",
        "balance": 0,
        "created": created,
        "currency": None,
        "delinquent": False,
        "description": None,
        "email": email,
        "invoice_settings": {"default_payment_method": None},
        "livemode": False,
        "metadata": {},
        "name": name,
        **rest,
    }


def card(id: str, created: int, token: str, customer: str | None, *, email: str | None = None) -> Data:
    brand, last4, decline = CARDS[token]
    return {
        "id": id,
        "object": "payment_method",
        "billing_details": {"email": email, "name": None},
        "card": {
            "brand": brand,
            "display_brand": brand,
            "exp_month": 12,
            "exp_year": 2034,
            "funding": "credit",
            "last4": last4,
        },
        "created": created,
        "customer": customer,
        "livemode": False,
        "metadata": {},
        "type": "card",
        "_decline": decline,
    }


def intent(created: int, amount: int, currency: str, **rest: Any) -> Data:
    id = new_id("pi")
    return {
        "id": id,
        "object": "payment_intent",
        "amount": amount,
        "amount_received": 0,
        "canceled_at": None,
        "capture_method": "automatic",
        "client_secret": f"{id}_secret_{secrets.token_hex(8)}",
        "confirmation_method": "automatic",
        "created": created,
        "currency": currency,
        "customer": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "receipt_email": None,
        "status": "requires_payment_method",
        **rest,
    }


def charge(created: int, of: Data, card: Data, *, failure: Data | None, receipts: str) -> Data:
    """Stripe copies the payment's metadata to each charge that it tries."""
    id = new_id("ch")
    return {
        "id": id,
        "object": "charge",
        "amount": of["amount"],
        "amount_captured": 0 if failure else of["amount"],
        "amount_refunded": 0,
        "billing_details": dict(card["billing_details"]),
        "captured": failure is None,
        "created": created,
        "currency": of["currency"],
        "customer": of["customer"],
        "description": of["description"],
        "disputed": False,
        "failure_code": failure["code"] if failure else None,
        "livemode": False,
        "metadata": dict(of["metadata"]),
        "paid": failure is None,
        "payment_intent": of["id"],
        "payment_method": card["id"],
        "payment_method_details": {"card": card["card"], "type": "card"},
        "receipt_url": None if failure else f"{receipts}/receipt/{id}",
        "refunded": False,
        "status": "failed" if failure else "succeeded",
    }


def subscription(
    id: str, created: int, customer: str, price: Data, quantity: int, status: str, period: int
) -> Data:
    """The period stands on the items, as since 2025-03-31."""
    item = {
        "id": f"si_{id}",
        "object": "subscription_item",
        "created": created,
        "current_period_end": created + period,
        "current_period_start": created,
        "metadata": {},
        "price": price,
        "quantity": quantity,
        "subscription": id,
    }
    ended = created if status == "canceled" else None
    return {
        "id": id,
        "object": "subscription",
        "billing_cycle_anchor": created,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": ended,
        "collection_method": "send_invoice",
        "created": created,
        "currency": price["currency"],
        "customer": customer,
        "days_until_due": 7,
        "default_payment_method": None,
        "description": None,
        "ended_at": ended,
        "items": a_list(f"/v1/subscription_items?subscription={id}", [item], False),
        "latest_invoice": None,
        "livemode": False,
        "metadata": {},
        "start_date": created,
        "status": status,
    }


def decline(reason: str) -> Data:
    code = reason if reason in _OWN_CODES else "card_declined"
    return {
        "type": "card_error",
        "code": code,
        "decline_code": reason,
        "message": f"Your card was declined ({reason}).",
        "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
    }


def a_list(url: str, data: list[Data], has_more: bool) -> Data:
    return {"object": "list", "url": url, "has_more": has_more, "data": data}
