"""history: what a turn costs in a database that remembers much, against one that remembers little."""

from __future__ import annotations

from functools import partial
from uuid import UUID

import asyncpg

from tests.bench.bed import Bed, Bot, fetch, own
from tests.bench.harness import Report, at_most, percentile, ratios
from tests.bench.load import turns
from tests.bench.meter import Meter
from tests.bench.people import SlackPeople

LITTLE = 1_000
AT_ONCE = 8

# Everything that a finished run leaves behind, each in a conversation of its own, over 20 days, so that
# none is old enough to be dropped while we measure.
PERSON = """
insert into people (tenant_id, id, name, email)
values ($1, '00000000-0000-4000-8000-000000000001', 'Somebody', 'somebody@example.com') on conflict do nothing
"""
FILL = {
    "conversations": """
insert into conversations (tenant_id, key, fence, seq, created_at)
select $1, 'slack:T0:C0:old' || n, 3, 3, now() - n % 1728000 * interval '1 second'
from generate_series($2::bigint, $3::bigint) n""",
    "runs": """
insert into runs (tenant_id, id, conversation, place, flow, flow_version, requester, state, status, version,
 started_at, updated_at, finished_at)
select $1, 'old' || n, 'slack:T0:C0:old' || n, '{"_": "turn.Place", "platform": "slack"}', v.flow, v.version,
 '00000000-0000-4000-8000-000000000001',
 '{"step": "done", "slots": {"items": [{"name": "Margherita", "quantity": 2}]}, "entries": {"menu": 1}}',
 'done', 5, t, t, t
from generate_series($2::bigint, $3::bigint) n
cross join (select flow, version from active_flows where tenant_id = $1 and flow = 'order') v
cross join lateral (select now() - n % 1728000 * interval '1 second' as t) at""",
    "inbox": """
insert into inbox (tenant_id, source, dedupe, conversation, kind, payload, state, attempts,
 received_at, done_at)
select $1, 'slack', 'msg:T0:C0:old' || n, 'slack:T0:C0:old' || n, 'turn',
 convert_to(repeat('{"type": "event_callback"}', 20), 'UTF8'), 1, 1, t, t
from generate_series($2::bigint, $3::bigint) n
cross join lateral (select now() - n % 1728000 * interval '1 second' as t) at""",
    "outbox": """
insert into outbox (tenant_id, id, conversation, seq, kind, place, content, state, attempts,
 created_at, sent_at, external_id)
select $1, 'old' || n || ':1', 'slack:T0:C0:old' || n, 1, 'post', '{"_": "turn.Place"}',
 '{"_": "reply.Reply", "text": "Receipt: two margheritas, 27.00 USD paid. Thank you!"}', 'sent', 1, t, t,
 n || '.000001'
from generate_series($2::bigint, $3::bigint) n
cross join lateral (select now() - n % 1728000 * interval '1 second' as t) at""",
    "effects": """
insert into effects (tenant_id, key, run_id, conversation, step, tool, arguments, policy_version,
 risk, state, attempts, created_at, finished_at)
select $1, 'old' || n || ':charge:1', 'old' || n, 'slack:T0:C0:old' || n, 'charge', 'stripe.charge', '{}',
 'v', 'money', 'done', 1, t, t
from generate_series($2::bigint, $3::bigint) n
cross join lateral (select now() - n % 1728000 * interval '1 second' as t) at""",
    "audit": """
insert into audit (tenant_id, at, entry)
select $1, now() - n % 1728000 * interval '1 second', convert_to('{"what": "effect.done"}', 'UTF8')
from generate_series($2::bigint, $3::bigint) n""",
}
SLICE = 100_000


async def run(bed: Bed, report: Report) -> None:
    much = report.pick(1_000_000, 20_000)
    async with bed.bot() as small, bed.bot() as large:
        await fill(small, LITTLE)
        await fill(large, much)
        sizes = await fetch(large, "select pg_database_size(current_database()) / 1048576.0")
        report.add(f"database with {much:,} finished runs", "MB", float(sizes[0][0]))
        for bot in (small, large):
            await turns(bed.stub, bot.port, SlackPeople(bed.stub.keys).mention, AT_ONCE, report.pick(3, 1))
        costs: dict[str, list[float]] = {"small": [], "large": []}
        medians: dict[str, list[float]] = {"small": [], "large": []}
        for _ in range(report.pick(4, 2)):
            for name, bot, other in (("small", small, large), ("large", large, small)):
                other.freeze()
                cost, median = await _measure(bed, bot, report.pick(4, 2))
                other.thaw()
                costs[name].append(cost)
                medians[name].append(median)
    report.add(f"a turn among {LITTLE:,} runs, engine and PostgreSQL", "CPU ms", costs["small"])
    report.add(f"a turn among {much:,} runs, engine and PostgreSQL", "CPU ms", costs["large"])
    name = f"{much:,} finished runs against {LITTLE:,}"
    report.add(f"{name}, CPU of a turn", "×", ratios(costs["large"], costs["small"]), at_most(1.1))
    report.add(f"{name}, p50 of a turn", "×", ratios(medians["large"], medians["small"]))


async def _measure(bed: Bed, bot: Bot, seconds: float) -> tuple[float, float]:
    people = SlackPeople(bed.stub.keys)
    meter = Meter({"engine": bot.engines()}, {"postgres": bed.postgres})
    outcome = await turns(bed.stub, bot.port, partial(people.mention, "help"), AT_ONCE, seconds)
    spent = meter.read()
    if outcome.lost:
        raise RuntimeError(f"{outcome.lost} events were not answered")
    return (
        (spent["engine"] + spent["postgres"]) / len(outcome.seconds) * 1000,
        percentile(outcome.seconds, 50) * 1000,
    )


async def fill(bot: Bot, count: int, *, days_ago: int = 0) -> None:
    """As the superuser, without the foreign keys' triggers: they would be most of the time.

    `days_ago`: how long ago all of it ended, the youngest.
    """
    tenant: UUID = await own(bot)
    connection = await asyncpg.connect(bot.database)
    try:
        await connection.execute("set session_replication_role = replica; set synchronous_commit = off")
        await connection.execute(PERSON, tenant)
        for query in FILL.values():
            aged = query.replace("now() -", f"now() - interval '{days_ago} days' -")
            for first in range(1, count + 1, SLICE):
                await connection.execute(aged, tenant, first, min(count, first + SLICE - 1))
        for table in FILL:
            await connection.execute(f"vacuum (analyze) {table}")
        await connection.execute("checkpoint")
    finally:
        await connection.close()
