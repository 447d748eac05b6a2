"""A timer goes off once: not early, late rather than never, and not at all when it was called off."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import orjson

from tests.workers.store.conftest import There
from workers.store import conversations, timers
from workers.store.door import Lost


async def set_in(there: There, id: str, seconds: float, event: Any = None) -> None:
    async with there.db.tenant(there.tenant) as c:
        now = await c.fetchval("select now()")
        at = now + timedelta(seconds=seconds)
        event = event or {"_": "events.Fired", "timer": id}
        await timers.set_at(c, there.tenant, id, there.conversation, at, event)


async def fire(there: There) -> int:
    async with there.db.tenant(there.tenant) as c:
        return await timers.fire(c, there.tenant, there.conversation)


async def heard(there: There) -> list[str]:
    rows = await there.fetch("select payload from inbox where state = 0 order by id")
    return [orjson.loads(row["payload"])["timer"] for row in rows]


async def test_only_what_is_due_goes_off_and_only_once(there: There) -> None:
    await set_in(there, "past", -1)
    await set_in(there, "future", 600)
    assert await fire(there) == 1
    assert await fire(there) == 0
    assert await heard(there) == ["past"]


async def test_of_many_who_look_at_once_one_sets_it_off(there: There) -> None:
    await set_in(there, "past", -1)
    assert sorted(await asyncio.gather(*(fire(there) for _ in range(10)))) == [0] * 9 + [1]
    assert await heard(there) == ["past"]


async def test_a_timer_that_was_called_off_stays_silent(there: There) -> None:
    await set_in(there, "past", -1)
    async with there.db.tenant(there.tenant) as c:
        await timers.cancel(c, there.tenant, "past")
        await timers.hasten(c, there.tenant, "past")
    assert await fire(there) == 0


async def test_a_timer_can_be_hastened(there: There) -> None:
    await set_in(there, "future", 600)
    async with there.db.tenant(there.tenant) as c:
        await timers.hasten(c, there.tenant, "future")
    assert await fire(there) == 1


async def test_setting_it_again_leaves_it_as_it_was_even_after_it_went_off(there: There) -> None:
    await set_in(there, "one", -1)
    await set_in(there, "one", 600)
    assert await fire(there) == 1
    await set_in(there, "one", -1)
    assert await fire(there) == 0


async def test_a_crash_while_it_goes_off_sets_it_off_later_and_once(there: There) -> None:
    await set_in(there, "past", -1)
    mine = await there.claimed()
    try:
        async with there.db.turn(there.tenant, mine.key, mine.fence, 30.0) as c:
            assert await timers.fire(c, there.tenant, there.conversation) == 1
            raise Lost("killed")
    except Lost:
        pass
    assert await heard(there) == []
    assert await fire(there) == 1
    assert await heard(there) == ["past"]


async def test_a_conversation_that_is_given_back_is_due_when_its_timer_is(there: There) -> None:
    await set_in(there, "late", -60)
    await set_in(there, "later", 600)
    mine = await there.claimed()
    await conversations.release(there.db, mine)
    again = await there.claimed()
    assert again.fence == mine.fence + 1
    assert await fire(there) == 1


async def test_what_is_hastened_wakes_its_conversation(there: There) -> None:
    await set_in(there, "future", 600)
    async with there.db.tenant(there.tenant) as c:
        await timers.hasten(c, there.tenant, "future")
    assert (await conversations.claim(there.db, "a test", 30.0, 10))[0].key == there.conversation
