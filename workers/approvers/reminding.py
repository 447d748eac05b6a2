"""Whom a reminder is for just now, and when it comes to those who are not at work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.approval_stages import Hours
from workers.approvers.hours import next_working


@dataclass(frozen=True, slots=True)
class Someone:
    """One who must decide still, and where their day is."""

    key: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Reminding:
    """`now` are told at once; the others at `later`, when the first of them is at work; None: nobody else."""

    now: tuple[str, ...]
    rest: tuple[str, ...]
    later: datetime | None


def remind(people: Sequence[Someone], hours: Hours, at: datetime, over: datetime) -> Reminding:
    """`over`: when the next reminder, or the end, makes this one pointless: late once, and not twice."""
    if at >= over:
        return Reminding((), (), None)
    due = {each.key: next_working(at, hours, each.time_zone) for each in people}
    now = tuple(key for key, when in due.items() if when <= at)
    waiting = {key: when for key, when in due.items() if at < when < over}
    return Reminding(now, tuple(waiting), min(waiting.values(), default=None))
