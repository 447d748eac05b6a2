"""Opens the account on which an effect asks models: the one whose run it is, in the place where it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from bot.settings import Settings
from integrations.models.metering import Asking, asking
from workers.model_meter import Meter, meter
from workers.store.door import Database
from workers.store.runs import Stored

SECONDS = 40.0  # an effect has less
_kept: set[asyncio.Task[None]] = set()


async def opened(settings: Settings, db: Database) -> Meter | None:
    """On the loop of the database, where it goes on writing."""
    counting = meter(settings, db)
    if counting is not None:
        _kept.add(asyncio.create_task(counting.run()))
    return counting


@contextmanager
def asked_by(
    counting: Meter | None, wait: Callable[[Coroutine[Any, Any, Any]], Any], tenant: UUID, run: Stored
) -> Iterator[None]:
    """Written before what came of it is, so that the audit has it whatever happens then."""
    if counting is None:
        yield
        return
    person = UUID(run.run.requester.id)
    asked: Asking = wait(counting.open(tenant, person, run.place, SECONDS))
    try:
        with asking(asked):
            yield
    finally:
        if asked.uses or asked.went:
            wait(_settled(counting, tenant, person, asked))


async def _settled(counting: Meter, tenant: UUID, person: UUID, asked: Asking) -> None:
    counting.close(tenant, person, asked)
    await counting.end()
