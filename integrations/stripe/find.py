"""Looking things up in Stripe: who, what, which payments. Several that fit are all told, none is guessed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime

from integrations import money
from integrations.base import Identity
from integrations.errors import IntegrationError, NotConfigured, Refused
from integrations.stripe.catalogue import catalogue, fold, goods
from integrations.stripe.client import Data, StripeService
from integrations.stripe.errors import SERVICE
from integrations.stripe.lookup_models import (
    Customers,
    FindCustomerArguments,
    FindProductArguments,
    FoundCustomer,
    Payment,
    Payments,
    PaymentsArguments,
    Products,
    Subscription,
    Subscriptions,
    SubscriptionsArguments,
)
from integrations.stripe.refund import left_of, payer_of

MOST_FOUND = 20
MOST_CUSTOMERS = 10
MOST_READ = 100

# Stripe's search is up to a minute behind, and in bad hours more: whom it may not know yet we read.
SEARCH_LAG = 3600
SHORTEST_PART = 3

# What the bot reads; a restricted key is given each by itself.
READS = ("customers", "invoices", "products", "refunds", "subscriptions")


def find_customer(service: StripeService, asked: FindCustomerArguments) -> Customers:
    query = asked.query
    found = by_email(service, query) if "@" in query else _by_name(service, query)
    return Customers(customers=[_customer(each) for each in found[:MOST_FOUND]], more=len(found) > MOST_FOUND)


def by_email(service: StripeService, email: str) -> list[Data]:
    """Stripe compares letter by letter, and people do not."""
    found = service.customers(email)
    return found if found or email == email.lower() else service.customers(email.lower())


def find_product(service: StripeService, asked: FindProductArguments) -> Products:
    """By any part of a name, or of another name; one that is called just so stands alone."""
    sold, wanted = goods(service.prices()), fold(asked.query)
    named = {good.id: {fold(each) for each in (good.name, *good.aliases)} | {fold(good.id)} for good in sold}
    exact = [good for good in sold if wanted in named[good.id]]
    found = exact or [good for good in sold if any(wanted in name for name in named[good.id])]
    return Products(products=catalogue(found[:MOST_FOUND]).products, more=len(found) > MOST_FOUND)


def payments(service: StripeService, asked: PaymentsArguments) -> Payments:
    """What was paid, newest first: as customers, and by links that this address paid."""
    ids = [asked.customer] if asked.customer else []
    if not ids and asked.email:
        ids = [str(each["id"]) for each in by_email(service, asked.email)[:MOST_CUSTOMERS]]
    found = [payment for id in ids for payment in service.payments(id, MOST_READ)]
    if asked.email:
        found += [
            {"receipt_email": asked.email} | _filled(link["payment_intent"])
            for link in service.paid_links(asked.email, MOST_READ)
            if isinstance(link.get("payment_intent"), dict)
        ]
    elif not asked.customer:
        raise Refused(SERVICE, "was not asked: whose payments?", code="nobody_named")
    paid = [each for each in _once(found) if each.get("amount_received")]
    fitting = [each for each in paid if left_of(each) or not asked.refundable]
    fitting.sort(key=lambda each: -int(each["created"]))
    return Payments(
        payments=[_payment(each) for each in fitting[: asked.limit]], more=len(fitting) > asked.limit
    )


def subscriptions(service: StripeService, asked: SubscriptionsArguments) -> Subscriptions:
    ids = [asked.customer]
    if not asked.customer and asked.email:
        ids = [str(each["id"]) for each in by_email(service, asked.email)[:MOST_CUSTOMERS]]
    most = asked.limit + 1
    found = [each for id in ids for each in service.subscriptions(id, ended=asked.ended, most=most)]
    found.sort(key=lambda each: -int(each["created"]))
    shown = found[: asked.limit]
    names = {each["id"]: _line(each.get("name")) for each in service.products(_products_of(shown))}
    return Subscriptions(
        subscriptions=[_subscription(each, names) for each in shown], more=len(found) > asked.limit
    )


def whoami(service: StripeService) -> Identity:
    """A restricted key may not be let see its own account; then the rights are all we can tell."""
    missing = []
    for resource in READS:
        try:
            service.may_read(resource)
        except IntegrationError as error:
            if error.retryable or not isinstance(error, NotConfigured | Refused):
                raise
            missing.append(f"the key may not read {resource}")
    if len(missing) == len(READS):
        service.may_read(READS[0])
    try:
        account = service.account()
    except NotConfigured:
        return Identity(id="stripe", name="an account that the key may not look at", missing=tuple(missing))
    dashboard = (account.get("settings") or {}).get("dashboard") or {}
    named = (dashboard.get("display_name"), account.get("email"), account["id"])
    return Identity(
        id=str(account["id"]),
        name=_line(next(each for each in named if each)),
        missing=tuple(missing),
    )


def _by_name(service: StripeService, name: str) -> list[Data]:
    if len(name) < SHORTEST_PART:
        raise Refused(
            SERVICE, f"needs {SHORTEST_PART} letters of a name, or an e-mail address.", code="too_short"
        )
    new = [
        each
        for each in service.customers_since(int(time.time()) - SEARCH_LAG)
        if fold(name) in fold(str(each.get("name") or ""))
    ]
    found = [*new, *service.customers_named(name, MOST_READ)]
    return sorted(_once(found), key=lambda each: -int(each["created"]))


def _once(found: Iterable[Data]) -> list[Data]:
    """The first of each id."""
    return list({str(each["id"]): each for each in reversed(list(found))}.values())[::-1]


def _filled(payment: Data) -> Data:
    return {name: value for name, value in payment.items() if value is not None}


def _customer(found: Data) -> FoundCustomer:
    name, email = _line(found.get("name")), _line(found.get("email"))
    told = " · ".join(each for each in (name, email) if each) or str(found["id"])
    return FoundCustomer(id=found["id"], customer=found["id"], name=name, email=email, label=told)


def _payment(found: Data) -> Payment:
    amount, currency, left = int(found["amount_received"]), str(found["currency"]), left_of(found)
    name, email = payer_of(found)
    customer = found.get("customer")
    charge = found.get("latest_charge")
    at = _day(found["created"])
    rest = "" if left == amount else ", given back" if left == 0 else f", {money.show(left, currency)} left"
    about = _line(found.get("description"))
    return Payment(
        id=found["id"],
        payment_intent=found["id"],
        amount=amount,
        refunded=amount - left,
        left=left,
        currency=currency,
        customer=str((customer.get("id") if isinstance(customer, dict) else customer) or ""),
        name=_line(name),
        email=_line(email),
        description=about,
        at=at,
        label=f"{money.show(amount, currency)} on {at}{rest}" + (f" · {about}" if about else ""),
        receipt_url=str(charge.get("receipt_url") or "") if isinstance(charge, dict) else "",
    )


def _products_of(found: Iterable[Data]) -> list[str]:
    return [str(item["price"]["product"]) for each in found for item in each["items"]["data"]]


def _subscription(found: Data, names: dict[str, str]) -> Subscription:
    """Since 2025 the period belongs to the items, which may differ: the next is told."""
    items = found["items"]["data"]
    lines = [
        f"{item.get('quantity') or 1} × {names.get(item['price']['product'], 'a product')}" for item in items
    ]
    amount = sum((item["price"].get("unit_amount") or 0) * (item.get("quantity") or 1) for item in items)
    currency, every = str(found["currency"]), _every(items[0]["price"]) if items else ""
    ends = [item["current_period_end"] for item in items if isinstance(item.get("current_period_end"), int)]
    next_day = _day(min(ends)) if ends else ""
    status, stops = str(found["status"]), bool(found.get("cancel_at_period_end"))
    over = status in ("canceled", "incomplete_expired")
    customer = found.get("customer")
    who = customer if isinstance(customer, dict) else {"id": customer}
    name = _line(who.get("name") or who.get("email") or who.get("id"))
    return Subscription(
        id=found["id"],
        subscription=found["id"],
        status=status,
        customer=str(who.get("id") or ""),
        items=lines,
        amount=amount,
        currency=currency,
        every=every,
        renews="" if over or stops else next_day,
        ends=next_day if stops and not over else "",
        label=f"{name}: {', '.join(lines)}, {money.show(amount, currency)} {every} ({_plain(status)})",
    )


def _plain(status: str) -> str:
    return status.replace("_", " ")


def _every(price: Data) -> str:
    again = price.get("recurring") or {}
    count, unit = again.get("interval_count") or 1, str(again.get("interval") or "")
    return f"every {unit}" if count == 1 else f"every {count} {unit}s"


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _line(text: object) -> str:
    return " ".join(str(text or "").split())[:200]
