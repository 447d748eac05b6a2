"""How people come: so many at once, or so many a second; and how a whole order goes."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.bench.line import Lines, connect
from tests.bench.people import YES, Said, SlackPeople, TeamsPeople
from tests.bench.stub import Posted, Stub

TIMEOUT = 30.0
Make = Callable[[], Said]


@dataclass(slots=True)
class Outcome:
    """`seconds`: one per event that was answered. `statuses`: what the door said."""

    took: float = 0.0
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    lost: int = 0

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.took


async def acks(port: int, make: Make, connections: int, seconds: float) -> Outcome:
    """Closed loop on keep-alive connections, each sending again as soon as it was answered."""
    outcome = Outcome()
    open_lines = await asyncio.gather(*(connect(port) for _ in range(connections)))
    began = time.monotonic()
    end = began + seconds

    async def one(at: int) -> None:
        while (sent := time.monotonic()) < end:
            status, _ = await open_lines[at].send(make().bytes)
            outcome.statuses[status] += 1
            if status == 200:
                outcome.seconds.append(time.monotonic() - sent)

    try:
        await asyncio.gather(*(one(at) for at in range(connections)))
    finally:
        for line in open_lines:
            line.close()
    outcome.took = time.monotonic() - began
    return outcome


async def paced(port: int, make: Make, rate: float, seconds: float) -> Outcome:
    """Open loop: an event every 1/rate seconds, whether the last one was answered or not.

    The time counts from when it should have been sent, so a stall is not hidden.
    """
    outcome = Outcome()
    pool = Lines(port)
    began = time.monotonic()

    async def one(due: float) -> None:
        status, _ = await pool.send(make().bytes)
        outcome.statuses[status] += 1
        outcome.seconds.append(time.monotonic() - due)

    tasks = []
    for number in range(int(rate * seconds)):
        due = began + number / rate
        if (pause := due - time.monotonic()) > 0:
            await asyncio.sleep(pause)
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.wait_for(asyncio.gather(*tasks), TIMEOUT)
    outcome.took = time.monotonic() - began
    pool.close()
    return outcome


async def until_answered(
    stub: Stub, pool: Lines, said: Said, outcome: Outcome, timeout: float = TIMEOUT
) -> None:
    """One event, until its answer is at the platform."""
    answered: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def heard(posted: Posted) -> None:
        if posted.kind == "post" and not answered.done():
            answered.set_result(posted.at)

    stub.listeners[said.thread] = heard
    sent = time.monotonic()
    try:
        async with asyncio.timeout(timeout):
            status, _ = await pool.send(said.bytes)
            outcome.statuses[status] += 1
            outcome.seconds.append(await answered - sent)
    except TimeoutError:
        outcome.lost += 1
    finally:
        stub.listeners.pop(said.thread, None)


async def turns(stub: Stub, port: int, make: Make, at_once: int, seconds: float) -> Outcome:
    """Whole turns: `at_once` conversations of their own, a new one as soon as one is answered."""
    outcome = Outcome()
    pool = Lines(port)
    began = time.monotonic()

    async def one() -> None:
        while time.monotonic() < began + seconds:
            await until_answered(stub, pool, make(), outcome)

    await asyncio.gather(*(one() for _ in range(at_once)))
    outcome.took = time.monotonic() - began
    pool.close()
    return outcome


async def several(
    count: int, at_once: int, one: Callable[[Outcome], Awaitable[None]], within: float = 600.0
) -> Outcome:
    """`count` times, never more than so many at once; nothing new is begun after `within` seconds."""
    outcome = Outcome()
    began = time.monotonic()
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            if time.monotonic() > began + within:
                return
            await one(outcome)

    await asyncio.gather(*(work() for _ in range(at_once)))
    outcome.took = time.monotonic() - began
    return outcome


ORDER = "order two margheritas and a cola"


@dataclass(slots=True)
class Buyer:
    """Orders, confirms, and waits for the receipt."""

    stub: Stub
    pool: Lines
    people: SlackPeople | TeamsPeople
    card_seconds: list[float] = field(default_factory=list)
    press_seconds: list[float] = field(default_factory=list)

    async def order(self, outcome: Outcome) -> None:
        said = self.people.mention(ORDER)
        heard: asyncio.Queue[Posted] = asyncio.Queue()
        self.stub.listeners[said.thread] = heard.put_nowait
        began = time.monotonic()
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._to_the_receipt(said, heard, outcome)
                outcome.seconds.append(time.monotonic() - began)
        except TimeoutError:
            outcome.lost += 1
        finally:
            self.stub.listeners.pop(said.thread, None)

    async def _to_the_receipt(self, said: Said, heard: asyncio.Queue[Posted], outcome: Outcome) -> None:
        began = time.monotonic()
        status, _ = await self.pool.send(said.bytes)
        outcome.statuses[status] += 1
        card = await _when(heard, "post", YES)
        self.card_seconds.append(card.at - began)
        press = self.people.press(card.body, YES, card.id, said.thread)
        pressed = time.monotonic()
        answer = asyncio.create_task(self.pool.send(press))
        updated = await _when(heard, "update", "")
        self.press_seconds.append(updated.at - pressed)
        outcome.statuses[(await answer)[0]] += 1
        await _when(heard, "post", "Receipt")


async def _when(heard: asyncio.Queue[Posted], kind: str, words: str) -> Posted:
    while True:
        posted = await heard.get()
        if posted.kind == kind and words in str(posted.body):
            return posted
