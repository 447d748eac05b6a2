"""Stripe's tools: read the catalogue, quote an order, charge it, give it back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from integrations import money
from integrations.base import Attempt, Done, Integration, Performed, Reversibility, Risk, Tool
from integrations.http import budget
from integrations.stripe.catalogue import catalogue, goods
from integrations.stripe.charge import charge
from integrations.stripe.client import StripeService, connect
from integrations.stripe.models import (
    Catalogue,
    CatalogueArguments,
    Charge,
    ChargeArguments,
    Line,
    Quote,
    QuoteArguments,
    Refund,
    RefundArguments,
)
from integrations.stripe.quote import Payer, card_label, quote
from integrations.stripe.refund import refund

Facts = tuple[tuple[str, str], ...]

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


def _describe_charge(arguments: Any) -> Facts:
    """All that will be sent, nothing shortened: what is not on the card is not approved.

    What a person decides by stands first, Stripe's own ids last.
    """
    asked = ChargeArguments.model_validate(arguments)
    facts = [("Amount", f"{money.show(asked.amount, asked.currency)} ({asked.currency.upper()})")]
    facts += [_line(line, asked.currency) for line in asked.lines]
    paid_by = f"saved card {asked.payment_method}" if asked.payment_method else "a payment link"
    facts += [("Who pays", asked.email or "whoever opens the link"), ("Paid by", paid_by)]
    ids = [asked.customer or "no customer yet"]
    ids += [f"{line.price} of {line.product}" for line in asked.lines]
    facts.append(("At Stripe", ", ".join(ids)))
    if asked.description:
        facts.append(("Description", asked.description))
    return tuple(facts)


def _line(line: Line, currency: str) -> tuple[str, str]:
    each, total = money.show(line.unit_amount, currency), money.show(line.amount, currency)
    note = f" ({line.note})" if line.note else ""
    return f"{line.quantity} × {line.name}{note}", total if line.quantity == 1 else f"{total} ({each} each)"


def _describe_refund(arguments: Any) -> Facts:
    asked = RefundArguments.model_validate(arguments)
    amount = "all that is left" if asked.amount is None else money.show(asked.amount, asked.currency)
    facts = [("Give back", amount), ("Currency", asked.currency.upper()), ("Payment", asked.payment_intent)]
    if asked.reason:
        facts.append(("Reason", asked.reason.replace("_", " ")))
    return tuple(facts)


def _describe_quote(arguments: Any) -> Facts:
    asked = QuoteArguments.model_validate(arguments)
    facts = [
        (f"Item {n}", " ".join([f"{item.quantity} × {item.name}", *item.options]))
        for n, item in enumerate(asked.items, 1)
    ]
    return (("Who asks", asked.email or "nobody known"), *facts)


def _describe_catalogue(arguments: Any) -> Facts:
    return (("Reads", "every active product and price"),)


def _amount_of_charge(arguments: Any) -> tuple[int, str] | None:
    asked = ChargeArguments.model_validate(arguments)
    return asked.amount, asked.currency


def _amount_of_refund(arguments: Any) -> tuple[int, str] | None:
    """None for "all that is left": how much that is, the arguments do not say."""
    asked = RefundArguments.model_validate(arguments)
    return None if asked.amount is None else (asked.amount, asked.currency)


CATALOGUE = Tool(
    name="stripe.catalogue",
    summary="What can be ordered, in which sizes, at which prices",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=CatalogueArguments,
    result=Catalogue,
    perform=_catalogue,
    describe=_describe_catalogue,
)
QUOTE = Tool(
    name="stripe.quote",
    summary="What an order comes to, and how it would be paid",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=QuoteArguments,
    result=Quote,
    perform=_quote,
    describe=_describe_quote,
)
CHARGE = Tool(
    name="stripe.charge",
    summary="Charge an order",
    risk=Risk.MONEY,
    reversibility=Reversibility.EXTERNALLY_REVERSIBLE,
    arguments=ChargeArguments,
    result=Charge,
    perform=_charge,
    describe=_describe_charge,
    amount=_amount_of_charge,
)
REFUND = Tool(
    name="stripe.refund",
    summary="Give a payment back",
    risk=Risk.MONEY,
    reversibility=Reversibility.IRREVERSIBLE,
    arguments=RefundArguments,
    result=Refund,
    perform=_refund,
    describe=_describe_refund,
    amount=_amount_of_refund,
)

STRIPE = Integration(
    name="stripe",
    tools=(CATALOGUE, QUOTE, CHARGE, REFUND),
    connect=connect,
    required=("STRIPE_API_KEY",),
)
