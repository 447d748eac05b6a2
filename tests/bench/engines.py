"""engines: how fast one engine process works off what has gathered, and how fast two do."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack

from tests.bench.bed import Bed, Bot
from tests.bench.harness import Report, at_least, ratios
from tests.bench.line import lines
from tests.bench.load import Outcome, several
from tests.bench.people import SlackPeople
from tests.bench.stub import Posted

PATIENCE = 120.0


async def run(bed: Bed, report: Report) -> None:
    backlog = report.pick(500, 120)
    async with bed.bot(engines=0) as bot:
        one, two = [], []
        for _ in range(report.pick(3, 1)):
            one.append(await _drained(bed, bot, 1, backlog))
            two.append(await _drained(bed, bot, 2, backlog))
    cores = f"{os.cpu_count()} cores, shared with PostgreSQL and the stub"
    report.add("one engine, from a backlog", "turns/s", one)
    report.add("two engines, from a backlog", "turns/s", two)
    report.add("two engines against one", "×", ratios(two, one), at_least(1.6), cores)


async def _drained(bed: Bed, bot: Bot, engines: int, backlog: int) -> float:
    """Turns per second between the first tenth and the last, so that starting up does not count."""
    await _gather(bed, bot, backlog)
    answered: list[float] = []
    done = asyncio.Event()

    def heard(posted: Posted) -> None:
        if posted.kind == "post":
            answered.append(posted.at)
            if len(answered) >= backlog:
                done.set()

    bed.stub.everything = heard
    async with AsyncExitStack() as exits:
        await asyncio.gather(*(bed.engine(bot, number, exits) for number in range(engines)))
        await asyncio.wait_for(done.wait(), PATIENCE)
    bed.stub.everything = None
    first, last = backlog // 10, backlog * 9 // 10
    return (last - first) / (answered[last] - answered[first])


async def _gather(bed: Bed, bot: Bot, backlog: int) -> None:
    people = SlackPeople(bed.stub.keys)
    async with lines(bot.port) as pool:

        async def one(outcome: Outcome) -> None:
            status, _ = await pool.send(people.mention("help").bytes)
            outcome.statuses[status] += 1

        outcome = await several(backlog, 32, one)
    if set(outcome.statuses) != {200}:
        raise RuntimeError(f"the front answered {dict(outcome.statuses)}")
