"""Of one engine: goes on with every forgetting there is, and comes back to what had to stay for a while."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import asyncpg
import structlog

from bot.settings import Settings
from workers.forget.broker import Cache
from workers.forget.erasing import Eraser
from workers.forget.steps import World
from workers.seen import Tools
from workers.store import forgetting, tenants
from workers.store.door import Database

log = structlog.get_logger()

EVERY = 1.0
REST = 20  # times as long as looking took, so that many tenants cost no more than few
AT_ONCE = 5.0  # seconds for one of them, before the next has its turn


class Keeper:
    def __init__(self, db: Database, eraser: Eraser) -> None:
        self._db = db
        self._eraser = eraser

    async def run(self) -> None:
        """For ever."""
        while True:
            began = time.monotonic()
            busy = False
            try:
                busy = await self.sweep()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("forget.trouble", problem=type(error).__name__)
            except Exception as error:
                log.error("forget.bug", exc_info=error)
                await asyncio.sleep(10)
            await asyncio.sleep(EVERY if busy else max(EVERY, REST * (time.monotonic() - began)))

    async def sweep(self) -> bool:
        """Whether there was anything."""
        busy = False
        for tenant, _ in await tenants.every(self._db):
            async with self._db.tenant(tenant) as c:
                found = await forgetting.unfinished(c, tenant)
                await forgetting.tidied(c, tenant)
            for id in found:
                busy = await self._went_on(tenant, id) or busy
        return busy

    async def _went_on(self, tenant: UUID, id: str) -> bool:
        """One that we cannot go on with, by a mistake of ours, holds up nobody else's."""
        try:
            await self._eraser.finish(tenant, id, AT_ONCE)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            raise
        except Exception as error:
            log.error("forget.bug", tenant=str(tenant), forgetting=id, exc_info=error)
            return False
        return True


def forgetter(settings: Settings, tools: Tools) -> Keeper:
    """The keeper of an engine."""
    assert tools.forgetting is not None
    world = World(tools.forgetting.signer, tools.doors, tools.forgetting.days)
    return Keeper(tools.db, Eraser(tools.db, world, Cache(settings.secret("redis_url"))))
