"""What happened is kept once, in the order in which it came."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from bot.reply import Reply
from tests.workers.store import steps
from tests.workers.store.conftest import There
from workers.store import inbox

Row = tuple[str, str, str, str, bytes, str | None]


def row(dedupe: str, conversation: str = "slack:T:C:1", source: str = "slack") -> Row:
    return (source, dedupe, conversation, inbox.TURN, f'{{"n": "{dedupe}"}}'.encode(), None)


async def add(there: There, *rows: Row, tenant: UUID | None = None) -> set[tuple[str, str]]:
    async with there.db.tenant(tenant or there.tenant) as c:
        return await inbox.add_many(c, tenant or there.tenant, list(rows))


async def waiting(there: There, conversation: str = "slack:T:C:1") -> list[str]:
    query = "select dedupe from inbox where conversation = $1 and state = 0 order by id"
    return [each["dedupe"] for each in await there.fetch(query, conversation)]


async def test_a_copy_changes_nothing_and_is_said_to_be_one(there: There) -> None:
    assert await add(there, row("one")) == {("slack", "one")}
    assert await add(there, row("one")) == set()
    assert await waiting(there) == ["one"]


async def test_copies_in_one_batch_and_in_many_at_once_are_stored_once(there: There) -> None:
    batch = [row(str(number % 10)) for number in range(40)]
    found = await asyncio.gather(*(add(there, *batch) for _ in range(8)))
    assert sum(len(each) for each in found) == 10
    assert sorted(await waiting(there)) == [str(number) for number in range(10)]


@pytest.mark.twin
async def test_without_the_unique_key_every_copy_is_one_order_more(admin: Any, there: There) -> None:
    careful = await admin.fetchval("select pg_get_functiondef('arrive'::regproc)")
    careless = careful.replace("on conflict (tenant_id, source, dedupe) do nothing", "")
    assert careless != careful
    await admin.execute(
        careless.replace("CREATE OR REPLACE FUNCTION public.arrive", "create function careless")
    )
    await admin.execute("alter table inbox drop constraint inbox_once")
    arrival = [["slack"], ["one"], [there.conversation], ["turn"], [b"{}"], [None]]
    for _ in range(2):
        await admin.execute("select careless($1, $2, $3, $4, $5, $6, $7)", there.tenant, *arrival)
    kept = "select count(*) from inbox where tenant_id = $1 and dedupe = 'one'"
    assert await admin.fetchval(kept, there.tenant) == 2


async def test_the_same_id_from_another_source_or_for_another_tenant_is_another_event(
    there: There, tenant: UUID
) -> None:
    assert await add(there, row("one"))
    assert await add(there, row("one", source="teams"))
    assert await add(there, row("one"), tenant=tenant)


async def test_a_batch_of_many_conversations_keeps_the_order_of_each(there: There) -> None:
    rows = [row(f"{number:03}", f"slack:T:C:{number % 7}") for number in range(250)]
    assert len(await add(there, *rows)) == 250
    for channel in range(7):
        found = await waiting(there, f"slack:T:C:{channel}")
        assert found == sorted(found)
        assert len(found) >= 35


async def test_batches_of_the_same_conversations_in_any_order_do_not_block_each_other(there: There) -> None:
    channels = [f"slack:T:C:{number}" for number in range(20)]
    batches = [
        [row(f"{turn}:{each}", each) for each in (channels if turn % 2 else channels[::-1])]
        for turn in range(16)
    ]
    await asyncio.gather(*(add(there, *batch) for batch in batches))
    assert await there.value("select count(*) from inbox where state = 0") == 320


async def test_rows_are_dealt_with_oldest_first_each_try_counted(there: There) -> None:
    await add(there, row("one"), row("two"))
    async with there.db.tenant(there.tenant) as c:
        first = await steps.next_row(c, there.tenant, "slack:T:C:1")
        again = await steps.next_row(c, there.tenant, "slack:T:C:1")
        assert first is not None
        assert again is not None
        assert (first.dedupe, first.attempts, again.dedupe, again.attempts) == ("one", 1, "one", 2)
        await steps.done(c, there.tenant, "slack:T:C:1", first.id)
        second = await steps.next_row(c, there.tenant, "slack:T:C:1")
        assert second is not None
        assert second.payload == b'{"n": "two"}'
        await inbox.dead(c, there.tenant, second.id, "x" * 2000)
        assert await steps.next_row(c, there.tenant, "slack:T:C:1") is None
    assert await there.value("select max(length(error)) from inbox where state = 2") == 500


async def test_an_answer_is_found_once_the_turn_is_dealt_with(there: There) -> None:
    await add(there, row("one"), row("two"))
    answer = Reply("Thank you.")
    async with there.db.tenant(there.tenant) as c:
        assert await inbox.answered(c, there.tenant, "slack", "one") == (False, None)
        for kept in (answer, None):
            found = await steps.next_row(c, there.tenant, "slack:T:C:1")
            assert found is not None
            await steps.done(c, there.tenant, "slack:T:C:1", found.id, kept)
        assert await inbox.answered(c, there.tenant, "slack", "one") == (True, answer)
        assert await inbox.answered(c, there.tenant, "slack", "two") == (True, None)
        assert await inbox.answered(c, there.tenant, "slack", "never came") == (False, None)


async def test_an_event_of_ours_comes_once_however_often_it_is_told(there: There) -> None:
    event = {"_": "events.Fired", "timer": "t"}

    async def tell() -> None:
        async with there.db.tenant(there.tenant) as c:
            await inbox.add_event(c, there.tenant, there.conversation, "timer:t", event)

    await asyncio.gather(*(tell() for _ in range(10)))
    assert await waiting(there, there.conversation) == ["timer:t"]
