"""Two platforms that take their time: what is asked of them is done late, twice, and out of order.

A second of theirs is `SCALE` seconds of ours. Whoever asked gives up after `DEADLINE`; what was asked is done
all the same.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bot.errors import PlatformError
from bot.platforms.base import Sent
from bot.reply import Reply
from bot.turn import Place

SCALE = 0.01
DEADLINE = 10.0
LONGEST = 30.0

Delay = Callable[[str, int], float]  # of which message, and of which change of it, in their seconds


@dataclass
class Dawdling:
    """`shown`: what each message says now. `changed`: when it last became something else."""

    name: str
    delay: Delay
    twice: Callable[[], bool] = lambda: False
    shown: dict[str, str] = field(default_factory=dict)
    changed: float = 0.0
    asked: dict[str, int] = field(default_factory=dict)
    applied: list[tuple[float, str, str]] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    refusals: dict[str, int] = field(default_factory=dict)
    late: set[asyncio.Task[None]] = field(default_factory=set)
    held: str = ""  # the first change of this message is done only once another is there

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        return (reply,)

    async def post(self, place: Place, reply: Reply, *, marker: str) -> Sent:
        if place.channel in self.gone:
            raise PlatformError(self.name, "has archived this conversation", gone=True)
        id = f"m-{place.channel}"
        await self._done(id, reply, 0.0)
        return Sent(id)

    async def update(self, place: Place, message_id: str, reply: Reply, *, marker: str) -> None:
        if place.channel in self.gone:
            raise PlatformError(self.name, "no longer has this message", gone=True)
        if self.refusals.get(message_id, 0) > 0:
            self.refusals[message_id] -= 1
            raise PlatformError(self.name, "wants less", limited=True, retryable=True, retry_after=2 * SCALE)
        number = self.asked[message_id] = self.asked.get(message_id, 0) + 1
        if message_id == self.held and number == 1:
            self._later(self._done_after_another(message_id, reply))
            await asyncio.sleep(DEADLINE * SCALE)
            raise PlatformError(self.name, "gave no answer in time", retryable=True, unknown=True)
        takes = self.delay(message_id, number)
        for again in range(2 if self.twice() else 1):
            wait = takes if not again else min(takes + random.uniform(0, 3), LONGEST)
            self._later(self._done(message_id, reply, wait))
        await asyncio.sleep(min(takes, DEADLINE) * SCALE)
        if takes > DEADLINE:
            raise PlatformError(self.name, "gave no answer in time", retryable=True, unknown=True)

    def _later(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(doing)
        self.late.add(task)
        task.add_done_callback(self.late.discard)

    async def _done_after_another(self, id: str, reply: Reply) -> None:
        before = self.shown[id]
        while self.shown[id] in (before, reply.text):
            await asyncio.sleep(0.002)
        await self._done(id, reply, 0.0)

    async def _done(self, id: str, reply: Reply, after: float) -> None:
        if after:
            await asyncio.sleep(after * SCALE)
        self.applied.append((time.monotonic(), id, reply.text))
        if self.shown.get(id) != reply.text:
            self.changed = time.monotonic()
        self.shown[id] = reply.text

    async def find(self, place: Place, *, marker: str, since: float) -> Sent | None:
        return None

    async def quiet(self) -> None:
        while self.late:
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*self.late)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"nobody asks {self.name} for {name} here")
