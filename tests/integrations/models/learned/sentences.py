"""Two hundred sentences in four topics, made from parts, in an order that is always the same."""

from __future__ import annotations

from itertools import product

_PARTS = {
    "parcel": (
        ("where is", "I am waiting for", "can you track", "when will I get", "please find"),
        ("my parcel", "the package", "our delivery", "the box I sent for", "my shipment"),
        ("today", "this week"),
    ),
    "invoice": (
        ("send me", "I need", "could you email", "please resend", "I cannot find"),
        ("the invoice", "a bill", "our receipt", "the statement", "a copy of the invoice"),
        ("for March", "of last month"),
    ),
    "password": (
        ("I forgot", "please reset", "I want to change", "help me recover", "how do I set"),
        ("my password", "the login", "my account password", "my passcode", "the sign-in secret"),
        ("again", "right now"),
    ),
    "holiday": (
        ("book", "I would like to take", "request", "put me down for", "please approve"),
        ("two days off", "a holiday", "my annual leave", "a week of vacation", "Friday off"),
        ("in June", "next month"),
    ),
}
SENTENCES = tuple(
    (" ".join(parts), topic) for topic, columns in _PARTS.items() for parts in product(*columns)
)
PARAPHRASES = (
    ("has my package been delivered yet", "parcel"),
    ("track the shipment for me", "parcel"),
    ("email us the bill for April", "invoice"),
    ("a copy of that receipt please", "invoice"),
    ("reset the account password", "password"),
    ("I cannot recover my passcode", "password"),
    ("I request vacation in July", "holiday"),
    ("approve my leave next week", "holiday"),
)
