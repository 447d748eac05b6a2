"""stripe.refund_quote: what people write as a part of a payment, and what cannot be given back."""

from __future__ import annotations

from typing import Any

import pytest

from integrations import money
from integrations.stripe.refund_quote import part_of
from integrations.stripe.tools import REFUND_QUOTE


@pytest.mark.parametrize(("said", "amount"), [
    ("7", 700), ("$7.00", 700), ("7.5", 750), ("only 7.00 usd of it", 700), ("USD 7", 700), ("7$", 700),
    ("7 dollars", 700), ("give back 7.", 700), ("all", 2000), ("", 2000), ("The rest.", 2000),
    ("ALL OF IT!", 2000),
])  # fmt: skip
def test_a_part_is_read_as_it_is_written(said: str, amount: int) -> None:
    assert part_of(said, 2000, "usd") == amount


@pytest.mark.parametrize("said", [
    "seven", "7 or 8", "7,50", "1.000,00", "1.000.000", "-3", "0", "7.005", "€7", "7 eur", "7 jpy", "٧",
    "half", "7" * 40, "1e3 and 2",
])  # fmt: skip
def test_what_leaves_a_doubt_is_no_amount(said: str) -> None:
    with pytest.raises(money.NotMoney):
        part_of(said, 2000, "usd")


def test_a_yen_has_no_cents_here_either() -> None:
    assert part_of("¥700", 2000, "jpy") == 700
    with pytest.raises(money.NotMoney):
        part_of("700.5", 2000, "jpy")


@pytest.fixture
def quote(sandbox: Any, make_attempt: Any) -> Any:
    intent = str(sandbox.charge(sandbox.quoted()).external_id)
    sandbox.ask("POST", "act", {"act": "refund", "payment_intent": intent, "amount": 700})

    def ask(part: str = "") -> Any:
        asked = {"payment_intent": intent, "part": part}
        return REFUND_QUOTE.perform(sandbox.service(), asked, make_attempt("q")).result

    return ask


def test_it_says_what_the_refund_would_be_asked_with(quote: Any) -> None:
    found = quote("5")

    assert (found["amount"], found["left"], found["currency"]) == (500, 2000, "usd")
    assert (found["customer"], found["email"]) == ("cus_ada", "ada@example.com")
    assert (found["label"], found["problems"]) == ("$5.00 of $20.00", [])
    assert quote()["label"] == "$20.00"


def test_what_is_wrong_is_a_sentence_and_nothing_is_given_back(quote: Any) -> None:
    assert quote("20.01")["problems"] == [
        {"code": "amount_too_large",
         "sentence": "Stripe has only $20.00 left of this payment of $27.00. Nothing was given back."}
    ]  # fmt: skip
    assert quote("a lot")["problems"][0]["sentence"].startswith("“a lot” is no amount that I can read")
    assert quote()["left"] == 2000
