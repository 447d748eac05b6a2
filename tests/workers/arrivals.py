"""Events as the front hands them to its inbox, and a database that keeps one of them waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any
from uuid import UUID

from bot.front_inbox import Arrival
from bot.turn import Account, Place, Said, TenantId, Turn, TurnId
from workers.inbox import GroupInbox
from workers.store.door import Database

_number = count(1)


def arrival(tenant: UUID, id: str = "", channel: str = "C1") -> Arrival:
    id = id or f"event {next(_number)}"
    place = Place("slack", "T1", channel, "17.1")
    turn = Turn(TurnId(id), place, Account("slack", "T1", "U1"), Said(id))
    return Arrival(TenantId(str(tenant)), turn, b'{"event": "as it came"}')


async def kept(db: Database, tenant: UUID) -> list[str]:
    async with db.tenant(tenant) as c:
        return [row["dedupe"] for row in await c.fetch("select dedupe from inbox order by id")]


@asynccontextmanager
async def blocked(db: Database, tenant: UUID, channel: str = "C1") -> AsyncIterator[Any]:
    """Nothing can be stored in this conversation meanwhile. Gives what waits until somebody tries."""
    conversation = f"slack:T1:{channel}:17.1"
    async with db.tenant(tenant) as c:
        await c.execute("insert into conversations (tenant_id, key) values ($1, $2)", tenant, conversation)
    async with db.tenant(tenant) as c:
        await c.execute("select 1 from conversations where key = $1 for update", conversation)
        pid = await c.fetchval("select pg_backend_pid()")

        async def somebody_waits() -> int:
            query = "select pid from pg_stat_activity where $1 = any (pg_blocking_pids(pid))"
            while not (waiting := await db.dispatch(query, pid)):
                await asyncio.sleep(0.005)
            found: int = waiting[0]["pid"]
            return found

        yield somebody_waits


def put(box: GroupInbox, *arrivals: Arrival) -> list[asyncio.Task[bool]]:
    return [asyncio.create_task(box.put(each)) for each in arrivals]
