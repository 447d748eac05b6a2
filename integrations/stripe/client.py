"""Stripe as we use it: few calls, plain data in and out, our own errors.

The SDK's retries and telemetry are off, its API version is pinned, and it goes out by our own
door (integrations/http.py). Nothing outside this file holds an object of Stripe's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from integrations.errors import NotConfigured
from integrations.http import open_session
from integrations.stripe.errors import SERVICE, moving_money, reading

API_VERSION = "2026-10-28.endive"
DEFAULT_BASE = "https://api.stripe.com"
DEFAULT_RETURN = "https://stripe.com/"
TIMEOUTS = (3.05, 20.0)

# A catalogue or a list of look-ups longer than this is not read further.
MOST = 1000

# What is read together with a payment.
PAYMENT = ["latest_charge", "customer"]

Data = dict[str, Any]


def connect(settings: Mapping[str, str]) -> StripeService:
    """`STRIPE_API_KEY`, and `STRIPE_API_BASE` where it is not Stripe itself (a sandbox here)."""
    key = settings.get("STRIPE_API_KEY", "")
    if not key:
        raise NotConfigured(SERVICE, "is not connected: set STRIPE_API_KEY")
    base = (settings.get("STRIPE_API_BASE") or DEFAULT_BASE).rstrip("/")
    try:
        session = open_session(base)
    except ValueError as error:
        raise NotConfigured(SERVICE, f"cannot be reached: STRIPE_API_BASE: {error}") from None

    import stripe

    # The SDK's own modules read these two; there is no per-client way to say them.
    stripe.enable_telemetry = False
    stripe.log = None
    client = stripe.StripeClient(
        key,
        http_client=stripe.RequestsClient(timeout=TIMEOUTS, session=session),
        max_network_retries=0,
        stripe_version=API_VERSION,
        base_addresses={"api": base},
    )
    return StripeService(client, settings.get("STRIPE_RETURN_URL") or DEFAULT_RETURN)


@dataclass(frozen=True, slots=True)
class StripeService:
    """One account. Safe to share between threads. `return_url`: where a paid link leads to."""

    client: Any
    return_url: str = DEFAULT_RETURN

    # ── reading ──────────────────────────────────────────────────────────────────────────

    def prices(self) -> list[Data]:
        """Every active one-time price with a fixed amount, its product in it."""
        with reading():
            pages = self.client.v1.prices.list(
                {"active": True, "type": "one_time", "limit": 100, "expand": ["data.product"]}
            )
            return [price for price in _plain(pages) if _can_be_sold(price)]

    def price(self, price: str) -> Data:
        with reading():
            return _dict(self.client.v1.prices.retrieve(price, {"expand": ["product"]}))

    def prices_of(self, product: str) -> list[Data]:
        """The active prices of one product."""
        with reading():
            pages = self.client.v1.prices.list(
                {"product": product, "active": True, "type": "one_time", "limit": 100}
            )
            return _plain(pages, 100)

    def customers(self, email: str) -> list[Data]:
        """Newest first. Stripe compares addresses letter by letter."""
        with reading():
            pages = self.client.v1.customers.list(
                {
                    "email": email,
                    "limit": 100,
                    "expand": ["data.invoice_settings.default_payment_method"],
                }
            )
            return sorted(_plain(pages, 100), key=lambda each: -int(each["created"]))

    def cards(self, customer: str) -> list[Data]:
        """Newest first."""
        with reading():
            pages = self.client.v1.payment_methods.list({"customer": customer, "type": "card", "limit": 100})
            return sorted(_plain(pages, 100), key=lambda each: -int(each["created"]))

    def payment(self, intent: str) -> Data:
        """A payment with its charge, which knows what was given back, and with who paid."""
        with reading():
            return _dict(self.client.v1.payment_intents.retrieve(intent, {"expand": PAYMENT}))

    def payments(self, customer: str, most: int) -> list[Data]:
        """Those that were begun last, newest first, paid or not."""
        expand = [f"data.{each}" for each in PAYMENT]
        with reading():
            pages = self.client.v1.payment_intents.list(
                {"customer": customer, "limit": 100, "expand": expand}
            )
            return _plain(pages, most)

    def paid_links(self, email: str, most: int) -> list[Data]:
        """Links that this address paid without being a customer: then only the link knows who it was."""
        wanted: Data = {"customer_details": {"email": email}, "status": "complete", "limit": 100}
        with reading():
            pages = self.client.v1.checkout.sessions.list(
                wanted | {"expand": ["data.payment_intent.latest_charge"]}
            )
            return _plain(pages, most)

    def customer(self, customer: str) -> Data:
        with reading():
            return _dict(self.client.v1.customers.retrieve(customer))

    def customers_named(self, name: str, most: int) -> list[Data]:
        """By a part of the name. A search runs up to a minute behind."""
        quoted = name.replace("\\", "\\\\").replace("'", "\\'")
        with reading():
            pages = self.client.v1.customers.search({"query": f"name~'{quoted}'", "limit": 100})
            return _plain(pages, most)

    def customers_since(self, since: int) -> list[Data]:
        """What a search may not know yet."""
        with reading():
            return _plain(self.client.v1.customers.list({"created": {"gte": since}, "limit": 100}), 100)

    def products(self, ids: Iterable[str]) -> list[Data]:
        wanted = sorted(set(ids))[:100]
        if not wanted:
            return []
        with reading():
            return _plain(self.client.v1.products.list({"ids": wanted, "limit": 100}), 100)

    def subscriptions(self, customer: str, *, ended: bool, most: int) -> list[Data]:
        """Newest first. Stripe leaves those that ended out unless it is asked for all."""
        params: Data = {"limit": 100, "expand": ["data.customer"]}
        params |= {"customer": customer} if customer else {}
        params |= {"status": "all"} if ended else {}
        with reading():
            return _plain(self.client.v1.subscriptions.list(params), most)

    def invoice(self, invoice: str) -> Data:
        with reading():
            return _dict(self.client.v1.invoices.retrieve(invoice))

    def find_invoice(self, effect_key: str, customer: str, since: int) -> Data | None:
        with reading():
            pages = self.client.v1.invoices.list(
                {"customer": customer, "created": {"gte": since}, "limit": 100}
            )
            return _marked(_plain(pages), effect_key)

    def invoice_items(self, invoice: str) -> list[Data]:
        with reading():
            return _plain(self.client.v1.invoice_items.list({"invoice": invoice, "limit": 100}), 100)

    def was_sent(self, invoice: str, since: int) -> bool:
        with reading():
            pages = self.client.v1.events.list(
                {"type": "invoice.sent", "created": {"gte": since}, "limit": 100}
            )
            return any(each["data"]["object"]["id"] == invoice for each in _plain(pages))

    def account(self) -> Data:
        with reading():
            return _dict(self.client.v1.accounts.retrieve_current())

    def may_read(self, resource: str) -> None:
        """Raises where our key may not: a restricted one is given each right by itself."""
        things = self.client.v1
        for part in resource.split("."):
            things = getattr(things, part)
        with reading():
            things.list({"limit": 1})

    def find_intent(self, effect_key: str, customer: str, since: int) -> Data | None:
        """The payment made under our key, if there is one. A list is up to date; a search is not."""
        with reading():
            pages = self.client.v1.payment_intents.list(
                {
                    "customer": customer,
                    "created": {"gte": since},
                    "limit": 100,
                    "expand": ["data.latest_charge"],
                }
            )
            return _marked(_plain(pages), effect_key)

    def find_link(self, effect_key: str, customer: str, since: int) -> Data | None:
        params: Data = {"created": {"gte": since}, "limit": 100}
        if customer:
            params["customer"] = customer
        with reading():
            return _marked(_plain(self.client.v1.checkout.sessions.list(params)), effect_key)

    def find_refund(self, effect_key: str, intent: str) -> Data | None:
        with reading():
            pages = self.client.v1.refunds.list({"payment_intent": intent, "limit": 100})
            return _marked(_plain(pages), effect_key)

    # ── changing ─────────────────────────────────────────────────────────────────────────

    def pay(self, params: Data, key: str) -> Data:
        """Charge a saved card now. The same key and parameters charge once."""
        with moving_money():
            return _dict(self.client.v1.payment_intents.create(params, {"idempotency_key": key}))

    def cancel(self, intent: str, key: str) -> Data:
        with moving_money():
            return _dict(self.client.v1.payment_intents.cancel(intent, None, {"idempotency_key": key}))

    def open_link(self, params: Data, key: str) -> Data:
        with moving_money():
            return _dict(self.client.v1.checkout.sessions.create(params, {"idempotency_key": key}))

    def give_back(self, params: Data, key: str) -> Data:
        with moving_money():
            return _dict(self.client.v1.refunds.create(params, {"idempotency_key": key}))

    def draft_invoice(self, params: Data, key: str) -> Data:
        with moving_money():
            return _dict(self.client.v1.invoices.create(params, {"idempotency_key": key}))

    def add_to_invoice(self, params: Data, key: str) -> Data:
        with moving_money():
            return _dict(self.client.v1.invoice_items.create(params, {"idempotency_key": key}))

    def finalize_invoice(self, invoice: str, key: str) -> Data:
        """From here on it is owed, and cannot be changed."""
        with moving_money():
            return _dict(
                self.client.v1.invoices.finalize_invoice(
                    invoice, {"auto_advance": False}, {"idempotency_key": key}
                )
            )

    def send_invoice(self, invoice: str, key: str) -> Data:
        with moving_money():
            return _dict(self.client.v1.invoices.send_invoice(invoice, None, {"idempotency_key": key}))

    def void_invoice(self, invoice: str, key: str) -> Data:
        with moving_money():
            return _dict(self.client.v1.invoices.void_invoice(invoice, None, {"idempotency_key": key}))

    def drop_draft(self, invoice: str) -> None:
        """Only a draft can be deleted; it is gone without anybody having seen it."""
        with moving_money():
            self.client.v1.invoices.delete(invoice)


def _plain(pages: Any, most: int = MOST) -> list[Data]:
    return [_dict(each) for each in islice(pages.auto_paging_iter(), most)]


def _dict(thing: Any) -> Data:
    """Stripe's object as nested dicts. An answer without an id is not one."""
    plain = thing.to_dict()
    if not plain.get("id"):
        raise ValueError("no id")
    return dict(plain)


def _can_be_sold(price: Data) -> bool:
    product = price.get("product")
    return (
        isinstance(price.get("unit_amount"), int)
        and isinstance(product, dict)
        and bool(product.get("active"))
        and not product.get("deleted")
    )


def _marked(found: Iterable[Data], effect_key: str) -> Data | None:
    ours = [each for each in found if (each.get("metadata") or {}).get("effect_key") == effect_key]
    # Should there ever be two, the one that took money is the one to know about.
    ours.sort(key=lambda each: each.get("status") not in ("succeeded", "complete", "processing"))
    return ours[0] if ours else None
