"""Looks after the vectors: makes those that are missing, and all of them anew when the model is another.

Questions are asked by the old model until the new one has a vector of every piece; then they change over
in one transaction, and the old vectors go. Nobody waits, and nothing is searched half.
"""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import asyncpg
import structlog

from integrations.models.base import ModelUnavailable
from workers.knowledge.embedders import Embedders
from workers.store import chunks, documents, tenants
from workers.store.door import Database

log = structlog.get_logger()

EVERY = 30.0
BITE = 64
MOST_DROPPED = 500
REST = 1.0  # times as long as a bite took, so that turns come in between


class VectorKeeper:
    """Of one engine; several never do the same tenant at once."""

    def __init__(self, db: Database, embedders: Embedders) -> None:
        self._db = db
        self._embedders = embedders

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.sweep()
            except ModelUnavailable as problem:
                log.warning("knowledge.no_vectors", problem=str(problem)[:200])
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("knowledge.trouble", problem=type(error).__name__)
            await asyncio.sleep(EVERY)

    async def sweep(self) -> int:
        """All that is missing now; how many vectors were made. Raises `ModelUnavailable`."""
        made = 0
        for tenant, _ in await tenants.every(self._db):
            while bite := await self.bite(tenant):
                made += bite
        return made

    async def bite(self, tenant: UUID) -> int:
        """Some vectors; with the last of them, the change to this model. 0: nothing is left to do."""
        name = self._embedders.current.name
        began = time.monotonic()
        async with self._db.tenant(tenant) as c:
            active, count = await documents.model(c, tenant)
            missing = await chunks.without_vector(c, tenant, name, BITE) if active and count else []
        if not active:
            return 0
        if not missing:
            return await self._change(tenant, name, active)
        vectors = await self._embedders.current.embed([f"{where}\n{body}" for _, where, body in missing])
        async with self._db.tenant(tenant) as c:
            made = list(zip([id for id, _, _ in missing], vectors, strict=True))
            await chunks.add_vectors(c, tenant, name, made)
        await asyncio.sleep(REST * (time.monotonic() - began))
        return len(missing)

    async def _change(self, tenant: UUID, name: str, active: str) -> int:
        if active != name:
            async with self._db.tenant(tenant) as c:
                # Whoever reads in holds this row too, so no piece comes in between.
                before = await documents.hold(c, tenant, name)
                if await chunks.without_vector(c, tenant, name, 1):
                    return 1
                await documents.switch(c, tenant, name)
            log.info("knowledge.model", tenant=str(tenant), model=name, before=before)
        async with self._db.tenant(tenant) as c:
            return await chunks.drop_other_vectors(c, tenant, name, MOST_DROPPED)
