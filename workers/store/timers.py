"""timers: what is to happen at a time, by the database's clock. Once, and late rather than never."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from bot import faults
from workers.store.conversations import wake
from workers.store.door import Connection
from workers.store.inbox import add_event


async def set_at(
    c: Connection, tenant: UUID, id: str, conversation: str, fire_at: datetime, event: Any
) -> None:
    await c.execute(
        "insert into timers (tenant_id, id, conversation, fire_at, event) values ($1, $2, $3, $4, $5)"
        " on conflict do nothing",
        tenant,
        id,
        conversation,
        fire_at,
        orjson.dumps(event).decode(),
    )


async def cancel(c: Connection, tenant: UUID, id: str) -> None:
    await c.execute(
        "update timers set state = 'cancelled' where tenant_id = $1 and id = $2 and state = 'set'", tenant, id
    )


async def hasten(c: Connection, tenant: UUID, id: str) -> None:
    """Due now."""
    conversation = await c.fetchval(
        "update timers set fire_at = now() where tenant_id = $1 and id = $2 and state = 'set'"
        " returning conversation",
        tenant,
        id,
    )
    if conversation is not None:
        await wake(c, tenant, conversation)


async def fire(c: Connection, tenant: UUID, conversation: str) -> int:
    """Every timer of this conversation that is due becomes an event of it; how many did."""
    rows = await c.fetch(
        "update timers set state = 'fired' where tenant_id = $1 and conversation = $2 and state = 'set'"
        " and fire_at <= now() returning id, event",
        tenant,
        conversation,
    )
    for row in rows:
        await faults.point("F50")
        await add_event(c, tenant, conversation, f"timer:{row['id']}", orjson.loads(row["event"]))
    return len(rows)
