"""The front's inbox: the engine's answer, by hint or by looking; and a database that goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from bot.embedded import Servers, private
from bot.errors import ConfigurationError, InboxRefused
from bot.front_inbox import Arrival
from bot.reply import Reply
from tests.conftest import SECRET
from tests.workers.arrivals import arrival, blocked, kept, put
from tests.workers.store import steps
from workers import inbox as inboxes
from workers.hints import ANSWERED, Hints
from workers.inbox import GroupInbox, open_inbox
from workers.migrate import migrate
from workers.store import inbox, tenants
from workers.store.door import Database


@pytest_asyncio.fixture
async def box(app_dsn: str, servers: Servers) -> AsyncIterator[GroupInbox]:
    opened = await open_inbox(app_dsn, servers.redis_url)
    yield opened
    await opened.close()


# -- the engine's answer, for what shows the response


async def answered(db: Database, event: Arrival, reply: Reply | None) -> None:
    tenant = UUID(event.tenant)
    async with db.tenant(tenant) as c:
        row = await steps.next_row(c, tenant, event.turn.place.conversation)
        assert row is not None
        await steps.done(c, tenant, event.turn.place.conversation, row.id, reply)


async def heard(box: GroupInbox) -> None:
    """Until it hears hints."""
    while (await box._hints._redis.pubsub_numsub(ANSWERED))[0][1] < 1:
        await asyncio.sleep(0.005)


async def test_an_answer_comes_by_its_hint_at_once(
    box: GroupInbox, db: Database, servers: Servers, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inboxes, "LOOK", 30.0)
    engine, event = Hints(servers.redis_url), arrival(tenant)
    await box.put(event)
    await heard(box)
    waiting = asyncio.create_task(box.answer(event, 20.0))
    await asyncio.sleep(0)
    await answered(db, event, Reply("Thank you."))
    engine.answered(str(event.turn.id))
    assert await asyncio.wait_for(waiting, 10) == Reply("Thank you.")
    await engine.close()


async def test_an_answer_whose_hint_was_lost_is_found_by_looking(
    box: GroupInbox, db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inboxes, "LOOK", 0.01)
    event = arrival(tenant)
    await box.put(event)
    waiting = asyncio.create_task(box.answer(event, 20.0))
    await asyncio.sleep(0)
    await answered(db, event, Reply("Thank you."))
    assert await asyncio.wait_for(waiting, 10) == Reply("Thank you.")


async def test_no_answer_in_time_is_none_and_so_is_a_turn_that_needs_none(
    box: GroupInbox, db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inboxes, "LOOK", 0.01)
    event = arrival(tenant)
    await box.put(event)
    assert await box.answer(event, 0.03) is None
    await answered(db, event, None)
    assert await asyncio.wait_for(box.answer(event, 20.0), 10) is None
    assert box._asked == {}


async def test_the_answer_to_anothers_event_of_the_same_name_is_not_given_out(
    box: GroupInbox, db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inboxes, "LOOK", 0.01)
    theirs = arrival(tenant, "same")
    await box.put(theirs)
    await answered(db, theirs, Reply("A secret."))
    other = await tenants.create(db, "Other")
    assert await box.answer(arrival(other, "same"), 0.05) is None


# -- the database goes away and comes back


@pytest_asyncio.fixture
async def own() -> AsyncIterator[tuple[Servers, GroupInbox, UUID]]:
    """Servers of its own, which may be stopped."""
    with private() as servers:
        dsn = await asyncio.to_thread(migrate, servers.database_url, SECRET)
        box = await open_inbox(dsn, servers.redis_url)
        tenant = await tenants.create(box._db, "Somebody")
        yield servers, box, tenant
        await box.close()


async def stored_at_last(box: GroupInbox, event: Arrival) -> bool:
    """As a platform does it: again, for as long as it is refused."""
    async with asyncio.timeout(20):
        while True:
            with suppress(InboxRefused):
                return await box.put(event)
            await asyncio.sleep(0.02)


async def test_without_the_database_events_are_refused_and_stored_once_when_they_come_again(
    own: tuple[Servers, GroupInbox, UUID],
) -> None:
    servers, box, tenant = own
    assert servers.postgres is not None
    events = [arrival(tenant, f"{number}") for number in range(10)]
    assert await box.put(events[0])
    await asyncio.to_thread(servers.postgres.stop, at_once=True)
    refused = await asyncio.gather(*put(box, *events), return_exceptions=True)
    assert {type(each) for each in refused} == {InboxRefused}
    with pytest.raises(InboxRefused):
        await box.tenant_of("slack", "T1")
    assert await box.answer(events[0], 0.05) is None
    assert await box.ready() == {"database": False, "broker": True}
    await asyncio.to_thread(servers.postgres.start, durable=False)
    assert [await stored_at_last(box, event) for event in events] == [False] + [True] * 9
    assert await box.ready() == {"database": True, "broker": True}
    assert sorted(await kept(box._db, tenant)) == [str(number) for number in range(10)]


async def test_without_the_broker_everything_is_stored_and_answered_all_the_same(
    own: tuple[Servers, GroupInbox, UUID],
) -> None:
    servers, box, tenant = own
    assert servers.valkey is not None
    await asyncio.to_thread(servers.valkey.stop, at_once=True)
    event = arrival(tenant)
    assert await box.put(event)
    await answered(box._db, event, Reply("Thank you."))
    assert await box.answer(event, 20.0) == Reply("Thank you.")
    assert await box.ready() == {"database": True, "broker": False}


async def test_a_connection_that_dies_in_the_middle_of_a_commit_refuses_and_the_redelivery_is_stored_once(
    box: GroupInbox, db: Database, tenant: UUID, superuser: Any
) -> None:
    event = arrival(tenant, "one")
    async with blocked(db, tenant) as somebody_waits:
        [storing] = put(box, event)
        await superuser.execute("select pg_terminate_backend($1)", await somebody_waits())
        with pytest.raises(InboxRefused):
            await storing
    assert await stored_at_last(box, event)
    assert not await box.put(event)
    assert await kept(db, tenant) == ["one"]


async def test_an_inbox_without_a_database_is_not_opened() -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        await open_inbox(
            "postgresql://countersign_app:hidden-word@/none?host=/nowhere", "redis://localhost:9"
        )


async def test_an_error_of_the_database_says_nothing_of_what_was_to_be_stored(
    box: GroupInbox, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def telling(*_: Any) -> Any:
        raise asyncpg.UniqueViolationError("Key (payload)=(hidden-word) already exists.")

    monkeypatch.setattr(inbox, "add_many", telling)
    with pytest.raises(InboxRefused) as told:
        await box.put(arrival(tenant))
    assert "hidden-word" not in f"{told.value!r} {told.value.__cause__!r} {told.value.__context__!r}"
