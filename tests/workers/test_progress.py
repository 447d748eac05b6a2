"""How far an effect is: told to the run at most once a second, never late, and holding nothing up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import orjson
import pytest

from flows.effects import Call
from tests.workers.store.conftest import There
from workers.progress import LONGEST, Progress
from workers.store import effects
from workers.store.effects import Claimed


class Woken:
    """Hints that are counted."""

    def __init__(self) -> None:
        self.count = 0

    def wake(self) -> None:
        self.count += 1


class Telling:
    """An effect that is being carried out, and a clock that is turned."""

    def __init__(self, there: There, claimed: Claimed) -> None:
        self.there, self.claimed, self.now = there, claimed, 0.0
        self.hints: Any = Woken()
        loop = asyncio.get_running_loop()
        self.progress = Progress(claimed, there.db, self.hints, loop, lambda: self.now)

    async def say(self, text: str, after: float = 1.0) -> None:
        """From another thread, as tools do; and until it is stored, or dropped."""
        self.now += after
        await asyncio.to_thread(self.progress, text)
        while self.progress._telling:
            await asyncio.sleep(0.001)

    async def heard(self) -> list[str]:
        rows = await self.there.fetch("select payload from inbox where dedupe like 'progress:%' order by id")
        return [orjson.loads(row["payload"])["text"] for row in rows]


@pytest.fixture
async def telling(there: There) -> Telling:
    key = f"{there.run}:collect:{uuid4()}"
    async with there.db.tenant(there.tenant) as c:
        call = Call(key, "work.collect", {}, "collect")
        await effects.intend(c, there.tenant, there.conversation, there.run, call, "p", "read", "queued")
        claimed = await effects.claim(c, there.tenant, key, 30)
    assert claimed
    return Telling(there, claimed)


async def test_it_is_told_at_most_once_a_second_and_what_comes_sooner_is_dropped(telling: Telling) -> None:
    for text, after in (("1", 0), ("2", 0.3), ("3", 0.3), ("4", 0.5), ("5", 0.1), ("6", 1)):
        await telling.say(text, after)

    assert await telling.heard() == ["1", "4", "6"]
    assert telling.hints.count == 3


async def test_a_hundred_at_once_are_one(telling: Telling) -> None:
    await asyncio.gather(*(asyncio.to_thread(telling.progress, str(n)) for n in range(100)))
    while telling.progress._telling:
        await asyncio.sleep(0.001)

    assert len(await telling.heard()) == 1


async def test_after_the_result_nothing_is_told_any_more(telling: Telling) -> None:
    telling.progress.end()
    await telling.say("late")

    assert await telling.heard() == []


async def test_what_is_over_or_in_other_hands_by_now_is_not_told_of(telling: Telling) -> None:
    async with telling.there.db.tenant(telling.there.tenant) as c:
        await effects.finish(c, telling.claimed, {}, "", waiting=False)
    await telling.say("late")

    assert await telling.heard() == []


async def test_of_an_earlier_try_nothing_is_told(telling: Telling) -> None:
    earlier = Telling(telling.there, replace(telling.claimed, fence=telling.claimed.fence - 1))
    await earlier.say("late")

    assert await earlier.heard() == []


async def test_a_long_sentence_is_shortened_to_one_line(telling: Telling) -> None:
    await telling.say("a\nb " * 500)
    [text] = await telling.heard()

    assert len(text) <= LONGEST
    assert "\n" not in text


async def test_a_database_that_is_away_hinders_nobody(
    telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise OSError("away")

    with monkeypatch.context() as m:
        m.setattr(effects, "is_running", away)
        await telling.say("lost")
    await telling.say("again")

    assert await telling.heard() == ["again"]
