"""What an order comes to: each item at a price that Stripe holds, or the reason why not. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from integrations import money
from integrations.stripe.catalogue import Good, Offer, default_of, fold, main_currency
from integrations.stripe.models import LARGEST_QUANTITY, Line, Problem, Quote, QuoteArguments, QuoteItem

A_LINK = "a payment link"


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose card, if any. All empty: the person pays by a link."""

    customer: str = ""
    name: str = ""
    card: str = ""
    label: str = A_LINK


def quote(arguments: QuoteArguments, goods: Sequence[Good], payer: Payer) -> Quote:
    """Nothing is guessed: what does not decide is a problem, and the sum leaves it out."""
    currency = main_currency(goods, arguments.currency or "")
    found = [_line(item, goods, currency) for item in arguments.items]
    lines = [each for each in found if isinstance(each, Line)]
    problems = [each for each in found if isinstance(each, Problem)]
    amount = sum(line.amount for line in lines)
    if amount > money.LARGEST:
        sentence = f"{money.show(amount, currency)} is more than one payment can be."
        problems.append(Problem(item="", code="too_many", sentence=sentence))
    return Quote(
        lines=lines,
        amount=amount,
        currency=currency,
        customer=payer.customer,
        customer_name=payer.name,
        payment_method=payer.card,
        payment_label=payer.label,
        problems=problems,
    )


def card_label(card: Mapping[str, Any]) -> str:
    """ "Visa •••• 4242" """
    details = card.get("card") or {}
    brand = str(details.get("display_brand") or details.get("brand") or "card").replace("_", " ")
    return f"{brand[:1].upper()}{brand[1:]} •••• {details.get('last4', '????')}"


def _line(item: QuoteItem, goods: Sequence[Good], currency: str) -> Line | Problem:
    good = _find(item.name, goods)
    if isinstance(good, Problem):
        return good
    offers = good.offers_in(currency)
    if not offers:
        sold = " or ".join(sorted({offer.currency.upper() for offer in good.offers}))
        return Problem(
            item=item.name,
            code="wrong_currency",
            sentence=f"{good.name} is sold in {sold}, not in {currency.upper()}.",
        )
    every_size = {fold(each.variant) for other in goods for each in other.offers if each.variant}
    offer = _size(item, good, offers, every_size)
    if isinstance(offer, Problem):
        return offer
    if item.quantity > LARGEST_QUANTITY:
        return Problem(
            item=item.name,
            code="too_many",
            sentence=f"{item.quantity} × {good.name} is too many: at most {LARGEST_QUANTITY} of one thing.",
        )
    sizes = {fold(each.variant) for each in offers}
    return Line(
        price=offer.price,
        product=good.id,
        name=f"{good.name} ({offer.variant})" if offer.variant and len(offers) > 1 else good.name,
        quantity=item.quantity,
        unit_amount=offer.unit_amount,
        amount=offer.unit_amount * item.quantity,
        note=_note(option for option in item.options if fold(option) not in sizes),
    )


_KINDS_OF_NAME: tuple[Callable[[Good], Iterable[str]], ...] = (
    lambda good: (good.id,),
    lambda good: (good.name,),
    lambda good: good.aliases,
)


def _find(name: str, goods: Sequence[Good]) -> Good | Problem:
    """By id, by name, by another name; a name goes before another product's other name."""
    wanted = fold(name)
    for names in _KINDS_OF_NAME:
        match [good for good in goods if wanted in {fold(each) for each in names(good)}]:
            case []:
                continue
            case [good]:
                return good
            case several:
                choice = " or ".join(good.name for good in several[:5])
                return Problem(
                    item=name, code="ambiguous", sentence=f"“{name}” could be {choice}: which one?"
                )
    return Problem(item=name, code="unknown_product", sentence=f"There is no “{name}” in the catalogue.")


def _size(item: QuoteItem, good: Good, offers: Sequence[Offer], every_size: Set[str]) -> Offer | Problem:
    """A word that is a size anywhere in the catalogue is a size here too, never a wish."""
    asked = {fold(option) for option in item.options} & every_size
    named = [offer for offer in offers if offer.variant and fold(offer.variant) in asked]
    sizes = " or ".join(_priced(offer) for offer in offers)
    if len({offer.price for offer in named}) > 1:
        return Problem(item=item.name, code="ambiguous", sentence=f"Which size of {good.name}: {sizes}?")
    missing = sorted(asked - {fold(offer.variant) for offer in offers})
    if missing:
        sentence = f"{good.name} does not come in {' or '.join(missing)}. There is {sizes}."
        return Problem(item=item.name, code="unknown_size", sentence=sentence)
    usual = named[0] if named else default_of(good, offers[0].currency)
    if usual is not None:
        return usual
    sentence = f"Which size of {good.name}: {sizes}?"
    return Problem(item=item.name, code="unknown_size", sentence=sentence)


def _priced(offer: Offer) -> str:
    price = money.show(offer.unit_amount, offer.currency)
    return f"{offer.variant} ({price})" if offer.variant else price


def _note(options: Iterable[str]) -> str:
    return ", ".join(" ".join(option.split()) for option in options)
