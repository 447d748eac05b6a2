"""Closes messages that were left growing: by a crash, or because nothing came to be said in their place."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import UUID

import asyncpg
import structlog

from bot.errors import PlatformError
from bot.platforms.base import Client
from bot.platforms.streaming import MARK, Grown, Streams, streams_of
from workers.store import feedback, old, streams, tenants
from workers.store.door import Database
from workers.store.streams import Stream

log = structlog.get_logger()

EVERY = 60.0
QUIET = 5.0  # seconds: whoever has the result is about to say it
MOST = 20
DAY = 86_400.0
PASSING = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class Keeper:
    """Of one engine; any number run side by side."""

    def __init__(self, db: Database, clients: Mapping[str, Client], days: int) -> None:
        """`days`: how long what people thought of an answer is kept, where a tenant says nothing else."""
        self._db, self._clients, self._days = db, clients, days

    async def run(self) -> None:
        """For ever; first of all what a crash of this very machine left."""
        while True:
            try:
                for tenant, _ in await tenants.every(self._db):
                    await self.sweep(tenant)
            except PASSING as error:
                log.warning("streams.trouble", problem=type(error).__name__)
            await asyncio.sleep(EVERY)

    async def sweep(self, tenant: UUID) -> int:
        """How many were closed."""
        count = await close_orphans(self._db, self._clients, tenant, QUIET)
        async with self._db.tenant(tenant) as c:
            days = await old.days(c, tenant, self._days)
            await streams.drop_old(c, tenant, DAY, 500)
            await feedback.drop_old(c, tenant, max(days, 1) * DAY, 500)
        return count


async def close_orphans(db: Database, clients: Mapping[str, Client], tenant: UUID, quiet: float) -> int:
    async with db.tenant(tenant) as c:
        found = await streams.orphans(c, tenant, quiet, MOST)
    for stream in found:
        growing = streams_of(clients.get(stream.place.platform))
        try:
            for grown in await left(growing, stream) if growing else ():
                await growing.close(grown)  # type: ignore[union-attr]  # there is one, or nothing to go through
        except PlatformError as error:
            if error.retryable:
                log.info("stream.still_open", problem=str(error))
                continue
        async with db.tenant(tenant) as c:
            await streams.closed(c, tenant, stream.key)
        log.info("stream.closed", platform=stream.place.platform)
    return len(found)


async def left(growing: Streams, stream: Stream) -> tuple[Grown, ...]:
    """Its messages; with the one that somebody began and died before noting it, where it can be found."""
    if stream.starting_at is None:
        return stream.messages
    known = {each.id for each in stream.messages}
    since = stream.starting_at.timestamp() - 5
    found = await growing.find(stream.place, marker=f"{MARK}{stream.key}", since=since, known=known)
    return stream.messages if found is None or found.id in known else (*stream.messages, found)
