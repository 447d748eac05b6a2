"""The front's inbox: many arrivals, one commit, and an answer only after it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import structlog

from bot.errors import InboxRefused
from bot.front_inbox import Arrival, Delivery
from bot.reply import Reply
from bot.turn import TenantId
from workers.hints import ANSWERED, Hints
from workers.store import inbox, tenants
from workers.store.door import Database

log = structlog.get_logger()

MOST_WAITING = 2_000
MOST_IN_A_BATCH = 256
FLUSHERS = 2
TENANT_KEPT = 60.0  # seconds


@dataclass(slots=True)
class _Waiting:
    tenant: UUID
    row: tuple[str, str, str, str, bytes, str | None]
    stored: asyncio.Future[bool]


class GroupInbox:
    """Implements `bot.front.Inbox`.

    Flushers take whatever has gathered while the last commit was under way: nothing waits for
    company, and under load a commit is shared by hundreds. The queue is bounded; beyond it, 503.
    """

    def __init__(self, db: Database, hints: Hints) -> None:
        self._db = db
        self._hints = hints
        self._queue: list[_Waiting] = []
        self._more = asyncio.Event()
        self._tenants: dict[tuple[str, str], tuple[float, UUID]] = {}
        self._asked: dict[str, asyncio.Event] = {}
        self._tasks = [asyncio.create_task(self._flush()) for _ in range(FLUSHERS)]
        self._tasks.append(asyncio.create_task(hints.hear(ANSWERED, self._answered)))

    async def tenant_of(self, platform: str, workspace: str) -> TenantId | None:
        kept = self._tenants.get((platform, workspace))
        if kept and kept[0] > time.monotonic():
            return TenantId(str(kept[1]))
        try:
            tenant = await tenants.of_installation(self._db, platform, workspace)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            raise InboxRefused("the database does not answer") from error
        if tenant is None:
            return None
        if len(self._tenants) > 10_000:
            self._tenants.clear()
        self._tenants[platform, workspace] = (time.monotonic() + TENANT_KEPT, tenant)
        return TenantId(str(tenant))

    async def put(self, arrival: Arrival) -> bool:
        turn = arrival.turn
        row = (turn.place.platform, str(turn.id), turn.place.conversation, inbox.TURN, arrival.payload, None)
        return await self._put(UUID(arrival.tenant), row)

    async def put_delivery(self, tenant: TenantId, delivery: Delivery, payload: bytes) -> bool:
        row = (delivery.platform, delivery.id, delivery.conversation, inbox.DELIVERY, payload, None)
        return await self._put(UUID(tenant), row)

    async def _put(self, tenant: UUID, row: tuple[str, str, str, str, bytes, str | None]) -> bool:
        if len(self._queue) >= MOST_WAITING:
            raise InboxRefused("too many events wait to be stored")
        waiting = _Waiting(tenant, row, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._more.set()
        return await waiting.stored

    async def _flush(self) -> None:
        while True:
            await self._more.wait()
            batch, self._queue = self._queue[:MOST_IN_A_BATCH], self._queue[MOST_IN_A_BATCH:]
            if not self._queue:
                self._more.clear()
            by_tenant: dict[UUID, list[_Waiting]] = {}
            for waiting in batch:
                by_tenant.setdefault(waiting.tenant, []).append(waiting)
            for tenant, group in by_tenant.items():
                await self._store(tenant, group)

    async def _store(self, tenant: UUID, group: list[_Waiting]) -> None:
        try:
            try:
                new = await self._insert(tenant, group)
            except asyncpg.DeadlockDetectedError:
                new = await self._insert(tenant, group)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("inbox.refused", problem=type(error).__name__, events=len(group))
            for waiting in group:
                if not waiting.stored.done():
                    waiting.stored.set_exception(InboxRefused("the database refused it"))
                    waiting.stored.exception()  # nobody may be listening any more
            return
        self._hints.wake()
        for waiting in group:
            if not waiting.stored.done():
                waiting.stored.set_result(waiting.row[:2] in new)

    async def _insert(self, tenant: UUID, group: list[_Waiting]) -> set[tuple[str, str]]:
        async with self._db.tenant(tenant) as c:
            return await inbox.add_many(c, tenant, [waiting.row for waiting in group])

    def _answered(self, dedupe: str) -> None:
        if event := self._asked.get(dedupe):
            event.set()

    async def answer(self, arrival: Arrival, budget: float) -> Reply | None:
        """By hint, with a look at the database every 250 ms in case the hint was lost."""
        dedupe, source = str(arrival.turn.id), arrival.turn.place.platform
        event = self._asked.setdefault(dedupe, asyncio.Event())
        end = time.monotonic() + budget
        try:
            while time.monotonic() < end:
                with suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), min(0.25, max(0.0, end - time.monotonic())))
                async with self._db.tenant(UUID(arrival.tenant)) as c:
                    done, reply = await inbox.answered(c, UUID(arrival.tenant), source, dedupe)
                if done:
                    return reply if isinstance(reply, Reply) else None
                event.clear()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("inbox.answer", problem=type(error).__name__)
        finally:
            self._asked.pop(dedupe, None)
        return None

    async def ready(self) -> Mapping[str, bool]:
        async def database() -> bool:
            try:
                await asyncio.wait_for(self._db.dispatch("select 1"), 2)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                return False
            return True

        db, broker = await asyncio.gather(database(), self._hints.ready())
        return {"database": db, "broker": broker}

    async def close(self) -> None:
        """What was accepted is stored before we go."""
        await asyncio.gather(*(waiting.stored for waiting in self._queue), return_exceptions=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def open_inbox(dsn: str, redis_url: str, *, size: int = 6) -> GroupInbox:
    """Raises `ConfigurationError`."""
    return GroupInbox(await Database.open(dsn, size=size), Hints(redis_url))
