"""grants: what somebody let run alone, who agreed to it, and what ran under it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from bot.turn import Place
from flows import approval_stages
from flows.approval_stages import Terms, to_json
from flows.grants import PERIODS, Limits, Scope
from flows.policy_rule import SECONDS
from workers.store import codec
from workers.store.approval_terms import Voted
from workers.store.door import Connection

# What ends a grant, whoever noticed it: it failed for certain, nobody knows, or it was given up.
FAILED = ("failed", "unknown", "dead")
OPEN = ("proposed", "active")


@dataclass(frozen=True, slots=True)
class Grant:
    """As stored. `steps`: a print of each flow's steps with this tool, `meaning` one of the tool itself;
    both as they were when it was made, as is `policy_version`."""

    id: int
    scope: Scope
    limits: Limits
    meaning: str
    steps: Mapping[str, str]
    policy_version: str
    terms: Terms
    state: str
    proposed_by: UUID | None
    conversation: str
    place: Place
    ends: datetime
    over: bool = False  # its time is over, by the database's clock
    why: str | None = None


# `over` by the database's clock.
_ROW = "select g.*, g.ends <= now() as over from grants g"
_BROKEN = (
    "exists (select 1 from grant_uses u join effects e on e.tenant_id = u.tenant_id and e.key = u.effect_key"
    " where u.tenant_id = g.tenant_id and u.grant_id = g.id and e.state = any($3))"
)


async def propose(c: Connection, tenant: UUID, grant: Grant) -> int:
    """Its number. `id` and `state` are the database's to give."""
    scope, limits = grant.scope, grant.limits
    number: int = await c.fetchval(
        "insert into grants (tenant_id, tool, meaning, requester, recipient, account, each_most, currency,"
        " total_most, calls_most, per, steps, policy_version, terms, proposed_by, conversation, place, ends)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
        " returning id",
        tenant,
        scope.tool,
        grant.meaning,
        scope.requester,
        scope.recipient,
        scope.account,
        limits.each,
        limits.currency,
        limits.total,
        limits.calls,
        limits.per,
        orjson.dumps(dict(grant.steps)).decode(),
        grant.policy_version,
        orjson.dumps(to_json(grant.terms)).decode(),
        grant.proposed_by,
        grant.conversation,
        codec.dumps(grant.place),
        grant.ends,
    )
    return number


async def by_id(c: Connection, tenant: UUID, number: int, *, lock: bool = False) -> Grant | None:
    query = f"{_ROW} where g.tenant_id = $1 and g.id = $2" + (" for update of g" if lock else "")
    row = await c.fetchrow(query, tenant, number)
    return _grant(row) if row else None


async def open_of(c: Connection, tenant: UUID, tool: str = "", most: int = 100) -> list[Grant]:
    """Proposed or active ones, of one tool or of all, the newest first."""
    rows = await c.fetch(
        f"{_ROW} where g.tenant_id = $1 and ($2 = '' or g.tool = $2) and g.state = any($3)"
        " order by g.id desc limit $4",
        tenant,
        tool,
        list(OPEN),
        most,
    )
    return [_grant(row) for row in rows]


async def unbroken(c: Connection, tenant: UUID, tool: str) -> list[Grant]:
    """Active ones of which nothing failed, and whose time is not over: by the rows as they are in this
    very transaction, whoever has been told of it yet or not."""
    rows = await c.fetch(
        f"{_ROW} where g.tenant_id = $1 and g.tool = $2 and g.state = 'active' and g.ends > now()"
        f" and not {_BROKEN} order by g.id",
        tenant,
        tool,
        list(FAILED),
    )
    return [_grant(row) for row in rows]


async def activate(c: Connection, tenant: UUID, number: int) -> bool:
    row = await c.fetchval(
        "update grants set state = 'active', active_at = now() where tenant_id = $1 and id = $2"
        " and state = 'proposed' and ends > now() returning 1",
        tenant,
        number,
    )
    return row is not None


async def end(
    c: Connection, tenant: UUID, number: int, state: str, why: str, person: UUID | None = None
) -> bool:
    """`revoked`, `over` or `dropped`; for good. False: it was over already."""
    row = await c.fetchval(
        "update grants set state = $3, ended_at = now(), ended_by = $4, why = $5"
        " where tenant_id = $1 and id = $2 and state = any($6) returning 1",
        tenant,
        number,
        state,
        person,
        why[:500],
        list(OPEN),
    )
    return row is not None


async def vote(
    c: Connection, tenant: UUID, number: int, person: UUID, seat: UUID, stage: int, platform: str
) -> bool:
    """Counted, in the transaction that holds the grant's row. False: it counted before."""
    row = await c.fetchval(
        "insert into grant_votes (tenant_id, grant_id, person_id, seat, stage, platform)"
        " values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning 1",
        tenant,
        number,
        person,
        seat,
        stage,
        platform,
    )
    return row is not None


async def votes(c: Connection, tenant: UUID, number: int) -> list[Voted]:
    rows = await c.fetch(
        "select v.person_id, v.seat, v.stage, v.at, p.name, s.name as seat_name from grant_votes v"
        " join people p on p.tenant_id = v.tenant_id and p.id = v.person_id"
        " join people s on s.tenant_id = v.tenant_id and s.id = v.seat"
        " where v.tenant_id = $1 and v.grant_id = $2 order by v.stage, v.at, v.person_id",
        tenant,
        number,
    )
    return [
        Voted(row["person_id"], row["seat"], row["stage"], row["at"], row["name"], row["seat_name"])
        for row in rows
    ]


async def use(c: Connection, tenant: UUID, key: str, number: int) -> None:
    """In the transaction that intends the call."""
    await c.execute(
        "insert into grant_uses (tenant_id, effect_key, grant_id) values ($1, $2, $3) on conflict do nothing",
        tenant,
        key,
        number,
    )


async def of_effect(c: Connection, tenant: UUID, key: str) -> Grant | None:
    """The grant that a call runs under, if it runs under one; nobody ends it meanwhile."""
    row = await c.fetchrow(
        f"{_ROW} join grant_uses u on u.tenant_id = g.tenant_id and u.grant_id = g.id"
        " where g.tenant_id = $1 and u.effect_key = $2 for share of g",
        tenant,
        key,
    )
    return _grant(row) if row else None


async def used(c: Connection, tenant: UUID, grant: Grant, but: str) -> tuple[int, int]:
    """Minor units and calls under it in its period, without the call `but`. What may have happened, or may
    still, counts."""
    row = await c.fetchrow(
        "select coalesce(sum(s.amount) filter (where s.currency = $5), 0)::bigint as amount,"
        " count(*) as calls from grant_uses u join effects e on e.tenant_id = u.tenant_id"
        " and e.key = u.effect_key left join spending s on s.tenant_id = u.tenant_id"
        " and s.effect_key = u.effect_key where u.tenant_id = $1 and u.grant_id = $2 and u.effect_key <> $3"
        " and u.at > now() - make_interval(secs => $4) and e.state <> 'withdrawn'",
        tenant,
        grant.id,
        but,
        float(SECONDS[grant.limits.per]),
        grant.limits.currency,
    )
    return row["amount"], row["calls"]


def _grant(row: Mapping[str, Any]) -> Grant:
    return Grant(
        id=row["id"],
        scope=Scope(row["tool"], row["requester"], row["recipient"], row["account"]),
        limits=Limits(
            row["calls_most"], PERIODS[row["per"]], row["each_most"], row["total_most"], row["currency"]
        ),
        meaning=row["meaning"],
        steps=orjson.loads(row["steps"]),
        policy_version=row["policy_version"],
        terms=approval_stages.from_json(orjson.loads(row["terms"])),
        state=row["state"],
        proposed_by=row["proposed_by"],
        conversation=row["conversation"],
        place=codec.loads(row["place"]),
        ends=row["ends"],
        over=row["over"],
        why=row["why"],
    )
