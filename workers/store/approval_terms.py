"""approval_terms, approval_votes: who has to agree, how often it was escalated, and who has agreed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from flows.approval_stages import Terms, to_json
from workers.store.door import Connection


@dataclass(frozen=True, slots=True)
class Voted:
    """A yes that counted, with the names of today: who said it, and in whose stead."""

    person: UUID
    seat: UUID
    stage: int
    at: datetime
    name: str
    seat_name: str

    @property
    def words(self) -> str:
        return self.name if self.person == self.seat else f"{self.name} for {self.seat_name}"


async def keep(c: Connection, tenant: UUID, approval: str, terms: Terms) -> None:
    await c.execute(
        "insert into approval_terms (tenant_id, approval_id, terms) values ($1, $2, $3)"
        " on conflict do nothing",
        tenant,
        approval,
        orjson.dumps(to_json(terms)).decode(),
    )


async def escalate(c: Connection, tenant: UUID, approval: str, tier: int) -> bool:
    """To this tier, once, while it is open."""
    row = await c.fetchval(
        "update approval_terms t set tier = $3"
        " where t.tenant_id = $1 and t.approval_id = $2 and t.tier = $3 - 1"
        " and exists (select 1 from approvals a where a.tenant_id = $1 and a.id = $2 and a.state = 'pending')"
        " returning 1",
        tenant,
        approval,
        tier,
    )
    return row is not None


async def vote(
    c: Connection, tenant: UUID, approval: str, person: UUID, seat: UUID, stage: int, platform: str
) -> bool:
    """Counted, in the transaction that holds the approval's row. False: this person, or this seat,
    counted before."""
    row = await c.fetchval(
        "insert into approval_votes (tenant_id, approval_id, person_id, seat, stage, platform)"
        " values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning 1",
        tenant,
        approval,
        person,
        seat,
        stage,
        platform,
    )
    return row is not None


async def votes(c: Connection, tenant: UUID, approval: str) -> list[Voted]:
    rows = await c.fetch(
        "select v.person_id, v.seat, v.stage, v.at, p.name, s.name as seat_name from approval_votes v"
        " join people p on p.tenant_id = v.tenant_id and p.id = v.person_id"
        " join people s on s.tenant_id = v.tenant_id and s.id = v.seat"
        " where v.tenant_id = $1 and v.approval_id = $2 order by v.stage, v.at, v.person_id",
        tenant,
        approval,
    )
    return [_voted(row) for row in rows]


def _voted(row: Mapping[str, Any]) -> Voted:
    return Voted(row["person_id"], row["seat"], row["stage"], row["at"], row["name"], row["seat_name"])
