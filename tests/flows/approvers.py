"""Simulated approvers of whom the truth is known: what tests and the bench hold promises against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from flows.certify import Certificate, Seen, at_most, certify, price


@dataclass(frozen=True, slots=True)
class Pool:
    """Calls by falling score, the chance of each to be wrong, and whether it is."""

    score: np.ndarray
    chance: np.ndarray
    wrong: np.ndarray


def pool(random: Generator, number: int, best: float, worst: float, bend: float = 2.0) -> Pool:
    """From the surest, of which the share `best` is wrong, to the least sure with `worst`."""
    score = np.sort(random.random(number))[::-1]
    chance = best + (worst - best) * (1 - score) ** bend
    return Pool(score, chance, random.random(number) < chance)


def true_error(calls: Pool, cut: float) -> float:
    """Of all that score `cut` or more."""
    above = calls.score >= cut
    return float(calls.chance[above].mean()) if above.any() else 0.0


def decided(random: Generator, calls: Pool, number: int, wrong: np.ndarray | None = None) -> list[Seen]:
    """So many of them at random, as approvers judged them."""
    drawn = random.choice(len(calls.score), number, replace=False)
    judged = calls.wrong if wrong is None else wrong
    return [Seen(float(calls.score[at]), not judged[at]) for at in drawn]


def peeking(seen: Sequence[Seen], error: float, confidence: float) -> Certificate | None:
    """What must not be done: look at every cut, and take the loosest at which the bound holds."""
    surest = sorted(seen, key=lambda each: -each.score)
    wrong = np.cumsum([not each.right for each in surest])
    allowed = most_wrong(len(surest), error, confidence)
    passing = np.flatnonzero(wrong <= allowed)
    if not passing.size:
        return None
    at = int(passing[-1])
    return Certificate(surest[at].score, at + 1, int(wrong[at]), error)


def most_wrong(number: int, error: float, confidence: float) -> np.ndarray:
    """Of the first 1, 2, … so many may be wrong for the bound to hold."""
    found, wrong = np.full(number, -1), 0
    while (least := price(error, confidence, wrong)) <= number:
        found[least - 1 :] = wrong
        wrong += 1
    return found


@dataclass(frozen=True, slots=True)
class Violations:
    """Of so many re-splits: certified, wrongly so, and the mean share that ran alone."""

    splits: int
    certified: int
    violated: int
    alone: float

    @property
    def share(self) -> float:
        return self.violated / self.splits


def violations(
    seed: int, splits: int, error: float, confidence: float, *, way: object = certify, number: int = 1_500,
    best: float = 0.001, worst: float = 0.12, misses: float = 0.0, false_alarms: float = 0.0,
) -> Violations:  # fmt: skip
    """`misses`: so many wrong ones are waved through; `false_alarms`: so many right ones are rejected."""
    random = np.random.default_rng(seed)
    calls = pool(random, 4 * number, best, worst)
    certified, violated, alone = 0, 0, 0.0
    for _ in range(splits):
        calls = Pool(calls.score, calls.chance, random.random(len(calls.chance)) < calls.chance)
        noise = random.random(len(calls.wrong))
        judged = np.where(calls.wrong, noise >= misses, noise < false_alarms)
        found = way(decided(random, calls, number, judged), error, confidence)  # type: ignore[operator]  # any of the ways
        if found is not None:
            certified += 1
            violated += true_error(calls, found.cut) > error
            alone += float((calls.score >= found.cut).mean()) / splits
    return Violations(splits, certified, violated, alone)


def bound_holds(wrong: int, of: int, error: float, confidence: float) -> bool:
    return at_most(wrong, of, error) <= 1 - confidence
