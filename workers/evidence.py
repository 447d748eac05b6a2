"""How much a count of successes says, at every look: confidence sequences for rates and their difference.

One may look after every single person, and stop when one likes, which no fixed-size interval allows.
The ground is Robbins' mixture (Ann. Math. Statist. 41, 1970; after Ville 1939): for people who succeed
independently with rate p, `M = ∫ q^k (1-q)^(n-k) dq / p^k (1-p)^(n-k)` begins at 1 and is a
martingale, so the chance that it ever reaches 1/α is at most α. The rates for which it has not are
the sequence. Two groups are compared by the product of their two: least over all pairs of rates
that a hypothesis allows, it is an e-process for it (the maximum in the denominator is that of
universal inference: Wasserman, Ramdas & Balakrishnan, PNAS 117, 2020).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, lgamma, log

ALPHA = 0.05
HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Count:
    """Of `of` people, `hits` did."""

    hits: int
    of: int

    @property
    def rate(self) -> float:
        return self.hits / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def _mixture(count: Count) -> float:
    """log ∫ q^k (1-q)^(n-k) dq."""
    return lgamma(count.hits + 1) + lgamma(count.of - count.hits + 1) - lgamma(count.of + 2)


def _likelihood(count: Count, rate: float) -> float:
    """log p^k (1-p)^(n-k), with 0^0 = 1."""
    hit = count.hits * log(rate) if count.hits and rate > 0 else (-inf if count.hits else 0.0)
    missed = count.of - count.hits
    miss = missed * log(1 - rate) if missed and rate < 1 else (-inf if missed else 0.0)
    return hit + miss


def against_rate(count: Count, rate: float) -> float:
    """log of the martingale: how much the count speaks against this rate."""
    return _mixture(count) - _likelihood(count, rate)


def against_no_rise(arm: Count, control: Count) -> float:
    """log of an e-process against “the arm's rate is at most the control's”."""
    both = _mixture(arm) + _mixture(control)
    if arm.hits * control.of <= control.hits * arm.of:
        return both - _likelihood(arm, arm.rate) - _likelihood(control, control.rate)
    pooled = (arm.hits + control.hits) / (arm.of + control.of)
    return both - _likelihood(arm, pooled) - _likelihood(control, pooled)


def against_difference(arm: Count, control: Count, difference: float) -> float:
    """log of an e-process against “the arm's rate is the control's plus this difference”."""
    low, high = max(0.0, -difference), min(1.0, 1.0 - difference)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _slope(arm, middle + difference) + _slope(control, middle) > 0:
            low = middle
        else:
            high = middle
    rate = (low + high) / 2
    there = min(1.0, max(0.0, rate + difference))
    return _mixture(arm) + _mixture(control) - _likelihood(arm, there) - _likelihood(control, rate)


def _slope(count: Count, rate: float) -> float:
    """The derivative of the log-likelihood, which falls with the rate."""
    missed = count.of - count.hits
    up = count.hits / rate if rate > 0 else (inf if count.hits else 0.0)
    down = missed / (1 - rate) if rate < 1 else (inf if missed else 0.0)
    return up - down


def rate_between(count: Count, alpha: float = ALPHA) -> Interval:
    """Where the rate is, but for a chance of `alpha` that it ever, at any look, was not."""
    bar = -log(alpha)

    def outside(rate: float) -> bool:
        return against_rate(count, rate) >= bar

    return Interval(_edge(outside, 0.0, count.rate), _edge(outside, 1.0, count.rate))


def difference_between(arm: Count, control: Count, alpha: float = ALPHA) -> Interval:
    """Where the arm's rate less the control's is, in the same sense."""
    bar = -log(alpha)
    seen = arm.rate - control.rate if arm.of and control.of else 0.0

    def outside(difference: float) -> bool:
        return against_difference(arm, control, difference) >= bar

    return Interval(_edge(outside, -1.0, seen), _edge(outside, 1.0, seen))


def _edge(outside: Callable[[float], bool], end: float, inside: float) -> float:
    """Where one comes from outside to inside, seen from the end; on the outer side of it."""
    if not outside(end):
        return end
    for _ in range(HALVINGS):
        middle = (end + inside) / 2
        if outside(middle):
            end = middle
        else:
            inside = middle
    return end


def rises(arm: Count, control: Count, alpha: float = ALPHA) -> bool:
    """Whether the arm's rate is above the control's, at a chance of `alpha` ever to say so wrongly."""
    if not control.of or arm.hits * control.of <= control.hits * arm.of:
        return False
    return against_no_rise(arm, control) >= -log(alpha)
