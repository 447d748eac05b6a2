"""learned_actions: calls as they looked before anybody decided about them, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from workers.store.door import Connection

LOOKED_BACK = 50  # of one person's calls of a tool
MOST_LOOKS = 1_000
OVER = ("approved", "used", "void", "rejected", "expired", "withdrawn", "changed")
UNANSWERED_DAYS = 30


@dataclass(frozen=True, slots=True)
class Action:
    """One call. `chance` that somebody judges it; `drawn`: it ran alone and is to be looked at."""

    key: str
    evidence: str
    tool: str
    features: tuple[float, ...]
    score: float
    chance: float = 1.0
    alone: bool = False
    drawn: bool = False
    asked: bool = False
    settled: bool = False
    right: bool | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """An approval of such a call that is over; `seconds` from when its first card was shown."""

    key: str
    state: str
    seconds: float | None
    bulk: bool
    edited: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Labelled:
    """What the evidence says of one call; `right` None where it was not judged."""

    id: int
    key: str
    tool: str
    features: tuple[float, ...]
    score: float
    chance: float
    alone: bool
    right: bool | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """A request as it looked, and the calibrator that was fitted to what people decided about its like."""

    approval: str
    evidence: str
    tool: str
    features: tuple[float, ...]
    calibrator: Mapping[str, Any]


async def weighed(c: Connection, tenant: UUID, approvals: Sequence[str]) -> list[Weighed]:
    """Those of these requests about which something was learned."""
    rows = await c.fetch(
        "select a.id as approval, l.evidence, l.tool, l.features, b.calibrator from approvals a"
        " join learned_actions l on l.tenant_id = a.tenant_id and l.effect_key = a.effect_key"
        " join bars b on b.tenant_id = l.tenant_id and b.evidence = l.evidence"
        " where a.tenant_id = $1 and a.id = any($2) and b.calibrator <> '{}'::jsonb",
        tenant,
        list(approvals),
    )
    return [
        Weighed(row["approval"], row["evidence"], row["tool"], _values(row["features"]),
                orjson.loads(row["calibrator"]))
        for row in rows
    ]  # fmt: skip


async def allowed(c: Connection, tenant: UUID) -> bool:
    """Whether this tenant lets anything run alone by experience."""
    found = await c.fetchval("select allowed from learning where tenant_id = $1", tenant)
    return bool(found)


async def allow(c: Connection, tenant: UUID, wanted: bool) -> None:
    await c.execute(
        "insert into learning (tenant_id, allowed) values ($1, $2)"
        " on conflict (tenant_id) do update set allowed = $2, changed_at = now()",
        tenant,
        wanted,
    )


async def note(c: Connection, tenant: UUID, action: Action) -> None:
    """With the step that proposes it. What nobody will look at is settled at once."""
    await c.execute(
        "insert into learned_actions (tenant_id, effect_key, evidence, tool, features, score, chance, alone,"
        " drawn, why, settled_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9,"
        " case when $8 and not $9 then 'unseen' else '' end, case when $8 and not $9 then now() end)"
        " on conflict do nothing",
        tenant,
        action.key,
        action.evidence,
        action.tool,
        orjson.dumps(action.features).decode(),
        action.score,
        action.chance,
        action.alone,
        action.drawn,
    )


async def by_key(c: Connection, tenant: UUID, key: str) -> Action | None:
    row = await c.fetchrow(
        "select effect_key as key, evidence, tool, features, score, chance, alone, drawn, asked,"
        " settled_at is not null as settled, verdict as right from learned_actions"
        " where tenant_id = $1 and effect_key = $2",
        tenant,
        key,
    )
    return Action(**{**dict(row), "features": _values(row["features"])}) if row else None


async def asked(c: Connection, tenant: UUID, key: str) -> None:
    """An audit card was posted."""
    await c.execute(
        "update learned_actions set asked = true where tenant_id = $1 and effect_key = $2", tenant, key
    )


async def settle(
    c: Connection, tenant: UUID, key: str, right: bool | None, why: str, *, again: bool = False
) -> bool:
    """True for whoever came first. `again`: what was settled without a verdict may be told more of."""
    row = await c.fetchval(
        "update learned_actions set verdict = $3, why = $4, settled_at = now() where tenant_id = $1"
        " and effect_key = $2 and (settled_at is null or ($5 and why = 'unseen')) returning 1",
        tenant,
        key,
        right,
        why,
        again,
    )
    return row is not None


async def overturned(c: Connection, tenant: UUID, key: str, why: str) -> bool:
    """What was right, or nobody had looked at, turned out wrong. Of what ran alone it counts as a failure;
    a verdict gets only what had its chance of one: those who complain are no fair sample. True once."""
    row = await c.fetchval(
        "update learned_actions set why = case when alone then 'failed' else $3 end,"
        " verdict = case when alone and not drawn then verdict else false end,"
        " settled_at = coalesce(settled_at, now()) where tenant_id = $1 and effect_key = $2"
        " and why <> 'failed' and why <> all($4) returning 1",
        tenant,
        key,
        why,
        ["disputed", "dispute_lost"],
    )
    return row is not None


async def edited(c: Connection, tenant: UUID, key: str, fields: Sequence[str]) -> None:
    """Somebody changed these before approving: as it was proposed it was wrong, and they say where."""
    await c.execute(
        "update learned_actions set edited = $3 where tenant_id = $1 and effect_key = $2",
        tenant,
        key,
        orjson.dumps(sorted(fields)[:50]).decode(),
    )


async def in_bulk(c: Connection, tenant: UUID, key: str) -> None:
    """It was decided with others, in one press."""
    await c.execute(
        "update learned_actions set bulk = true where tenant_id = $1 and effect_key = $2", tenant, key
    )


async def ended(c: Connection, tenant: UUID, most: int) -> list[Ended]:
    """Asked about, not settled, and the approval is over."""
    rows = await c.fetch(
        "select l.effect_key as key, a.state, l.bulk, l.edited, extract(epoch from a.decided_at - coalesce("
        "  (select min(o.sent_at) from approval_cards k join outbox o on o.tenant_id = k.tenant_id"
        "    and o.id = k.outbox_id where k.tenant_id = a.tenant_id and k.approval_id = a.id), a.created_at)"
        " )::double precision as seconds from learned_actions l join approvals a on a.tenant_id = l.tenant_id"
        " and a.effect_key = l.effect_key where l.tenant_id = $1 and l.settled_at is null and not l.alone"
        " and a.state = any($2) order by l.id limit $3",
        tenant,
        list(OVER),
        most,
    )
    return [
        Ended(row["key"], row["state"], row["seconds"], row["bulk"], _fields(row["edited"])) for row in rows
    ]


async def give_up(c: Connection, tenant: UUID, most: int) -> int:
    """What nobody will ever say anything of: its approval is gone, or the card was left alone."""
    rows = await c.fetch(
        "update learned_actions set settled_at = now(), why = 'unanswered' where tenant_id = $1"
        " and effect_key = any(select effect_key from learned_actions where tenant_id = $1"
        " and settled_at is null and at < now() - make_interval(days => $2) order by id limit $3)"
        " returning 1",
        tenant,
        UNANSWERED_DAYS,
        most,
    )
    return len(rows)


async def drop(c: Connection, tenant: UUID, evidence: str, keep: int) -> None:
    """All but the newest."""
    await c.execute(
        "delete from learned_actions where tenant_id = $1 and evidence = $2 and id <= (select id from"
        " learned_actions where tenant_id = $1 and evidence = $2 order by id desc offset $3 limit 1)",
        tenant,
        evidence,
        keep,
    )


async def history(c: Connection, tenant: UUID, requester: UUID, tool: str, but: str) -> tuple[int, int]:
    """How many of this person's last calls of the tool were approved, and how many rejected."""
    row = await c.fetchrow(
        "select count(*) filter (where a.state in ('approved', 'used'))::int as right,"
        " count(*) filter (where a.state = 'rejected')::int as wrong from (select effect_key from spending"
        "   where tenant_id = $1 and requester = $2 and tool = $3 and effect_key <> $4"
        "   order by at desc limit $5) s"
        " join approvals a on a.tenant_id = $1 and a.effect_key = s.effect_key",
        tenant,
        requester,
        tool,
        but,
        LOOKED_BACK,
    )
    return row["right"], row["wrong"]


async def since(
    c: Connection, tenant: UUID, evidence: str, after: int
) -> list[tuple[int, tuple[float, ...]]]:
    """What was asked for since, the oldest first, judged or not."""
    rows = await c.fetch(
        "select id, features from learned_actions where tenant_id = $1 and evidence = $2 and id > $3"
        " order by id limit $4",
        tenant,
        evidence,
        after,
        MOST_LOOKS,
    )
    return [(row["id"], _values(row["features"])) for row in rows]


async def labelled(c: Connection, tenant: UUID, evidence: str, after: int, most: int) -> list[Labelled]:
    """The newest that were judged, the oldest first."""
    rows = await c.fetch(
        "select * from (select id, effect_key as key, tool, features, score, chance, alone, verdict as right"
        " from learned_actions where tenant_id = $1 and evidence = $2 and id > $3 and verdict is not null"
        " order by id desc limit $4) newest order by id",
        tenant,
        evidence,
        after,
        most,
    )
    return [_labelled(row) for row in rows]


async def elsewhere(c: Connection, tenant: UUID, evidence: str, most: int) -> list[Labelled]:
    """What was judged of other calls than these: to learn from, never to certify with."""
    rows = await c.fetch(
        "select id, effect_key as key, tool, features, score, chance, alone, verdict as right"
        " from learned_actions where tenant_id = $1 and evidence <> $2 and verdict is not null"
        " order by id desc limit $3",
        tenant,
        evidence,
        most,
    )
    return [_labelled(row) for row in reversed(rows)]


async def everything(c: Connection, tenant: UUID, evidence: str, most: int) -> list[Labelled]:
    """The newest, judged or not."""
    rows = await c.fetch(
        "select id, effect_key as key, tool, features, score, chance, alone, verdict as right"
        " from learned_actions where tenant_id = $1 and evidence = $2 order by id desc limit $3",
        tenant,
        evidence,
        most,
    )
    return [_labelled(row) for row in reversed(rows)]


async def newest(c: Connection, tenant: UUID) -> int:
    found: int = await c.fetchval(
        "select coalesce(max(id), 0) from learned_actions where tenant_id = $1", tenant
    )
    return found


def _labelled(row: Any) -> Labelled:
    return Labelled(**{**dict(row), "features": _values(row["features"])})


def _values(raw: Any) -> tuple[float, ...]:
    return tuple(float(each) for each in orjson.loads(raw))


def _fields(raw: Any) -> tuple[str, ...]:
    return tuple(orjson.loads(raw)) if raw else ()
