"""What stands on the card of each call: all that will be sent, nothing shortened.

What a person decides by stands first, Stripe's own ids last. What is not on the card is not approved.
"""

from __future__ import annotations

from typing import Any

from integrations import money
from integrations.stripe.invoice import line_text
from integrations.stripe.invoice_models import InvoiceArguments
from integrations.stripe.lookup_models import (
    FindCustomerArguments,
    FindProductArguments,
    PaymentsArguments,
    SubscriptionsArguments,
)
from integrations.stripe.models import (
    ChargeArguments,
    Line,
    QuoteArguments,
    RefundArguments,
    RefundQuoteArguments,
)

Facts = tuple[tuple[str, str], ...]


def charge(arguments: Any) -> Facts:
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


def refund(arguments: Any) -> Facts:
    asked = RefundArguments.model_validate(arguments)
    sums = asked.amount, asked.left
    match sums:
        case None, None:
            amount = "all that is left"
        case None, int(left):
            amount = f"{money.show(left, asked.currency)}, all that is left"
        case int(part), _:
            amount = money.show(part, asked.currency)
    facts = [("Give back", amount), ("Currency", asked.currency.upper())]
    if asked.amount is not None and asked.left is not None:
        facts.append(("Left before that", money.show(asked.left, asked.currency)))
    who = " · ".join(each for each in (asked.email, asked.customer) if each)
    if who:
        facts.append(("Who paid", who))
    facts.append(("Payment", asked.payment_intent))
    if asked.payment:
        facts.append(("Which is", asked.payment))
    if asked.reason:
        facts.append(("Reason", asked.reason.replace("_", " ")))
    return tuple(facts)


def refund_quote(arguments: Any) -> Facts:
    asked = RefundQuoteArguments.model_validate(arguments)
    return ("Looks at payment", asked.payment_intent), ("To give back", asked.part or "all that is left")


def invoice(arguments: Any) -> Facts:
    asked = InvoiceArguments.model_validate(arguments)
    currency = asked.currency
    facts = [("Amount", f"{money.show(asked.amount, currency)} ({currency.upper()})")]
    for line in asked.lines:
        each = f" ({money.show(line.unit_amount, currency)} each)" if line.quantity > 1 else ""
        facts.append((line_text(line), f"{money.show(line.amount, currency)}{each}"))
    days = (
        f"{asked.days_until_due} days after it is sent"
        if asked.days_until_due > 1
        else "a day after it is sent"
    )
    facts += [("Sent to", asked.email), ("To be paid", days)]
    if asked.memo:
        facts.append(("Note on it", asked.memo))
    return (*facts, ("At Stripe", asked.customer))


def quote(arguments: Any) -> Facts:
    asked = QuoteArguments.model_validate(arguments)
    facts = [
        (f"Item {n}", " ".join([f"{item.quantity} × {item.name}", *item.options]))
        for n, item in enumerate(asked.items, 1)
    ]
    return (("Who asks", asked.email or "nobody known"), *facts)


def catalogue(_: Any) -> Facts:
    return (("Reads", "every active product and price"),)


def find_customer(arguments: Any) -> Facts:
    return (("Looks for a customer", FindCustomerArguments.model_validate(arguments).query),)


def find_product(arguments: Any) -> Facts:
    return (("Looks for a product", FindProductArguments.model_validate(arguments).query),)


def payments(arguments: Any) -> Facts:
    asked = PaymentsArguments.model_validate(arguments)
    which = "that can be given back" if asked.refundable else "given back or not"
    return ("Reads payments of", asked.customer or asked.email or "nobody"), ("Those", which)


def subscriptions(arguments: Any) -> Facts:
    asked = SubscriptionsArguments.model_validate(arguments)
    which = "ended ones too" if asked.ended else "those that go on"
    return ("Reads subscriptions of", asked.customer or asked.email or "everybody"), ("Those", which)


def amount_of_charge(arguments: Any) -> tuple[int, str] | None:
    asked = ChargeArguments.model_validate(arguments)
    return asked.amount, asked.currency


def amount_of_refund(arguments: Any) -> tuple[int, str] | None:
    """None for "all that is left" where the arguments do not say how much that is."""
    asked = RefundArguments.model_validate(arguments)
    amount = asked.amount or asked.left
    return None if amount is None else (amount, asked.currency)


def amount_of_invoice(arguments: Any) -> tuple[int, str] | None:
    asked = InvoiceArguments.model_validate(arguments)
    return asked.amount, asked.currency


def _line(line: Line, currency: str) -> tuple[str, str]:
    each, total = money.show(line.unit_amount, currency), money.show(line.amount, currency)
    note = f" ({line.note})" if line.note else ""
    return f"{line.quantity} × {line.name}{note}", total if line.quantity == 1 else f"{total} ({each} each)"
