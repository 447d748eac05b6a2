"""audit: sealing beside the work: how fast, how far behind, what it costs those who write, and verifying."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from uuid import UUID

import asyncpg
import structlog

from tests.bench.bed import SECRET, Bed
from tests.bench.harness import Report, at_least, at_most, percentile, ratios
from tests.bench.meter import Meter
from workers.audit_seal import Sealer, seal, signer
from workers.audit_verify import walked
from workers.store import audit, tenants
from workers.store.door import Database
from workers.store.dsn import app_dsn

KEYS = signer(SECRET)
WRITERS = 16
PER_SECOND = 500
LARGE = 1_000_000


async def run(bed: Bed, report: Report) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    address = await bed.database()
    db = await Database.open(app_dsn(address, SECRET), size=WRITERS + 4)
    admin = await asyncpg.connect(address)
    try:
        await _throughput(bed, report, db, admin)
        await _beside(report, db)
        await _behind(report, db)
        await _verified(report, db, admin)
    finally:
        await admin.close()
        await db.close()


async def _throughput(bed: Bed, report: Report, db: Database, admin: asyncpg.Connection) -> None:
    """With the rests that the sealer takes, so as an engine has it."""
    count = report.pick(40_000, 8_000)
    for many in (1, WRITERS):
        rates, costs = [], []
        for _ in range(report.pick(3, 2)):
            for tenant in [await tenants.create(db, "Sealed") for _ in range(many)]:
                await fill(admin, tenant, count // many)
            meter = Meter({}, {"postgres": bed.postgres})
            began = time.monotonic()
            sealed = await Sealer(db, KEYS).sweep()
            rates.append(sealed / (time.monotonic() - began))
            costs.append(meter.read()["postgres"] / sealed * 1e6)
        name = f"sealing, {many} tenant{'s' if many > 1 else ''}"
        report.add(name, "entries/s", rates, at_least(2_000))
        report.add(f"{name}, PostgreSQL's part", "CPU µs", costs)


async def _beside(report: Report, db: Database) -> None:
    """A transaction with one entry, while a sealer runs and while none does, one after the other."""
    tenant = await tenants.create(db, "Busy")
    alone, beside = [], []
    for _ in range(report.pick(9, 3)):
        alone.append(await _written(db, tenant, report.pick(3, 1)))
        sealing = asyncio.create_task(Sealer(db, KEYS).run())
        beside.append(await _written(db, tenant, report.pick(3, 1)))
        sealing.cancel()
        await asyncio.gather(sealing, return_exceptions=True)
    report.add(f"{WRITERS} writers of one tenant, unsealed, p50", "ms", alone)
    report.add(f"{WRITERS} writers of one tenant, sealed beside, p50", "ms", beside)
    report.add(
        "an entry's transaction, sealed beside against unsealed", "×", ratios(beside, alone), at_most(1.2)
    )


async def _written(db: Database, tenant: UUID, seconds: float) -> float:
    end, took = time.monotonic() + seconds, []

    async def write() -> None:
        while (began := time.monotonic()) < end:
            await note(db, tenant)
            took.append(time.monotonic() - began)

    await asyncio.gather(*(write() for _ in range(WRITERS)))
    return percentile(took, 50) * 1000


async def _behind(report: Report, db: Database) -> None:
    """How old the oldest unsealed entry ever was, under a steady load."""
    whose = [await tenants.create(db, "Steady") for _ in range(8)]
    await Sealer(db, KEYS).sweep()
    sealing = asyncio.create_task(Sealer(db, KEYS).run())
    oldest, end = [0.0], time.monotonic() + report.pick(10, 3)
    writing: set[asyncio.Task[None]] = set()
    while time.monotonic() < end:
        for at in range(PER_SECOND // 20):
            task = asyncio.create_task(note(db, whose[at % len(whose)]))
            writing.add(task)
            task.add_done_callback(writing.discard)
        rows = await db.dispatch("select value from measure_audit() where what = 'audit_unsealed_age'")
        oldest.append(rows[0]["value"])
        await asyncio.sleep(0.05)
    await asyncio.gather(*writing)
    sealing.cancel()
    await asyncio.gather(sealing, return_exceptions=True)
    report.add(f"oldest unsealed entry, {PER_SECOND} entries/s", "s", max(oldest), at_most(2))


async def _verified(report: Report, db: Database, admin: asyncpg.Connection) -> None:
    tenant = await tenants.create(db, "Large")
    count = report.pick(LARGE, 20_000)
    await fill(admin, tenant, count)
    while await seal(db, tenant, KEYS, 5_000):
        pass
    took, load = [], []
    for _ in range(report.pick(3, 1)):
        began = time.monotonic()
        found = await walked(db, tenant, KEYS)
        took.append(time.monotonic() - began)
        load.append(os.getloadavg()[0])
        assert found.sound, found.findings
        assert found.links == count
    report.add(f"verifying {count:,} entries", "s", took, at_most(30))
    report.add("the machine's load meanwhile", "processes", load)


async def note(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as c:
        await audit.record(c, tenant, "effect.done", key="r1:charge:1", tool="stripe.charge", amount=4000)


async def fill(admin: asyncpg.Connection, tenant: UUID, count: int) -> None:
    await admin.execute(
        'insert into audit (tenant_id, entry) select $1, convert_to(\'{"key":"r\' || n ||'
        ' \':charge:1","tool":"stripe.charge","what":"effect.done"}\', \'UTF8\')'
        " from generate_series(1, $2::bigint) n",
        tenant,
        count,
        timeout=600,
    )
