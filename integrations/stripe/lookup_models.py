"""What is asked and found in Stripe's books: customers, products, payments, subscriptions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from integrations.base import Arguments, Result
from integrations.stripe.models import CatalogueProduct, Customer, Email

Asked = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Few = Annotated[int, Field(ge=1, le=20)]


class FindCustomerArguments(Arguments):
    """An e-mail address, or a part of a name of three letters at least."""

    query: Asked


class FoundCustomer(Result):
    id: str
    customer: str
    name: str
    email: str
    label: str


class Customers(Result):
    """All that fit, newest first; `more`: there are others, and the words should be closer."""

    customers: list[FoundCustomer]
    more: bool = False


class FindProductArguments(Arguments):
    query: Asked


class Products(Result):
    products: list[CatalogueProduct]
    more: bool = False


class PaymentsArguments(Arguments):
    """Of a customer, or of everybody with this address. `refundable`: only what can be given back."""

    customer: Customer = ""
    email: Email = ""
    limit: Few = 5
    refundable: bool = False


class Payment(Result):
    """`left` can still be given back. `at` is the day in UTC."""

    id: str
    payment_intent: str
    amount: int
    refunded: int
    left: int
    currency: str
    customer: str
    name: str
    email: str
    description: str
    at: str
    label: str
    receipt_url: str = ""


class Payments(Result):
    """Newest first."""

    payments: list[Payment]
    more: bool = False


class SubscriptionsArguments(Arguments):
    """`ended`: those that are over as well. Without customer and address: everybody's."""

    customer: Customer = ""
    email: Email = ""
    limit: Few = 10
    ended: bool = False


class Subscription(Result):
    """`amount` in all for each period; `renews` is the day of the next, "" where it ends instead."""

    id: str
    subscription: str
    status: str
    customer: str
    items: list[str]
    amount: int
    currency: str
    every: str
    renews: str
    ends: str
    label: str


class Subscriptions(Result):
    subscriptions: list[Subscription]
    more: bool = False
