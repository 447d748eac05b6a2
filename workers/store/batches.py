"""approval_queue, batches: what waits to be shown, what was shown when, and several requests in one card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from bot.turn import Place
from workers.store import outbox
from workers.store.door import Connection

MOST_BEFORE = 200  # amounts of a tool that its history is made of
MOST_SHOWN = 5_000
MOST_PLACES = 20


@dataclass(frozen=True, slots=True)
class Queued:
    """One request, as it is put before people. `group` is empty where it is never batched; `approvers`
    is the name of their group, for figures; `people` the keys of whom it is put to; `sure` is in
    thousandths; `waits`: it is held back until `latest` at most."""

    approval: str
    group: str
    approvers: str
    people: tuple[str, ...]
    sure: int | None
    stake: int
    first_time: bool
    waits: bool
    latest: datetime | None = None

    @property
    def confidence(self) -> float | None:
        return None if self.sure is None else self.sure / 1000


@dataclass(frozen=True, slots=True)
class Member:
    """One line of a batch. `digest` is the approval's as it was shown, `row` what the line says."""

    approval: str
    number: int
    digest: bytes
    outlier: str
    row: Mapping[str, Any]
    state: str = "pending"


async def alone(c: Connection, tenant: UUID) -> None:
    """Until the end of this transaction nobody else of the tenant takes anything out of the queue."""
    await c.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"queue:{tenant}")


async def put(c: Connection, tenant: UUID, queued: Queued) -> None:
    """In the transaction that asks."""
    await c.execute(
        "insert into approval_queue (tenant_id, approval_id, grp, state, approvers, people, sure, stake,"
        " first_time, latest, shown_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
        " case when $4 = 'shown' then now() end) on conflict do nothing",
        tenant,
        queued.approval,
        queued.group,
        "waiting" if queued.waits else "shown",
        queued.approvers,
        orjson.dumps(queued.people).decode(),
        queued.sure,
        queued.stake,
        int(queued.first_time),
        queued.latest,
    )


async def held(c: Connection, tenant: UUID, group: str = "", approval: str = "") -> list[Queued]:
    """What is not shown yet and not decided, who waits longest first: of a group, one, or all."""
    rows = await c.fetch(
        "select q.* from approval_queue q join approvals a on a.tenant_id = q.tenant_id"
        " and a.id = q.approval_id where q.tenant_id = $1 and q.state = 'waiting' and a.state = 'pending'"
        " and a.expires_at > now() and ($2 = '' or q.grp = $2) and ($3 = '' or q.approval_id = $3)"
        " order by q.asked_at, q.approval_id limit 500",
        tenant,
        group,
        approval,
    )
    return [_queued(row) for row in rows]


async def of(c: Connection, tenant: UUID, approvals: Sequence[str]) -> dict[str, Queued]:
    rows = await c.fetch(
        "select * from approval_queue where tenant_id = $1 and approval_id = any($2)", tenant, list(approvals)
    )
    return {row["approval_id"]: _queued(row) for row in rows}


async def show(c: Connection, tenant: UUID, approvals: Sequence[str], batch: str = "") -> None:
    await c.execute(
        "update approval_queue set state = 'shown', shown_at = now(), batch_id = nullif($3, '')"
        " where tenant_id = $1 and approval_id = any($2)",
        tenant,
        list(approvals),
        batch,
    )


async def shown_lately(c: Connection, tenant: UUID) -> list[tuple[tuple[str, ...], datetime]]:
    """Whom each card of the last hour was put to, and when; a batch is one card."""
    rows = await c.fetch(
        "select distinct on (coalesce(batch_id, approval_id)) people, shown_at from approval_queue"
        " where tenant_id = $1 and state = 'shown' and shown_at > now() - interval '1 hour'"
        " and shown_at <= now() order by coalesce(batch_id, approval_id) limit $2",
        tenant,
        MOST_SHOWN,
    )
    return [(tuple(orjson.loads(row["people"])), row["shown_at"]) for row in rows]


async def amounts_before(c: Connection, tenant: UUID, tool: str) -> dict[str, list[int]]:
    """Of this tool as it was carried out, by currency, the newest first."""
    rows = await c.fetch(
        "select s.currency, s.amount from spending s join effects e on e.tenant_id = s.tenant_id"
        " and e.key = s.effect_key where s.tenant_id = $1 and s.tool = $2 and s.amount is not null"
        " and e.state = 'done' order by s.at desc limit $3",
        tenant,
        tool,
        MOST_BEFORE,
    )
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["currency"], []).append(row["amount"])
    return found


async def form(c: Connection, tenant: UUID, batch: str, conversation: str, members: Sequence[Member]) -> None:
    await c.execute(
        "insert into batches (tenant_id, id, conversation) values ($1, $2, $3) on conflict do nothing",
        tenant,
        batch,
        conversation,
    )
    for each in members:
        await c.execute(
            'insert into batch_members (tenant_id, batch_id, approval_id, number, digest, outlier, "row")'
            " values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
            tenant,
            batch,
            each.approval,
            each.number,
            each.digest,
            each.outlier,
            orjson.dumps(each.row).decode(),
        )


async def conversation(c: Connection, tenant: UUID, batch: str) -> str | None:
    found: str | None = await c.fetchval(
        "select conversation from batches where tenant_id = $1 and id = $2", tenant, batch
    )
    return found


async def members(c: Connection, tenant: UUID, batch: str) -> list[Member]:
    """With what became of each by now; `changed` where it is another request than was shown."""
    rows = await c.fetch(
        "select m.*, case when a.digest <> m.digest then 'changed' when a.state = 'pending'"
        " and a.expires_at <= now() then 'expired' else a.state end as state from batch_members m"
        " join approvals a on a.tenant_id = m.tenant_id and a.id = m.approval_id"
        " where m.tenant_id = $1 and m.batch_id = $2 order by m.number",
        tenant,
        batch,
    )
    return [
        Member(r["approval_id"], r["number"], r["digest"], r["outlier"], orjson.loads(r["row"]), r["state"])
        for r in rows
    ]


async def batch_of(c: Connection, tenant: UUID, approval: str) -> str | None:
    """The batch in whose card a request is, for it to be decided there."""
    found: str | None = await c.fetchval(
        "select batch_id from batch_members where tenant_id = $1 and approval_id = $2 and outlier = ''",
        tenant,
        approval,
    )
    return found


async def is_closed(c: Connection, tenant: UUID, batch: str) -> bool:
    """Each of its requests was given a card of its own."""
    found = await c.fetchval(
        "select 1 from batch_members m join approval_queue q on q.tenant_id = m.tenant_id"
        " and q.approval_id = m.approval_id where m.tenant_id = $1 and m.batch_id = $2 and m.outlier = ''"
        " and q.batch_id is null limit 1",
        tenant,
        batch,
    )
    return found is not None


async def places(c: Connection, tenant: UUID, approval: str) -> list[Place]:
    """Where the card of its batch is, if it is in one."""
    batch = await batch_of(c, tenant, approval)
    if batch is None:
        return []
    there = await outbox.places(c, tenant, [f"{batch}:card:{number}" for number in range(MOST_PLACES)])
    return [place for _, place in there]


async def changed(c: Connection, tenant: UUID, batch: str) -> int:
    """Its card has to be drawn anew: for the how manieth time."""
    number: int = await c.fetchval(
        "update batches set version = version + 1 where tenant_id = $1 and id = $2 returning version",
        tenant,
        batch,
    )
    return number


async def decided(c: Connection, tenant: UUID, batch: str, approval: str, person: UUID) -> None:
    """It was one of several at once."""
    await c.execute(
        "insert into batch_decisions (tenant_id, approval_id, person_id, batch_id) values ($1, $2, $3, $4)"
        " on conflict do nothing",
        tenant,
        approval,
        person,
        batch,
    )


async def in_bulk(c: Connection, tenant: UUID, approval: str) -> bool:
    """Whether anybody decided it together with others: then it says nothing about itself."""
    found = await c.fetchval(
        "select 1 from batch_decisions where tenant_id = $1 and approval_id = $2 limit 1", tenant, approval
    )
    return found is not None


def _queued(row: Mapping[str, Any]) -> Queued:
    return Queued(
        approval=row["approval_id"],
        group=row["grp"],
        approvers=row["approvers"],
        people=tuple(orjson.loads(row["people"])),
        sure=row["sure"],
        stake=row["stake"],
        first_time=bool(row["first_time"]),
        waits=row["state"] == "waiting",
        latest=row["latest"],
    )
