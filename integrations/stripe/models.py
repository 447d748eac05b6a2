"""What Stripe's tools are given and what they answer. Amounts are whole minor units."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from integrations.base import Arguments, Result

# An empty id would call the list of all of them, so ids have a shape.
Customer = Annotated[str, StringConstraints(pattern=r"^(cus_\w{1,100})?$")]
Card = Annotated[str, StringConstraints(pattern=r"^((pm|card|src)_\w{1,100})?$")]
PriceId = Annotated[str, StringConstraints(pattern=r"^price_\w{1,100}$")]
Intent = Annotated[str, StringConstraints(pattern=r"^pi_\w{1,100}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$")]
Email = Annotated[str, StringConstraints(max_length=320, pattern=r"^[^\s<>]*$")]
Words = Annotated[str, StringConstraints(max_length=300)]
Amount = Annotated[int, Field(ge=0, le=99_999_999)]

LARGEST_QUANTITY = 999


class CatalogueArguments(Arguments):
    """Nothing: the whole catalogue is read."""


class Variant(Result):
    """One size of a product, and its own price."""

    name: str
    price: str
    unit_amount: int


class CatalogueProduct(Result):
    """`price` and `unit_amount` are of the size that is meant when none is named; "" and None: ask."""

    id: str
    product: str
    name: str
    aliases: list[str] = Field(default_factory=list)
    variants: list[str] = Field(default_factory=list)
    price: str = ""
    unit_amount: int | None = None
    currency: str
    prices: list[Variant] = Field(default_factory=list)


class Catalogue(Result):
    currency: str
    products: list[CatalogueProduct]


class QuoteItem(Arguments):
    """As the person said it: any name of a product, and sizes and wishes mixed in `options`."""

    name: Words
    quantity: int = Field(default=1, ge=1, le=1_000_000_000)
    options: list[Words] = Field(default_factory=list, max_length=20)


class QuoteArguments(Arguments):
    """`email` is the one that the platform vouches for; empty: nobody's saved card is looked for."""

    email: Email = ""
    items: list[QuoteItem] = Field(min_length=1, max_length=50)
    currency: Annotated[str, StringConstraints(pattern=r"^([A-Za-z]{3})?$")] | None = None


class Line(Arguments):
    """One line of an order, quoted at a price that Stripe holds."""

    price: PriceId
    product: Words
    name: Words
    quantity: int = Field(ge=1, le=LARGEST_QUANTITY)
    unit_amount: Amount
    amount: Amount
    note: Annotated[str, StringConstraints(max_length=6100)] = ""


class Problem(Result):
    """Why an item cannot be quoted; `sentence` is for the person."""

    item: str
    code: Literal["unknown_product", "unknown_size", "wrong_currency", "ambiguous", "too_many"]
    sentence: str


class Quote(Result):
    lines: list[Line]
    amount: int
    currency: str
    customer: str
    customer_name: str
    payment_method: str
    payment_label: str
    problems: list[Problem]


class ChargeArguments(Arguments):
    """`payment_method` empty: the person pays by a link."""

    email: Email = ""
    customer: Customer = ""
    payment_method: Card = ""
    lines: list[Line] = Field(min_length=1, max_length=50)
    amount: Amount
    currency: Currency
    description: Words = ""


class Charge(Result):
    """`status`: paid, processing (Stripe will tell) or awaiting_payment (the link is to be opened)."""

    status: Literal["paid", "processing", "awaiting_payment"]
    amount: int
    currency: str
    label: str
    payment_intent: str = ""
    receipt_url: str = ""
    url: str = ""
    session: str = ""


class RefundArguments(Arguments):
    """`amount` None: all that is left of it.

    What the others say is on the card for whoever decides, and must still be true when it runs:
    `left` before this refund, and `customer` and `email` of the one who paid. `payment` is only words.
    """

    payment_intent: Intent
    currency: Currency
    amount: Annotated[int, Field(ge=1, le=99_999_999)] | None = None
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None
    left: Annotated[int, Field(ge=1, le=99_999_999)] | None = None
    customer: Customer = ""
    email: Email = ""
    payment: Words = ""


class Refund(Result):
    """`left` can still be given back after this one."""

    status: Literal["refunded", "pending"]
    refund: str
    payment_intent: str
    amount: int
    currency: str
    label: str
    left: int = 0
    receipt_url: str = ""


class RefundQuoteArguments(Arguments):
    """`part` as the person said it: "7.00", "$7"; empty or "all": all that is left."""

    payment_intent: Intent
    part: Words = ""


class RefundProblem(Result):
    code: str
    sentence: str


class RefundQuote(Result):
    """What a refund would be asked with. `left` is before it."""

    payment_intent: str
    amount: int
    left: int
    currency: str
    customer: str
    email: str
    label: str
    problems: list[RefundProblem]
