"""soak: the same load for a long time, on both platforms, with the real processes: memory must stay flat.

    make soak              ten minutes
    make soak SECONDS=60   to try it out

Twenty events a second (questions and whole orders, in as many channels as an organisation has, each in a
thread of its own). Every ten seconds the memory of front, engine and worker is read: their proportional
share (PSS), and of that what they wrote themselves, which alone is judged, for the share of libraries jumps
whenever another process that maps the same ones begins or ends. The first two minutes do not count: caches
fill, modules are imported at their first use.

It fails where a process grows by more than 2 MB an hour: where even the lower end of the trend's 95 %
range is above that. At 72,000 events an hour, 2 MB are 29 bytes an event, less than the smallest object
that somebody could forget for each; a real leak of one small dict an event is ten times as much. What is
below is the allocator's own to and fro, which ten minutes cannot tell from nothing.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from tests.bench.bed import Bed, Bot, bed, fetch, without_settings
from tests.bench.harness import Report, at_most, machine, percentile, say
from tests.bench.line import Lines
from tests.bench.load import Buyer, Outcome, until_answered
from tests.bench.meter import memory, own_memory
from tests.bench.people import SlackPeople, TeamsPeople
from tests.bench.trend import Sample, after, trend

RATE = 20.0
CHANNELS = 200
EVERY = 10.0
PATIENCE = 60.0
UNCOUNTED = 120.0
MOST_AT_ONCE = 100  # a machine that cannot keep up gets fewer, or the backlog is what would be measured
MOST_GROWTH = 2.0  # MB an hour
PROCESSES = ("front", "engine", "worker")
SAID = ("help", "what can you do?", "hello")


@dataclass(slots=True)
class Soak:
    """The load, and what was seen of it. `samples`: MB by process of their own, `whole`: PSS."""

    there: Bed
    bot: Bot
    seconds: float
    outcome: Outcome = field(default_factory=Outcome)
    samples: dict[str, list[Sample]] = field(default_factory=lambda: {name: [] for name in PROCESSES})
    whole: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PROCESSES})

    async def run(self) -> None:
        sampling = asyncio.create_task(self._sample())
        try:
            await self._load()
        finally:
            sampling.cancel()
            await asyncio.gather(sampling, return_exceptions=True)
        self._note()

    async def _load(self) -> None:
        pool = Lines(self.bot.port)
        slack = SlackPeople(self.there.stub.keys, channels=CHANNELS)
        teams = TeamsPeople(self.there.stub.tokens, channels=CHANNELS)
        buyers = [Buyer(self.there.stub, pool, each) for each in (slack, teams)]
        kinds: list[Callable[[], Coroutine[Any, Any, None]]] = []
        for number in range(9):
            kinds += [self._ask(pool, slack, SAID[number % 3]), self._ask(pool, teams, SAID[number % 3])]
        kinds += [self._order(each) for each in buyers]
        under_way: set[asyncio.Task[None]] = set()
        began = time.monotonic()
        for number in range(int(self.seconds * RATE)):
            if (pause := began + number / RATE - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            if time.monotonic() > began + self.seconds:
                break
            task = asyncio.create_task(kinds[number % len(kinds)]())
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            if number % 1000 == 999:
                self._forget(buyers)
            if len(under_way) >= MOST_AT_ONCE:
                await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        if under_way:
            await asyncio.wait(under_way)
        self.outcome.took = time.monotonic() - began
        pool.close()

    def _ask(
        self, pool: Lines, people: SlackPeople | TeamsPeople, words: str
    ) -> Callable[[], Coroutine[Any, Any, None]]:
        return lambda: until_answered(self.there.stub, pool, people.mention(words), self.outcome)

    def _order(self, buyer: Buyer) -> Callable[[], Coroutine[Any, Any, None]]:
        return lambda: buyer.order(self.outcome)

    def _forget(self, buyers: list[Buyer]) -> None:
        """The stub runs in this process: what it keeps is no part of the bot, but would slow it down."""
        self.there.stub.posts.clear()
        for each in buyers:
            each.card_seconds.clear()
            each.press_seconds.clear()

    async def _sample(self) -> None:
        began = time.monotonic()
        while True:
            self._note()
            say(
                f"  {time.monotonic() - began:5.0f} s  "
                + "  ".join(
                    f"{name} {self.samples[name][-1][1]:6.1f} of {self.whole[name][-1]:6.1f} MB"
                    for name in PROCESSES
                )
                + f"  answered {len(self.outcome.seconds)}, lost {self.outcome.lost}"
            )
            await asyncio.sleep(EVERY)

    def _note(self) -> None:
        pids = self.bot.pids()
        for name in PROCESSES:
            self.samples[name].append((time.monotonic(), own_memory(pids[name])))
            self.whole[name].append(memory(pids[name]))


async def soak(there: Bed, report: Report, seconds: float) -> None:
    report.bench = "soak"
    async with there.bot(worker=True) as bot:
        soaking = Soak(there, bot, seconds)
        await soaking.run()
        left = await _left(bot)
    uncounted = min(UNCOUNTED, seconds / 5)
    for name in PROCESSES:
        found = trend(after(soaking.samples[name], uncounted))
        values = [mb for _, mb in soaking.samples[name]]
        report.add(f"{name}, of its own, at first, and at last", "MB", [values[0], values[-1]])
        whole = soaking.whole[name]
        report.add(f"{name}, PSS, at first, and at last", "MB", [whole[0], whole[-1]])
        report.add(
            f"{name}, growth after {uncounted:.0f} s",
            "MB/h",
            found.slope,
            note=f"95 %: {found.low:.1f} to {found.high:.1f}",
        )
        report.add(f"{name}, growth that is certain", "MB/h", found.low, at_most(MOST_GROWTH))
    outcome = soaking.outcome
    report.add("events a second", "1/s", len(outcome.seconds) / outcome.took)
    for percent in (50, 99):
        report.add(f"answered, p{percent}", "ms", percentile(outcome.seconds, percent) * 1000)
    refused = sum(count for status, count in outcome.statuses.items() if status != 200)
    report.add("events that were refused", "events", float(refused), at_most(0))
    report.add("events answered later than half a minute", "events", float(outcome.lost))
    report.add("events left over, or given up", "events", float(left), at_most(0))


async def _left(bot: Bot) -> int:
    """Those that are not dealt with or said after a while without anything new."""
    end = time.monotonic() + PATIENCE
    while True:
        rows = await fetch(
            bot,
            "select (select count(*) from inbox where state <> 1)"
            " + (select count(*) from outbox where state <> 'sent')",
        )
        if not rows[0][0] or time.monotonic() > end:
            return int(rows[0][0])
        await asyncio.sleep(0.5)


async def _main(seconds: float) -> int:
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    without_settings()
    found = machine()
    say(f"{found['cores']} cores, Python {found['python']}, load {found['load'][0]:.1f}, {seconds:.0f} s")
    report = Report()
    async with bed() as there:
        await soak(there, report, seconds)
    missed = report.missed()
    say(f"\n{len(missed)} figures missed")
    return 1 if missed else 0


def main() -> int:
    import uvloop

    seconds = float(os.environ.get("SECONDS") or 600)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_main(seconds))


if __name__ == "__main__":
    sys.exit(main())
