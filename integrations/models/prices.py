"""What tokens cost. Prices change, so none is built in: who has not told one is told that it is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation

from ..errors import NotConfigured
from .wire import Usage

OURS = ("vllm:", "edge:")  # on machines of our own: nobody sends a bill by tokens
MOST = Decimal(100_000)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens, which is millionths of a dollar for one."""

    prompt: Decimal
    completion: Decimal
    cached: Decimal

    def of(self, usage: Usage) -> int:
        """In millionths of a dollar, rounded up."""
        fresh = usage.prompt - usage.cached
        cost = self.prompt * fresh + self.cached * usage.cached + self.completion * usage.completion
        return int(cost.to_integral_value(ROUND_CEILING))


FREE = Price(Decimal(0), Decimal(0), Decimal(0))


def parsed(text: str) -> dict[str, Price]:
    """`gpt-4o-mini=0.15/0.60, other=2/8/0.5`: prompt, completion, and cached where it is cheaper."""
    found = {}
    for each in filter(None, (part.strip() for part in text.split(","))):
        name, _, told = each.partition("=")
        try:
            numbers = [Decimal(number) for number in told.split("/")]
        except InvalidOperation:
            numbers = []
        if (
            not name.strip()
            or len(numbers) not in (2, 3)
            or not all(one.is_finite() and 0 <= one <= MOST for one in numbers)
        ):
            shape = "must be like gpt-4o-mini=0.15/0.60: dollars for a million tokens asked and answered"
            raise NotConfigured("MODEL_PRICES", f"{shape}, not {each[:60]!r}")
        found[name.strip()] = Price(numbers[0], numbers[1], numbers[-1] if len(numbers) == 3 else numbers[0])
    return found


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """Of `kind:name`; None where nobody told it."""
    return prices.get(model.partition(":")[2]) or (FREE if model.startswith(OURS) else None)
