"""The storm: orders and talk come in while fronts, engines, workers and the broker die at random.

    python -m tests.faults.storm --seconds 60            `make storm`: at least a hundred kills
    python -m tests.faults.storm --seconds 15 --unsafe   without look-ups and keys: it must find doubles

Every fifth event is delivered twice, some are forged, and the services are slow before and after they
apply a call. Then the killing stops, all is drained, and the books of the services are compared with
what was acknowledged.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import asyncio as redis

from bot.embedded import Servers, private
from bot.platforms.slack.inbound import to_turn
from bot.turn import Turn
from tests.faults.events import turn_of
from tests.faults.invariants import Told, problems
from tests.faults.rig import APPROVALS, GRACE, LARGE, SMALL, Rig, running_rig
from tests.faults.stub import marker

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MEMBERS = ("front1", "engine1", "engine2", "worker1")
TARGETS = {"front1": 2, "engine1": 4, "engine2": 4, "worker1": 4, "broker": 1.5}
DRAIN = 90.0
LEAST_KILLS = 100  # within a minute
SAYING = "<@U0BOTBOT0> what can you do?"


@dataclass
class Storm:
    """One storm, and what became of it."""

    rig: Rig
    seconds: float
    pause: tuple[float, float]
    dice: random.Random
    people: int = 8
    told: Told = field(default_factory=Told)
    kills: Counter[str] = field(default_factory=Counter)
    emptied: int = 0
    copies: int = 0
    asked_at: dict[str, float] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    _over: bool = False

    async def rage(self) -> Storm:
        began = time.monotonic()
        stub = self.rig.stub
        stub.delay_before, stub.delay_after = 0.06, 0.03
        stub.after = self._worst_moment
        approver = asyncio.create_task(self._approver())
        people = [asyncio.create_task(self._person()) for _ in range(self.people)]
        await self._kill_until(began + self.seconds)
        self._over = True
        stub.after = None
        storm = time.monotonic() - began
        await asyncio.wait_for(asyncio.gather(*people), DRAIN)
        await self.rig.settled(DRAIN)
        approver.cancel()
        await asyncio.gather(approver, return_exceptions=True)
        self.found = await problems(self.rig, self.told)
        await self._count(storm, time.monotonic() - began - storm)
        return self

    # ── killing ──

    async def _kill_until(self, end: float) -> None:
        names, weights = list(TARGETS), list(TARGETS.values())
        while time.monotonic() < end:
            await asyncio.sleep(self.dice.uniform(*self.pause))
            await self._kill(self.dice.choices(names, weights)[0])

    async def _kill(self, name: str) -> None:
        if name == "broker":
            await self._kill_broker()
            return
        member = self.rig.members[name]
        if member.alive():
            member.signal(signal.SIGKILL)
            self.kills[name.rstrip("12")] += 1

    async def _kill_broker(self) -> None:
        """By -9, or emptied, which is the same to those who use it."""
        valkey = self.rig.servers.valkey
        assert valkey is not None
        if self.dice.random() < 0.4:
            self.emptied += 1
            client = redis.from_url(self.rig.servers.redis_url)
            await client.flushall()
            await client.aclose()
            return
        self.kills["broker"] += 1
        await asyncio.to_thread(valkey.stop, at_once=True)
        await asyncio.to_thread(valkey.start)

    async def _worst_moment(self, method: str, asked: Mapping[str, Any]) -> None:
        """Applied, and whoever asked dies before it hears of it."""
        if method == "payment_intents" and self.dice.random() < 0.06:
            await self._kill("worker1")
        elif method == "chat.postMessage" and self.dice.random() < 0.02:
            await self._kill(self.dice.choice(("engine1", "engine2")))

    # ── people ──

    async def _person(self) -> None:
        while not self._over:
            kind = self.dice.random()
            if kind < 0.5:
                await self._talk()
            else:
                await self._order(LARGE if kind < 0.53 else SMALL)

    async def _talk(self) -> None:
        """A few sentences, without waiting for answers."""
        thread = ""
        for _ in range(self.dice.randint(2, 5)):
            ts = self.rig.ts()
            body = self.rig.mention(SAYING, ts, thread)
            await self._send(json.loads(body), body, JSON)
            thread = thread or ts
            await asyncio.sleep(self.dice.uniform(0, 0.15))

    async def _order(self, text: str) -> None:
        ts = self.rig.ts()
        body = self.rig.mention(text, ts)
        await self._send(json.loads(body), body, JSON)
        began = time.monotonic()
        self.told.orders.append(ts)
        card = await self.rig.seen(ts, "Confirm your cart", DRAIN)
        pressed = self.rig.press_of(card, "Yes, order it")
        await self._press(pressed)
        await self.rig.seen(ts, "Receipt", DRAIN)
        self.waits.append(time.monotonic() - began)

    async def _approver(self) -> None:
        """Approves whatever asks for it."""
        done: set[str] = set()
        while True:
            for message in [m for m in self.rig.stub.messages if m["channel"] == APPROVALS]:
                if message["ts"] not in done and '"Approve"' in json.dumps(message["blocks"]):
                    done.add(message["ts"])
                    await self._press(self.rig.press_of(message, "Approve", GRACE))
            await asyncio.sleep(0.1)

    async def _press(self, body: bytes) -> None:
        from urllib.parse import parse_qs

        await self._send(json.loads(parse_qs(body.decode())["payload"][0]), body, FORM)

    async def _send(self, payload: Mapping[str, Any], body: bytes, kind: str) -> None:
        """Until it is acknowledged; every fifth twice, and some under a wrong signature besides."""
        turn = to_turn(payload)
        assert isinstance(turn, Turn)
        self.asked_at[str(turn.id)] = time.monotonic()
        copy = None
        if self.dice.random() < 0.2:
            self.copies += 1
            copy = asyncio.create_task(self.rig.send(body, kind))
        assert await self.rig.send(body, kind) == 200
        self.told.ack(turn.place.conversation, str(turn.id))
        if copy is not None:
            await copy
        if self.dice.random() < 0.05:
            await self._forge()

    async def _forge(self) -> None:
        ts = self.rig.ts()
        body = self.rig.mention("<@U0BOTBOT0> order nine large funghi", ts)
        self.told.refused.add(turn_of(ts))
        await self.rig.send(body, JSON, tries=1, secret="guessed")

    # ── counting ──

    async def _count(self, storm: float, drain: float) -> None:
        stub = self.rig.stub
        answers = {marker(m).removeprefix("say:"): m["at"] for m in stub.messages}
        self.waits += [answers[turn] - at for turn, at in self.asked_at.items() if turn in answers]
        rows = await self.rig.fetch(
            "select (select count(*) filter (where attempts > 1) from effects) as effects,"
            " (select count(*) filter (where attempts > 1) from outbox) as messages,"
            " (select count(*) filter (where attempts > 1) from inbox) as turns,"
            " (select max(attempts) from inbox) as most"
        )
        waits = sorted(self.waits) or [0.0]
        self.report = {
            "seconds": round(storm, 1),
            "drained_in": round(drain, 1),
            "kills": dict(self.kills) | {"all": sum(self.kills.values())},
            "broker_emptied": self.emptied,
            "events": sum(len(turns) for turns in self.told.acked.values()),
            "copies": self.copies,
            "forged": len(self.told.refused),
            "orders": len(self.told.orders),
            "refused_or_broken_requests": self.rig.refused,
            "tried_again": dict(rows[0]),
            "look_ups": stub.calls["conversations.replies"]
            + stub.calls["conversations.history"]
            + stub.calls["look:payment_intents"],
            "charge_calls": stub.calls["payment_intents"],
            "charges": len(stub.payments()),
            "doubles": sum(line.startswith("DOUBLE") for line in self.found),
            "losses": sum(line.startswith("LOST") for line in self.found),
            "other": sum(line.startswith("WRONG") for line in self.found),
            "seconds_to_answer": {
                "p50": round(statistics.median(waits), 2),
                "p99": round(waits[int(len(waits) * 0.99)], 2),
                "most": round(waits[-1], 2),
            },
        }


async def storm(
    servers: Servers,
    folder: Path,
    seconds: float,
    *,
    pause: tuple[float, float] = (0.15, 0.6),
    unsafe: bool = False,
    seed: int | None = None,
) -> Storm:
    """`unsafe`: nothing is looked up, and every try at a charge has a key of its own."""
    patches = {"no_look_up": True} if unsafe else {}
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # whoever called the stub has died
    async with running_rig(servers, folder, MEMBERS, patches=patches) as rig:
        return await Storm(rig, seconds, pause, random.Random(seed)).rage()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--unsafe", action="store_true", help="the guards taken away: doubles must be found")
    parser.add_argument("--seed", type=int)
    asked = parser.parse_args()
    with private() as servers, tempfile.TemporaryDirectory() as folder:
        done = asyncio.run(storm(servers, Path(folder), asked.seconds, unsafe=asked.unsafe, seed=asked.seed))
        for line in done.found[:40]:
            print(line)
        print(json.dumps(done.report, indent=2))
    if asked.seconds >= 60 and done.report["kills"]["all"] < LEAST_KILLS:
        print(f"too few were killed to prove anything: {LEAST_KILLS} are wanted")
        return 1
    return int(not done.report["doubles"]) if asked.unsafe else int(bool(done.found))


if __name__ == "__main__":
    sys.exit(main())
