"""One forgetting from the wish to the receipt: in bites, each a transaction, by whoever comes along.

Whoever dies leaves the row where it was: the bite is undone with its transaction, and the next goes on
from there.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from bot.reply import Reply
from workers.forget import receipt, steps, subject
from workers.forget.broker import Cache
from workers.forget.cleaning import Cleaner
from workers.forget.receipt import Receipt
from workers.forget.steps import STEPS, Bite, Work, World
from workers.store import conversations, enqueue, forgetting
from workers.store.door import Connection, Database
from workers.store.forgetting import Forgetting
from workers.store.outbox import Message

log = structlog.get_logger()

REST = 1.0  # times as long as a bite took, so that turns come in between
LOOK_AGAIN = 0.2
BITE = 0.02  # seconds after which nothing more is begun in one transaction
SOON = timedelta(minutes=10)


class Eraser:
    """Of one process. `cache` is Valkey, gone through once the rows are gone."""

    def __init__(self, db: Database, world: World, cache: Cache, *, rest: float = REST) -> None:
        self._db = db
        self._world = world
        self._cache = cache
        self._rest = rest

    async def finish(self, tenant: UUID, id: str, within: float) -> Receipt | None:
        """Goes on until it is done or time is up; what is left is done by an engine. None: there is none."""
        until = time.monotonic() + within
        while True:
            began = time.monotonic()
            bite = await self.bite(tenant, id)
            if bite is None:
                break
            if time.monotonic() > until:
                break
            await asyncio.sleep(LOOK_AGAIN if bite.wait else self._rest * (time.monotonic() - began))
        return await self.receipt(tenant, id)

    async def bite(self, tenant: UUID, id: str) -> Bite | None:
        """One; None where it is done, or nobody's. `wait`: others are at it, or have to act first."""
        async with self._db.tenant(tenant) as c:
            row = await forgetting.by_id(c, tenant, id, lock=True)
            if row is None or row.state == "done":
                there = row is None and await forgetting.by_id(c, tenant, id) is not None
                return Bite(wait=True) if there else None
            if row.step < len(STEPS):
                await forgetting.by_index(c)
                return await self._steps(c, tenant, row)
            who = subject.from_json(row.subject)
        # Outside of any transaction: the cache is another server.
        gone = await self._cache.forget(tenant, who)
        async with self._db.tenant(tenant) as c:
            row = await forgetting.by_id(c, tenant, id, lock=True)
            if row is not None and row.state == "running":
                await self._close(c, tenant, row, gone)
        return Bite(position="done")

    async def _steps(self, c: Connection, tenant: UUID, row: Forgetting) -> Bite:
        """One, or several where there is little to do: most tables know nothing of somebody."""
        began = time.monotonic()
        while True:
            bite = await self._step(c, tenant, row)
            more = await forgetting.by_id(c, tenant, row.id)
            little = not (bite.wait or bite.lap or bite.position) and row.step >= steps.FIRST_OF_LAP
            if not little or more is None or more.step >= len(STEPS) or time.monotonic() - began > BITE:
                return bite
            row = more

    async def _step(self, c: Connection, tenant: UUID, row: Forgetting) -> Bite:
        name = STEPS[row.step].__name__
        who = subject.from_json(row.subject) if row.subject != "{}" else subject.Subject((row.person,))
        cleaner = Cleaner(who) if name.startswith("scrub:") else None
        bite = await STEPS[row.step](Work(c, tenant, self._world, row, who, cleaner), row.position)
        if bite.wait:
            return bite
        count = sum(bite.counted.values())
        step = row.step if bite.position else row.step + 1
        await forgetting.advanced(
            c,
            tenant,
            row.id,
            step=steps.FIRST_OF_LAP if bite.lap else step,
            position=bite.position,
            lap=row.lap + bite.lap,
            touched=0 if bite.lap else row.touched + count,
            counted=bite.counted,
        )
        return bite

    async def _close(self, c: Connection, tenant: UUID, row: Forgetting, gone: int) -> None:
        await forgetting.advanced(
            c, tenant, row.id, step=row.step, position="", lap=row.lap, touched=0, counted={"cache": gone}
        )
        await forgetting.done(c, tenant, row.id, _again(row))
        known = await self._read(c, tenant, row.id)
        if known is not None and row.place is not None:
            # The last that is said to them here; its row goes when it is looked at again.
            message = Message(f"forgotten:{row.id}", "whisper" if row.account else "post",
                              row.place, Reply(receipt.words(known)), row.account, lasts=600)  # fmt: skip
            await conversations.wake(c, tenant, row.place.conversation)
            await enqueue.add(c, tenant, row.place.conversation, [message])
        log.info("person.forgotten", tenant=str(tenant), receipt=row.id, laps=row.lap)

    async def receipt(self, tenant: UUID, id: str) -> Receipt | None:
        async with self._db.tenant(tenant) as c:
            return await self._read(c, tenant, id)

    async def _read(self, c: Connection, tenant: UUID, id: str) -> Receipt | None:
        row = await forgetting.by_id(c, tenant, id)
        return None if row is None else self.of(tenant, row)

    def of(self, tenant: UUID, row: Forgetting) -> Receipt:
        plain = Receipt(row.id, row.state, row.asked_at, row.done_at, row.counts, row.kept)
        return Receipt(
            row.id, row.state, row.asked_at, row.done_at, row.counts, row.kept,
            receipt.signed(tenant, plain, self._world.signer),
        )  # fmt: skip


def _again(row: Forgetting) -> datetime | None:
    """When what is kept may go: a day after the last date, or soon where nobody knows when."""
    days = [each["until"] for each in row.kept]
    if any(not day for day in days):
        return datetime.now(UTC) + SOON
    if days:
        return datetime.fromisoformat(min(days)).replace(tzinfo=UTC) + timedelta(days=1)
    return None
