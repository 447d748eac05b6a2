"""bars: what the evidence allows to run alone, for each thing that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from workers.store.door import Connection

COLLECTING, STANDING = "collecting", "standing"


@dataclass(frozen=True, slots=True)
class About:
    """What the evidence is about. `evidence` is the key over all that it rests on."""

    evidence: str
    tool: str
    risk: str
    rule: str
    flow: str
    step: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """`decided` and `wrong` are what counts so far, or what the certificate rests on. Evidence counts after
    `counts_from`; what ran alone since it stands has an id above `stands_from`."""

    about: About
    state: str
    error: float
    confidence: float
    cut: float | None
    decided: int
    wrong: int
    bound: float
    calibrator: Mapping[str, Any] = field(default_factory=dict)
    watch: Mapping[str, Any] = field(default_factory=dict)
    watched: int = 0
    counts_from: int = 0
    stands_from: int = 0
    told: bool = False
    reason: str = ""
    changed_at: datetime | None = None

    @property
    def stands(self) -> bool:
        return self.state == STANDING and self.cut is not None


@dataclass(frozen=True, slots=True)
class Lately:
    """What ran alone since the bar stands: how many, failed for certain, looked at, and found wrong."""

    ran: int
    failed: int
    judged: int
    wrong: int


_ROW = (
    "evidence, tool, risk, rule, flow, step, subject, state, error, confidence, cut, decided, wrong, bound,"
    " calibrator, watch, watched, counts_from, stands_from, told, reason, changed_at"
)


async def by_evidence(c: Connection, tenant: UUID, evidence: str) -> Bar | None:
    row = await c.fetchrow(
        f"select {_ROW} from bars where tenant_id = $1 and evidence = $2",  # noqa: S608 (a constant)
        tenant,
        evidence,
    )
    return _bar(row) if row else None


async def every(c: Connection, tenant: UUID, most: int = 200) -> list[Bar]:
    """Those looked at last come first."""
    rows = await c.fetch(
        f"select {_ROW} from bars where tenant_id = $1 order by seen_at desc limit $2",  # noqa: S608
        tenant,
        most,
    )
    return [_bar(row) for row in rows]


async def seen(c: Connection, tenant: UUID, about: About) -> None:
    """A call of this kind was proposed."""
    await c.execute(
        "insert into bars as b (tenant_id, evidence, tool, risk, rule, flow, step, subject)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (tenant_id, evidence) do update"
        " set seen_at = now(), subject = excluded.subject where b.seen_at < now() - interval '1 minute'",
        tenant,
        about.evidence,
        about.tool,
        about.risk,
        about.rule,
        about.flow,
        about.step,
        about.subject,
    )


async def still(c: Connection, tenant: UUID, evidence: str, cut: float) -> bool:
    """Whether it stands as it was looked at, and goes on standing until this transaction is over."""
    found = await c.fetchval(
        "select 1 from bars b join learning l on l.tenant_id = b.tenant_id and l.allowed"
        " where b.tenant_id = $1 and b.evidence = $2 and b.state = 'standing' and b.cut = $3"
        " for share of b, l",
        tenant,
        evidence,
        cut,
    )
    return found is not None


async def told(c: Connection, tenant: UUID, evidence: str) -> bool:
    """True for the first call that runs alone by it, whose turn tells the approvers."""
    found = await c.fetchval(
        "update bars set told = true where tenant_id = $1 and evidence = $2 and state = 'standing'"
        " and not told returning 1",
        tenant,
        evidence,
    )
    return found is not None


async def stop(c: Connection, tenant: UUID, evidence: str, reason: str) -> bool:
    """Back to asking, and evidence counts anew from here. False where it did not stand."""
    found = await c.fetchval(
        "update bars set state = 'collecting', cut = null, decided = 0, wrong = 0, bound = 1, watch = '{}',"
        " reason = $3, told = false, changed_at = now(), counts_from = (select coalesce(max(id), 0)"
        "   from learned_actions where tenant_id = $1)"
        " where tenant_id = $1 and evidence = $2 and state = 'standing' returning 1",
        tenant,
        evidence,
        reason,
    )
    return found is not None


async def collecting(
    c: Connection, tenant: UUID, bar: Bar, error: float, confidence: float, decided: int, wrong: int,
    calibrator: Mapping[str, Any],
) -> None:  # fmt: skip
    """How far it is. One that stood does no longer."""
    await c.execute(
        "update bars set state = 'collecting', cut = null, error = $3, confidence = $4, decided = $5,"
        " wrong = $6, bound = 1, calibrator = $7, told = false, reason = case when state = 'standing'"
        "   then 'too many were wrong' else reason end, changed_at = now()"
        " where tenant_id = $1 and evidence = $2 and counts_from = $8",
        tenant,
        bar.about.evidence,
        error,
        confidence,
        decided,
        wrong,
        orjson.dumps(calibrator).decode(),
        bar.counts_from,
    )


async def stand(
    c: Connection, tenant: UUID, bar: Bar, error: float, confidence: float, cut: float, decided: int,
    wrong: int, bound: float, calibrator: Mapping[str, Any], watch: Mapping[str, Any], newest: int,
) -> bool:  # fmt: skip
    """By this certificate. One that stands already goes on being watched as it was. False where it was
    stopped in the meantime."""
    found = await c.fetchval(
        "update bars set cut = $3, error = $4, confidence = $5, decided = $6, wrong = $7, bound = $8,"
        " calibrator = $9, watch = case when state = 'standing' then watch else $10 end,"
        " watched = case when state = 'standing' then watched else $11 end,"
        " stands_from = case when state = 'standing' then stands_from else $11 end,"
        " state = 'standing', reason = '', changed_at = now()"
        " where tenant_id = $1 and evidence = $2 and counts_from = $12 and state = $13 returning 1",
        tenant,
        bar.about.evidence,
        cut,
        error,
        confidence,
        decided,
        wrong,
        bound,
        orjson.dumps(calibrator).decode(),
        orjson.dumps(watch).decode(),
        newest,
        bar.counts_from,
        bar.state,
    )
    return found is not None


async def watched(c: Connection, tenant: UUID, bar: Bar, watch: Mapping[str, Any], upto: int) -> None:
    """As far as it was looked; nothing where somebody else looked further."""
    await c.execute(
        "update bars set watch = $3, watched = $4 where tenant_id = $1 and evidence = $2"
        " and state = 'standing' and watched = $5",
        tenant,
        bar.about.evidence,
        orjson.dumps(watch).decode(),
        upto,
        bar.watched,
    )


async def lately(c: Connection, tenant: UUID, bar: Bar) -> Lately:
    row = await c.fetchrow(
        "select count(*)::int as ran, count(*) filter (where why = 'failed')::int as failed,"
        " count(verdict)::int as judged, count(*) filter (where not verdict)::int as wrong"
        " from learned_actions where tenant_id = $1 and evidence = $2 and id > $3 and alone",
        tenant,
        bar.about.evidence,
        bar.stands_from,
    )
    return Lately(**dict(row))


def _bar(row: Any) -> Bar:
    values = dict(row)
    about = About(
        **{name: values.pop(name) for name in ("evidence", "tool", "risk", "rule", "flow", "step", "subject")}
    )
    for name in ("calibrator", "watch"):
        values[name] = orjson.loads(values[name])
    return Bar(about, **values)
