"""Money as people read it, from integer minor units. Never a float.

Exponents: https://docs.stripe.com/currencies (zero- and three-decimal currencies).
"""

from __future__ import annotations

import re
from decimal import Decimal

ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


LARGEST = 10**15  # minor units; more than that is a slip, not an amount
_NUMBER = re.compile(r"[0-9]{1,13}(?:\.[0-9]{1,3})?", re.ASCII)


def exponent(currency: str) -> int:
    """How many digits follow the decimal point in this currency."""
    code = currency.lower()
    if code in ZERO_DECIMAL:
        return 0
    return 3 if code in THREE_DECIMAL else 2


def shown(amount: int, currency: str) -> str:
    """ "$12.34", "¥2700", "2.500 KWD": a sign only where it means one currency to us, as on the card."""
    digits = exponent(currency)
    whole, part = divmod(abs(amount), 10**digits)
    minus = "-" if amount < 0 else ""
    number = f"{whole}.{part:0{digits}d}" if digits else str(whole)
    sign = _SIGNS.get(currency.lower())
    return f"{minus}{sign}{number}" if sign else f"{minus}{number} {currency.upper()}"


def minor_units(text: str, currency: str) -> int:
    """`"50.00", "usd"` → 5000. Raises ValueError for anything but digits and one point, and for
    more digits behind it than the currency has."""
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is not an amount of money")
    value = Decimal(text).scaleb(exponent(currency))
    if value != value.to_integral_value():
        raise ValueError(f"{text!r} has more digits than {currency.upper()} has")
    if value > LARGEST:
        raise ValueError(f"{text!r} is more money than there is")
    return int(value)
