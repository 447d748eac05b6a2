"""How far down may one go and still promise "at most so many wrong"? Exact bounds, and the walk along them.

The bound is that of Clopper and Pearson (Biometrika 26, 1934), one-sided. The walk tests cuts from strict
to loose and stops at the first that fails: then all that passed before hold together at the same
confidence (fixed-sequence testing; Maurer, Hothorn & Lehmacher 1995). To look at every cut and take the
loosest that passes would not. Which cuts are looked at follows from scores alone, never from labels.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, exp, lgamma, log, log1p

TINY = 1e-300
EXACT = 1e-15
MOST_TERMS = 10_000
HALVINGS = 60
FIRST = 1 / 3  # of all decisions the surest third is tried first, or as many as the price if that is more
STEPS = 20


# ── the bounds ───────────────────────────────────────────────────────────────────────────


def incomplete_beta(x: float, a: float, b: float) -> float:
    """I_x(a, b), regularised: the share of a Beta(a, b) that lies below x."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1.0 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Its continued fraction, from the front (Lentz' way, which never divides by nothing)."""
    c, d = 1.0, 1.0 / _away(1.0 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, MOST_TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _away(1.0 + term * d)
            c = _away(1.0 + term / c)
            found *= c * d
        if abs(c * d - 1.0) < EXACT:
            break
    return found


def _away(value: float) -> float:
    return value if abs(value) > TINY else TINY


def at_most(wrong: int, of: int, error: float) -> float:
    """The chance that of `of` no more than `wrong` are wrong, where each is with the chance `error`."""
    return 1.0 if wrong >= of else incomplete_beta(1.0 - error, of - wrong, wrong + 1)


def upper(wrong: int, of: int, confidence: float) -> float:
    """The error is at most this, but for a chance of 1 - `confidence`."""
    if wrong >= of:
        return 1.0
    return _edge(lambda error: at_most(wrong, of, error) > 1 - confidence)


def lower(wrong: int, of: int, confidence: float) -> float:
    """The error is at least this, but for a chance of 1 - `confidence`."""
    if wrong <= 0 or of <= 0:
        return 0.0
    return _edge(lambda error: 1 - at_most(wrong - 1, of, error) < 1 - confidence)


def _edge(below: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if below(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


@lru_cache(maxsize=100)
def price(error: float, confidence: float, wrong: int = 0) -> int:
    """How many decisions are needed at least for a promise, if so many of them are wrong."""
    least = wrong + 1
    most = max(2 * least, ceil(4 * (wrong + 2) * log(1 / (1 - confidence)) / error))
    while least < most:
        middle = (least + most) // 2
        if at_most(wrong, middle, error) <= 1 - confidence:
            most = middle
        else:
            least = middle + 1
    return least


# ── the walk ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Seen:
    """A decision whose score was there before it was made, and whether the call was right."""

    score: float
    right: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """Whatever scores `cut` or more is wrong at most in `bound` of all cases, with that confidence: shown by
    `of` decisions of which `wrong` were wrong."""

    cut: float
    of: int
    wrong: int
    bound: float


def certify(seen: Sequence[Seen], error: float, confidence: float) -> Certificate | None:
    """The loosest cut that the walk comes to; None where not even the strictest holds."""
    surest = sorted(seen, key=lambda each: -each.score)
    wrong = _running(surest)
    found: int | None = None
    for number in numbers([each.score for each in surest], error, confidence):
        if at_most(wrong[number], number, error) > 1 - confidence:
            break
        found = number
    if found is None:
        return None
    bound = upper(wrong[found], found, confidence)
    return Certificate(surest[found - 1].score, found, wrong[found], bound)


def numbers(falling: Sequence[float], error: float, confidence: float) -> Iterator[int]:
    """How many of the surest each cut takes in, strict to loose; equal scores are never torn apart."""
    total, least = len(falling), price(error, confidence)
    if total < least:
        return
    begin = max(least, ceil(total * FIRST))
    last = 0
    for step in range(STEPS + 1):
        wanted = begin + (total - begin) * step // STEPS
        number = bisect_right(falling, -falling[wanted - 1], key=lambda score: -score)
        if number > last:
            yield number
            last = number


def _running(surest: Sequence[Seen]) -> list[int]:
    found = [0]
    for each in surest:
        found.append(found[-1] + (not each.right))
    return found
