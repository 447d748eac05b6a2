"""experiments: what came of each arm, a row for each person; and which arms nobody new gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flows.arms import Taken
from workers.store.door import Connection


@dataclass(frozen=True, slots=True)
class Noted:
    """`first`: nothing was known of the person in this series before."""

    experiment: str
    series: str
    person: UUID
    epoch: int
    first: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of one arm. People are counted by what came of their first run."""

    experiment: str
    series: str
    epoch: int
    arm: str
    people: int
    good: int
    bad: int
    runs: int


@dataclass(frozen=True, slots=True)
class State:
    """What was decided about an arm."""

    experiment: str
    arm: str
    stopped: bool
    epoch: int
    by: str
    reason: str
    changed_at: datetime


async def note(c: Connection, tenant: UUID, taken: Sequence[Taken]) -> list[Noted]:
    """In the transaction in which their runs end; a person only once for each series."""
    rows = await c.fetch(
        "insert into experiment_outcomes as o"
        " (tenant_id, experiment, series, epoch, person_id, arm, outcome, good, bad)"
        " select $1, t.experiment, t.series, coalesce((select max(e.epoch) from experiments e"
        "   where e.tenant_id = $1 and e.experiment = t.experiment), 0), t.person, t.arm, t.outcome,"
        "   t.good, t.bad"
        " from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[],"
        "   $8::boolean[]) as t(person, experiment, series, arm, outcome, good, bad)"
        " on conflict (tenant_id, experiment, series, epoch, person_id) do update set runs = o.runs + 1"
        " returning o.experiment, o.series, o.person_id as person, o.epoch, o.runs = 1 as first",
        tenant,
        [UUID(each.person) for each in taken],
        [each.experiment for each in taken],
        [each.series for each in taken],
        [each.arm for each in taken],
        [each.outcome for each in taken],
        [each.good for each in taken],
        [each.bad for each in taken],
    )
    return [Noted(**row) for row in rows]


async def tallies(
    c: Connection, tenant: UUID, experiment: str = "", series: str = "", epoch: int | None = None
) -> list[Tally]:
    """Of one series, of one experiment, or of all; the latest epoch first."""
    rows = await c.fetch(
        "select experiment, series, epoch, arm, count(*)::int as people,"
        " count(*) filter (where good)::int as good, count(*) filter (where bad)::int as bad,"
        " sum(runs)::int as runs from experiment_outcomes"
        " where tenant_id = $1 and ($2 = '' or experiment = $2) and ($3 = '' or series = $3)"
        " and ($4::integer is null or epoch = $4)"
        " group by experiment, series, epoch, arm order by experiment, epoch desc, max(at) desc, arm",
        tenant,
        experiment,
        series,
        epoch,
    )
    return [Tally(**row) for row in rows]


async def outcomes(
    c: Connection, tenant: UUID, experiment: str, series: str, epoch: int
) -> dict[str, dict[str, int]]:
    """How many people of each arm came to what."""
    rows = await c.fetch(
        "select arm, outcome, count(*)::int as people from experiment_outcomes"
        " where tenant_id = $1 and experiment = $2 and series = $3 and epoch = $4"
        " group by arm, outcome order by arm, people desc, outcome",
        tenant,
        experiment,
        series,
        epoch,
    )
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["arm"], {})[row["outcome"]] = row["people"]
    return found


async def under_way(c: Connection, tenant: UUID, experiment: str) -> dict[str, int]:
    """Runs that were shown an arm and are not over, by arm."""
    rows = await c.fetch(
        "select state->'arms'->>$2 as arm, count(*)::int as runs from runs"
        " where tenant_id = $1 and status = 'waiting' and state->'arms' ? $2 group by 1",
        tenant,
        experiment,
    )
    return {row["arm"]: row["runs"] for row in rows}


async def states(c: Connection, tenant: UUID, experiment: str = "") -> list[State]:
    rows = await c.fetch(
        "select experiment, arm, stopped, epoch, stopped_by as by, reason, changed_at from experiments"
        " where tenant_id = $1 and ($2 = '' or experiment = $2) order by experiment, arm",
        tenant,
        experiment,
    )
    return [State(**row) for row in rows]


async def stopped(c: Connection, tenant: UUID) -> tuple[str, ...]:
    """`experiment=arm` of each arm that nobody new gets; a turn reads it with everything else."""
    rows = await c.fetch(
        "select experiment || '=' || arm as arm from experiments where tenant_id = $1 and stopped order by 1",
        tenant,
    )
    return tuple(row["arm"] for row in rows)


async def stop(c: Connection, tenant: UUID, experiment: str, arm: str, by: str, reason: str) -> bool:
    """Nobody new gets the arm from now on. False where it was so already."""
    done = await c.fetchval(
        "insert into experiments as e (tenant_id, experiment, arm, stopped, stopped_by, reason)"
        " values ($1, $2, $3, true, $4, $5) on conflict (tenant_id, experiment, arm) do update"
        " set stopped = true, stopped_by = $4, reason = $5, changed_at = now() where not e.stopped"
        " returning 1",
        tenant,
        experiment,
        arm,
        by,
        reason,
    )
    return done is not None


async def start(c: Connection, tenant: UUID, experiment: str, arms: Sequence[str]) -> list[str]:
    """Given out again from now on, and outcomes counted anew, or what stopped an arm would stop it again.

    Those that were stopped.
    """
    rows = await c.fetch(
        "update experiments set stopped = false, changed_at = now(), epoch = 1 + (select max(epoch)"
        "   from experiments where tenant_id = $1 and experiment = $2)"
        " where tenant_id = $1 and experiment = $2 and arm = any ($3) and stopped returning arm",
        tenant,
        experiment,
        list(arms),
    )
    return sorted(row["arm"] for row in rows)
