"""How likely is this call right? A logistic regression for each tool, drawn towards one for all of them.

Partial pooling: the weights of all tools are fitted first, and those of one tool only as far from them as
its own decisions outweigh the pull. So eight decisions about a tool move its intercept a little and its
slopes hardly at all. Exact and the same on every machine: Newton's steps, no chance in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, fabs
from typing import Any

from flows.features import NAMES

PULL, PULL_OF_BASE = 25.0, 5.0  # how many decisions' worth a weight, and the intercept, is held back
WEAK = 4.0  # the pull of the global weights towards what was meant before anything was known
MOST_ROUNDS = 25
CLOSE = 1e-9
MOST_ROWS = 2_000
MEANT = (0.0, *(0.5,) * len(NAMES))  # each is higher where there is less to doubt
Weights = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """The values of a call's features, and whether it turned out right."""

    tool: str
    values: tuple[float, ...]
    right: bool


@dataclass(frozen=True, slots=True)
class Calibrator:
    """`pooled` for tools of which nothing is known; the first weight of each is the intercept."""

    pooled: Weights = MEANT
    tools: Mapping[str, Weights] = field(default_factory=dict)

    def score(self, tool: str, values: Sequence[float]) -> float:
        """Between 0 and 1. The same for the same call, whoever reckons it and whenever."""
        return round(_chance(self.tools.get(tool, self.pooled), values), 9)

    def doubted(self, tool: str, values: Sequence[float]) -> str:
        """The feature that costs most against a call of which nothing is to be doubted."""
        weights = self.tools.get(tool, self.pooled)
        costs = [weight * (1.0 - value) for weight, value in zip(weights[1:], values, strict=True)]
        return NAMES[max(range(len(costs)), key=lambda at: costs[at])]


PLAIN = Calibrator()


def fit(decided: Sequence[Decided]) -> Calibrator:
    """From the newest decisions, of all tools together."""
    recent = decided[-MOST_ROWS:]
    if not recent:
        return PLAIN
    pooled = _fitted(recent, MEANT, (WEAK,) * len(MEANT))
    pull = (PULL_OF_BASE, *(PULL,) * len(NAMES))
    tools = sorted({each.tool for each in recent})
    own = {tool: _fitted([each for each in recent if each.tool == tool], pooled, pull) for tool in tools}
    return Calibrator(pooled, own)


def _fitted(rows: Sequence[Decided], towards: Weights, pull: Sequence[float]) -> Weights:
    """The most likely weights, where each is held back by its pull. The bottom of a bowl, so there is one."""
    weights = list(towards)
    for _ in range(MOST_ROUNDS):
        slope = [pull[at] * (weights[at] - towards[at]) for at in range(len(weights))]
        bend = [[pull[at] if at == to else 0.0 for to in range(len(weights))] for at in range(len(weights))]
        for row in rows:
            values = (1.0, *row.values)
            chance = _chance(weights, row.values)
            wrong_by = chance - row.right
            spread = max(chance * (1.0 - chance), 1e-6)
            for at, one in enumerate(values):
                slope[at] += wrong_by * one
                line, weighed = bend[at], spread * one
                for to in range(at + 1):
                    line[to] += weighed * values[to]
        step = _solved(bend, slope)
        longest = max(map(fabs, step))
        shorter = min(1.0, 2.0 / longest) if longest else 1.0
        weights = [weight - shorter * by for weight, by in zip(weights, step, strict=True)]
        if longest < CLOSE:
            break
    return tuple(round(weight, 9) for weight in weights)


def _solved(lower: list[list[float]], right: Sequence[float]) -> list[float]:
    """Cholesky's way, from the lower half; the pull keeps it away from nothing."""
    size = len(right)
    root = [[0.0] * size for _ in range(size)]
    for at in range(size):
        for to in range(at + 1):
            rest = lower[at][to] - sum(root[at][by] * root[to][by] for by in range(to))
            root[at][to] = rest**0.5 if at == to else rest / root[to][to]
    forward: list[float] = []
    for at in range(size):
        known = sum(root[at][by] * forward[by] for by in range(at))
        forward.append((right[at] - known) / root[at][at])
    found = [0.0] * size
    for at in reversed(range(size)):
        known = sum(root[by][at] * found[by] for by in range(at + 1, size))
        found[at] = (forward[at] - known) / root[at][at]
    return found


def _chance(weights: Sequence[float], values: Sequence[float]) -> float:
    total = weights[0] + sum(weight * value for weight, value in zip(weights[1:], values, strict=True))
    return 1.0 / (1.0 + exp(-total)) if total >= 0 else exp(total) / (1.0 + exp(total))


def to_json(found: Calibrator) -> dict[str, Any]:
    return {"pooled": list(found.pooled), "tools": {name: list(each) for name, each in found.tools.items()}}


def from_json(raw: Mapping[str, Any]) -> Calibrator:
    """What does not have one weight for each feature belongs to an older version: as if there were none."""
    pooled = tuple(float(each) for each in raw.get("pooled", ()))
    tools = {name: tuple(float(each) for each in own) for name, own in raw.get("tools", {}).items()}
    if any(len(each) != len(MEANT) for each in (pooled, *tools.values())):
        return PLAIN
    return Calibrator(pooled, tools)
