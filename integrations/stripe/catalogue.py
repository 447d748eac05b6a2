"""Products and prices as people speak of them: names, other names, sizes. Pure.

A size is a price's nickname. Other names stand in the product's metadata (`aliases`, commas between).
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.stripe.models import Catalogue, CatalogueProduct, Variant


@dataclass(frozen=True, slots=True)
class Offer:
    """One price. `variant` is empty where the product has no sizes."""

    price: str
    variant: str
    unit_amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Good:
    """One product in all its sizes and currencies. `default`: the price meant when no size is named."""

    id: str
    name: str
    aliases: tuple[str, ...]
    offers: tuple[Offer, ...]
    default: str = ""

    def offers_in(self, currency: str) -> tuple[Offer, ...]:
        return tuple(offer for offer in self.offers if offer.currency == currency)


def fold(text: str) -> str:
    """How two names are compared: case, accents' encoding and spaces make no difference."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def goods(prices: Iterable[Mapping[str, Any]]) -> tuple[Good, ...]:
    """Group prices by their product, in the order of the products' names."""
    by_product: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for price in prices:
        by_product[price["product"]["id"]].append(price)
    return tuple(sorted((_good(group) for group in by_product.values()), key=lambda good: good.name))


def main_currency(all_goods: Sequence[Good], wanted: str = "") -> str:
    """The one asked for, else the one that most products are sold in."""
    if wanted:
        return wanted.lower()
    counted = Counter(code for good in all_goods for code in {offer.currency for offer in good.offers})
    return min(counted, key=lambda code: (-counted[code], code)) if counted else ""


def catalogue(all_goods: Sequence[Good]) -> Catalogue:
    currency = main_currency(all_goods)
    sold = (good for good in all_goods if good.offers_in(currency))
    return Catalogue(currency=currency, products=[_shown(good, currency) for good in sold])


def default_of(good: Good, currency: str) -> Offer | None:
    """The price when no size is named; None when that would be a guess."""
    offers = good.offers_in(currency)
    for offer in offers:
        if offer.price == good.default:
            return offer
    return offers[0] if len(offers) == 1 else None


def _good(prices: Sequence[Mapping[str, Any]]) -> Good:
    product = prices[0]["product"]
    names = str((product.get("metadata") or {}).get("aliases") or "")
    default = product.get("default_price") or ""
    offers = [
        Offer(
            price=price["id"],
            variant=" ".join(str(price.get("nickname") or "").split())[:60],
            unit_amount=price["unit_amount"],
            currency=price["currency"],
        )
        for price in prices
    ]
    return Good(
        id=product["id"],
        name=" ".join(str(product["name"]).split())[:200],
        aliases=tuple(name.strip() for name in names.split(",") if name.strip()),
        offers=tuple(sorted(offers, key=lambda offer: (offer.unit_amount, offer.price))),
        default=default["id"] if isinstance(default, Mapping) else default,
    )


def _shown(good: Good, currency: str) -> CatalogueProduct:
    offers = good.offers_in(currency)
    usual = default_of(good, currency)
    sizes = [offer for offer in offers if offer.variant] if len(offers) > 1 else []
    return CatalogueProduct(
        id=good.id,
        product=good.id,
        name=good.name,
        aliases=list(good.aliases),
        variants=[offer.variant for offer in sizes],
        price=usual.price if usual else "",
        unit_amount=usual.unit_amount if usual else None,
        currency=currency,
        prices=[Variant(name=o.variant, price=o.price, unit_amount=o.unit_amount) for o in sizes],
    )
