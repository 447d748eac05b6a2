"""inbox: what has happened and is not dealt with yet, in the order in which it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from bot import tracing
from workers.store import codec
from workers.store.conversations import wake
from workers.store.door import Caller, Connection

TURN, EVENT, DELIVERY = "turn", "event", "delivery"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that happened. `kind`: a platform's payload, an event of ours, or a webhook."""

    id: int
    source: str
    dedupe: str
    kind: str
    payload: bytes
    attempts: int
    age: float = 0.0  # seconds since it came
    trace: str | None = None


async def add_many(
    c: Caller, tenant: UUID, rows: Sequence[tuple[str, str, str, str, bytes, str | None]]
) -> set[tuple[str, str]]:
    """Rows of (source, dedupe, conversation, kind, payload, trace); answers (source, dedupe) of the new ones.

    The conversations are woken with it. `c` is the door, or a connection that is inside of it.
    """
    columns = (list(column) for column in zip(*rows, strict=True))
    new = await c.fetch("select * from arrive($1, $2, $3, $4, $5, $6, $7)", tenant, *columns)
    return {(row["source"], row["dedupe"]) for row in new}


async def add_event(c: Connection, tenant: UUID, conversation: str, dedupe: str, event: Any) -> None:
    """Something of ours that a run is to hear: a result, a decision, a timer. Once per `dedupe`."""
    await wake(c, tenant, conversation)
    await c.execute(
        "insert into inbox (tenant_id, source, dedupe, conversation, kind, payload, trace)"
        " values ($1, 'us', $2, $3, 'event', $4, $5) on conflict (tenant_id, source, dedupe) do nothing",
        tenant,
        dedupe,
        conversation,
        orjson.dumps(event),
        tracing.current(),
    )


async def add_turn(c: Connection, tenant: UUID, conversation: str, dedupe: str, turn: Any) -> None:
    """A turn of ours making: one that was held until its thread was there."""
    await wake(c, tenant, conversation)
    await c.execute(
        "insert into inbox (tenant_id, source, dedupe, conversation, kind, payload, trace)"
        " values ($1, 'us', $2, $3, 'turn', $4, $5) on conflict (tenant_id, source, dedupe) do nothing",
        tenant,
        dedupe,
        conversation,
        codec.dumps(turn).encode(),
        tracing.current(),
    )


async def dead(c: Connection, tenant: UUID, id: int, error: str) -> None:
    """Tried too often. It no longer blocks the conversation, and stays for somebody to look at."""
    await c.execute(
        "update inbox set state = 2, done_at = now(), error = $3 where tenant_id = $1 and id = $2",
        tenant,
        id,
        error[:500],
    )


async def answered(c: Connection, tenant: UUID, source: str, dedupe: str) -> tuple[bool, Any]:
    """Whether it is dealt with, and the answer that was kept for the platform."""
    row = await c.fetchrow(
        "select state, answer from inbox where tenant_id = $1 and source = $2 and dedupe = $3",
        tenant,
        source,
        dedupe,
    )
    if row is None or row["state"] == 0:
        return False, None
    return True, codec.loads(row["answer"]) if row["answer"] else None
