from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import money
from flows.money import exponent, minor_units, shown
from integrations import money as theirs

CODES = st.one_of(
    st.sampled_from(sorted(money.ZERO_DECIMAL | money.THREE_DECIMAL | {"usd", "eur", "isk", "ugx", "huf"})),
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=3),
)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (0, "usd", "$0.00"),
        (5, "usd", "$0.05"),
        (1234, "USD", "$12.34"),
        (-1234, "usd", "-$12.34"),
        (-5, "usd", "-$0.05"),
        (123456789, "usd", "$1234567.89"),
        (2700, "jpy", "¥2700"),
        (2500, "kwd", "2.500 KWD"),
        (10**30, "usd", f"${10**28}.00"),
    ],
)
def test_money_is_written_so_that_nobody_can_misread_it(amount: int, currency: str, text: str) -> None:
    assert shown(amount, currency) == text


def number_of(written: str, currency: str) -> str:
    """Without the sign in front or the code behind."""
    return written.removesuffix(f" {currency.upper()}").lstrip("$€£¥")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(0, 10**12), CODES)
def test_what_is_shown_reads_back_as_the_same_amount(amount: int, currency: str) -> None:
    assert minor_units(number_of(shown(amount, currency), currency), currency) == amount


@settings(max_examples=200, deadline=None, derandomize=True)
@given(CODES, st.integers(0, 10**9))
def test_the_mind_and_the_hands_count_in_the_same_units(currency: str, amount: int) -> None:
    assert exponent(currency) == theirs.decimals(currency)
    assert shown(amount, currency) == theirs.show(amount, currency)
    number = number_of(shown(amount, currency), currency)
    assert theirs.to_minor(number, currency) == minor_units(number, currency) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "5 ",
        "-1",
        "+1",
        "1e3",
        "NaN",
        "Infinity",
        "1_000",
        "1,000.00",
        "1,5",
        ".5",
        "5.",
        "0x1",
        "٥",
        "12.345",
        "1" * 40,
        "usd 5",
        50.0,
        50,
        None,
        True,
    ],
)
def test_what_is_no_plain_amount_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        minor_units(text, "usd")


@pytest.mark.parametrize(("text", "currency"), [("1.5", "jpy"), ("0.001", "usd"), ("1.2345", "kwd")])
def test_more_digits_than_the_currency_has_are_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"digits than|not an amount"):
        minor_units(text, currency)
