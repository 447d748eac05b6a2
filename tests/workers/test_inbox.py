"""The front's inbox: said to be stored only when it is, whatever happens to the database meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from bot.embedded import Servers
from bot.errors import InboxRefused
from bot.front_inbox import Delivery
from bot.turn import TenantId
from tests.workers.arrivals import arrival, blocked, kept, put
from workers import inbox as inboxes
from workers.inbox import GroupInbox, open_inbox
from workers.store import inbox, tenants
from workers.store.door import Database


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
