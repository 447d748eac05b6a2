"""Drops what was read of files once it is as old as messages may become."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import structlog

from workers.store import files, old, tenants
from workers.store.door import Database

log = structlog.get_logger()

EVERY = 60.0
MOST = 200
DAY = 86_400.0
AT_LEAST = 300.0  # seconds: with RETENTION_DAYS=0, what came of it has happened by then
PASSING = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class Keeper:
    """Of one engine; any number run side by side."""

    def __init__(self, db: Database, days: int) -> None:
        self._db, self._days = db, days

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                for tenant, _ in await tenants.every(self._db):
                    await self.sweep(tenant)
            except PASSING as error:
                log.warning("files.keeper", problem=type(error).__name__)
            await asyncio.sleep(EVERY)

    async def sweep(self, tenant: UUID) -> int:
        """How many rows went."""
        count = 0
        while True:
            async with self._db.tenant(tenant) as c:
                days = await old.days(c, tenant, self._days)
                gone = await files.drop_old(c, tenant, max(days * DAY, AT_LEAST), MOST)
            count += gone
            if gone < MOST:
                return count
