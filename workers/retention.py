"""Drops what is over and older than RETENTION_DAYS, in small bites, by one engine at a time; and has
ended what nobody finishes.

The audit stays. What tells a redelivery from something new stays for two days, whatever the setting:
a platform may send again for that long. With 0 days, bodies go within a minute or so of being done with.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar
from uuid import UUID

import asyncpg
import structlog

from workers import abandoned
from workers.store import history, idle, old, tenants, web
from workers.store.door import Connection, Database
from workers.store.idle import Page

log = structlog.get_logger()

DAY = 86_400.0
HOUR = 3_600.0  # with 0 days: on the web nobody but us keeps what people have still to read
REDELIVERED_WITHIN = 2 * DAY
STILL_NEEDED = 60.0  # seconds: the answer to a press is read from its row
EVERY = 300.0
EVERY_BODIES = 20.0
REST = 4  # times as long as a bite took, so that turns hardly notice
LEAST_REST = 0.005
MOST = 500
FEW = 100  # conversations: each is woken
EVERY_WALK = 3_600.0
LONG_BACK, SHORT_BACK = 3_650 * DAY, 3_600.0  # how far to look for bodies: at first, and once they are gone

Bite = Callable[[Connection], Awaitable[int]]
Taken = TypeVar("Taken")


class Keeper:
    """Of one engine. Remembers how far the bodies are emptied, so that no row is looked at for ever."""

    def __init__(self, db: Database, days: int, abandoned_days: int = 0) -> None:
        """`abandoned_days`: how long a run may wait for people; 0: for ever."""
        self._db = db
        self._days = days
        self._abandoned = abandoned_days
        self._walked: dict[UUID, float] = {}
        self._emptied: dict[UUID, int] = {}
        self._back: dict[UUID, float] = {}

    async def run(self) -> None:
        """For ever."""
        while True:
            pause = EVERY
            try:
                await self.sweep()
                pause = EVERY_BODIES if self._emptied or not self._days else EVERY
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("retention.trouble", problem=type(error).__name__)
            await asyncio.sleep(pause)

    async def sweep(self) -> int:
        """Everything that is due now; how many rows (a run counts as one)."""
        return sum([await self._tenant(tenant) for tenant, _ in await tenants.every(self._db)])

    async def _tenant(self, tenant: UUID) -> int:
        async with self._db.tenant(tenant) as c:
            days = await old.days(c, tenant, self._days)
        age = max(days * DAY, REDELIVERED_WITHIN)
        bites: list[Bite] = [
            lambda c: old.runs(c, tenant, age),
            lambda c: old.outbox(c, tenant, age, MOST),
            lambda c: old.timers(c, tenant, age, MOST),
            lambda c: web.drop_old(c, tenant, days * DAY or HOUR, MOST),
        ]
        count = await self._inbox(tenant, age)
        if days == 0:
            count += await self._bodies(tenant)
            back = self._back.get(tenant, LONG_BACK)
            bites.append(lambda c: old.outbox_bodies(c, tenant, STILL_NEEDED, back, MOST))
            bites.append(lambda c: history.drop_old(c, tenant, STILL_NEEDED, MOST))
        for bite in bites:
            while taken := await self._alone(tenant, bite):
                count += taken
        if days == 0:
            self._back[tenant] = SHORT_BACK
        if time.monotonic() - self._walked.get(tenant, -EVERY_WALK) >= EVERY_WALK:
            count += await self._walk(tenant, age)
            self._walked[tenant] = time.monotonic()
        if count:
            log.info("retention.dropped", tenant=str(tenant), rows=count)
        return count

    async def _alone(self, tenant: UUID, bite: Callable[[Connection], Awaitable[Taken]]) -> Taken | None:
        """One bite in a transaction of its own, and a rest; None where another engine is at it."""
        began = time.monotonic()
        async with self._db.tenant(tenant) as c:
            taken = await bite(c) if await old.mine(c) else None
        await asyncio.sleep(max(REST * (time.monotonic() - began), LEAST_REST))
        return taken

    async def _walk(self, tenant: UUID, age: float) -> int:
        """Along all conversations, which takes its time: what nobody finishes, and what is empty."""
        count = await self._pages(tenant, lambda after, c: idle.drop(c, tenant, age, after, MOST))
        if self._abandoned:
            days = self._abandoned
            await self._pages(tenant, lambda after, c: abandoned.find(c, tenant, days, after, FEW))
        return count

    async def _pages(self, tenant: UUID, page: Callable[[str, Connection], Awaitable[Page]]) -> int:
        count, after = 0, ""
        while found := await self._alone(tenant, partial(page, after)):
            count, after = count + len(found.found), found.last
            if not found.more:
                break
        return count

    async def _inbox(self, tenant: UUID, age: float) -> int:
        count, after = 0, 0
        while bite := await self._alone(tenant, partial(_some_events, tenant, age, after)):
            count, after = count + bite.count, bite.last
            if not bite.more:
                break
        return count

    async def _bodies(self, tenant: UUID) -> int:
        count = 0
        while bite := await self._alone(tenant, partial(self._some_bodies, tenant)):
            self._emptied[tenant] = bite.last
            count += bite.count
            if not bite.more:
                break
        return count

    async def _some_bodies(self, tenant: UUID, c: Connection) -> old.Bite:
        return await old.inbox_bodies(c, tenant, STILL_NEEDED, self._emptied.get(tenant, 0), MOST)


async def _some_events(tenant: UUID, age: float, after: int, c: Connection) -> old.Bite:
    return await old.inbox(c, tenant, age, after, MOST)
