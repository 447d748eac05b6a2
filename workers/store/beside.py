"""approval_edits, _questions, _handings, _openings: what comes to an approval beside its decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from workers.store.delegations import Delegation
from workers.store.door import Connection

LASTS = 86_400.0  # seconds for which an opened form may be sent off


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a call, in words, as it was and as it is."""

    label: str
    before: str
    after: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """`dictates`: whoever changed it decides it no more."""

    person: UUID
    name: str
    dictates: bool
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """`name` asks, `requester` answers: names of today."""

    number: int
    person: UUID
    name: str
    requester: str
    text: str
    answer: str | None


@dataclass(frozen=True, slots=True)
class Handing:
    """`person` lets `delegate` decide this one in their stead."""

    number: int
    person: UUID
    delegate: UUID
    at: datetime
    name: str
    delegate_name: str

    def as_delegation(self) -> Delegation:
        return Delegation(-self.number, self.person, self.delegate, self.at, self.at)


# ── edits ────────────────────────────────────────────────────────────────────────────────


async def edited(
    c: Connection, tenant: UUID, approval: str, into: str, person: UUID, changes: Sequence[Change], *,
    dictates: bool,
) -> None:  # fmt: skip
    kept = [[each.label, each.before, each.after, each.field] for each in changes]
    await c.execute(
        "insert into approval_edits (tenant_id, approval_id, into_id, person_id, dictates, changes)"
        " values ($1, $2, $3, $4, $5, $6)",
        tenant,
        approval,
        into,
        person,
        dictates,
        orjson.dumps(kept).decode(),
    )


async def edits(c: Connection, tenant: UUID, approval: str) -> list[Edit]:
    """All that led to this one, oldest first."""
    rows = await c.fetch(
        "with recursive back(id) as (select $2::text union"
        "  select e.approval_id from back b join approval_edits e on e.tenant_id = $1 and e.into_id = b.id)"
        " select e.person_id, p.name, e.dictates, e.changes from back b join approval_edits e"
        "  on e.tenant_id = $1 and e.into_id = b.id join people p on p.tenant_id = $1 and p.id = e.person_id"
        " order by e.at, e.into_id",
        tenant,
        approval,
    )
    return [
        Edit(
            row["person_id"],
            row["name"],
            row["dictates"],
            tuple(Change(*each) for each in orjson.loads(row["changes"])),
        )
        for row in rows
    ]


async def editor(c: Connection, tenant: UUID, approval: str) -> tuple[str, str] | None:
    """Who changed this one, and what it became."""
    row = await c.fetchrow(
        "select p.name, e.into_id from approval_edits e join people p on p.tenant_id = $1"
        " and p.id = e.person_id where e.tenant_id = $1 and e.approval_id = $2 limit 1",
        tenant,
        approval,
    )
    return (row["name"], row["into_id"]) if row else None


# ── questions ────────────────────────────────────────────────────────────────────────────


async def ask(c: Connection, tenant: UUID, approval: str, number: int, person: UUID, text: str) -> None:
    """In the transaction that holds the approval's row, so that numbers do not meet."""
    await c.execute(
        "insert into approval_questions (tenant_id, approval_id, number, person_id, question)"
        " values ($1, $2, $3, $4, $5)",
        tenant,
        approval,
        number,
        person,
        text,
    )


async def answer(c: Connection, tenant: UUID, approval: str, number: int, text: str) -> bool:
    """Once."""
    row = await c.fetchval(
        "update approval_questions set answer = $4, answered_at = now() where tenant_id = $1"
        " and approval_id = $2 and number = $3 and answer is null returning 1",
        tenant,
        approval,
        number,
        text,
    )
    return row is not None


async def questions(c: Connection, tenant: UUID, approval: str) -> list[Question]:
    rows = await c.fetch(
        "select q.number, q.person_id, p.name, r.name as requester, q.question, q.answer"
        " from approval_questions q join people p on p.tenant_id = q.tenant_id and p.id = q.person_id"
        " join approvals a on a.tenant_id = q.tenant_id and a.id = q.approval_id"
        " join people r on r.tenant_id = a.tenant_id and r.id = a.requester"
        " where q.tenant_id = $1 and q.approval_id = $2 order by q.number",
        tenant,
        approval,
    )
    return [
        Question(
            row["number"], row["person_id"], row["name"], row["requester"], row["question"], row["answer"]
        )
        for row in rows
    ]


# ── handings ─────────────────────────────────────────────────────────────────────────────


async def hand(c: Connection, tenant: UUID, approval: str, number: int, person: UUID, to: UUID) -> None:
    await c.execute(
        "insert into approval_handings (tenant_id, approval_id, number, person_id, delegate)"
        " values ($1, $2, $3, $4, $5)",
        tenant,
        approval,
        number,
        person,
        to,
    )


async def handings(c: Connection, tenant: UUID, approval: str) -> list[Handing]:
    rows = await c.fetch(
        "select h.number, h.person_id, h.delegate, h.at, p.name, d.name as delegate_name"
        " from approval_handings h join people p on p.tenant_id = h.tenant_id and p.id = h.person_id"
        " join people d on d.tenant_id = h.tenant_id and d.id = h.delegate"
        " where h.tenant_id = $1 and h.approval_id = $2 order by h.number",
        tenant,
        approval,
    )
    return [
        Handing(
            row["number"], row["person_id"], row["delegate"], row["at"], row["name"], row["delegate_name"]
        )
        for row in rows
    ]


async def carry_over(c: Connection, tenant: UUID, approval: str, into: str) -> None:
    """What was asked of the requester, and who was let in, stays with the matter when its call changes."""
    await c.execute(
        "insert into approval_questions (tenant_id, approval_id, number, person_id, question, at, answer,"
        " answered_at) select tenant_id, $3, number, person_id, question, at, answer, answered_at"
        " from approval_questions where tenant_id = $1 and approval_id = $2",
        tenant,
        approval,
        into,
    )
    await c.execute(
        "insert into approval_handings (tenant_id, approval_id, number, person_id, delegate, at)"
        " select tenant_id, $3, number, person_id, delegate, at from approval_handings"
        " where tenant_id = $1 and approval_id = $2",
        tenant,
        approval,
        into,
    )


# ── opened forms ─────────────────────────────────────────────────────────────────────────


async def opened(c: Connection, tenant: UUID, approval: str, person: UUID, *, here: bool) -> None:
    await c.execute(
        "insert into approval_openings (tenant_id, approval_id, person_id, here) values ($1, $2, $3, $4)"
        " on conflict (tenant_id, approval_id, person_id) do update set here = excluded.here, at = now()",
        tenant,
        approval,
        person,
        here,
    )


async def opened_here(c: Connection, tenant: UUID, approval: str, person: UUID) -> bool:
    """Whether this person opened a form of it where approvers were asked, lately."""
    found = await c.fetchval(
        "select here from approval_openings where tenant_id = $1 and approval_id = $2 and person_id = $3"
        " and at > now() - make_interval(secs => $4)",
        tenant,
        approval,
        person,
        LASTS,
    )
    return bool(found)
