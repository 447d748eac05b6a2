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

    def intent(self, intent: str) -> Data:
        with reading():
            return _dict(self.client.v1.payment_intents.retrieve(intent))

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
