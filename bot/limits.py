"""How much the door takes in: sizes, times, and how many at once."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of the door. Every default is far above what the platforms send.

    `read_seconds` is for headers and body together, counted from the first byte that we wait
    for. `buffered_bytes` is what all unfinished bodies may hold together. `store_seconds` and
    `answer_seconds` stay below the three seconds after which Slack sends again.
    """

    body_bytes: int = MIB
    buffered_bytes: int = 32 * MIB
    header_lines: int = 100
    header_bytes: int = 8190
    read_seconds: float = 10.0
    idle_seconds: float = 75.0
    linger_seconds: float = 1.0
    connections: int = 2000
    in_flight: int = 1000
    store_seconds: float = 2.5
    answer_seconds: float = 2.5
    ready_seconds: float = 2.0
    tenant_rate: float = 500.0
    tenant_burst: float = 2000.0


class Gate:
    """Counts what is inside, and lets no more in than `most`."""

    __slots__ = ("inside", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self.inside = 0

    def enter(self, amount: int = 1) -> bool:
        if self.inside + amount > self.most:
            return False
        self.inside += amount
        return True

    def leave(self, amount: int = 1) -> None:
        self.inside -= amount


class Buckets:
    """A token bucket for each key: `burst` at once, `rate` a second after that.

    Holds at most `keys` buckets; the one unused for longest is forgotten, and begins full again.
    """

    def __init__(
        self, rate: float, burst: float, *, keys: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._keys = keys
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> bool:
        """Whether one more is allowed now."""
        now = self._clock()
        level, seen = self._levels.pop(key, (self._burst, now))
        level = min(self._burst, level + (now - seen) * self._rate)
        allowed = level >= 1.0
        self._levels[key] = (level - 1.0 if allowed else level, now)
        if len(self._levels) > self._keys:
            self._levels.popitem(last=False)
        return allowed
