"""retention: what a turn takes while an engine drops a million finished rows, against the same without."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

from tests.bench.bed import Bed, Bot, fetch
from tests.bench.harness import Report, at_most, percentile, ratios
from tests.bench.history import fill
from tests.bench.line import Lines
from tests.bench.load import TIMEOUT, Outcome, turns, until_answered
from tests.bench.people import SlackPeople

RATE = 30.0
KINDS = ("inbox", "outbox", "effects", "runs")  # a row of each for every run that is over
WITHOUT, DROPPING = "3650", "30"  # RETENTION_DAYS; what is there is sixty to eighty days old


async def run(bed: Bed, report: Report) -> None:
    rows = report.pick(1_000_000, 40_000)
    seconds, repeats = report.pick(10, 4), report.pick(3, 1)
    took: dict[str, list[list[float]]] = {WITHOUT: [], DROPPING: []}
    dropped, lasted = 0, 0.0
    async with bed.bot(engines=0) as bot:
        await fill(bot, rows // len(KINDS), days_ago=60)
        await _measured(bed, bot, WITHOUT, 1)  # the first engine meets everything cold
        for number in range(repeats):
            for days in (WITHOUT, DROPPING) if number % 2 == 0 else (DROPPING, WITHOUT):
                before = await _left(bot)
                outcome = await _measured(bed, bot, days, seconds)
                if outcome.lost:
                    raise RuntimeError(f"{outcome.lost} events were not answered")
                took[days].append(outcome.seconds)
                if days == DROPPING:
                    dropped += before - await _left(bot)
                    lasted += outcome.took
        left = await _left(bot)
    report.add("rows dropped meanwhile", "rows/s", dropped / lasted)
    report.add("old rows left at the end: it was dropping to the last", "rows", float(left))
    for percent in (50, 99):
        with_, without = (
            [percentile(one, percent) * 1000 for one in took[days]] for days in (DROPPING, WITHOUT)
        )
        report.add(f"a turn at {RATE:.0f}/s, p{percent}, nothing is dropped", "ms", without)
        report.add(f"a turn at {RATE:.0f}/s, p{percent}, old rows are dropped", "ms", with_)
        bound = at_most(1.25) if percent == 50 else None
        report.add(f"dropping {rows:,} old rows, p{percent} of a turn", "×", ratios(with_, without), bound)


async def _measured(bed: Bed, bot: Bot, days: str, seconds: float) -> Outcome:
    """An engine of its own, which begins to drop as soon as it starts."""
    bot.variables = {**bot.variables, "RETENTION_DAYS": days}
    people, pool = SlackPeople(bed.stub.keys), Lines(bot.port)
    async with AsyncExitStack() as exits:
        await bed.engine(bot, 0, exits)
        await turns(bed.stub, bot.port, people.mention, 4, 2.0)
        outcome = Outcome()
        began, tasks = time.monotonic(), []
        for number in range(int(RATE * seconds)):
            if (pause := began + number / RATE - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            said = people.mention("help")
            tasks.append(asyncio.create_task(until_answered(bed.stub, pool, said, outcome)))
        await asyncio.wait_for(asyncio.gather(*tasks), TIMEOUT)
        outcome.took = time.monotonic() - began
    pool.close()
    return outcome


async def _left(bot: Bot) -> int:
    counts = [await fetch(bot, f"select count(*) from {kind} t where t::text like '%old%'") for kind in KINDS]
    return sum(int(rows[0][0]) for rows in counts)
