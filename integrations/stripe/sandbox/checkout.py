"""Checkout sessions: a link that takes one payment, until it ends."""

from __future__ import annotations

from typing import Any

from integrations.stripe.sandbox import payments, things
from integrations.stripe.sandbox.call import Call
from integrations.stripe.sandbox.faults import Refusal
from integrations.stripe.sandbox.store import Store
from integrations.stripe.sandbox.things import Data

SHORTEST, LONGEST = 30 * 60, 24 * 3600


def create(call: Call) -> Data:
    call.allow(
        "mode",
        "line_items",
        "success_url",
        "cancel_url",
        "customer",
        "customer_email",
        "client_reference_id",
        "expires_at",
        "metadata",
        "payment_intent_data",
        "payment_method_types",
    )
    if call.need("mode") != "payment":
        raise Refusal("The sandbox knows mode=payment only.", param="mode")
    lines = _lines(call)
    expires_at = things.whole(call.params, "expires_at") if "expires_at" in call.params else call.at + LONGEST
    if not SHORTEST <= expires_at - call.at <= LONGEST:
        raise Refusal(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.", param="expires_at"
        )
    if call.text("customer"):
        call.store.get("customer", call.text("customer"))
    data = call.params.get("payment_intent_data", {})
    if not isinstance(data, dict) or not set(data) <= {"metadata", "description", "receipt_email"}:
        raise Refusal("Invalid payment_intent_data", param="payment_intent_data")
    amount = sum(line["amount_total"] for line in lines)
    if amount < payments.SMALLEST.get(lines[0]["currency"], 1):
        raise Refusal("Amount is too small.", code="amount_too_small")
    id = things.new_id("cs_test")
    session = {
        "id": id,
        "object": "checkout.session",
        "amount_subtotal": amount,
        "amount_total": amount,
        "cancel_url": call.text("cancel_url") or None,
        "client_reference_id": call.text("client_reference_id") or None,
        "created": call.at,
        "currency": lines[0]["currency"],
        "customer": call.text("customer") or None,
        "customer_details": None,
        "customer_email": call.text("customer_email") or None,
        "expires_at": expires_at,
        "livemode": False,
        "metadata": call.metadata(),
        "mode": "payment",
        "payment_intent": None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "status": "open",
        "success_url": call.need("success_url"),
        "url": f"{call.home}/pay/{id}",
        "_lines": lines,
        "_intent": {
            "metadata": call.metadata(data.get("metadata", {})),
            "description": data.get("description"),
        },
    }
    return call.store.put(session)


def expire(call: Call, id: str) -> Data:
    call.allow()
    session = call.store.get("checkout.session", id)
    if session["status"] != "open":
        raise Refusal('Only Checkout Sessions with a status in ["open"] can be expired.')
    return _expired(call, session)


def line_items(call: Call, id: str) -> Data:
    call.allow("limit")
    return things.a_list(call.path, call.store.get("checkout.session", id)["_lines"], False)


def pay(call: Call, id: str) -> Data:
    """What the button on the page does. A session that is not open is left as it is."""
    session = call.store.get("checkout.session", id)
    if session["status"] != "open":
        return session
    if session["expires_at"] <= call.now:
        return _expired(call, session)
    known = call.store.find(session["customer"]) if session["customer"] else None
    email = session["customer_email"] or (known or {}).get("email")
    card = things.card(things.new_id("pm"), call.at, "pm_card_visa", session["customer"], email=email)
    call.store.put(card)
    intent = things.intent(
        call.at,
        session["amount_total"],
        session["currency"],
        customer=session["customer"],
        metadata=session["_intent"]["metadata"],
        description=session["_intent"]["description"],
    )
    payments.succeed(call, call.store.put(intent), card)
    session.update(
        status="complete",
        payment_status="paid",
        payment_intent=intent["id"],
        url=None,
        customer_details={"email": email, "name": (known or {}).get("name")},
    )
    call.emit("checkout.session.completed", session)
    return call.store.put(session)


def expire_old(store: Store, now: float, home: str) -> None:
    """End every session whose time is over."""
    over = store.ended_links(now)
    if over:
        with store.transaction():
            for session in over:
                _expired(Call(store, "", {}, now, home), session)


def _expired(call: Call, session: Data) -> Data:
    session.update(status="expired", url=None)
    call.emit("checkout.session.expired", session)
    return call.store.put(session)


def _lines(call: Call) -> list[Data]:
    items = call.params.get("line_items")
    if not isinstance(items, list) or not 1 <= len(items) <= 100:
        raise Refusal("Missing required param: line_items.", code="parameter_missing", param="line_items")
    lines = [_line(call, item) for item in items]
    if len({line["currency"] for line in lines}) > 1:
        raise Refusal("All prices must be in one currency.", param="line_items")
    return lines


def _line(call: Call, item: Any) -> Data:
    if not isinstance(item, dict) or not isinstance(item.get("price"), str):
        raise Refusal("The sandbox knows line items with a price only.", param="line_items")
    price = call.store.get("price", item["price"])
    if not price["active"]:
        raise Refusal("The price specified is inactive.", code="resource_missing", param="line_items")
    quantity = things.whole(item, "quantity") if "quantity" in item else 1
    if not 1 <= quantity <= 999_999:
        raise Refusal("Invalid quantity", param="line_items")
    product = call.store.get("product", price["product"])
    return {
        "id": things.new_id("li"),
        "object": "item",
        "amount_total": price["unit_amount"] * quantity,
        "currency": price["currency"],
        "description": " ".join(filter(None, [product["name"], price["nickname"]])),
        "price": price,
        "quantity": quantity,
    }
