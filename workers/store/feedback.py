"""feedback: what people think of what a model wrote. One row for each person and message; the last counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from workers.store.door import Connection

LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Judged:
    """`said` is the message of ours that it is about, as the outbox calls it; "" where that is gone."""

    at: datetime
    conversation: str
    message: str
    person: str
    up: bool
    words: str
    said: str


async def keep(
    c: Connection, tenant: UUID, conversation: str, message: str, person: UUID, up: bool, words: str
) -> bool:
    """False where this person had judged this message before; what they say now is what counts."""
    first: bool = await c.fetchval(
        "insert into feedback (tenant_id, conversation, message, person_id, up, words, said)"
        " values ($1, $2, $3, $4, $5, $6, (select id from outbox where tenant_id = $1"
        "  and conversation = $2 and external_id = $3 order by seq desc limit 1))"
        " on conflict (tenant_id, conversation, message, person_id) do update set up = excluded.up,"
        " words = case when excluded.words <> '' then excluded.words else feedback.words end, at = now()"
        " returning xmax = 0",
        tenant,
        conversation,
        message,
        person,
        up,
        words[:LONGEST],
    )
    return first


async def latest(c: Connection, tenant: UUID, most: int) -> list[Judged]:
    rows = await c.fetch(
        "select f.at, f.conversation, f.message, coalesce(p.name, '') as person, f.up, f.words,"
        " coalesce(f.said, '') as said from feedback f left join people p"
        " on p.tenant_id = f.tenant_id and p.id = f.person_id"
        " where f.tenant_id = $1 order by f.at desc limit $2",
        tenant,
        most,
    )
    return [Judged(**dict(row)) for row in rows]


async def counts(c: Connection, tenant: UUID) -> tuple[int, int]:
    """How many were pleased, and how many were not."""
    row: Any = await c.fetchrow(
        "select count(*) filter (where up) as up, count(*) filter (where not up) as down"
        " from feedback where tenant_id = $1",
        tenant,
    )
    return row["up"], row["down"]


async def drop_old(c: Connection, tenant: UUID, age: float, most: int) -> int:
    gone = await c.fetch(
        "delete from feedback where tenant_id = $1 and (conversation, message, person_id) in (select"
        " conversation, message, person_id from feedback where tenant_id = $1"
        " and at < now() - make_interval(secs => $2) limit $3) returning 1",
        tenant,
        age,
        most,
    )
    return len(gone)
