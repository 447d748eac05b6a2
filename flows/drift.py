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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

QUIET = 1_000.0
STAKES = tuple((share, power) for share in (0.05, 0.1, 0.2, 0.4) for power in (0.1, 0.3))
MOST_KEPT = 1_000
OUT_OF_SCOPE, NEW_RECIPIENT = "requests out of scope", "new recipients"
STREAMS = (OUT_OF_SCOPE, NEW_RECIPIENT)
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
        total = sum(each.sum for each in self.streams.values())
        if total < QUIET * len(self.streams) or not self.streams:
            return ""
        return max(self.streams, key=lambda name: self.streams[name].sum)


def watch(evidence: Sequence[Look]) -> Watch:
    """From what was asked for in the evidence, the newest last."""
    recent = evidence[-MOST_KEPT:]
    return Watch({name: Stream(tuple(sorted(round(each[name], 4) for each in recent))) for name in STREAMS})


def after(before: Watch, look: Look) -> Watch:
    """One request more. Once there is an alarm it stays."""
    if before.alarm:
        return before
    streams = {name: _bet(stream, look[name]) for name, stream in before.streams.items()}
    return Watch(streams, before.seen + 1)


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
