"""Labels what was decided and reckons anew what may run alone: by one engine at a time, beside the work."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
import structlog

from flows import calibration, calibrator, certify, drift
from flows.calibration import Decision, label_of
from flows.calibration_rule import Learn
from flows.calibrator import Calibrator, Decided
from flows.certify import Seen
from flows.errors import FlowError
from flows.features import Features
from flows.policy_file import stored_policy
from workers.learning import look_of
from workers.store import audit, bars, definitions, learning, tenants
from workers.store.bars import Bar
from workers.store.door import Connection, Database
from workers.store.learning import Ended, Labelled

log = structlog.get_logger()

LOCK = "countersign.learning"
EVERY = 15.0
MOST = 500
KEPT = 2 * calibration.LATEST
TRAINED_ELSEWHERE = 1_000


class Keeper:
    """Of one engine."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.sweep()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("learning.trouble", problem=type(error).__name__)
            await asyncio.sleep(EVERY)

    async def sweep(self) -> None:
        for tenant, _ in await tenants.every(self._db):
            await self.tenant(tenant)

    async def tenant(self, tenant: UUID) -> None:
        """Nothing where another engine is at it, and next to nothing where no rule may learn."""
        async with self._db.tenant(tenant) as c:
            found = await bars.every(c, tenant)
        if not found:
            return
        while await self._settled(tenant):
            pass
        for bar in found:
            await self._reckoned(tenant, bar)

    async def _settled(self, tenant: UUID) -> bool:
        """A few at a time; whether there may be more."""
        async with self._db.tenant(tenant) as c:
            if not await _mine(c):
                return False
            ended = await learning.ended(c, tenant, MOST)
            for each in ended:
                right = label_of(Decision(each.state, each.seconds, each.bulk, each.edited))
                await learning.settle(c, tenant, each.key, right, why_of(each, right))
            await learning.give_up(c, tenant, MOST)
        return len(ended) == MOST

    async def _reckoned(self, tenant: UUID, bar: Bar) -> None:
        evidence = bar.about.evidence
        async with self._db.tenant(tenant) as c:
            if not await _mine(c):
                return
            learn = await _learn(c, tenant, bar.about.rule)
            fresh = await bars.by_evidence(c, tenant, evidence)
            if learn is None or fresh is None:
                return
            await _look_on(c, tenant, fresh)
            rows = await learning.labelled(c, tenant, evidence, fresh.counts_from, calibration.LATEST)
            wrong = sum(not row.right for row in rows)
            if _known_already(fresh, rows, learn):
                return
            others = await learning.elsewhere(c, tenant, evidence, TRAINED_ELSEWHERE)
            await learning.drop(c, tenant, evidence, KEPT)
        scores, certificate = await asyncio.to_thread(reckon, rows, others, learn)
        async with self._db.tenant(tenant) as c:
            if not await _mine(c):
                return
            kept = {**calibrator.to_json(scores), "mark": _mark(rows)}
            if certificate is None:
                await bars.collecting(c, tenant, fresh, learn.error, learn.confidence, len(rows), wrong, kept)
                if fresh.stands:
                    await audit.record(c, tenant, "learning.stopped", evidence=evidence, why="evidence",
                                       subject=bar.about.subject, reason="too many were wrong")  # fmt: skip
                return
            watch = drift.to_json(drift.watch([look_of(Features(*row.features)) for row in rows]))
            stands = await bars.stand(
                c, tenant, fresh, learn.error, learn.confidence, certificate.cut, certificate.of,
                certificate.wrong, certificate.bound, kept, watch, await learning.newest(c, tenant),
            )  # fmt: skip
            if stands and not fresh.stands:
                await audit.record(c, tenant, "learning.certified", evidence=evidence, tool=bar.about.tool,
                                   rule=bar.about.rule, subject=bar.about.subject, decisions=certificate.of,
                                   wrong=certificate.wrong, error=f"{learn.error:g}",
                                   confidence=f"{learn.confidence:g}",
                                   bar=f"{certificate.cut:.6f}")  # fmt: skip
                log.info("learning.certified", tool=bar.about.tool, decisions=certificate.of)


def reckon(
    rows: list[Labelled], others: list[Labelled], learn: Learn
) -> tuple[Calibrator, certify.Certificate | None]:
    """Fitted on the oldest third, certified on the rest, which the fit has never seen. While there are
    fewer than twice as many as the promise costs, all certify and only other calls are learned from."""
    plenty = len(rows) >= 2 * certify.price(learn.error, learn.confidence)
    split = len(rows) // 3 if plenty else 0
    old, recent = rows[:split], rows[split:]
    scores = calibrator.fit([Decided(row.tool, row.features, bool(row.right)) for row in (*others, *old)])
    if not plenty:
        # Of this very tool nothing is known yet, whatever was learned of it under other circumstances.
        scores = Calibrator(scores.pooled)
    seen = [Seen(scores.score(row.tool, row.features), bool(row.right)) for row in recent]
    return scores, certify.certify(seen, learn.error, learn.confidence)


def why_of(each: Ended, right: bool | None) -> str:
    if each.state == "changed" or (each.edited and right is False):
        return "edited"
    if right is None and each.state in ("approved", "used", "void", "rejected"):
        return "bulk" if each.bulk else "glance"
    return each.state


def _known_already(bar: Bar, rows: list[Labelled], learn: Learn) -> bool:
    """Nothing new was decided, and nothing else is wanted."""
    same = (bar.error, bar.confidence) == (learn.error, learn.confidence)
    return same and bar.calibrator.get("mark") == _mark(rows)


def _mark(rows: list[Labelled]) -> list[int]:
    return [len(rows), rows[-1].id if rows else 0, sum(not row.right for row in rows)]


async def _look_on(c: Connection, tenant: UUID, bar: Bar) -> None:
    """The watch goes on to what came since."""
    if not bar.stands or not bar.watch:
        return
    came = await learning.since(c, tenant, bar.about.evidence, bar.watched)
    if not came:
        return
    seen = drift.from_json(bar.watch)
    for _, each in came:
        seen = drift.after(seen, look_of(Features(*each)))
    await bars.watched(c, tenant, bar, drift.to_json(seen), came[-1][0])


async def _learn(c: Connection, tenant: UUID, rule: str) -> Learn | None:
    """What the rule wants now; None where it may not learn any more."""
    version = await tenants.policy_version(c, tenant)
    document = await definitions.policy_document(c, tenant, version) if version else None
    if document is None:
        return None
    try:
        found = calibration.learning_rule(stored_policy(document), rule)
    except FlowError:
        return None
    return found.learn if found else None


async def _mine(c: Connection) -> bool:
    found: bool = await c.fetchval("select pg_try_advisory_xact_lock(hashtextextended($1, 0))", LOCK)
    return found
