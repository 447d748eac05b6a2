"""Stripe's tools: read the catalogue, quote an order, charge it, give it back; invoices and the books."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from integrations.base import Attempt, Done, Identity, Integration, Performed, Reversibility, Risk, Tool
from integrations.http import budget
from integrations.recipients import named
from integrations.stripe import cards, find
from integrations.stripe import invoice_models as invoices
from integrations.stripe import lookup_models as lookups
from integrations.stripe.catalogue import catalogue, goods
from integrations.stripe.charge import charge
from integrations.stripe.client import StripeService, connect
from integrations.stripe.invoice import invoice
from integrations.stripe.models import (
    Catalogue,
    CatalogueArguments,
    Charge,
    ChargeArguments,
    Quote,
    QuoteArguments,
    Refund,
    RefundArguments,
    RefundQuote,
    RefundQuoteArguments,
)
from integrations.stripe.quote import Payer, card_label, quote
from integrations.stripe.refund import refund
from integrations.stripe.refund_quote import refund_quote

# Seconds for one performance, all its calls together. A worker's lease must be longer.
LONGEST = 35.0

# More customers than this under one address are not searched for a card.
MOST_CUSTOMERS = 10


Perform = Callable[[StripeService, Any, Attempt], Performed]


def _in_time(perform: Perform) -> Perform:
    """However many calls it takes, it ends before whoever waits for it gives it to somebody else."""

    @wraps(perform)
    def timed(service: StripeService, arguments: Any, attempt: Attempt) -> Performed:
        with budget(LONGEST):
            return perform(service, arguments, attempt)

    return timed


@_in_time
def _catalogue(service: StripeService, arguments: Any, attempt: Attempt) -> Performed:
    CatalogueArguments.model_validate(arguments)
    return Done(catalogue(goods(service.prices())).model_dump(mode="json"))


@_in_time
def _quote(service: StripeService, arguments: Any, attempt: Attempt) -> Performed:
    asked = QuoteArguments.model_validate(arguments)
    payer = _payer(service, asked.email)
    return Done(quote(asked, goods(service.prices()), payer).model_dump(mode="json"))


@_in_time
def _charge(service: StripeService, arguments: Any, attempt: Attempt) -> Performed:
    return charge(service, ChargeArguments.model_validate(arguments), attempt)


@_in_time
def _refund(service: StripeService, arguments: Any, attempt: Attempt) -> Performed:
    return refund(service, RefundArguments.model_validate(arguments), attempt)


@_in_time
def _refund_quote(service: StripeService, arguments: Any, attempt: Attempt) -> Performed:
    asked = RefundQuoteArguments.model_validate(arguments)
    return Done(refund_quote(service, asked).model_dump(mode="json"))


@_in_time
def _invoice(service: StripeService, arguments: Any, attempt: Attempt) -> Performed:
    return invoice(service, invoices.InvoiceArguments.model_validate(arguments), attempt)


@_in_time
def _find_customer(service: StripeService, arguments: Any, attempt: Attempt) -> Performed:
    asked = lookups.FindCustomerArguments.model_validate(arguments)
    return Done(find.find_customer(service, asked).model_dump(mode="json"))


@_in_time
def _find_product(service: StripeService, arguments: Any, attempt: Attempt) -> Performed:
    asked = lookups.FindProductArguments.model_validate(arguments)
    return Done(find.find_product(service, asked).model_dump(mode="json"))


@_in_time
def _payments(service: StripeService, arguments: Any, attempt: Attempt) -> Performed:
    asked = lookups.PaymentsArguments.model_validate(arguments)
    return Done(find.payments(service, asked).model_dump(mode="json"))


@_in_time
def _subscriptions(service: StripeService, arguments: Any, attempt: Attempt) -> Performed:
    asked = lookups.SubscriptionsArguments.model_validate(arguments)
    return Done(find.subscriptions(service, asked).model_dump(mode="json"))


def _whoami(service: StripeService) -> Identity:
    with budget(LONGEST):
        return find.whoami(service)


def _payer(service: StripeService, email: str) -> Payer:
    """The customer of exactly this address; of several, the newest that has a card."""
    if not email:
        return Payer()
    found = service.customers(email)
    if not found and email != email.lower():
        found = service.customers(email.lower())
    for customer in found[:MOST_CUSTOMERS]:
        card = _usual_card(customer) or next(iter(service.cards(customer["id"])), None)
        if card is not None:
            name = str(customer.get("name") or "")
            return Payer(customer["id"], name, card["id"], card_label(card))
    if found:
        return Payer(customer=found[0]["id"], name=str(found[0].get("name") or ""))
    return Payer()


def _usual_card(customer: Any) -> Any:
    usual = (customer.get("invoice_settings") or {}).get("default_payment_method")
    return usual if isinstance(usual, dict) and usual.get("type") == "card" else None


CATALOGUE = Tool(
    name="stripe.catalogue",
    summary="What can be ordered, in which sizes, at which prices",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=CatalogueArguments,
    result=Catalogue,
    perform=_catalogue,
    describe=cards.catalogue,
)
QUOTE = Tool(
    name="stripe.quote",
    summary="What an order comes to, and how it would be paid",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=QuoteArguments,
    result=Quote,
    perform=_quote,
    describe=cards.quote,
)
CHARGE = Tool(
    name="stripe.charge",
    summary="Charge an order",
    risk=Risk.MONEY,
    reversibility=Reversibility.EXTERNALLY_REVERSIBLE,
    arguments=ChargeArguments,
    result=Charge,
    perform=_charge,
    describe=cards.charge,
    amount=cards.amount_of_charge,
    recipient=named("customer", "email"),
    editable=("description",),
)
REFUND = Tool(
    name="stripe.refund",
    summary="Give a payment back",
    risk=Risk.MONEY,
    reversibility=Reversibility.IRREVERSIBLE,
    arguments=RefundArguments,
    result=Refund,
    perform=_refund,
    describe=cards.refund,
    amount=cards.amount_of_refund,
    recipient=named("payment_intent"),
    editable=("amount", "reason"),
)
REFUND_QUOTE = Tool(
    name="stripe.refund_quote",
    summary="What giving a payment back would come to",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=RefundQuoteArguments,
    result=RefundQuote,
    perform=_refund_quote,
    describe=cards.refund_quote,
)
INVOICE = Tool(
    name="stripe.invoice",
    summary="Send an invoice",
    risk=Risk.MONEY,
    reversibility=Reversibility.EXTERNALLY_REVERSIBLE,
    arguments=invoices.InvoiceArguments,
    result=invoices.Invoice,
    perform=_invoice,
    describe=cards.invoice,
    amount=cards.amount_of_invoice,
    recipient=named("customer"),
    editable=("days_until_due", "memo"),
)
FIND_CUSTOMER = Tool(
    name="stripe.find_customer",
    summary="Find a customer",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=lookups.FindCustomerArguments,
    result=lookups.Customers,
    perform=_find_customer,
    describe=cards.find_customer,
)
FIND_PRODUCT = Tool(
    name="stripe.find_product",
    summary="Find a product",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=lookups.FindProductArguments,
    result=lookups.Products,
    perform=_find_product,
    describe=cards.find_product,
)
PAYMENTS = Tool(
    name="stripe.payments",
    summary="A customer's last payments",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=lookups.PaymentsArguments,
    result=lookups.Payments,
    perform=_payments,
    describe=cards.payments,
)
SUBSCRIPTIONS = Tool(
    name="stripe.subscriptions",
    summary="Who has subscribed to what",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=lookups.SubscriptionsArguments,
    result=lookups.Subscriptions,
    perform=_subscriptions,
    describe=cards.subscriptions,
)

STRIPE = Integration(
    name="stripe",
    tools=(
        CATALOGUE,
        QUOTE,
        CHARGE,
        REFUND,
        REFUND_QUOTE,
        INVOICE,
        FIND_CUSTOMER,
        FIND_PRODUCT,
        PAYMENTS,
        SUBSCRIPTIONS,
    ),
    connect=connect,
    required=("STRIPE_API_KEY",),
    whoami=_whoami,
)
