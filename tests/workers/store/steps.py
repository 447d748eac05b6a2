"""What an engine does with a conversation that it holds, step by step, for tests that need no engine."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from workers.store import enqueue
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.inbox import Row
from workers.store.look import look

LEASE = 30.0


async def next_row(c: Connection, tenant: UUID, key: str) -> Row | None:
    return (await look(c, await _held(c, tenant, key))).row


async def done(c: Connection, tenant: UUID, key: str, id: int, answer: Any = None) -> None:
    await enqueue.close(c, await _held(c, tenant, key), LEASE, id, answer, [], at_once=False)


async def sent(
    c: Connection, tenant: UUID, key: str, id: str, external: str | None, thread: str | None
) -> bool:
    return await enqueue.sent(c, await _held(c, tenant, key), id, external, thread)


async def _held(c: Connection, tenant: UUID, key: str) -> Claimed:
    query = "select fence from conversations where tenant_id = $1 and key = $2"
    return Claimed(tenant, key, await c.fetchval(query, tenant, key))
