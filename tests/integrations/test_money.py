"""Amounts are read and written in one way only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.money import NotMoney, parse, show


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (2700, "usd", "$27.00"),
        (2700, "USD", "$27.00"),
        (5, "eur", "€0.05"),
        (2700, "jpy", "¥2700"),
        (2700, "krw", "2700 KRW"),
        (2500, "kwd", "2.500 KWD"),
        (2700, "cad", "27.00 CAD"),
        (-150, "usd", "-$1.50"),
        (-1, "chf", "-0.01 CHF"),
        (99_999_999, "usd", "$999999.99"),
        (500, "isk", "5.00 ISK"),
    ],
)
def test_an_amount_is_shown_with_its_currencys_digits(amount: int, currency: str, shown: str) -> None:
    assert show(amount, currency) == shown


@pytest.mark.parametrize(
    ("text", "minor"),
    [("27", 2700), ("27.5", 2750), ("$27.00", 2700), ("27.00 USD", 2700), ("usd 27.00", 2700), ("0.1", 10)],
)
def test_an_amount_is_read_by_way_of_decimals(text: str, minor: int) -> None:
    assert parse(text, "usd") == (minor, "usd")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "27,00",
        "1.000,00",
        "27.001",
        "-5",
        "1e3",
        "NaN",
        "٢٧",
        "27.00 EUR",
        "€27",
        "2 7",
        "$",
        "27.",
        "9" * 50,
    ],
)
def test_what_can_be_read_in_two_ways_is_not_read(text: str) -> None:
    with pytest.raises(NotMoney):
        parse(text, "usd")


def test_an_amount_without_a_currency_is_none() -> None:
    with pytest.raises(NotMoney, match="currency is missing"):
        parse("27.00")


@given(st.integers(0, 99_999_999), st.sampled_from(["usd", "eur", "jpy", "kwd", "cad", "isk"]))
def test_what_is_shown_is_read_back_unchanged(amount: int, currency: str) -> None:
    assert parse(show(amount, currency)) == (amount, currency)
