"""stripe.refund_quote: what giving a payment back would come to, before anybody is asked for a yes.

The same check as the refund's own, said as a problem instead of a failure, so that a flow can ask again.
"""

from __future__ import annotations

import re

from integrations import money
from integrations.errors import Refused
from integrations.stripe.client import Data, StripeService
from integrations.stripe.models import RefundArguments, RefundProblem, RefundQuote, RefundQuoteArguments
from integrations.stripe.refund import check, left_of, payer_of

_ALL = frozenset({"", "all", "everything", "all of it", "the rest", "the whole", "full", "in full"})
_SIGNS = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy"}
_CODES = frozenset(_SIGNS.values()) | money.ZERO_DECIMAL | money.THREE_DECIMAL | {"aud", "cad", "chf", "sek"}
_NUMBERS = re.compile(r"-?\d[\d.,]*")
_WORDS = re.compile(r"[a-z]+|[$€£¥]")


def refund_quote(service: StripeService, asked: RefundQuoteArguments) -> RefundQuote:
    payment = service.payment(asked.payment_intent)
    currency, left = str(payment.get("currency") or ""), left_of(payment)
    try:
        amount = part_of(asked.part, left, currency)
    except money.NotMoney as error:
        sentence = f"“{asked.part}” is no amount that I can read: {error}."
        return _quote(payment, 0, left, currency, [RefundProblem(code="unreadable", sentence=sentence)])
    arguments = RefundArguments(payment_intent=asked.payment_intent, currency=currency, amount=amount or None)
    try:
        check(payment, arguments)
    except Refused as refused:
        problem = RefundProblem(code=refused.code, sentence=str(refused))
        return _quote(payment, amount, left, currency, [problem])
    return _quote(payment, amount, left, currency, [])


def part_of(said: str, left: int, currency: str) -> int:
    """ "7", "$7.00", "only 7.00 usd of it", "all": minor units. Raises `NotMoney` where a doubt is left."""
    text = " ".join(said.casefold().split()).strip(".!")
    if text in _ALL:
        return left
    numbers = _NUMBERS.findall(text)
    if len(numbers) != 1:
        raise money.NotMoney("say one number, such as 7.00")
    named = {_SIGNS.get(word, word) for word in _WORDS.findall(text)} & _CODES
    if named - {currency}:
        raise money.NotMoney(f"it was paid in {currency.upper()}")
    amount = money.to_minor(numbers[0], currency)
    if amount == 0:
        raise money.NotMoney("it is nothing")
    return amount


def _quote(
    payment: Data, amount: int, left: int, currency: str, problems: list[RefundProblem]
) -> RefundQuote:
    customer = payment.get("customer")
    _, email = payer_of(payment)
    shown = money.show(amount, currency) if amount else ""
    rest = left - amount
    return RefundQuote(
        payment_intent=str(payment["id"]),
        amount=amount,
        left=left,
        currency=currency,
        customer=str((customer.get("id") if isinstance(customer, dict) else customer) or ""),
        email=email,
        label=f"{shown} of {money.show(left, currency)}" if rest > 0 else shown,
        problems=problems,
    )
