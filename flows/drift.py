"""Is what people ask for still what the evidence was about? Looked at as it comes in, not by its errors.

Of each request, how unusual it is among those of the evidence (its rank, as a p-value), is bet upon: bets
that gain where small p-values come more often than they should. The stakes are summed over every moment at
which a change may have begun (Shiryaev 1963, Roberts 1966; as e-detector: Shin, Ramdas & Rinaldo 2022), so
that a long quiet time costs nothing. While nothing changes the sum grows by one with each request on
average and no faster: so with an alarm at `QUIET` there are on average at least so many requests between
two false alarms.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

QUIET = 1_000.0
STAKES = tuple((share, power) for share in (0.05, 0.1, 0.2, 0.4) for power in (0.1, 0.3))
MOST_KEPT = 1_000
OUT_OF_SCOPE, NEW_RECIPIENT = "requests out of scope", "new recipients"
SINGLE = (OUT_OF_SCOPE, NEW_RECIPIENT)
BOTH = "both"  # Fisher's sum of the ranks of the others
WEIGHTS = {OUT_OF_SCOPE: 0.25, NEW_RECIPIENT: 0.25, BOTH: 0.5}
Look = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Stream:
    """One thing that is watched: the values of the evidence, sorted, and what each stake has won."""

    usual: tuple[float, ...]
    won: tuple[float, ...] = (0.0,) * len(STAKES)

    @property
    def sum(self) -> float:
        return sum(self.won) / len(self.won)


@dataclass(frozen=True, slots=True)
class Watch:
    """`seen` counts the requests since it began."""

    streams: Mapping[str, Stream]
    seen: int = 0

    @property
    def alarm(self) -> str:
        """What has changed, or nothing. Together the streams keep to `QUIET`."""
        won = {name: WEIGHTS[name] * each.sum for name, each in self.streams.items()}
        if sum(won.values()) < QUIET:
            return ""
        return max(SINGLE, key=lambda name: self.streams[name].sum)


def watch(evidence: Sequence[Look]) -> Watch:
    """From what was asked for in the evidence, the newest last."""
    recent = evidence[-MOST_KEPT:]
    streams = {name: _stream([each[name] for each in recent]) for name in SINGLE}
    return Watch({**streams, BOTH: _stream([_together(streams, each) for each in recent])})


def _stream(values: Iterable[float]) -> Stream:
    return Stream(tuple(sorted(round(value, 4) for value in values)))


def after(before: Watch, look: Look) -> Watch:
    """One request more. Once there is an alarm it stays."""
    if before.alarm:
        return before
    values = {**look, BOTH: _together(before.streams, look)}
    streams = {name: _bet(stream, values[name]) for name, stream in before.streams.items()}
    return Watch(streams, before.seen + 1)


def _together(streams: Mapping[str, Stream], look: Look) -> float:
    return -sum(log(rank(streams[name].usual, round(look[name], 4))) for name in SINGLE)


def _bet(stream: Stream, value: float) -> Stream:
    unusual = rank(stream.usual, round(value, 4))
    won = tuple(
        (1.0 + money) * (1.0 - share + share * power * unusual ** (power - 1.0))
        for money, (share, power) in zip(stream.won, STAKES, strict=True)
    )
    return Stream(stream.usual, won)


def rank(usual: Sequence[float], value: float) -> float:
    """The share of the evidence that is as unusual as this or more, this one included."""
    return (len(usual) - bisect_left(usual, value) + 1) / (len(usual) + 1)


def to_json(found: Watch) -> dict[str, Any]:
    streams = {
        name: {"usual": list(each.usual), "won": list(each.won)} for name, each in found.streams.items()
    }
    return {"streams": streams, "seen": found.seen}


def from_json(raw: Mapping[str, Any]) -> Watch:
    streams = {
        name: Stream(tuple(each["usual"]), tuple(each["won"])) for name, each in raw["streams"].items()
    }
    return Watch(streams, int(raw["seen"]))
