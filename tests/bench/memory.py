"""memory: the three nearest of one person's among a million, against the bare SQL; a turn among them."""

from __future__ import annotations

import asyncio
import random
import time
from functools import partial
from uuid import UUID

import asyncpg

from bot.turn import Place
from integrations.models.embedding_offline import NAME, vector
from tests.bench.bed import SECRET, Bed, Bot, own
from tests.bench.harness import Report, at_least, at_most, percentile, ratios
from tests.bench.load import turns
from tests.bench.meter import Meter
from tests.bench.people import SlackPeople
from workers.knowledge.embedders import Embedders
from workers.memory.desk import LATELY, Desk
from workers.store import memories
from workers.store.chunks import literal
from workers.store.door import Database
from workers.store.dsn import app_dsn

EACH = 100  # memories of one person
DISTINCT = 20_000
AT_ONCE = 8
QUIET = 0.15  # CPU seconds in a second
BARE = (
    "select m.id, m.flow, m.outcome, m.body, m.slots, m.scope, m.conversation, m.made_at"
    " from memory_vectors v join memories m on m.tenant_id = v.tenant_id and m.id = v.memory_id"
    " where v.tenant_id = $1 and v.person_id = $2 and v.model = $3"
    " order by v.embedding <#> (select $4::text::halfvec), v.memory_id desc limit 3"
)
PRIVATE = Place("slack", "T0", "D0", private=True)
PRODUCTS = ("Margherita", "Funghi", "Cola", "Water", "Tiramisu", "Salad", "Calzone", "Espresso")


async def run(bed: Bed, report: Report) -> None:
    much, little = report.pick(1_000_000, 50_000), 1_000
    address = await bed.database()
    admin = await asyncpg.connect(address, command_timeout=3_600)
    db = await Database.open(app_dsn(address, SECRET), size=4)
    try:
        tenant = await admin.fetchval("select tenant_id from tenants")
        began = time.perf_counter()
        people = await fill(admin, tenant, much)
        report.add(f"{much:,} memories written", "s", time.perf_counter() - began)
        await _recall(report, db, admin, tenant, people, much)
    finally:
        await admin.close()
        await db.close()
    await _turns(bed, report, address, much, little)


# ── recall ───────────────────────────────────────────────────────────────────────────────


async def _recall(
    report: Report, db: Database, admin: asyncpg.Connection, tenant: UUID, people: list[UUID], much: int
) -> None:
    """Side by side, each person asked of once by either, so that neither finds the other's pages warm."""
    chance = random.Random(5)
    rounds = report.pick(400, 100)
    asked = [(chance.choice(people), _words(chance)) for _ in range(rounds * 2)]
    desk = Desk(db, Embedders({}), None, 30)
    bare, ours, whole, kept = [], [], [], []
    for number, (person, words) in enumerate(asked):
        one = vector(words)
        steps = [_bare, _ours] if number % 2 else [_ours, _bare]
        found = {}
        for step in steps:
            began = time.perf_counter()
            found[step] = await step(db, admin, tenant, person, one)
            took = (time.perf_counter() - began) * 1e3
            if step is steps[1]:  # both are measured warm
                (bare if step is _bare else ours).append(took)
        kept.append(len(set(found[_bare]) & set(found[_ours])) / 3)
        began = time.perf_counter()
        await desk.recalled(tenant, person, PRIVATE, words)
        whole.append((time.perf_counter() - began) * 1e3)
    report.add(f"bare SQL, top 3 of one among {much:,}", "ms", [percentile(bare, 50)])
    report.add("the same through the door, by person, tenant and scope", "ms", [percentile(ours, 50)])
    name = "recall against the bare SQL"
    report.add(f"{name}, p50", "×", [percentile(ours, 50) / percentile(bare, 50)], at_most(1.2))
    report.add(f"{name}, p95", "×", [percentile(ours, 95) / percentile(bare, 95)])
    report.add("recall of the three, against looking at each", "", [sum(kept) / len(kept)], at_least(1.0))
    report.add("with the sentence's vector and what has none yet, p50", "ms", [percentile(whole, 50)])


async def _bare(
    db: Database, admin: asyncpg.Connection, tenant: UUID, person: UUID, one: list[float]
) -> list[int]:
    rows = await admin.fetch(BARE, tenant, person, NAME, literal(one))
    return [row["id"] for row in rows]


async def _ours(
    db: Database, admin: asyncpg.Connection, tenant: UUID, person: UUID, one: list[float]
) -> list[int]:
    found, _ = await memories.near(db, tenant, person, None, NAME, one, 3, LATELY)
    return [each.id for each in found]


def _words(chance: random.Random) -> str:
    return f"order: {chance.randrange(1, 9)} × {chance.choice(PRODUCTS)}"


# ── turns ────────────────────────────────────────────────────────────────────────────────


async def _turns(bed: Bed, report: Report, filled: str, much: int, little: int) -> None:
    """One that looks for what its person had, and finds nothing: it costs the same whatever there is."""
    async with bed.bot() as small, bed.bot(database=filled) as large:
        connection = await asyncpg.connect(small.database, command_timeout=3_600)
        try:
            await fill(connection, await own(small), little)
        finally:
            await connection.close()
        for bot in (small, large):
            await _quiet(bed, bot)
            await turns(bed.stub, bot.port, SlackPeople(bed.stub.keys).mention, AT_ONCE, report.pick(3, 1))
        costs: dict[str, list[float]] = {"small": [], "large": []}
        for _ in range(report.pick(4, 2)):
            for name, bot, other in (("small", small, large), ("large", large, small)):
                other.freeze()
                costs[name].append(await _measure(bed, bot, report.pick(4, 2)))
                other.thaw()
    report.add(f"a turn among {little:,} memories, engine and PostgreSQL", "CPU ms", costs["small"])
    report.add(f"a turn among {much:,} memories, engine and PostgreSQL", "CPU ms", costs["large"])
    name = f"{much:,} memories against {little:,}, CPU of a turn"
    report.add(name, "×", ratios(costs["large"], costs["small"]), at_most(1.1))


async def _quiet(bed: Bed, bot: Bot) -> None:
    """Until whoever looks after the vectors has seen, once, that all of them are there."""
    async with asyncio.timeout(300):
        while True:
            meter = Meter({"engine": bot.engines()}, {"postgres": bed.postgres})
            await asyncio.sleep(1)
            if sum(meter.read().values()) < QUIET:
                return


async def _measure(bed: Bed, bot: Bot, seconds: float) -> float:
    people = SlackPeople(bed.stub.keys)
    meter = Meter({"engine": bot.engines()}, {"postgres": bed.postgres})
    outcome = await turns(bed.stub, bot.port, partial(people.mention, "same as last time"), AT_ONCE, seconds)
    spent = meter.read()
    if outcome.lost:
        raise RuntimeError(f"{outcome.lost} events were not answered")
    return (spent["engine"] + spent["postgres"]) / len(outcome.seconds) * 1000


# ── filling ──────────────────────────────────────────────────────────────────────────────


async def fill(admin: asyncpg.Connection, tenant: UUID, count: int) -> list[UUID]:
    """A hundred of each person, in no order on the disk; as the superuser, without the keys' triggers."""
    await admin.execute("set session_replication_role = replica; set synchronous_commit = off")
    await admin.execute(
        "insert into people (tenant_id, id, name, email)"
        " select $1, md5('p' || n)::uuid, 'Ada', 'm' || n || '@x' from generate_series(0, $2::bigint - 1) n",
        tenant,
        max(count // EACH, 1),
    )
    await admin.execute("create temp table base (n int primary key, v halfvec)")
    await admin.execute(
        "insert into base select n, l2_normalize((array(select (random() - 0.5 + n * 0)::real"
        " from generate_series(1, 384)))::vector)::halfvec from generate_series(0, $1::int - 1) n",
        min(DISTINCT, count),
    )
    people = max(count // EACH, 1)
    for first in range(0, count, 100_000):
        last = min(first + 100_000, count) - 1
        await admin.execute(
            "insert into memories (tenant_id, person_id, run_id, flow, outcome, body, slots, conversation,"
            " scope, made_at) select $1, md5('p' || n % $4::bigint)::uuid, 'old' || n, 'order', 'done',"
            ' \'order: 2 × Margherita\', \'{"items": [{"name": "Margherita", "quantity": 2}]}\','
            " 'slack:T0:C0:old' || n, 'slack:T0:C0', now() - n % 1728000 * interval '1 second'"
            " from generate_series($2::bigint, $3::bigint) n",
            tenant,
            first,
            last,
            people,
        )
    await admin.execute(
        "insert into memory_vectors (tenant_id, person_id, model, memory_id, scope, dimension, embedding)"
        " select m.tenant_id, m.person_id, $1, m.id, m.scope, 384, b.v from memories m"
        " join base b on b.n = abs(hashint8(m.id) % $2::int) where m.tenant_id = $3",
        NAME,
        min(DISTINCT, count),
        tenant,
    )
    await admin.execute("drop table base")
    for table in ("memories", "memory_vectors", "people"):
        await admin.execute(f"vacuum (analyze) {table}")
    await admin.execute("checkpoint")
    rows = await admin.fetch("select id from people where tenant_id = $1 and email like 'm%@x'", tenant)
    return [row["id"] for row in rows]
