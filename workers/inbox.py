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

from bot import faults, tracing
from bot.errors import InboxRefused
from bot.front_inbox import Arrival, Delivery
from bot.reply import Form, Reply
from bot.turn import TenantId
from workers import installs
from workers.hints import ANSWERED, Hints
from workers.store import inbox, tenants
from workers.store.door import Database

log = structlog.get_logger()

MOST_WAITING = 2_000
MOST_IN_A_BATCH = 256
FLUSHERS = 2
LOOK = 0.25  # seconds between looks for an answer whose hint was lost
TENANT_KEPT = 60.0  # seconds


@dataclass(slots=True)
class _Waiting:
    tenant: UUID
    row: tuple[str, str, str, str, bytes, str | None]
    stored: asyncio.Future[bool]


class _Lane:
    """What one flusher is to store, in order of arrival."""

    def __init__(self) -> None:
        self.rows: list[_Waiting] = []
        self._more = asyncio.Event()
        self._closed = False

    def add(self, waiting: _Waiting) -> None:
        self.rows.append(waiting)
        self._more.set()

    def close(self) -> None:
        self._closed = True
        self._more.set()

    async def take(self) -> list[_Waiting]:
        """All that has gathered, as soon as there is any; empty: closed, and nothing is left."""
        await self._more.wait()
        batch, self.rows = self.rows[:MOST_IN_A_BATCH], self.rows[MOST_IN_A_BATCH:]
        if not self.rows and not self._closed:
            self._more.clear()
        return batch


class GroupInbox:
    """Implements `bot.front.Inbox`.

    Flushers take whatever has gathered while the last commit was under way: nothing waits for
    company, and under load a commit is shared by hundreds. A conversation always has the same
    flusher, so that none of its events overtakes another. The queue is bounded; beyond it, 503.
    """

    def __init__(
        self, db: Database, hints: Hints, *, playground: bool = False, expects: frozenset[str] = frozenset()
    ) -> None:
        """`playground`: any Teams tenant is the settings' own; only while bound to loopback.

        `expects` are platforms whose credentials are in the settings: until the engine has found
        out which workspace they are for, nobody there is a stranger, and is asked to come again.
        """
        self._db = db
        self._hints = hints
        self._playground = playground
        self._expects = set(expects)
        self._lanes = [_Lane() for _ in range(FLUSHERS)]
        self._unstored = 0
        self._closed = False
        self._tenants: dict[tuple[str, str], tuple[float, UUID]] = {}
        self._asked: dict[str, asyncio.Event] = {}
        self._flushers = [asyncio.create_task(self._flush(lane)) for lane in self._lanes]
        self._hearing = asyncio.create_task(hints.hear(ANSWERED, self._answered))

    async def tenant_of(self, platform: str, workspace: str) -> TenantId | None:
        kept = self._tenants.get((platform, workspace))
        if kept and kept[0] > time.monotonic():
            return TenantId(str(kept[1]))
        try:
            tenant = await tenants.of_installation(self._db, platform, workspace)
            if tenant is None and self._playground and platform == "teams":
                tenant = await installs.adopt(self._db, platform, workspace)
            if tenant is None and await self._still_expected(platform):
                raise InboxRefused("it is not known yet which workspace is ours")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            raise InboxRefused("the database does not answer") from error
        if tenant is None:
            return None
        if len(self._tenants) > 10_000:
            self._tenants.clear()
        self._tenants[platform, workspace] = (time.monotonic() + TENANT_KEPT, tenant)
        return TenantId(str(tenant))

    async def _still_expected(self, platform: str) -> bool:
        """The settings have credentials for it, and no workspace is noted."""
        if platform not in self._expects:
            return False
        own = await installs.own_tenant(self._db)
        async with self._db.tenant(own) as c:
            noted = await tenants.workspace(c, own, platform)
        if noted is not None:
            self._expects.discard(platform)
        return noted is None

    async def put(self, arrival: Arrival) -> bool:
        turn = arrival.turn
        row = (
            turn.place.platform,
            str(turn.id),
            turn.place.conversation,
            inbox.TURN,
            arrival.payload,
            tracing.current(),
        )
        return await self._put(UUID(arrival.tenant), row)

    async def put_delivery(self, tenant: TenantId, delivery: Delivery, payload: bytes) -> bool:
        row = (
            delivery.platform,
            delivery.id,
            delivery.conversation,
            inbox.DELIVERY,
            payload,
            tracing.current(),
        )
        return await self._put(UUID(tenant), row)

    async def _put(self, tenant: UUID, row: tuple[str, str, str, str, bytes, str | None]) -> bool:
        if self._closed or self._unstored >= MOST_WAITING:
            raise InboxRefused("too many events wait to be stored, or we are about to end")
        waiting = _Waiting(tenant, row, asyncio.get_running_loop().create_future())
        self._lanes[hash((tenant, row[2])) % FLUSHERS].add(waiting)
        self._unstored += 1
        return await waiting.stored

    async def _flush(self, lane: _Lane) -> None:
        while batch := await lane.take():
            by_tenant: dict[UUID, list[_Waiting]] = {}
            for waiting in batch:
                by_tenant.setdefault(waiting.tenant, []).append(waiting)
            for tenant, group in by_tenant.items():
                await self._store(tenant, group)
            self._unstored -= len(batch)

    async def _store(self, tenant: UUID, group: list[_Waiting]) -> None:
        try:
            new = await self._insert(tenant, group)
        except asyncpg.DataError as error:
            if len(group) == 1:
                self._refuse(group, error)
            else:  # one of them cannot be stored; the others can
                for waiting in group:
                    await self._store(tenant, [waiting])
        except Exception as error:  # whatever it is, the next ones are to be stored
            self._refuse(group, error)
        else:
            await faults.point("F04")
            self._hints.wake()
            for waiting in group:
                if not waiting.stored.done():
                    waiting.stored.set_result(waiting.row[:2] in new)
                new.discard(waiting.row[:2])  # its copy in the same batch is a copy

    def _refuse(self, group: list[_Waiting], error: Exception) -> None:
        log.warning("inbox.refused", problem=type(error).__name__, events=len(group))
        for waiting in group:
            if not waiting.stored.done():
                waiting.stored.set_exception(InboxRefused("the database refused it"))
                waiting.stored.exception()  # nobody may be listening any more

    async def _insert(self, tenant: UUID, group: list[_Waiting]) -> set[tuple[str, str]]:
        rows = [waiting.row for waiting in group]
        with suppress(asyncpg.DeadlockDetectedError):
            return await self._insert_once(tenant, rows)
        return await self._insert_once(tenant, rows)

    async def _insert_once(
        self, tenant: UUID, rows: list[tuple[str, str, str, str, bytes, str | None]]
    ) -> set[tuple[str, str]]:
        await faults.point("F02")
        return await inbox.add_many(self._db, tenant, rows)

    def _answered(self, dedupe: str) -> None:
        if event := self._asked.get(dedupe):
            event.set()

    async def answer(self, arrival: Arrival, budget: float) -> Reply | Form | None:
        """By hint, with a look at the database now and then in case the hint was lost."""
        dedupe, source = str(arrival.turn.id), arrival.turn.place.platform
        event = self._asked.setdefault(dedupe, asyncio.Event())
        end = time.monotonic() + budget
        try:
            while time.monotonic() < end:
                with suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), min(LOOK, max(0.0, end - time.monotonic())))
                async with self._db.tenant(UUID(arrival.tenant)) as c:
                    done, reply = await inbox.answered(c, UUID(arrival.tenant), source, dedupe)
                if done:
                    return reply if isinstance(reply, Reply | Form) else None
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
        self._closed = True
        for lane in self._lanes:
            lane.close()
        await asyncio.gather(*self._flushers)
        self._hearing.cancel()
        await asyncio.gather(self._hearing, return_exceptions=True)
        await self._hints.close()
        await self._db.close()


async def open_inbox(
    dsn: str,
    redis_url: str,
    *,
    size: int = 6,
    playground: bool = False,
    expects: frozenset[str] = frozenset(),
) -> GroupInbox:
    """Raises `ConfigurationError`."""
    db = await Database.open(dsn, size=size)
    return GroupInbox(db, Hints(redis_url), playground=playground, expects=expects)
