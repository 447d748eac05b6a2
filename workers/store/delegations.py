"""delegations: who stands in for whom, for a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from workers.store.door import Connection

MOST = 500  # that stand at once in a tenant


@dataclass(frozen=True, slots=True)
class Delegation:
    id: int
    person: UUID
    delegate: UUID
    begins: datetime
    ends: datetime


_FIELDS = "select id, person_id, delegate, begins, ends from delegations"


async def at(c: Connection, tenant: UUID, when: datetime) -> list[Delegation]:
    """Those that stand at this moment. What was ended early stands at no moment, not even before."""
    rows = await c.fetch(
        f"{_FIELDS} where tenant_id = $1 and begins <= $2 and ends > $2 and ended_at is null"
        " order by id limit $3",
        tenant,
        when,
        MOST,
    )
    return [_delegation(row) for row in rows]


async def overlapping(c: Connection, tenant: UUID, begins: datetime, ends: datetime) -> list[Delegation]:
    rows = await c.fetch(
        f"{_FIELDS} where tenant_id = $1 and begins < $3 and ends > $2 and ended_at is null"
        " order by id limit $4",
        tenant,
        begins,
        ends,
        MOST,
    )
    return [_delegation(row) for row in rows]


async def of(c: Connection, tenant: UUID, people: Iterable[UUID]) -> list[Delegation]:
    """From or to any of them, not over yet."""
    rows = await c.fetch(
        f"{_FIELDS} where tenant_id = $1 and (person_id = any($2) or delegate = any($2))"
        " and ends > now() and ended_at is null order by id limit $3",
        tenant,
        list(people),
        MOST,
    )
    return [_delegation(row) for row in rows]


async def lock(c: Connection, tenant: UUID) -> None:
    """One who delegates at a time: two who do so crosswise would each see no cycle."""
    await c.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tenant}:delegations")


async def add(
    c: Connection, tenant: UUID, person: UUID, delegate: UUID, begins: datetime, ends: datetime
) -> int:
    found: int = await c.fetchval(
        "insert into delegations (tenant_id, person_id, delegate, begins, ends)"
        " values ($1, $2, $3, $4, $5) returning id",
        tenant,
        person,
        delegate,
        begins,
        ends,
    )
    return found


async def end(c: Connection, tenant: UUID, id: int, by: UUID) -> None:
    await c.execute(
        "update delegations set ended_at = now(), ended_by = $3 where tenant_id = $1 and id = $2"
        " and ended_at is null",
        tenant,
        id,
        by,
    )


def _delegation(row: Mapping[str, Any]) -> Delegation:
    return Delegation(row["id"], row["person_id"], row["delegate"], row["begins"], row["ends"])
