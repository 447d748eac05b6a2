"""turns: whole turns on both platforms, from the event to its answer at the platform, and what each costs."""

from __future__ import annotations

from functools import partial

from tests.bench.bed import Bed, Bot, fetch
from tests.bench.harness import Report, at_most, percentile
from tests.bench.line import lines
from tests.bench.load import Buyer, several, turns
from tests.bench.meter import Meter, memory
from tests.bench.people import SlackPeople, TeamsPeople

AT_ONCE, BUYERS = 32, 8


async def run(bed: Bed, report: Report) -> None:
    slack, teams = SlackPeople(bed.stub.keys), TeamsPeople(bed.stub.tokens)
    async with bed.bot(worker=True) as bot:
        for name, people in (("Slack", slack), ("Teams", teams)):
            make = partial(people.mention, "help")
            await turns(bed.stub, bot.port, make, 4, 1.0)
            await _turns(bed, report, bot, name, people)
        for name, people in (("Slack", slack), ("Teams", teams)):
            await _orders(bed, report, bot, name, people, report.pick(100, 12))
        _memory(report, bot, report.pick(200, 24))
        twice = sum(1 for count in bed.stub.posts.values() if count > 4)
        report.add("threads with more answers than there should be", "threads", float(twice), at_most(0))
        dead = await fetch(bot, "select count(*) from inbox where state = 2")
        report.add("events given up", "events", float(dead[0][0]), at_most(0))


async def _turns(bed: Bed, report: Report, bot: Bot, name: str, people: SlackPeople | TeamsPeople) -> None:
    meters, outcomes = [], []
    for _ in range(report.pick(3, 2)):
        meter = _meter(bed, bot)
        outcomes.append(await turns(bed.stub, bot.port, people.mention, AT_ONCE, report.pick(5, 2)))
        meters.append((meter.read(), len(outcomes[-1].seconds)))
    alone = await turns(bed.stub, bot.port, people.mention, 1, report.pick(3, 1))
    report.add(f"{name}, “help”, {AT_ONCE} at once", "turns/s", [each.per_second for each in outcomes])
    _times(report, f"{name}, “help”, {AT_ONCE} at once", [one for each in outcomes for one in each.seconds])
    _times(report, f"{name}, “help”, one at a time", alone.seconds)
    for part in ("front", "engine", "postgres", "valkey"):
        costs = [spent[part] / count * 1000 for spent, count in meters]
        report.add(f"{name}, “help”, {part}", "CPU ms", costs)
    lost = sum(each.lost for each in outcomes) + alone.lost
    report.add(f"{name}, “help”, never answered", "turns", float(lost), at_most(0))


async def _orders(
    bed: Bed, report: Report, bot: Bot, name: str, people: SlackPeople | TeamsPeople, count: int
) -> None:
    async with lines(bot.port) as pool:
        buyer = Buyer(bed.stub, pool, people)
        await several(2, 1, buyer.order)
        meter = _meter(bed, bot)
        buyer.card_seconds.clear()
        buyer.press_seconds.clear()
        outcome = await several(count, BUYERS, buyer.order)
    done = max(1, len(outcome.seconds))
    report.add(f"{name}, whole orders, {BUYERS} at once", "orders/s", done / outcome.took)
    _times(report, f"{name}, order said → receipt", outcome.seconds)
    _times(report, f"{name}, order said → card", buyer.card_seconds)
    _times(report, f"{name}, press → card updated", buyer.press_seconds)
    for part, spent in meter.read().items():
        report.add(f"{name}, whole order, {part}", "CPU ms", spent / done * 1000)
    report.add(f"{name}, orders without a receipt", "orders", float(outcome.lost), at_most(0))


def _memory(report: Report, bot: Bot, orders: int) -> None:
    found = {name: memory(process.pid) for name, process in bot.processes.items()}
    kept = {name: found[name] for name in ("front", "engine", "worker")}
    for name, size in kept.items():
        report.add(f"memory of the {name} after {orders} orders", "MB", size)
    report.add(f"memory of the three together after {orders} orders", "MB", sum(kept.values()), at_most(600))


def _meter(bed: Bed, bot: Bot) -> Meter:
    ours = {name: pid for name, pid in bot.pids().items() if name != "sandbox"}
    return Meter(ours, {"postgres": bed.postgres, "valkey": bed.valkey})


def _times(report: Report, name: str, seconds: list[float]) -> None:
    for percent in (50, 99):
        report.add(f"{name}, p{percent}", "ms", percentile(seconds, percent) * 1000)
