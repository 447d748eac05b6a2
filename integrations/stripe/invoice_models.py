"""What an invoice is made of. Amounts are whole minor units."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from integrations.base import Arguments, Result
from integrations.stripe.models import Amount, Currency, Email, Words

Payer = Annotated[str, StringConstraints(pattern=r"^cus_\w{1,100}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class InvoiceLine(Arguments):
    """`unit_amount` times `quantity` is `amount`."""

    description: Line
    quantity: int = Field(default=1, ge=1, le=10_000)
    unit_amount: Amount
    amount: Amount


class InvoiceArguments(Arguments):
    """`email` is where Stripe sends it: it must be the customer's own."""

    customer: Payer
    email: Email
    lines: list[InvoiceLine] = Field(min_length=1, max_length=20)
    amount: Annotated[int, Field(ge=1, le=99_999_999)]
    currency: Currency
    days_until_due: int = Field(default=30, ge=1, le=365)
    memo: Words = ""


class Invoice(Result):
    """`status`: sent, or paid where it was paid meanwhile. `due` is the day in UTC."""

    status: Literal["sent", "paid"]
    invoice: str
    number: str
    amount: int
    currency: str
    due: str
    url: str
    label: str
