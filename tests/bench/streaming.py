"""streaming: from a model's first token to our call to Slack, through worker, Valkey and engine."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

from bot.settings import Settings
from tests.bench.bed import Bed, Bot
from tests.bench.harness import Report, at_most, percentile
from tests.bench.line import lines
from tests.bench.people import SlackPeople
from tests.bench.stub import Posted
from tests.scripted import Script, activate, scripted
from workers.assemble import own_dsn
from workers.installs import own_tenant
from workers.store.door import Database

PATIENCE = 20.0


async def run(bed: Bed, report: Report) -> None:
    people = SlackPeople(bed.stub.keys)
    async with scripted() as model, bed.bot() as bot, AsyncExitStack() as exits:
        asked = {"MODEL": "openai", "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "k", "OPENAI_MODEL": "m"}
        # The worker alone asks the model: what is said to the bot is read without one, as quickly as can be.
        variables = {**bot.variables, **asked}
        await bed.start(bot, "worker", ["-m", "bot.cli", "worker", "--under-up"], exits, variables)
        await _activated(bot)
        async with lines(bot.port) as pool:
            first: list[float] = []
            whole = 0
            for number in range(report.pick(60, 12)):
                seconds, said = await _one(bed, model, people, pool)
                whole += said
                if number >= 2:  # the first two find cold caches
                    first.append(seconds * 1000)
    report.add("first token → our call leaves, p50", "ms", percentile(first, 50), at_most(15))
    report.add("first token → our call leaves, p99", "ms", percentile(first, 99))
    report.add("answers that were not whole in the end", "", float(report.pick(60, 12) - whole), at_most(0))


async def _activated(bot: Bot) -> None:
    settings = Settings(_env_file=None, **{name.lower(): value for name, value in bot.variables.items()})
    db = await Database.open(own_dsn(settings), size=1)
    try:
        await activate(db, await own_tenant(db))
    finally:
        await db.close()


async def _one(bed: Bed, model: Script, people: SlackPeople, pool: object) -> tuple[float, bool]:
    """Seconds until the first call about it, and whether it was whole in the end."""
    model.begin()
    said = people.mention("/muse")
    came: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    done = asyncio.Event()

    def heard(posted: Posted) -> None:
        if not came.done():
            came.set_result(posted.at)
        if "Hello, world." in str(posted.body):
            done.set()

    bed.stub.listeners[said.thread] = heard
    try:
        await pool.send(said.bytes)  # type: ignore[attr-defined]  # lines of whoever asks
        await asyncio.wait_for(model.asked.wait(), PATIENCE)
        began = time.monotonic()
        model.say("Hello,")
        seconds = await asyncio.wait_for(came, PATIENCE) - began
        model.say(" world.")
        model.end()
        await asyncio.wait_for(done.wait(), PATIENCE)
    finally:
        del bed.stub.listeners[said.thread]
    return seconds, True
