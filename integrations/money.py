"""Amounts: whole minor units and a currency, written so that nobody can misread them."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_NO_CENTS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
_MILLS = "bhd jod kwd omr tnd"
ZERO_DECIMAL = frozenset(_NO_CENTS.split())
THREE_DECIMAL = frozenset(_MILLS.split())

# Stripe takes at most eight digits.
LARGEST = 99_999_999

_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}
_SIGNS_READ = {sign: code for code, sign in _SIGNS.items()}
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,3})?", re.ASCII)
_CURRENCY = re.compile(r"[a-z]{3}", re.ASCII)


class NotMoney(ValueError):
    """The text is no amount that can be read in one way only."""


def decimals(currency: str) -> int:
    """How many digits stand after the point. UGX and ISK are sent with two, whatever they look like."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def show(amount: int, currency: str) -> str:
    """ "$27.00", "¥2700", "2.500 KWD": a sign only where one sign means one currency to us.

    No thousands separator: a comma is a decimal point to half the world.
    """
    code = currency.lower()
    digits = decimals(code)
    whole, part = divmod(abs(amount), 10**digits)
    number = f"{whole}.{part:0{digits}d}" if digits else str(whole)
    minus = "-" if amount < 0 else ""
    sign = _SIGNS.get(code)
    return f"{minus}{sign}{number}" if sign else f"{minus}{number} {code.upper()}"


def parse(text: str, currency: str = "") -> tuple[int, str]:
    """What `show` writes, and "27.00", "27 usd" or "EUR 27": minor units and currency.

    Raises `NotMoney` for a comma, for more digits than the currency has, and where neither
    the text nor the argument names a currency, or both do and differ.
    """
    if len(text) > 40:
        raise NotMoney("an amount has at most 40 characters")
    number, named = _split(text.strip())
    code = named or currency.lower()
    if not _CURRENCY.fullmatch(code):
        raise NotMoney("the currency is missing")
    if currency and named and named != currency.lower():
        raise NotMoney(f"the amount is in {named.upper()}, not in {currency.upper()}")
    return to_minor(number, code), code


def to_minor(number: str, currency: str) -> int:
    """Decimal text to minor units, never by way of a float."""
    if not _NUMBER.fullmatch(number):
        raise NotMoney("an amount is digits, and a point before the cents")
    try:
        minor = Decimal(number).scaleb(decimals(currency))
    except InvalidOperation as error:
        raise NotMoney("this is no amount") from error
    if minor != minor.to_integral_value():
        raise NotMoney(f"{currency.upper()} has {decimals(currency)} digits after the point")
    return int(minor)


def _split(text: str) -> tuple[str, str]:
    for sign, code in _SIGNS_READ.items():
        if text.startswith(sign):
            return text[len(sign) :].strip(), code
    words = text.split()
    match words:
        case [number]:
            return number, ""
        case [first, second] if _CURRENCY.fullmatch(first.lower()):
            return second, first.lower()
        case [first, second] if _CURRENCY.fullmatch(second.lower()):
            return first, second.lower()
        case _:
            raise NotMoney("an amount is one number and one currency")
