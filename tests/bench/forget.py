"""forget: how long erasing a person with 100,000 rows takes, and what a turn of others takes meanwhile."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import asyncpg

from tests.bench.bed import Bed, Bot, fetch, own
from tests.bench.harness import Report, at_most, percentile
from tests.bench.history import fill
from tests.bench.line import Lines
from tests.bench.load import TIMEOUT, Outcome, turns, until_answered
from tests.bench.people import SlackPeople

RATE = 20.0
KINDS = ("inbox", "outbox", "effects", "runs")  # a row of each for every run that is over
PERSON = UUID("00000000-0000-4000-8000-000000000001")
USER = "U0FORGOTTEN"
# Whose they are: each event was said by them in a channel, among others, so none is found by an index.
THEIRS = """
update inbox set payload = convert_to(
 '{"team_id":"T0","event":{"type":"message","channel":"C0","ts":"' || id || '.1","user":"' || $2
 || '","text":"' || repeat('words ', 60) || '"}}', 'UTF8')
where tenant_id = $1 and source = 'slack' and dedupe like '%old%'
"""
# Nobody pays 25,000 times in a month: what would be kept is not what is measured.
CALLS = "update effects set risk = 'write' where tenant_id = $1"
ACCOUNT = """
insert into accounts (tenant_id, platform, workspace, user_id, person_id, name)
values ($1, 'slack', 'T0', $2, $3, 'Somebody')
"""
ASK = "insert into forgettings (tenant_id, id, person_id, by) values ($1, 'BENCH', $2, 'bench')"


async def run(bed: Bed, report: Report) -> None:
    rows = report.pick(100_000, 8_000)
    async with bed.bot() as bot:
        await fill(bot, rows // len(KINDS))
        tenant = await own(bot)
        connection = await asyncpg.connect(bot.database)
        try:
            await connection.execute(THEIRS, tenant, USER)
            await connection.execute(CALLS, tenant)
            await connection.execute(ACCOUNT, tenant, USER, PERSON)
            await connection.execute("analyze")
            people = SlackPeople(bed.stub.keys)
            await turns(bed.stub, bot.port, people.mention, 4, 2.0)  # what is met cold the first time
            before = await _turns(bed, bot, people, report.pick(10.0, 4.0), ended=None)
            await connection.execute(ASK, tenant, PERSON)
            began = time.monotonic()
            done = asyncio.create_task(_done(bot))
            during = await _turns(bed, bot, people, 300.0, ended=done)
            took = await done - began
            left = await _left(bot)
        finally:
            await connection.close()
    report.add(f"a person with {rows:,} rows is forgotten", "s", took, at_most(60.0))
    report.add("rows that name them still", "rows", float(left), at_most(0.0))
    for percent in (50, 99):
        report.add(
            f"a turn at {RATE:.0f}/s before, p{percent}", "ms", percentile(before.seconds, percent) * 1000
        )
        report.add(
            f"a turn at {RATE:.0f}/s meanwhile, p{percent}", "ms", percentile(during.seconds, percent) * 1000
        )


async def _turns(
    bed: Bed, bot: Bot, people: SlackPeople, seconds: float, ended: asyncio.Task[float] | None
) -> Outcome:
    """At an even pace, for so long or until something ended."""
    outcome, pool, tasks = Outcome(), Lines(bot.port), []
    began, number = time.monotonic(), 0
    while time.monotonic() - began < seconds and not (ended and ended.done()):
        number += 1
        said = people.mention("help")
        tasks.append(asyncio.create_task(until_answered(bed.stub, pool, said, outcome)))
        await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
    await asyncio.wait_for(asyncio.gather(*tasks), TIMEOUT)
    pool.close()
    if outcome.lost:
        raise RuntimeError(f"{outcome.lost} events were not answered")
    return outcome


async def _done(bot: Bot) -> float:
    async with asyncio.timeout(300):
        while (await fetch(bot, "select state from forgettings"))[0][0] != "done":
            await asyncio.sleep(0.2)
    return time.monotonic()


async def _left(bot: Bot) -> int:
    query = "select count(*) from inbox where position(convert_to('{}', 'UTF8') in payload) > 0"
    inbox = await fetch(bot, query.format(USER))
    runs = await fetch(
        bot, "select count(*) from runs where id like 'old%' and state::text like '%Margherita%'"
    )
    return int(inbox[0][0]) + int(runs[0][0])
