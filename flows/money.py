"""Money as people read it, from integer minor units. Never a float.

Exponents: https://docs.stripe.com/currencies (zero- and three-decimal currencies).
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


def exponent(currency: str) -> int:
    """How many digits follow the decimal point in this currency."""
    code = currency.lower()
    if code in ZERO_DECIMAL:
        return 0
    return 3 if code in THREE_DECIMAL else 2


def shown(amount: int, currency: str) -> str:
    """`1234, "usd"` → `12.34 USD`; unambiguous in every locale that reads a decimal point."""
    digits = exponent(currency)
    value = Decimal(amount).scaleb(-digits)
    return f"{value:,.{digits}f} {currency.upper()}"


def minor_units(text: str, currency: str) -> int:
    """`"50.00", "usd"` → 5000. Raises ValueError for more digits than the currency has."""
    try:
        value = Decimal(text).scaleb(exponent(currency))
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount of money") from None
    if value != value.to_integral_value() or value < 0:
        raise ValueError(f"{text!r} has more digits than {currency.upper()} has")
    return int(value)
