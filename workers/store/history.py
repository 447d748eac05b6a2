"""history: the events that each run took, with what was decided, as it is needed to play them again.

Rows are written by `runs.save`, in the statement that stores the run. Events are kept as bytes, because
JSONB would change some numbers and cannot hold every character, and a replay must see what the run saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from workers.store.door import Connection

PER_TURN = 100  # events of one turn that have numbers: `seq` is the run's version times this, and a count


@dataclass(frozen=True, slots=True)
class Kept:
    """One event of one run. `began`: the run as it began, with its first event. JSON as text."""

    run: str
    seq: int
    event: bytes
    before: str
    after: str
    status: str
    digest: bytes
    decided: str
    began: str | None
    known: str


def arguments(rows: Sequence[Kept]) -> tuple[Any, ...]:
    """As `runs.save` passes them on: nothing for none, values for one, a list of each for several."""
    each = [
        (row.seq, row.event, row.before, row.after, row.status, row.digest, row.decided, row.began, row.known)
        for row in rows
    ]
    return each[0] if len(each) == 1 else tuple(list(column) for column in zip(*each, strict=True))


async def newest(c: Connection, tenant: UUID, flow: str, most: int) -> list[tuple[str, str, list[Kept]]]:
    """Run, its flow's version and its events, of the newest runs that were recorded from the beginning."""
    rows = await c.fetch(
        "select r.id, r.flow_version from runs r where r.tenant_id = $1 and r.flow = $2 and exists"
        " (select 1 from history h where h.tenant_id = $1 and h.run_id = r.id and h.seq = 0)"
        " order by r.started_at desc limit $3",
        tenant,
        flow,
        most,
    )
    events = await c.fetch(
        "select * from history where tenant_id = $1 and run_id = any($2) order by run_id, seq",
        tenant,
        [row["id"] for row in rows],
    )
    by_run: dict[str, list[Kept]] = {}
    for event in events:
        by_run.setdefault(event["run_id"], []).append(_kept(event))
    return [(row["id"], row["flow_version"], by_run[row["id"]]) for row in rows]


async def waiting(c: Connection, tenant: UUID, flow: str) -> list[tuple[str, str, int]]:
    """Version, step and how many runs wait there now."""
    rows = await c.fetch(
        "select flow_version, state->>'step' as step, count(*) as runs from runs"
        " where tenant_id = $1 and flow = $2 and status = 'waiting' group by 1, 2 order by 1, 2",
        tenant,
        flow,
    )
    return [(row["flow_version"], row["step"], row["runs"]) for row in rows]


async def drop_old(c: Connection, tenant: UUID, age: float, most: int) -> int:
    """For who keeps no bodies: a run that is partly gone cannot be played, and is not tried."""
    count: int = await c.fetchval(
        "with page as (select run_id, seq from history where tenant_id = $1"
        "  and at < now() - make_interval(secs => $2) limit $3),"
        " gone as (delete from history h using page p where h.tenant_id = $1"
        "  and h.run_id = p.run_id and h.seq = p.seq returning 1) select count(*) from gone",
        tenant,
        age,
        most,
    )
    return count


async def drop_of(c: Connection, tenant: UUID, runs: Sequence[str]) -> None:
    await c.execute("delete from history where tenant_id = $1 and run_id = any($2)", tenant, list(runs))


def _kept(row: Any) -> Kept:
    return Kept(
        row["run_id"],
        row["seq"],
        bytes(row["event"]),
        row["step_before"],
        row["step_after"],
        row["status"],
        bytes(row["digest"]),
        row["decided"],
        row["began"],
        row["known"],
    )
