"""Looks every few seconds at how much waits, and for how long; told at /metrics by front and engine alike.

Both tell, because an engine that is down cannot say that it is.
"""

from __future__ import annotations

import asyncio

import asyncpg
import structlog

from bot.errors import ConfigurationError
from bot.metrics import Metrics, metrics
from bot.settings import Settings
from workers.assemble import own_dsn
from workers.store.door import Database

log = structlog.get_logger()

EVERY = 5.0
TROUBLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, ConfigurationError)


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """A part of a process; does nothing where nobody collects metrics."""
    if settings.metrics_port:
        watching = asyncio.create_task(_watch(own_dsn(settings), metrics()))
        await stop.wait()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    else:
        await stop.wait()


async def _watch(dsn: str, counted: Metrics) -> None:
    """For ever, with one connection of its own; a database that is away is looked for again."""
    while True:
        try:
            db = await Database.open(dsn, size=1)
            try:
                while True:
                    await look(db, counted)
                    await asyncio.sleep(EVERY)
            finally:
                await db.close()
        except TROUBLE as error:
            log.warning("observe.trouble", problem=type(error).__name__)
            await asyncio.sleep(EVERY)


async def look(db: Database, counted: Metrics) -> None:
    """Once. The database hands out numbers only."""
    rows = await db.dispatch(
        "select what, label, value from measure() union all select what, label, value from measure_audit()"
        " union all select what, label, value from measure_approvals()"
    )
    counted.measured([(row["what"], row["label"], row["value"]) for row in rows])
