"""How much a person is asked in an hour, and what comes first: what a mistake of ours would cost.

A request that may wait is held back while those who would decide it have had enough for the hour.
It is never dropped, and never held back for longer than leaves time to decide it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

HOUR = 3600.0
MOST_PER_HOUR = 1_000
# What goes wrong without an amount is still something: in hundredths, as amounts are.
STAKES: Mapping[str, int] = {"read": 0, "write": 1_000, "money": 0, "destructive": 100_000}
Wrong = Callable[[str, str, str], None]
Of = TypeVar("Of")


@dataclass(frozen=True, slots=True)
class Load:
    """So many requests are put to a person in an hour; 0: as many as come."""

    per_hour: int = 0


def parse_load(raw: Any, wrong: Wrong) -> Load:
    if raw is None:
        return Load()
    value = raw.get("per_hour") if isinstance(raw, Mapping) and not raw.keys() - {"per_hour"} else None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_PER_HOUR:
        wrong("load", f"has per_hour, a whole number from 1 to {MOST_PER_HOUR}", "load: {per_hour: 20}")
        return Load()
    return Load(value)


def wrong_by_confidence(sure: float | None) -> float:
    """How likely it is wrong, where nothing was learned yet: what is not known is as likely as not."""
    return 0.5 if sure is None else min(max(1.0 - sure, 0.0), 1.0)


def expected_cost(
    sure: float | None, stake: int, p_wrong: Callable[[float | None], float] = wrong_by_confidence
) -> float:
    """P(wrong) × what is at stake. `p_wrong`: a calibrated one, where somebody has it."""
    return p_wrong(sure) * stake


def stake(risk: str, amount: tuple[int, str] | None, digits: Callable[[str], int]) -> int:
    """In hundredths of a unit of its currency, so that yen and dollars can stand in one line; `digits`
    says how many a currency has behind its point. No rate of exchange is asked for."""
    if amount is None:
        return STAKES.get(risk, STAKES["destructive"])
    minor, currency = amount
    return max(STAKES.get(risk, 0), int(abs(minor) * 100 // 10 ** digits(currency)))


def in_order(waiting: Sequence[Of], cost: Callable[[Of], float]) -> list[Of]:
    """What would cost most comes first; of equals, who waits longer."""
    return sorted(waiting, key=lambda each: -cost(each))


def free_at(load: Load, shown: Mapping[str, Sequence[float]], quorum: int, now: float) -> float:
    """When enough of them have room for one more. `shown`: when each was shown something, by person."""
    if not load.per_hour or not shown:
        return now
    free = sorted(_free(load, times, now) for times in shown.values())
    return free[min(quorum, len(free)) - 1]


def _free(load: Load, times: Sequence[float], now: float) -> float:
    lately = sorted(each for each in times if now - HOUR < each)
    return now if len(lately) < load.per_hour else max(now, lately[len(lately) - load.per_hour] + HOUR)


def latest(now: float, expires: float, risk: str, escalates: float | None = None) -> float:
    """Shown by then, whoever has had enough: half of the time is left to decide, of what moves money or
    destroys nearly all of it; and before others are asked in their stead."""
    share = 0.1 if risk in ("money", "destructive") else 0.5
    held = now + (expires - now) * share
    return held if escalates is None else min(held, now + (escalates - now) * share)
