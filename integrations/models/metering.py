"""On whose behalf a model is asked, what it cost in tokens, and where what was said went.

Whoever deals with a turn or an effect opens an `Asking`; every question that is put to a model inside
of it is noted there. It travels by context, so that no reader or writer has to hand it on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import ceil, inf
from time import monotonic

from .base import ModelUnavailable, Problem
from .wire import Usage

CHARACTERS_A_TOKEN = 4  # where a server does not count


@dataclass(frozen=True, slots=True)
class Use:
    """One question. `model` is `kind:name`; `problem` empty where it was answered.

    `estimated`: the server did not count, or did not come to it.
    """

    model: str
    usage: Usage
    seconds: float
    problem: str = ""
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Went:
    """Where one text went, and why: `to` is `kind:name` or `offline` or `nowhere`; kinds, never the text."""

    to: str
    kinds: tuple[str, ...]
    private: bool
    instead: bool = False  # what should have been asked could not answer


@dataclass(slots=True)
class Asking:
    """`private`: from a place of which nothing leaves. `spent`: the sentence for a person whose budget,
    or whose organisation's, is used up; empty while it is not. `until`: by the monotonic clock, when all
    that is asked within has to be answered."""

    private: bool = False
    spent: str = ""
    until: float = inf
    kinds: set[str] = field(default_factory=set)  # what was found sensitive so far
    told: bool = False  # where it went is part of what is being written
    uses: list[Use] = field(default_factory=list)
    went: list[Went] = field(default_factory=list)


_asking: ContextVar[Asking | None] = ContextVar("asking", default=None)
_watchers: list[Callable[[Use], None]] = []


@contextmanager
def asking(on_behalf: Asking) -> Iterator[Asking]:
    token = _asking.set(on_behalf)
    try:
        yield on_behalf
    finally:
        _asking.reset(token)


def current() -> Asking | None:
    return _asking.get()


def watch(watcher: Callable[[Use], None]) -> None:
    """Hears of every question of this process; for what is counted without a name."""
    if watcher not in _watchers:
        _watchers.append(watcher)


def noted(use: Use) -> None:
    if (on_behalf := current()) is not None:
        on_behalf.uses.append(use)
    for watcher in _watchers:
        watcher(use)


def went(where: Went) -> None:
    if (on_behalf := current()) is not None:
        on_behalf.went.append(where)


def allowed() -> None:
    """Raises `ModelUnavailable` where the budget is used up."""
    if (on_behalf := current()) is not None and on_behalf.spent:
        raise ModelUnavailable("the budget is used up", Problem.SPENT, told=on_behalf.spent)


def time_left() -> float:
    """Seconds for whatever is still to be asked."""
    on_behalf = current()
    return on_behalf.until - monotonic() if on_behalf is not None else inf


def estimated(asked: int, answered: int) -> Usage:
    """Of characters."""
    return Usage(ceil(asked / CHARACTERS_A_TOKEN), ceil(answered / CHARACTERS_A_TOKEN))
