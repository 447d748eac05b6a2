"""The sockets of one front: who looks at which conversations, and what is new in them.

A hint marks a conversation as one to look at again; what is in it is read from the database by each
socket at its own pace. So a slow reader costs a few marks, whatever is said to them meanwhile.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from bot.limits import Buckets, Gate
from bot.platforms.web.base import Body, Who
from bot.platforms.web.limits import Pace

MOST_LIVE = 512  # words that are still being written, for one socket; beyond that they come with the message


def address(tenant: str, channel: str) -> str:
    """What a conversation is called where others may read along."""
    return hashlib.sha256(f"{tenant} {channel}".encode()).hexdigest()[:32]


class Ear:
    """One socket's. `seen` is the last number that was sent in each conversation that it looks at."""

    def __init__(self, who: Who, pace: Pace) -> None:
        self.who, self._pace = who, pace
        self.news = asyncio.Event()
        self.seen: dict[str, int] = {}
        self.doubted = False
        self.held_since: float | None = None
        self._sent: dict[str, deque[int]] = {}
        self._dirty: dict[str, None] = {}
        self._live: deque[tuple[str, Body]] = deque()

    def mark(self, channel: str) -> None:
        self._dirty[channel] = None
        self.news.set()

    def mark_all(self) -> None:
        for channel in self.seen:
            self.mark(channel)

    def hear(self, channel: str, news: Body) -> None:
        if len(self._live) >= MOST_LIVE:
            self._live.clear()
        self._live.append((channel, news))
        self.news.set()

    def doubt(self) -> None:
        self.doubted = True
        self.news.set()

    def take(self) -> tuple[list[str], list[tuple[str, Body]]]:
        dirty, self._dirty = list(self._dirty), {}
        live, self._live = list(self._live), deque()
        return dirty, live

    def sent(self, channel: str, number: int) -> None:
        self.seen[channel] = number
        self._sent.setdefault(channel, deque()).append(number)

    def may_send(self, channel: str, now: float) -> bool:
        """Whether whoever listens keeps up. Waiting begins where they do not."""
        if len(self._sent.get(channel, ())) < self._pace.window:
            return True
        self.held_since = self.held_since or now
        return False

    def acked(self, channel: str, number: int) -> None:
        waiting = self._sent.get(channel)
        if not waiting:
            return
        while waiting and waiting[0] <= number:
            waiting.popleft()
        if self.held_since is not None and len(waiting) < self._pace.window:
            self.held_since = None
            self.mark(channel)

    def gave_up(self, now: float) -> bool:
        return self.held_since is not None and now - self.held_since > self._pace.ack_seconds


class Hub:
    """Of one front. `acts` is how often a person may say or press something, on all their screens."""

    def __init__(self, pace: Pace, clock: Callable[[], float] = time.monotonic) -> None:
        self.pace, self.clock = pace, clock
        self.strangers = Gate(pace.strangers)
        self.acts = Buckets(pace.acts, pace.acts_burst, clock=clock)
        self._ears: dict[str, dict[Ear, str]] = {}
        self._by_credential: dict[str, set[Ear]] = {}
        self._of_one: Counter[tuple[str, str]] = Counter()
        self.count = 0

    def enter(self, ear: Ear) -> bool:
        """False: there are too many already, of everybody or of this person."""
        person = (ear.who.tenant, ear.who.user)
        if self.count >= self.pace.sockets or self._of_one[person] >= self.pace.sockets_of_one:
            return False
        self.count += 1
        self._of_one[person] += 1
        self._by_credential.setdefault(_credential(ear.who), set()).add(ear)
        return True

    def renew(self, ear: Ear, who: Who) -> None:
        """The same person, by a newer token."""
        self._forget(ear)
        ear.who = who
        self._by_credential.setdefault(_credential(who), set()).add(ear)

    def leave(self, ear: Ear) -> None:
        self.count -= 1
        person = (ear.who.tenant, ear.who.user)
        self._of_one[person] -= 1
        if not self._of_one[person]:
            del self._of_one[person]
        self._forget(ear)
        for channel in ear.seen:
            key = address(ear.who.tenant, channel)
            there = self._ears.get(key, {})
            there.pop(ear, None)
            if not there:
                self._ears.pop(key, None)

    def _forget(self, ear: Ear) -> None:
        mine = _credential(ear.who)
        there = self._by_credential.get(mine, set())
        there.discard(ear)
        if not there:
            self._by_credential.pop(mine, None)

    def open(self, ear: Ear, channel: str, after: int) -> bool:
        """From `after` on; False: too many conversations on one socket."""
        if channel not in ear.seen and len(ear.seen) >= self.pace.conversations:
            return False
        ear.seen[channel] = after
        self._ears.setdefault(address(ear.who.tenant, channel), {})[ear] = channel
        ear.mark(channel)
        return True

    def heard(self, found: Mapping[str, Any]) -> None:
        """A hint: that there is something new, what is being written, or whom to look at again."""
        match found:
            case {"k": str(key), "n": dict(news)}:
                for ear, channel in self._ears.get(key, {}).items():
                    ear.hear(channel, news)
            case {"k": str(key)}:
                for ear, channel in self._ears.get(key, {}).items():
                    ear.mark(channel)
            case {"r": str(credential)}:
                for ear in self._by_credential.get(credential, ()):
                    ear.doubt()


def _credential(who: Who) -> str:
    return f"{who.tenant}:{who.credential}"
