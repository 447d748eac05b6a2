"""How sure a chat model was: from the odds of the tokens that decided, else from what it says of itself."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

CAP = 0.95  # no reading is certain
STATED_CAP = 0.85  # what a model says of itself is too high more often than too low

# In JSON a quote inside a string is escaped, so no text value can pass for one of these keys.
_DECIDING = re.compile(r'"(intent|flow|value|op|item|quantity)"\s*:\s*("(?:[^"\\]|\\.)*"|-?\d+)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Surety:
    """`odds` holds, for each deciding key, the probability of each of its values in order."""

    odds: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def of_intent(self, stated: float) -> float:
        return self._of(stated, [*self.odds.get("intent", ())])

    def of_flow(self, stated: float) -> float:
        return self._of(stated, [*self.odds.get("flow", ())])

    def of_value(self, stated: float) -> float:
        return self._of(stated, [*self.odds.get("value", ())])

    def of_change(self, at: int, stated: float) -> float:
        found = [self.odds[key][at] for key in ("op", "item", "quantity") if at < len(self.odds.get(key, ()))]
        return self._of(stated, found)

    def _of(self, stated: float, odds: Sequence[float]) -> float:
        if not odds:
            return min(stated, STATED_CAP)
        return min(stated, CAP, *odds)


def surety(content: str, logprobs: Any) -> Surety:
    """`logprobs` is the choice's own; anything but a full account of the content counts for nothing."""
    tokens = _tokens(logprobs)
    if not tokens or "".join(text for text, _ in tokens) != content:
        return Surety()
    starts = [0]
    for text, _ in tokens:
        starts.append(starts[-1] + len(text))
    spans = list(pairwise(starts))
    odds: dict[str, list[float]] = {}
    at = 0
    for found in _DECIDING.finditer(content):
        first, last = found.span(2)
        while at < len(spans) and spans[at][1] <= first:
            at += 1
        total, index = 0.0, at
        while index < len(spans) and spans[index][0] < last:
            total += tokens[index][1]
            index += 1
        odds.setdefault(found.group(1), []).append(math.exp(min(total, 0.0)))
    return Surety({key: tuple(values) for key, values in odds.items()})


def _tokens(logprobs: Any) -> list[tuple[str, float]]:
    entries = logprobs.get("content") if isinstance(logprobs, dict) else None
    tokens: list[tuple[str, float]] = []
    for entry in entries if isinstance(entries, list) else ():
        match entry:
            case {"token": str(text), "logprob": float() | int() as value} if not math.isnan(value):
                tokens.append((text, float(value)))
            case _:
                return []
    return tokens
