"""presses: how soon after a press on an approval's card it changes, and its copy on the other platform."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from bot.workbench import cast
from tests.bench.bed import Bed
from tests.bench.harness import Report, at_most, percentile
from tests.bench.latency import PLATFORM
from tests.bench.line import Lines, lines
from tests.bench.load import turns
from tests.bench.people import YES, SlackPeople, TeamsPeople
from tests.bench.stub import Posted, Stub

ORDER = "order six large margheritas and two colas"
SECONDS = 30.0


class Approver:
    """Ada orders in Slack; Grace presses, on either platform. One request at a time."""

    def __init__(self, stub: Stub, pool: Lines, slack: SlackPeople, teams: TeamsPeople) -> None:
        self.stub, self.pool, self.slack, self.teams = stub, pool, slack, teams
        self.heard: asyncio.Queue[Posted] = asyncio.Queue()
        stub.everything = self.heard.put_nowait

    async def one(self, platform: str) -> tuple[float, float]:
        """Seconds from the press to the pressed copy, and to the other."""
        async with asyncio.timeout(SECONDS):
            said = self.slack.mention(ORDER)
            await self.pool.send(said.bytes)
            card = await self._next("post", YES)
            await self.pool.send(self.slack.press(card.body, YES, card.id, said.thread))
            ask = {where(each.body): each for each in [await self._asked(), await self._asked()]}
            mine = ask[platform]
            press = (
                self.slack.press(mine.body, "Approve", mine.id, mine.id, cast.GRACE)
                if platform == "slack"
                else self.teams.press(mine.body, "Approve", mine.id, mine.id, cast.GRACE, cast.APPROVALS_CHAT)
            )
            began = time.monotonic()
            answer = asyncio.create_task(self.pool.send(press))
            changed: dict[str, float] = {}
            while len(changed) < 2:
                posted = await self._next("update", "Approved by")
                changed.setdefault(posted.id, posted.at - began)
            await answer
            await self._next("post", "Receipt")
            while not self.heard.empty():
                self.heard.get_nowait()
        own = changed.pop(mine.id)
        return own, next(iter(changed.values()))

    async def _asked(self) -> Posted:
        return await self._next("post", "Approve?")

    async def _next(self, kind: str, words: str) -> Posted:
        while True:
            posted = await self.heard.get()
            if posted.kind == kind and words in str(posted.body):
                return posted


def where(body: dict[str, Any]) -> str:
    return "slack" if "blocks" in body else "teams"


async def run(bed: Bed, report: Report) -> None:
    async with bed.bot(worker=True) as bot, lines(bot.port) as pool:
        # The bot learns from the first thing said in Teams where to call it.
        await turns(bed.stub, bot.port, TeamsPeople(bed.stub.tokens).mention, 1, 0.5)
        approver = Approver(bed.stub, pool, SlackPeople(bed.stub.keys), TeamsPeople(bed.stub.tokens))
        for platform in ("slack", "teams"):
            for _ in range(3):
                await approver.one(platform)
            bed.stub.delay = PLATFORM
            try:
                found = [await approver.one(platform) for _ in range(report.pick(60, 12))]
            finally:
                bed.stub.delay = 0.0
            name = f"{platform.title()}: press on an approval, platforms take {PLATFORM * 1000:.0f} ms"
            own, other = ([pair[at] * 1000 for pair in found] for at in (0, 1))
            report.add(f"{name} → that copy changed, p50", "ms", percentile(own, 50))
            report.add(f"{name} → that copy changed, p99", "ms", percentile(own, 99), at_most(300))
            report.add(f"{name} → the other platform's copy changed, p99", "ms", percentile(other, 99))
