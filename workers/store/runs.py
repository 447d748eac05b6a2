"""runs: each flow in progress, replaced only by whoever has its latest version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from bot.turn import Place
from flows.run import Run, from_json, to_json
from workers.store import codec, history
from workers.store.door import Connection, Lost
from workers.store.history import Kept


@dataclass(frozen=True, slots=True)
class Stored:
    """A run with its place in the world. `version` counts its transitions; 0 is not stored yet."""

    run: Run
    conversation: str
    place: Place
    version: int


async def open_run(c: Connection, tenant: UUID, conversation: str) -> Stored | None:
    """The newest run of this conversation that is not over."""
    return _stored(
        await c.fetchrow(
            "select * from runs where tenant_id = $1 and conversation = $2 and status = 'waiting'"
            " order by started_at desc limit 1",
            tenant,
            conversation,
        )
    )


async def all_open(c: Connection, tenant: UUID, conversation: str) -> list[Stored]:
    """Every run of this conversation that is not over, the newest first."""
    rows = await c.fetch(
        "select * from runs where tenant_id = $1 and conversation = $2 and status = 'waiting'"
        " order by started_at desc",
        tenant,
        conversation,
    )
    return [of_row(row) for row in rows]


async def open_beside(
    c: Connection, tenant: UUID, person: UUID, place: Place, but: str, within: float
) -> list[Stored]:
    """What is open of this person in other threads of the same channel, and moved in so many seconds: the
    one that moved last, and another if there is one."""
    rows = await c.fetch(
        "select * from runs where tenant_id = $1 and requester = $2 and status = 'waiting'"
        " and starts_with(conversation, $3) and conversation <> $4"
        " and updated_at > now() - make_interval(secs => $5) order by updated_at desc limit 2",
        tenant,
        person,
        f"{place.platform}:{place.workspace}:{place.channel}:",
        but,
        within,
    )
    return [of_row(row) for row in rows]


async def by_id(c: Connection, tenant: UUID, id: str) -> Stored | None:
    return _stored(await c.fetchrow("select * from runs where tenant_id = $1 and id = $2", tenant, id))


INSERT = (
    "insert into runs (tenant_id, id, conversation, place, flow, flow_version, requester, state,"
    " status, version, finished_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1,"
    " case when $9 <> 'waiting' then now() end)"
)
UPDATE = (
    "update runs set state = $3, status = $4, version = version + 1, updated_at = now(),"
    " finished_at = case when $4 <> 'waiting' then now() end"
    " where tenant_id = $1 and id = $2 and version = $5 returning 1"
)
# The same with one event, and with several: they are there if and only if the run was moved. Nearly
# every turn is one event, and arrays of one would cost as much again.
INSERT_WITH_EVENT = (
    "with kept as (insert into history (tenant_id, run_id, seq, event, step_before, step_after, status,"
    " digest, decided, began, known) values ($1, $2, $10, $11, $12, $13, $14, $15, $16, $17, $18)) "
    "insert into runs (tenant_id, id, conversation, place, flow, flow_version, requester, state,"
    " status, version, finished_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1,"
    " case when $9 <> 'waiting' then now() end)"
)
INSERT_WITH_EVENTS = (
    "with kept as (insert into history (tenant_id, run_id, seq, event, step_before, step_after, status,"
    " digest, decided, began, known) select $1, $2, h.* from unnest($10::int[], $11::bytea[], $12::text[],"
    " $13::text[], $14::text[], $15::bytea[], $16::jsonb[], $17::jsonb[], $18::jsonb[]) h) "
    "insert into runs (tenant_id, id, conversation, place, flow, flow_version, requester, state,"
    " status, version, finished_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1,"
    " case when $9 <> 'waiting' then now() end)"
)
UPDATE_WITH_EVENT = (
    "with moved as (update runs set state = $3, status = $4, version = version + 1, updated_at = now(),"
    " finished_at = case when $4 <> 'waiting' then now() end"
    " where tenant_id = $1 and id = $2 and version = $5 returning 1),"
    " kept as (insert into history (tenant_id, run_id, seq, event, step_before, step_after, status,"
    " digest, decided, began, known) select $1, $2, $6::int, $7::bytea, $8::text, $9::text, $10::text,"
    " $11::bytea, $12::jsonb, $13::jsonb, $14::jsonb from moved)"
    " select 1 from moved"
)
UPDATE_WITH_EVENTS = (
    "with moved as (update runs set state = $3, status = $4, version = version + 1, updated_at = now(),"
    " finished_at = case when $4 <> 'waiting' then now() end"
    " where tenant_id = $1 and id = $2 and version = $5 returning 1),"
    " kept as (insert into history (tenant_id, run_id, seq, event, step_before, step_after, status,"
    " digest, decided, began, known) select $1, $2, h.* from moved, unnest($6::int[], $7::bytea[],"
    " $8::text[], $9::text[], $10::text[], $11::bytea[], $12::jsonb[], $13::jsonb[], $14::jsonb[]) h)"
    " select 1 from moved"
)
# By how many events there are: none, one, several.
INSERTS = (INSERT, INSERT_WITH_EVENT, INSERT_WITH_EVENTS)
UPDATES = (UPDATE, UPDATE_WITH_EVENT, UPDATE_WITH_EVENTS)


async def save(c: Connection, tenant: UUID, stored: Stored, run: Run, events: Sequence[Kept] = ()) -> None:
    """With the events that brought it here, in one statement. Raises `Lost` when somebody else
    moved it since it was read."""
    state = orjson.dumps(to_json(run)).decode()
    kept = history.arguments(events)
    many = min(len(events), 2)
    if stored.version == 0:
        await c.execute(
            INSERTS[many],
            tenant,
            run.id,
            stored.conversation,
            codec.dumps(stored.place),
            run.flow,
            run.flow_version,
            UUID(run.requester.id),
            state,
            run.status,
            *kept,
        )
        return
    moved = await c.fetchval(
        UPDATES[many],
        tenant,
        run.id,
        state,
        run.status,
        stored.version,
        *kept,
    )
    if moved is None:
        raise Lost(run.id)


def _stored(row: Any) -> Stored | None:
    return None if row is None else of_row(row)


def of_row(values: Mapping[str, Any]) -> Stored:
    """From the columns of `runs`, wherever they were read."""
    run = from_json(
        values["id"],
        values["flow"],
        values["flow_version"],
        values["status"],
        orjson.loads(values["state"]),
    )
    return Stored(run, values["conversation"], codec.loads(values["place"]), values["version"])
