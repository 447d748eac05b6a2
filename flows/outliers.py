"""What stands out among requests that would be decided together, and why, in words for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from flows.money import shown

SURE = 0.75
ENOUGH = 8  # amounts of before from which a tool's history says anything
SPREADS = 3.5  # robust spreads beyond the middle: about one in 2,000 of what is alike
LEAST_SPREAD = 0.1  # of the middle, so that equal amounts leave some room
PER_DEVIATION = 1.4826  # the median deviation of a normal spread, as its standard deviation


@dataclass(frozen=True, slots=True)
class Item:
    """One request. `amount` in minor units, None where no money moves; `first_time`: whoever asks
    never did this for this recipient; `sure` is the confidence, None where nobody knows."""

    id: str
    requester: str
    amount: int | None = None
    currency: str = ""
    recipient: str = ""
    first_time: bool = False
    sure: float | None = None


def bound(amounts: Sequence[int]) -> float:
    """Beyond it an amount stands out. One huge amount does not move it, which a mean would allow."""
    middle = median(amounts)
    deviation = median(abs(each - middle) for each in amounts) * PER_DEVIATION
    return middle + SPREADS * max(deviation, LEAST_SPREAD * middle)


def standing_out(
    items: Sequence[Item], before: Mapping[str, Sequence[int]], sure: float = SURE
) -> dict[str, str]:
    """Reasons by id, of those that have one. `before`: amounts of this tool by currency, as it went."""
    currency = _most(each.currency for each in items if each.amount is not None)
    requester = _most(each.requester for each in items)
    mine = [each.amount for each in items if each.amount is not None and each.currency == currency]
    found = {}
    for item in items:
        reasons = [
            _odd_currency(item, currency),
            _too_much(item, mine, currency, before.get(item.currency, ())),
            "Whoever asks never did this for this recipient." if item.first_time else "",
            _unsure(item, sure),
            "Somebody else than the rest asks for it." if requester and item.requester != requester else "",
        ]
        if said := " ".join(reason for reason in reasons if reason):
            found[item.id] = said
    return found


def _most(values: Iterable[str]) -> str:
    """What more than half of them are; empty: nothing is."""
    counted = Counter(values)
    if not counted:
        return ""
    value, count = counted.most_common(1)[0]
    return value if count * 2 > counted.total() else ""


def _odd_currency(item: Item, currency: str) -> str:
    if item.amount is None or not currency or item.currency == currency:
        return ""
    return f"It is in {item.currency.upper()}, the others in {currency.upper()}."


def _too_much(item: Item, mine: Sequence[int], currency: str, before: Sequence[int]) -> str:
    if item.amount is None:
        return ""
    amount = shown(item.amount, item.currency)
    if item.currency == currency and len(mine) > 2 and item.amount > bound(mine):
        return f"{amount} is far more than the others."
    if len(before) >= ENOUGH and item.amount > bound(before):
        return f"{amount} is far more than was usual so far."
    return ""


def _unsure(item: Item, sure: float) -> str:
    if item.sure is None:
        return "How sure I am of it is not known."
    return f"I am only {int(item.sure * 100)}% sure of it." if item.sure < sure else ""
