"""Confidence that means what it says: of a hundred answers given at 0.8, eighty are right.

Two fits. A temperature divides a classifier's scores before they become probabilities; it needs little
data. An isotonic staircase maps any stated confidence to the share that was right, never downhill; it
needs some hundred answers. Both are fitted on answers that the model gave to sentences it had not seen.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

BINS = 15
COLDEST, HOTTEST = 0.05, 10.0
SMOOTHED = 2.0  # so many answers, half of them right, stand at either end of a staircase


def softmax(scores: Sequence[float], temperature: float = 1.0) -> list[float]:
    top = max(scores)
    powers = [math.exp((score - top) / temperature) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def fitted_temperature(scores: Sequence[Sequence[float]], right: Sequence[int]) -> float:
    """What makes the right ones most likely; 1.0 when there is nothing to fit. `right` are indices."""
    if not scores:
        return 1.0

    def surprise(logarithm: float) -> float:
        heat = math.exp(logarithm)
        return sum(_surprise(row, at, heat) for row, at in zip(scores, right, strict=True))

    low, high = math.log(COLDEST), math.log(HOTTEST)
    golden = (math.sqrt(5) - 1) / 2
    one, other = high - golden * (high - low), low + golden * (high - low)
    first, second = surprise(one), surprise(other)
    for _ in range(24):
        if first < second:
            high, other, second = other, one, first
            one = high - golden * (high - low)
            first = surprise(one)
        else:
            low, one, first = one, other, second
            other = low + golden * (high - low)
            second = surprise(other)
    return math.exp((low + high) / 2)


def _surprise(row: Sequence[float], at: int, heat: float) -> float:
    top = max(row)
    return math.log(sum(math.exp((score - top) / heat) for score in row)) - (row[at] - top) / heat


@dataclass(frozen=True, slots=True)
class Staircase:
    """A map from stated to earned confidence: straight between its `corners`, level outside of them."""

    corners: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))

    def __call__(self, stated: float) -> float:
        at = bisect_right(self.corners, (stated, math.inf))
        if at == 0:
            return self.corners[0][1]
        if at == len(self.corners):
            return self.corners[-1][1]
        (x0, y0), (x1, y1) = self.corners[at - 1], self.corners[at]
        return y0 + (y1 - y0) * (stated - x0) / (x1 - x0) if x1 > x0 else y1


PLAIN = Staircase()


def fitted_staircase(stated: Sequence[float], right: Sequence[bool]) -> Staircase:
    """Neighbours that would go downhill are put together (pool adjacent violators).

    Each stair is drawn a little to the middle, so that ten right of ten is not "always".
    """
    if not stated:
        return PLAIN
    stairs: list[list[float]] = []  # sum of stated, number right, number
    for stair in _treads(stated, right):
        stairs.append(stair)
        while len(stairs) > 1 and stairs[-2][1] * stairs[-1][2] >= stairs[-1][1] * stairs[-2][2]:
            last = stairs.pop()
            stairs[-1] = [one + other for one, other in zip(stairs[-1], last, strict=True)]
    corners: list[tuple[float, float]] = []
    for total, hits, number in stairs:
        height = (hits + SMOOTHED / 2) / (number + SMOOTHED)
        if not corners or height > corners[-1][1]:
            corners.append((total / number, height))
    return Staircase(tuple(corners))


def _treads(stated: Sequence[float], right: Sequence[bool]) -> list[list[float]]:
    """Answers of the same confidence are one: in what order they came says nothing."""
    found: dict[float, list[float]] = {}
    for confidence, hit in zip(stated, right, strict=True):
        tread = found.setdefault(confidence, [0.0, 0.0, 0.0])
        tread[0] += confidence
        tread[1] += hit
        tread[2] += 1.0
    return [found[confidence] for confidence in sorted(found)]


# how good it is


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of similar confidence: how many, what they stated on average, what share was right."""

    number: int
    stated: float
    right: float


def reliability(stated: Sequence[float], right: Sequence[bool], bins: int = BINS) -> list[Bin]:
    """By rising confidence, cut into `bins` of equal number (they differ by one at most).

    Where a cut goes through answers of the same confidence, both sides get their mean.
    """
    treads = _treads(stated, right)
    pairs = [(total / number, hits / number) for total, hits, number in treads for _ in range(round(number))]
    total = len(pairs)
    cuts = [total * at // bins for at in range(bins + 1)]
    found = [pairs[first:last] for first, last in pairwise(cuts) if last > first]
    return [
        Bin(len(part), sum(one for one, _ in part) / len(part), sum(hit for _, hit in part) / len(part))
        for part in found
    ]


def calibration_error(stated: Sequence[float], right: Sequence[bool], bins: int = BINS) -> float:
    """ECE: the mean of |stated − right| over equal-mass bins, each weighted by its number."""
    found = reliability(stated, right, bins)
    total = sum(part.number for part in found)
    return sum(part.number * abs(part.stated - part.right) for part in found) / total if total else 0.0


def risk_coverage(stated: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float]]:
    """(coverage, risk) for each number of answers given, the surest first; equals are given together."""
    pairs = sorted(zip(stated, right, strict=True), key=lambda pair: -pair[0])
    found: list[tuple[float, float]] = []
    wrong = 0
    for at, (confidence, hit) in enumerate(pairs, 1):
        wrong += not hit
        if at == len(pairs) or pairs[at][0] < confidence:
            found.append((at / len(pairs), wrong / at))
    return found


def area_under(curve: Sequence[tuple[float, float]]) -> float:
    """The area under risk over coverage: the mean risk over all coverages. 0 is perfect."""
    area, before = 0.0, 0.0
    for coverage, risk in curve:
        area += (coverage - before) * risk
        before = coverage
    return area


def coverage_at(curve: Sequence[tuple[float, float]], risk: float) -> float:
    """The largest share of answers that can be given at no more than this risk."""
    return max((coverage for coverage, its in curve if its <= risk), default=0.0)
