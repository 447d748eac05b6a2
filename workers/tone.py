"""Who is spoken to how: as each process knows it, and for what a model is about to write."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from integrations.models.manner import Manner, speaking
from workers.store import preferences
from workers.store.door import Connection, Database
from workers.store.preferences import Manners

log = structlog.get_logger()

SECONDS = 5.0  # for which they are believed; whoever changes theirs is heard at once where they do
MOST_TENANTS = 500
WRITING = frozenset({"model.think", "work.digest", "knowledge.answer"})  # tools in which a model may write


class Dials:
    """Of one process: how each tenant's people want to be spoken to, some seconds old at most."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, tuple[float, Manners]] = OrderedDict()

    async def of(self, where: Connection | Database, tenant: UUID) -> Manners:
        found = self._kept.get(tenant)
        if found is None or time.monotonic() - found[0] > SECONDS:
            found = self._kept[tenant] = (time.monotonic(), await _read(where, tenant))
            while len(self._kept) > MOST_TENANTS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(tenant)
        return found[1]

    def forget(self, tenant: UUID) -> None:
        """Something changed: the next look goes to the database."""
        self._kept.pop(tenant, None)


async def _read(where: Connection | Database, tenant: UUID) -> Manners:
    if isinstance(where, Database):
        async with where.tenant(tenant) as c:
            return await preferences.manners(c, tenant)
    return await preferences.manners(where, tenant)


@contextmanager
def written_for(
    tool: str,
    db: Database,
    wait: Callable[[Coroutine[Any, Any, Manners]], Manners],
    tenant: UUID,
    person: str,
) -> Iterator[None]:
    """What a model writes for this person within is put as they and their organisation like it. Where that
    cannot be looked up it is put as ever: a text is worth more than its tone."""
    if tool not in WRITING:
        yield
        return
    try:
        known = wait(_read(db, tenant))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as problem:
        log.warning("tone.unknown", problem=type(problem).__name__)
        known = Manners()
    with speaking(Manner(known.of_person(person), known.brand.voice)):
        yield
