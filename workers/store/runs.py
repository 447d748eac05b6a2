"""runs: each flow in progress, replaced only by whoever has its latest version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from bot.turn import Place
from flows.run import Run, from_json, to_json
from workers.store import codec
from workers.store.door import Connection, Lost


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


async def by_id(c: Connection, tenant: UUID, id: str) -> Stored | None:
    return _stored(await c.fetchrow("select * from runs where tenant_id = $1 and id = $2", tenant, id))


async def save(c: Connection, tenant: UUID, stored: Stored, run: Run) -> None:
    """Raises `Lost` when somebody else moved it since it was read."""
    state = orjson.dumps(to_json(run)).decode()
    if stored.version == 0:
        await c.execute(
            "insert into runs (tenant_id, id, conversation, place, flow, flow_version, requester, state,"
            " status, version, finished_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1,"
            " case when $9 <> 'waiting' then now() end)",
            tenant,
            run.id,
            stored.conversation,
            codec.dumps(stored.place),
            run.flow,
            run.flow_version,
            UUID(run.requester.id),
            state,
            run.status,
        )
        return
    moved = await c.fetchval(
        "update runs set state = $3, status = $4, version = version + 1, updated_at = now(),"
        " finished_at = case when $4 <> 'waiting' then now() end"
        " where tenant_id = $1 and id = $2 and version = $5 returning 1",
        tenant,
        run.id,
        state,
        run.status,
        stored.version,
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
