"""The front's inbox: said to be stored only when it is, whatever happens to the database meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from bot.embedded import Servers, private
from bot.errors import ConfigurationError, InboxRefused
from bot.front_inbox import Arrival, Delivery
from bot.reply import Reply
from bot.turn import Account, Place, Said, TenantId, Turn, TurnId
from tests.conftest import SECRET
from workers import inbox as inboxes
from workers.hints import ANSWERED, Hints
from workers.inbox import GroupInbox, open_inbox
from workers.migrate import migrate
from workers.store import inbox, tenants
from workers.store.door import Database

_number = count(1)


def arrival(tenant: UUID, id: str = "", channel: str = "C1") -> Arrival:
    id = id or f"event {next(_number)}"
    place = Place("slack", "T1", channel, "17.1")
    turn = Turn(TurnId(id), place, Account("slack", "T1", "U1"), Said(id))
    return Arrival(TenantId(str(tenant)), turn, b'{"event": "as it came"}')


@pytest_asyncio.fixture
async def box(app_dsn: str, servers: Servers) -> AsyncIterator[GroupInbox]:
    opened = await open_inbox(app_dsn, servers.redis_url)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def other_box(app_dsn: str, servers: Servers) -> AsyncIterator[GroupInbox]:
    opened = await open_inbox(app_dsn, servers.redis_url)
    yield opened
    await opened.close()


async def kept(db: Database, tenant: UUID) -> list[str]:
    async with db.tenant(tenant) as c:
        return [row["dedupe"] for row in await c.fetch("select dedupe from inbox order by id")]


@asynccontextmanager
async def blocked(db: Database, tenant: UUID, channel: str = "C1") -> AsyncIterator[Any]:
    """Nothing can be stored in this conversation meanwhile. Gives what waits until somebody tries."""
    conversation = f"slack:T1:{channel}:17.1"
    async with db.tenant(tenant) as c:
        await c.execute("insert into conversations (tenant_id, key) values ($1, $2)", tenant, conversation)
    async with db.tenant(tenant) as c:
        await c.execute("select 1 from conversations where key = $1 for update", conversation)
        pid = await c.fetchval("select pg_backend_pid()")

        async def somebody_waits() -> int:
            query = "select pid from pg_stat_activity where $1 = any (pg_blocking_pids(pid))"
            while not (waiting := await db.dispatch(query, pid)):
                await asyncio.sleep(0.005)
            found: int = waiting[0]["pid"]
            return found

        yield somebody_waits


def put(box: GroupInbox, *arrivals: Arrival) -> list[asyncio.Task[bool]]:
    return [asyncio.create_task(box.put(each)) for each in arrivals]


async def test_an_event_is_said_to_be_stored_after_the_commit_and_not_before(
    box: GroupInbox, db: Database, tenant: UUID
) -> None:
    async with blocked(db, tenant) as somebody_waits:
        [storing] = put(box, arrival(tenant, "one"))
        await somebody_waits()
        assert not storing.done()
    assert await storing
    assert await kept(db, tenant) == ["one"]


@pytest.mark.twin
async def test_an_inbox_that_answers_before_the_commit_loses_what_it_said_to_have(
    box: GroupInbox, db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, began = box._insert, list[Any]()

    async def careless(tenant: UUID, group: list[Any]) -> set[tuple[str, str]]:
        began.append(real(tenant, group))
        return {waiting.row[:2] for waiting in group}

    monkeypatch.setattr(box, "_insert", careless)
    assert await box.put(arrival(tenant, "one"))
    began[0].close()  # killed here
    assert await kept(db, tenant) == []


async def test_of_many_copies_at_once_at_two_fronts_one_is_new(
    box: GroupInbox, other_box: GroupInbox, db: Database, tenant: UUID
) -> None:
    events = [arrival(tenant, f"{number % 30:02}") for number in range(300)]
    answers = await asyncio.gather(*put(box, *events), *put(other_box, *events))
    assert answers.count(True) == 30
    assert len(await kept(db, tenant)) == 30
    assert not await box.put(events[0])


async def test_events_of_one_conversation_never_overtake_each_other(
    box: GroupInbox, db: Database, tenant: UUID
) -> None:
    """The first is held up by its company: another conversation, of another tenant, that is busy."""
    for start in range(4):
        busy = await tenants.create(db, "Busy")
        async with blocked(db, busy) as somebody_waits:
            company = put(box, *(arrival(busy, channel="C1") for _ in range(4)))
            first = put(box, *(arrival(tenant, f"{start}:1:{n}", f"D{n}") for n in range(8)))
            await somebody_waits()
            second = put(box, *(arrival(tenant, f"{start}:2:{n}", f"D{n}") for n in range(8)))
            await asyncio.wait(second, timeout=0.05)
        await asyncio.gather(*company, *first, *second)
        for n in range(8):
            assert [
                id for id in await kept(db, tenant) if id.startswith(f"{start}:") and id.endswith(f":{n}")
            ] == [
                f"{start}:1:{n}",
                f"{start}:2:{n}",
            ]


async def test_a_thousand_events_of_many_conversations_are_kept_in_the_order_of_each(
    box: GroupInbox, db: Database, tenant: UUID
) -> None:
    events = [arrival(tenant, f"{number:04}", f"C{number % 9}") for number in range(1000)]
    assert all(await asyncio.gather(*put(box, *events)))
    async with db.tenant(tenant) as c:
        rows = await c.fetch("select conversation, array_agg(dedupe order by id) ids from inbox group by 1")
    assert len(rows) == 9
    for row in rows:
        assert row["ids"] == sorted(row["ids"])


async def test_one_that_cannot_be_stored_does_not_take_its_company_with_it(
    box: GroupInbox, db: Database, tenant: UUID
) -> None:
    async with blocked(db, tenant) as somebody_waits:
        [first] = put(box, arrival(tenant, "first"))
        await somebody_waits()
        good = put(box, *(arrival(tenant, f"good {n}", f"C{n}") for n in range(6)))
        bad = put(box, *(arrival(tenant, f"bad \x00 {n}", f"C{n}") for n in range(6)))
        await asyncio.sleep(0)
    assert await asyncio.gather(first, *good) == [True] * 7
    refused = await asyncio.gather(*bad, return_exceptions=True)
    assert {type(each) for each in refused} == {InboxRefused}
    assert len(await kept(db, tenant)) == 7


async def test_a_fault_of_ours_while_storing_refuses_that_event_and_not_the_next(
    box: GroupInbox, db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> Any:
        raise KeyError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "add_many", broken)
        answers = await asyncio.gather(
            *put(box, *(arrival(tenant) for _ in range(5))), return_exceptions=True
        )
    assert {type(each) for each in answers} == {InboxRefused}
    assert await box.put(arrival(tenant, "next"))
    assert await kept(db, tenant) == ["next"]


async def test_beyond_the_bound_events_are_refused_at_once_and_what_was_taken_is_stored(
    box: GroupInbox, db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inboxes, "MOST_WAITING", 3)
    async with blocked(db, tenant) as somebody_waits:
        taken = put(box, *(arrival(tenant, f"taken {n}") for n in range(3)))
        await somebody_waits()
        with pytest.raises(InboxRefused):
            await box.put(arrival(tenant, "too many"))
    assert await asyncio.gather(*taken) == [True] * 3
    assert await box.put(arrival(tenant, "later"))
    assert await kept(db, tenant) == ["taken 0", "taken 1", "taken 2", "later"]


@pytest.mark.twin
async def test_without_the_bound_everything_is_taken_until_memory_ends(
    box: GroupInbox, db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inboxes, "MOST_WAITING", float("inf"))
    async with blocked(db, tenant) as somebody_waits:
        taken = put(box, *(arrival(tenant) for _ in range(2500)))
        await somebody_waits()
        assert box._unstored == 2500
    assert all(await asyncio.gather(*taken))


async def test_who_stops_waiting_leaves_a_copy_that_harms_nobody(
    box: GroupInbox, db: Database, tenant: UUID
) -> None:
    event = arrival(tenant, "one")
    async with blocked(db, tenant) as somebody_waits:
        [storing] = put(box, event)
        await somebody_waits()
        storing.cancel()
        with suppress(asyncio.CancelledError):
            await storing
    assert await box.put(arrival(tenant, "after it"))
    assert not await box.put(event)
    assert await kept(db, tenant) == ["one", "after it"]


async def test_closing_stores_what_was_accepted_and_takes_nothing_new(
    app_dsn: str, servers: Servers, db: Database, tenant: UUID
) -> None:
    box = await open_inbox(app_dsn, servers.redis_url)
    async with blocked(db, tenant) as somebody_waits:
        taken = put(box, *(arrival(tenant, f"{n}", f"C{n % 3}") for n in range(20)))
        await somebody_waits()
        closing = asyncio.create_task(box.close())
        await asyncio.sleep(0)
        with pytest.raises(InboxRefused):
            await box.put(arrival(tenant, "too late"))
        assert not closing.done()
    assert await asyncio.gather(*taken) == [True] * 20
    await closing
    assert len(await kept(db, tenant)) == 20


async def test_a_webhook_is_kept_as_it_came_and_once(box: GroupInbox, db: Database, tenant: UUID) -> None:
    delivery = Delivery("stripe", "acct_1", "evt_1", "stripe:acct_1:cs_1")
    answers = [await box.put_delivery(TenantId(str(tenant)), delivery, b"\x00\xffbytes") for _ in range(2)]
    assert answers == [True, False]
    async with db.tenant(tenant) as c:
        row = await c.fetchrow("select kind, source, payload from inbox")
    assert tuple(row) == ("delivery", "stripe", b"\x00\xffbytes")


async def test_no_event_reaches_another_tenant(
    box: GroupInbox, db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batched together, stored apart."""
    other = await tenants.create(db, "Other")
    await asyncio.gather(*put(box, *(arrival(each, f"{each}") for each in (tenant, other) * 20)))
    assert await kept(db, tenant) == [str(tenant)]
    assert await kept(db, other) == [str(other)]


# -- whose event it is


async def test_a_tenant_is_asked_for_once_and_a_new_workspace_is_known_at_once(
    box: GroupInbox, db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, asked = f"T{uuid4().hex}", list[str]()
    real = tenants.of_installation

    async def counted(db: Database, platform: str, workspace: str) -> UUID | None:
        asked.append(workspace)
        return await real(db, platform, workspace)

    monkeypatch.setattr(tenants, "of_installation", counted)
    assert await box.tenant_of("slack", workspace) is None
    async with db.tenant(tenant) as c:
        await tenants.install(c, tenant, "slack", workspace, "U1", None)
    assert [await box.tenant_of("slack", workspace) for _ in range(3)] == [TenantId(str(tenant))] * 3
    assert asked == [workspace] * 2
    assert await box.tenant_of("teams", workspace) is None


# -- the engine's answer, for what shows the response


async def answered(db: Database, event: Arrival, reply: Reply | None) -> None:
    tenant = UUID(event.tenant)
    async with db.tenant(tenant) as c:
        row = await inbox.next_row(c, tenant, event.turn.place.conversation)
        assert row is not None
        await inbox.done(c, tenant, row.id, reply)


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
