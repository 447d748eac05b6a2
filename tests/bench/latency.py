"""latency: how soon an event is acked while the engine is busy, and how soon a pressed card changes."""

from __future__ import annotations

from functools import partial

from tests.bench.bed import Bed, fetch
from tests.bench.harness import Report, at_most, percentile
from tests.bench.line import lines
from tests.bench.load import Buyer, paced, several, turns
from tests.bench.people import SlackPeople, TeamsPeople

RATE = 200.0
PLATFORM = 0.030  # seconds that the platform takes for each call


async def run(bed: Bed, report: Report) -> None:
    slack, teams = SlackPeople(bed.stub.keys), TeamsPeople(bed.stub.tokens)
    async with bed.bot() as bot:
        await turns(bed.stub, bot.port, slack.mention, 4, 1.0)
        p50, p99 = [], []
        for _ in range(report.pick(3, 1)):
            outcome = await paced(bot.port, partial(slack.mention, "help"), RATE, report.pick(8, 3))
            if set(outcome.statuses) != {200}:
                raise RuntimeError(f"the front answered {dict(outcome.statuses)}")
            p50.append(percentile(outcome.seconds, 50) * 1000)
            p99.append(percentile(outcome.seconds, 99) * 1000)
        left = (await fetch(bot, "select count(*) from inbox where state = 0"))[0][0]
        report.add(f"ack p50 at {RATE:.0f} events/s, engine busy", "ms", p50)
        report.add(f"ack p99 at {RATE:.0f} events/s, engine busy", "ms", p99, at_most(50))
        report.add("turns that the engine still had to do then", "turns", float(left))
    async with bed.bot(worker=True) as bot, lines(bot.port) as pool:
        for name, people in (("Slack", slack), ("Teams", teams)):
            buyer = Buyer(bed.stub, pool, people)
            await several(2, 1, buyer.order)
            buyer.press_seconds.clear()
            bed.stub.delay = PLATFORM
            try:
                outcome = await several(report.pick(40, 6), 2, buyer.order)
            finally:
                bed.stub.delay = 0.0
            each = f"{name}: press → card updated, platform takes {PLATFORM * 1000:.0f} ms"
            report.add(f"{each}, p50", "ms", percentile(buyer.press_seconds, 50) * 1000)
            report.add(f"{each}, p99", "ms", percentile(buyer.press_seconds, 99) * 1000, at_most(300))
            report.add(f"{name}: orders without a receipt", "orders", float(outcome.lost), at_most(0))
