"""A listener hears what was stored at least once, whenever the process dies; and nobody else pays for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from bot.platforms.base import Payload
from bot.platforms.slack import SlackDoor
from tests.bot.platforms.slack.conftest import shape
from tests.workers.store import steps
from tests.workers.store.conftest import There
from workers.extensions import Extensions
from workers.store import inbox, old, unheard
from workers.store.inbox import Row

__all__ = ["shape"]

Shape = Callable[[str], dict[str, Any]]


class Listener:
    """Hears, and is at it for as long as a test wants."""

    def __init__(self) -> None:
        self.heard: list[Payload] = []
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self, payload: Payload) -> None:
        self.heard.append(payload)
        await self.go_on.wait()


@pytest.fixture
def listener() -> Listener:
    return Listener()


def process(there: There, listener: Listener, quiet: float = 0.0) -> Extensions:
    """An engine's listeners. `quiet`: how long until what it left is somebody else's."""
    return Extensions({"slack": SlackDoor("")}, {"slack": listener}, there.db, quiet=quiet)


async def arrived(there: There, payload: dict[str, Any], source: str = "slack") -> Row:
    async with there.db.tenant(there.tenant) as c:
        row = (source, str(payload), there.conversation, inbox.TURN, orjson.dumps(payload), None)
        await inbox.add_many(c, there.tenant, [row])
        found = await steps.next_row(c, there.tenant, there.conversation)
    assert found is not None
    return found


async def dealt_with(there: There, row: Row) -> None:
    async with there.db.tenant(there.tenant) as c:
        await steps.done(c, there.tenant, there.conversation, row.id)


async def waiting(there: There) -> list[int]:
    return [row["row_id"] for row in await there.fetch("select row_id from unheard")]


@pytest.fixture(autouse=True)
async def _empty(there: There, superuser: Any) -> None:
    """Of every tenant: catching up looks at all of them."""
    await superuser.execute("delete from unheard")


async def test_what_is_heard_to_the_end_is_not_heard_again(
    there: There, listener: Listener, shape: Shape
) -> None:
    first = process(there, listener)
    row = await arrived(there, shape("app_mention"))
    await first.expect(there.tenant, row)
    await dealt_with(there, row)
    first.hear(there.tenant, row)
    await first.close()

    assert await waiting(there) == []
    assert await process(there, listener).catch_up() == 0
    assert len(listener.heard) == 1


async def test_what_the_process_died_over_is_heard_by_the_next(
    there: There, listener: Listener, shape: Shape
) -> None:
    row = await arrived(there, shape("app_mention"))
    await process(there, listener).expect(there.tenant, row)
    await dealt_with(there, row)  # and here it dies: between the commit and the listener

    after = process(there, listener)
    assert await after.catch_up() == 1
    await after.close()
    assert listener.heard == [shape("app_mention")]
    assert await waiting(there) == []


@pytest.mark.twin
async def test_without_the_mark_nobody_hears_what_the_process_died_over(
    there: There, listener: Listener, shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> None: ...

    monkeypatch.setattr(unheard, "expect", nothing)
    row = await arrived(there, shape("app_mention"))
    await process(there, listener).expect(there.tenant, row)
    await dealt_with(there, row)

    assert await process(there, listener).catch_up() == 0
    assert listener.heard == []


async def test_a_listener_that_is_cut_short_is_called_again(
    there: There, listener: Listener, shape: Shape
) -> None:
    listener.go_on.clear()
    first = process(there, listener)
    row = await arrived(there, shape("app_mention"))
    await first.expect(there.tenant, row)
    await dealt_with(there, row)
    first.hear(there.tenant, row)
    await asyncio.sleep(0)
    for task in first._running:
        task.cancel()
    await asyncio.gather(*first._running, return_exceptions=True)

    listener.go_on.set()
    after = process(there, listener)
    assert await after.catch_up() == 1
    await after.close()
    assert len(listener.heard) == 2
    assert await waiting(there) == []


async def test_one_that_fails_is_not_called_again(there: There, shape: Shape) -> None:
    async def failing(_: Payload) -> None:
        raise ValueError

    first = Extensions({"slack": SlackDoor("")}, {"slack": failing}, there.db, quiet=0.0)
    row = await arrived(there, shape("app_mention"))
    await first.expect(there.tenant, row)
    await dealt_with(there, row)
    first.hear(there.tenant, row)
    await first.close()
    assert await waiting(there) == []


async def test_what_another_process_is_just_hearing_is_left_to_it(
    there: There, listener: Listener, shape: Shape
) -> None:
    row = await arrived(there, shape("app_mention"))
    await process(there, listener).expect(there.tenant, row)
    await dealt_with(there, row)

    assert await process(there, listener, quiet=60.0).catch_up() == 0
    assert await waiting(there) == [row.id]


async def test_of_two_that_catch_up_at_once_one_hears_it(
    there: There, listener: Listener, shape: Shape
) -> None:
    row = await arrived(there, shape("app_mention"))
    await process(there, listener).expect(there.tenant, row)
    await dealt_with(there, row)
    await there.fetch("update unheard set tried_at = now() - interval '1 hour'")
    both = [process(there, listener, quiet=60.0) for _ in range(2)]
    assert sum(await asyncio.gather(*(each.catch_up() for each in both))) == 1
    for each in both:
        await each.close()
    assert len(listener.heard) == 1


async def test_what_is_not_dealt_with_yet_is_not_heard_before(
    there: There, listener: Listener, shape: Shape
) -> None:
    row = await arrived(there, shape("app_mention"))
    await process(there, listener).expect(there.tenant, row)

    assert await process(there, listener).catch_up() == 0
    assert await waiting(there) == [row.id]


async def test_what_takes_the_process_down_each_time_is_given_up(
    there: There, listener: Listener, shape: Shape
) -> None:
    row = await arrived(there, shape("app_mention"))
    await process(there, listener).expect(there.tenant, row)
    await dealt_with(there, row)
    for _ in range(unheard.MOST_TRIES):
        async with there.db.tenant(there.tenant) as c:  # and it dies
            assert [each.id for each in await unheard.late(c, there.tenant, 0.0, 10)] == [row.id]

    assert await process(there, listener).catch_up() == 0
    assert await waiting(there) == []


@pytest.mark.parametrize("gone", ["state = 2", "payload = ''"])
async def test_what_was_put_aside_or_emptied_is_not_waited_for(
    there: There, listener: Listener, shape: Shape, gone: str
) -> None:
    row = await arrived(there, shape("app_mention"))
    await process(there, listener).expect(there.tenant, row)
    await dealt_with(there, row)
    await there.fetch(f"update inbox set {gone} where id = {row.id}")

    assert await process(there, listener).catch_up() == 0
    assert await waiting(there) == []


async def test_with_zero_days_a_body_that_a_listener_still_has_to_hear_is_kept(
    there: There, listener: Listener, shape: Shape
) -> None:
    row = await arrived(there, shape("app_mention"))
    await process(there, listener).expect(there.tenant, row)
    await dealt_with(there, row)
    await there.fetch(f"update inbox set done_at = now() - interval '1 hour' where id = {row.id}")
    async with there.db.tenant(there.tenant) as c:
        bite = await old.inbox_bodies(c, there.tenant, 60.0, row.id - 1, 10)
        assert (bite.count, bite.last) == (0, row.id - 1)
        await unheard.heard(c, there.tenant, row.id)
        bite = await old.inbox_bodies(c, there.tenant, 60.0, row.id - 1, 10)
    assert bite.count == 1


async def test_what_no_listener_wants_is_not_written_down(there: There, listener: Listener) -> None:
    row = await arrived(there, {"id": "evt"}, "stripe")
    await process(there, listener).expect(there.tenant, row)
    assert await waiting(there) == []


async def test_more_than_can_be_heard_at_once_waits(
    there: There, listener: Listener, shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.extensions.AT_ONCE", 1)
    listener.go_on.clear()
    first = process(there, listener)
    rows = []
    for ts in ("1.1", "1.2"):
        payload = shape("app_mention")
        payload["event"]["ts"] = ts
        row = await arrived(there, payload)
        await first.expect(there.tenant, row)
        await dealt_with(there, row)
        rows.append(row)
    for row in rows:
        first.hear(there.tenant, row)
    listener.go_on.set()
    await first.close()
    assert await waiting(there) == [rows[1].id]
    await first.catch_up()
    await first.close()
    assert [each["event"]["ts"] for each in listener.heard] == ["1.1", "1.2"]
