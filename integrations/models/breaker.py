"""A server that fails again and again is left alone for a while, so that nobody waits for it in vain."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from time import monotonic

from .base import ModelUnavailable, Problem

WINDOW = 30.0  # seconds that are looked back
FAILURES = 5  # of those in the window, and at least half of all
SHORTEST, LONGEST = 5.0, 120.0  # seconds that it stays open, twice as long each time in a row
MOST_KEPT = 200
# What says that the server is in trouble. That a model refuses, or writes too much, says nothing of it.
TROUBLE = frozenset({Problem.DOWN, Problem.BUSY, Problem.SLOW, Problem.KEY})


class State(StrEnum):
    CLOSED = "closed"  # asked as usual
    OPEN = "open"  # not asked
    TRYING = "half-open"  # one question finds out


class Breaker:
    """Of one server, shared by all threads of a process."""

    def __init__(self, name: str, clock: Callable[[], float] = monotonic) -> None:
        self.name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: deque[tuple[float, bool]] = deque(maxlen=MOST_KEPT)
        self._opened: float | None = None
        self._pause = SHORTEST
        self._probing: float | None = None

    @property
    def state(self) -> State:
        with self._lock:
            return self._state()

    def _state(self) -> State:
        if self._opened is None:
            return State.CLOSED
        return State.OPEN if self._clock() < self._opened + self._pause else State.TRYING

    def enter(self) -> None:
        """Raises `ModelUnavailable` where it must not be asked now. Whoever enters says how it went."""
        with self._lock:
            match self._state():
                case State.CLOSED:
                    return
                case State.TRYING if self._probing is None or self._clock() > self._probing + LONGEST:
                    self._probing = self._clock()
                    return
        raise ModelUnavailable(f"{self.name} failed too often just now", Problem.OPEN)

    def succeeded(self) -> None:
        with self._lock:
            self._calls.append((self._clock(), True))
            if self._opened is not None:
                self._calls.clear()
            self._opened, self._probing, self._pause = None, None, SHORTEST

    def failed(self, problem: Problem) -> None:
        if problem not in TROUBLE:
            self.left()
            return
        with self._lock:
            now = self._clock()
            self._calls.append((now, False))
            if self._opened is not None:
                if self._probing is not None:
                    self._opened, self._pause = now, min(2 * self._pause, LONGEST)
                self._probing = None
                return
            recent = [well for at, well in self._calls if at > now - WINDOW]
            bad = recent.count(False)
            if bad >= FAILURES and 2 * bad >= len(recent):
                self._opened = now

    def anew(self) -> None:
        with self._lock:
            self._calls.clear()
            self._opened, self._probing, self._pause = None, None, SHORTEST

    def left(self) -> None:
        """Nothing was learned about the server: somebody stopped it, or the answer was of no use."""
        with self._lock:
            self._probing = None


_breakers: dict[str, Breaker] = {}
_guard = threading.Lock()


def breaker_of(kind: str, url: str, model: str) -> Breaker:
    """The one of this process; `name` holds no address."""
    with _guard:
        return _breakers.setdefault(f"{kind} {url} {model}", Breaker(f"{kind}:{model[:80]}"))


def all_breakers() -> list[Breaker]:
    with _guard:
        return list(_breakers.values())


def forget_breakers() -> None:
    """As at the start of a process, for those too who hold theirs already."""
    for each in all_breakers():
        each.anew()
