"""Makes the vectors that are missing, anew where the model is another, and drops what is old.

Nobody waits for it: what has no vector yet is found by its words. A memory has its old vector until there
is a new one.
"""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import asyncpg
import structlog

from integrations.models.base import ModelUnavailable
from workers.knowledge.embedders import Embedders
from workers.store import memories, old, tenants
from workers.store.door import Database

log = structlog.get_logger()

EVERY = 20.0
EVERY_WALK = 3_600.0  # seconds: from the first one again, for what was committed out of order
DAY = 86_400.0
PAGE, BITE, MOST = 512, 64, 500
REST = 2.0  # times as long as a bite took


class MemoryKeeper:
    """Of one engine; what two do at once is done once."""

    def __init__(self, db: Database, embedders: Embedders, days: int) -> None:
        self._db, self._embedders, self._days = db, embedders, days
        self._after: dict[tuple[UUID, str], int] = {}
        self._walked = time.monotonic()

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.sweep()
            except ModelUnavailable as problem:
                log.warning("memory.no_vectors", problem=str(problem)[:200])
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("memory.trouble", problem=type(error).__name__)
            await asyncio.sleep(EVERY)

    async def sweep(self) -> int:
        """All that is missing now; how many vectors were made. Raises `ModelUnavailable`."""
        if time.monotonic() - self._walked >= EVERY_WALK:
            self._after.clear()
            self._walked = time.monotonic()
        made = 0
        for tenant, _ in await tenants.every(self._db):
            await self.drop(tenant)
            made += await self.embed(tenant)
        return made

    async def embed(self, tenant: UUID) -> int:
        """Those of one tenant."""
        name, made = self._embedders.current.name, 0
        while True:
            after, began = self._after.get((tenant, name), 0), time.monotonic()
            async with self._db.tenant(tenant) as c:
                missing, last = await memories.without_vector(c, tenant, name, after, PAGE)
            for at in range(0, len(missing), BITE):
                made += await self._bite(tenant, name, missing[at : at + BITE])
            if last == after:
                return made
            self._after[tenant, name] = last
            if not missing:
                await asyncio.sleep(REST * (time.monotonic() - began))  # so that turns come in between

    async def _bite(self, tenant: UUID, name: str, missing: list[tuple[int, UUID, str, str]]) -> int:
        began = time.monotonic()
        vectors = await self._embedders.current.embed([body for _, _, _, body in missing])
        ids = [id for id, _, _, _ in missing]
        async with self._db.tenant(tenant) as c:
            await memories.add_vectors(c, tenant, name, list(zip(ids, vectors, strict=True)))
            await memories.drop_other_vectors(c, tenant, name, ids)
            for person in {person for _, person, _, _ in missing}:
                await memories.drop_beyond(c, tenant, person)
        await asyncio.sleep(REST * (time.monotonic() - began))
        return len(missing)

    async def drop(self, tenant: UUID) -> int:
        """What is older than the tenant keeps anything; with 0 days, all of it."""
        gone = 0
        async with self._db.tenant(tenant) as c:
            days = await old.days(c, tenant, self._days)
        while True:
            async with self._db.tenant(tenant) as c:
                bite = await memories.drop_old(c, tenant, days * DAY, MOST)
            if not bite:
                return gone
            gone += bite
