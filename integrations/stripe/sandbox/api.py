"""The endpoints that the sandbox answers, as one table."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from integrations.stripe.sandbox import books, checkout, invoices, payments, things
from integrations.stripe.sandbox.call import Call
from integrations.stripe.sandbox.faults import Refusal
from integrations.stripe.sandbox.payments import Declined
from integrations.stripe.sandbox.things import CARDS, Data

Endpoint = Callable[..., Data | Declined]


def answer(call: Call, method: str, path: str) -> Data | Declined:
    """Carry out one request, within the caller's transaction. `path` begins after /v1."""
    known = False
    for verb, pattern, endpoint in _ROUTES:
        found = pattern.fullmatch(path)
        if found and verb == method:
            done = endpoint(call, *found.groups())
            return done if isinstance(done, Declined) else call.expanded(done)
        known = known or found is not None
    if known:
        raise Refusal("Invalid request method.", status=405)
    raise Refusal(f"Unrecognized request URL ({method}: /v1{path[:100]}).", status=404)


def _get(kind: str) -> Endpoint:
    def endpoint(call: Call, id: str) -> Data:
        call.allow()
        return call.store.get(kind, id)

    return endpoint


def _list(kind: str, *filters: str) -> Endpoint:
    return lambda call: call.list_of(kind, *filters)


def _create_product(call: Call) -> Data:
    call.allow("name", "metadata", "active", "description")
    made = things.product(things.new_id("prod"), call.at, call.need("name"), metadata=call.metadata())
    return call.store.put(made)


def _update_product(call: Call, id: str) -> Data:
    call.allow("name", "metadata", "active", "default_price", "description")
    product = call.store.get("product", id)
    if "default_price" in call.params:
        product["default_price"] = call.store.get("price", call.need("default_price"))["id"]
    if "name" in call.params:
        product["name"] = call.need("name")
    product["active"] = call.truth("active", product["active"])
    product["metadata"] |= call.metadata()
    return call.store.put(product)


def _create_price(call: Call) -> Data:
    call.allow("product", "unit_amount", "currency", "nickname", "metadata", "active")
    product = call.store.get("product", call.need("product"))
    made = things.price(
        things.new_id("price"),
        call.at,
        product["id"],
        things.whole(call.params, "unit_amount"),
        call.need("currency").lower(),
        nickname=call.text("nickname") or None,
        metadata=call.metadata(),
    )
    return call.store.put(made)


def _update_price(call: Call, id: str) -> Data:
    call.allow("nickname", "metadata", "active")
    price = call.store.get("price", id)
    if "nickname" in call.params:
        price["nickname"] = call.text("nickname") or None
    price["active"] = call.truth("active", price["active"])
    price["metadata"] |= call.metadata()
    return call.store.put(price)


def _create_customer(call: Call) -> Data:
    call.allow("email", "name", "metadata", "description")
    made = things.customer(
        things.new_id("cus"), call.at, call.text("email") or None, call.text("name") or None
    )
    return call.store.put(made | {"metadata": call.metadata()})


def _update_customer(call: Call, id: str) -> Data:
    call.allow("email", "name", "metadata", "invoice_settings", "description")
    customer = call.store.get("customer", id)
    for name in ("email", "name"):
        if name in call.params:
            customer[name] = call.text(name) or None
    settings = call.params.get("invoice_settings")
    if isinstance(settings, dict) and "default_payment_method" in settings:
        card = call.store.get("payment_method", str(settings["default_payment_method"]))
        if card["customer"] != id:
            raise Refusal("The customer does not have this payment method.", param="invoice_settings")
        customer["invoice_settings"]["default_payment_method"] = card["id"]
    customer["metadata"] |= call.metadata()
    return call.store.put(customer)


def _attach(call: Call, id: str) -> Data:
    """A test card's token becomes a card of its own; a real id is attached itself."""
    call.allow("customer")
    customer = call.store.get("customer", call.need("customer"))["id"]
    if id in CARDS:
        return call.store.put(things.card(things.new_id("pm"), call.at, id, customer))
    card = call.store.get("payment_method", id)
    if card["customer"] not in (None, customer):
        raise Refusal("This payment method is attached to another customer.")
    return call.store.put(card | {"customer": customer})


def _detach(call: Call, id: str) -> Data:
    call.allow()
    return call.store.put(call.store.get("payment_method", id) | {"customer": None})


def _list_cards(call: Call) -> Data:
    # Without a customer Stripe lists none that belong to customers; we always ask for one.
    call.need("customer")
    return call.list_of("payment_method", "customer", "type")


def _route(method: str, path: str, endpoint: Any) -> tuple[str, re.Pattern[str], Endpoint]:
    return method, re.compile(path.replace("{id}", r"(\w{1,120})")), endpoint


_ROUTES = (
    _route("GET", "/account", books.account),
    _route("GET", "/products", books.list_products),
    _route("POST", "/products", _create_product),
    _route("GET", "/products/{id}", _get("product")),
    _route("POST", "/products/{id}", _update_product),
    _route("GET", "/prices", _list("price", "active", "product", "currency", "type")),
    _route("POST", "/prices", _create_price),
    _route("GET", "/prices/{id}", _get("price")),
    _route("POST", "/prices/{id}", _update_price),
    _route("GET", "/customers", _list("customer", "email")),
    _route("POST", "/customers", _create_customer),
    _route("GET", "/customers/search", books.search_customers),
    _route("GET", "/customers/{id}", _get("customer")),
    _route("POST", "/customers/{id}", _update_customer),
    _route("GET", "/payment_methods", _list_cards),
    _route("GET", "/payment_methods/{id}", _get("payment_method")),
    _route("POST", "/payment_methods/{id}/attach", _attach),
    _route("POST", "/payment_methods/{id}/detach", _detach),
    _route("GET", "/payment_intents", _list("payment_intent", "customer")),
    _route("POST", "/payment_intents", payments.create),
    _route("GET", "/payment_intents/{id}", _get("payment_intent")),
    _route("POST", "/payment_intents/{id}/confirm", payments.confirm),
    _route("POST", "/payment_intents/{id}/cancel", payments.cancel),
    _route("GET", "/charges", _list("charge", "customer", "payment_intent")),
    _route("GET", "/charges/{id}", _get("charge")),
    _route("GET", "/checkout/sessions", books.list_sessions),
    _route("POST", "/checkout/sessions", checkout.create),
    _route("GET", "/checkout/sessions/{id}", _get("checkout.session")),
    _route("GET", "/checkout/sessions/{id}/line_items", checkout.line_items),
    _route("POST", "/checkout/sessions/{id}/expire", checkout.expire),
    _route("GET", "/refunds", _list("refund", "payment_intent", "charge")),
    _route("POST", "/refunds", payments.refund),
    _route("GET", "/refunds/{id}", _get("refund")),
    _route("GET", "/subscriptions", books.list_subscriptions),
    _route("GET", "/subscriptions/{id}", _get("subscription")),
    _route("GET", "/invoices", _list("invoice", "customer", "status", "collection_method")),
    _route("POST", "/invoices", invoices.create),
    _route("GET", "/invoices/{id}", _get("invoice")),
    _route("DELETE", "/invoices/{id}", invoices.delete),
    _route("POST", "/invoices/{id}/finalize", invoices.finalize),
    _route("POST", "/invoices/{id}/send", invoices.send),
    _route("POST", "/invoices/{id}/void", invoices.void),
    _route("POST", "/invoices/{id}/mark_uncollectible", invoices.write_off),
    _route("GET", "/invoiceitems", _list("invoiceitem", "customer", "invoice")),
    _route("POST", "/invoiceitems", invoices.add_item),
    _route("GET", "/invoice_payments", _list("invoice_payment", "invoice", "status")),
    _route("GET", "/events", _list("event", "type")),
    _route("GET", "/events/{id}", _get("event")),
    _route("GET", "/balance", payments.balance),
)
