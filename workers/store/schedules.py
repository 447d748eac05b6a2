"""schedules: what begins by the clock, where, and in whose name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bot.turn import Account, Place
from workers.store import codec
from workers.store.door import Connection

DUE = "schedule"


@dataclass(frozen=True, slots=True)
class Scheduled:
    """`zone` is where its person is today: it moves with them. `occurrence` counts those begun so far."""

    id: str
    conversation: str
    place: Place
    account: Account
    requester: UUID
    name: str
    zone: str
    flow: str
    request: str
    rule: str
    state: str
    reason: str
    occurrence: int
    next_at: datetime

    @property
    def command(self) -> str:
        return f"/{self.flow} {self.request}".strip()

    @property
    def timer(self) -> str:
        return timer_id(self.id, self.occurrence)


def timer_id(id: str, occurrence: int) -> str:
    return f"{DUE}:{id}:{occurrence}"


def event(id: str, occurrence: int) -> dict[str, Any]:
    return {"_": DUE, "id": id, "occurrence": occurrence}


_ALL = (
    "select s.*, p.name, p.time_zone as zone from schedules s"
    " join people p on p.tenant_id = s.tenant_id and p.id = s.requester where s.tenant_id = $1"
)


async def by_id(c: Connection, tenant: UUID, id: str) -> Scheduled | None:
    row = await c.fetchrow(f"{_ALL} and s.id = $2", tenant, id)
    return _of(row) if row else None


async def every(c: Connection, tenant: UUID) -> list[Scheduled]:
    """All that are not stopped, the oldest first."""
    return [
        _of(row)
        for row in await c.fetch(f"{_ALL} and s.state <> 'stopped' order by s.created_at, s.id", tenant)
    ]


async def of_person(c: Connection, tenant: UUID, person: UUID, flow: str) -> list[Scheduled]:
    rows = await c.fetch(
        f"{_ALL} and s.requester = $2 and s.flow = $3 and s.state <> 'stopped' order by s.created_at, s.id",
        tenant,
        person,
        flow,
    )
    return [_of(row) for row in rows]


async def add(
    c: Connection,
    tenant: UUID,
    id: str,
    place: Place,
    account: Account,
    requester: UUID,
    flow: str,
    request: str,
    rule: str,
    first: datetime,
) -> bool:
    """With its first timer. The same id again changes nothing, and answers False.

    The conversation is woken for the time, under its lock, before the timer is there: whoever gives
    it back just now sees the timer, or is overtaken by this.
    """
    key = place.conversation
    await c.execute(
        "insert into conversations (tenant_id, key, ready_at) values ($1, $2, $3)"
        " on conflict (tenant_id, key) do update set ready_at = least(conversations.ready_at, $3)",
        tenant,
        key,
        first,
    )
    made = await c.fetchval(
        "insert into schedules (tenant_id, id, conversation, place, account, requester, flow, request, rule,"
        " next_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing returning 1",
        tenant,
        id,
        key,
        codec.dumps(place),
        codec.dumps(account),
        requester,
        flow,
        request,
        rule,
        first,
    )
    return made is not None


async def begun(c: Connection, tenant: UUID, id: str, occurrence: int, next_at: datetime) -> bool:
    """This occurrence is begun now, and by nobody else; the next is at `next_at`."""
    moved = await c.fetchval(
        "update schedules set occurrence = occurrence + 1, next_at = $4 where tenant_id = $1 and id = $2"
        " and occurrence = $3 and state = 'on' returning 1",
        tenant,
        id,
        occurrence,
        next_at,
    )
    return moved is not None


async def pause(c: Connection, tenant: UUID, id: str, reason: str) -> bool:
    """False: it was not on."""
    paused = await c.fetchval(
        "update schedules set state = 'paused', reason = $3 where tenant_id = $1 and id = $2 and state = 'on'"
        " returning 1",
        tenant,
        id,
        reason[:400],
    )
    return paused is not None


async def stop(c: Connection, tenant: UUID, ids: Sequence[str], requester: UUID | None = None) -> list[str]:
    """Those that were stopped; of one person, where one is named. Their timers go off for nothing."""
    rows = await c.fetch(
        "update schedules set state = 'stopped', ended_at = now() where tenant_id = $1 and id = any($2)"
        " and state <> 'stopped' and ($3::uuid is null or requester = $3) returning id",
        tenant,
        list(ids),
        requester,
    )
    stopped = [str(row["id"]) for row in rows]
    await c.execute(
        "update timers set state = 'cancelled' where tenant_id = $1 and state = 'set'"
        " and id in (select $3 || ':' || s.id || ':' || s.occurrence from schedules s"
        " where s.tenant_id = $1 and s.id = any($2))",
        tenant,
        stopped,
        DUE,
    )
    return stopped


async def that_began(c: Connection, tenant: UUID, run: str) -> str | None:
    """The schedule by which a run was begun: its first words came from there."""
    number = run.removeprefix("r")
    if not number.isdecimal():
        return None
    dedupe = await c.fetchval(
        "select dedupe from inbox where tenant_id = $1 and id = $2 and source = 'us'", tenant, int(number)
    )
    kind, _, rest = (dedupe or "").partition(":")
    return rest.partition(":")[0] if kind == DUE else None


def _of(row: Any) -> Scheduled:
    values = {name: row[name] for name in Scheduled.__dataclass_fields__}
    return Scheduled(**{**values, "place": codec.loads(row["place"]), "account": codec.loads(row["account"])})
