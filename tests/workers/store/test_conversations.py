"""One engine at a time has a conversation, and no wake-up is ever lost."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from uuid import uuid4

import pytest

from tests.workers.store.conftest import There
from workers.store import conversations, inbox
from workers.store.conversations import Claimed
from workers.store.door import Database, Lost

LEASE = 30.0


def row(dedupe: str, conversation: str) -> tuple[str, str, str, str, bytes, str | None]:
    return ("slack", dedupe, conversation, inbox.TURN, b"{}", None)


async def add(there: There, conversation: str, *dedupes: str) -> None:
    async with there.db.tenant(there.tenant) as c:
        await inbox.add_many(c, there.tenant, [row(each, conversation) for each in dedupes])


async def claim(db: Database, most: int = 100, lease: float = LEASE) -> list[Claimed]:
    return await conversations.claim(db, "a test", lease, most)


async def run_out(there: There, key: str) -> None:
    await there.fetch(
        "update conversations set lease_until = now() - interval '1 second' where key = $1", key
    )


async def test_an_event_makes_its_conversation_due_and_nothing_else_does(there: There) -> None:
    assert await claim(there.db) == []
    await add(there, "slack:T:C:1", "one")
    [mine] = await claim(there.db)
    assert (mine.tenant, mine.key) == (there.tenant, "slack:T:C:1")


async def test_what_one_engine_holds_no_other_gets_until_the_lease_runs_out(there: There) -> None:
    first = await there.claimed()
    await add(there, there.conversation, "one", "two")
    assert await claim(there.db) == []
    await run_out(there, there.conversation)
    [second] = await claim(there.db)
    assert second.fence == first.fence + 1


async def test_whoever_lost_the_lease_can_write_nothing_more(there: There) -> None:
    first = await there.claimed()
    await run_out(there, there.conversation)
    await claim(there.db)
    with pytest.raises(Lost):
        async with there.db.turn(there.tenant, first.key, first.fence, LEASE) as c:
            await c.execute("update tenants set name = 'written too late'")
    with pytest.raises(Lost):
        await conversations.renew(there.db, first, LEASE)
    assert await there.value("select name from tenants") != "written too late"


@pytest.mark.twin
async def test_without_the_fence_the_first_would_write_over_the_second(there: There) -> None:
    first = await there.claimed()
    await run_out(there, there.conversation)
    await claim(there.db)
    async with there.db.tenant(there.tenant) as c:
        held = "update conversations set lease_until = now() where key = $1 returning 1"
        assert await c.fetchval(held, first.key) == 1
        await c.execute("update tenants set name = 'written too late'")
    assert await there.value("select name from tenants") == "written too late"


async def test_a_late_release_does_not_take_the_lease_from_the_next(there: There) -> None:
    first = await there.claimed()
    await run_out(there, there.conversation)
    [second] = await claim(there.db)
    await conversations.release(there.db, first)
    await add(there, there.conversation, "one")
    assert await claim(there.db) == []
    await conversations.renew(there.db, second, LEASE)


async def test_renewing_keeps_the_lease(there: There) -> None:
    mine = await there.claimed(lease=1.0)
    await conversations.renew(there.db, mine, 60.0)
    left = "select lease_until > now() + interval '50 seconds' from conversations where key = $1"
    assert await there.value(left, there.conversation)


async def test_released_with_work_left_it_is_due_at_once_and_without_it_is_not(there: There) -> None:
    mine = await there.claimed()
    await conversations.release(there.db, mine)
    assert await claim(there.db) == []
    await add(there, there.conversation, "one")
    [mine] = await claim(there.db)
    await conversations.release(there.db, mine)
    [mine] = await claim(there.db)
    await there.fetch("update inbox set state = 1")
    await conversations.release(there.db, mine)
    assert await claim(there.db) == []


@pytest.mark.parametrize(
    "later",
    [
        "update timers set state = 'set', fire_at = $1",
        "update outbox set state = 'queued', not_before = $1",
        "update outbox set state = 'sending', not_before = $1",
    ],
)
async def test_released_before_something_is_due_it_is_due_exactly_then(there: There, later: str) -> None:
    mine = await there.claimed()
    [[then]] = await there.fetch("select date_trunc('second', now()) + interval '10 minutes'")
    await there.fetch(later, then)
    await conversations.release(there.db, mine)
    ready = "select ready_at from conversations where key = $1"
    assert await there.value(ready, there.conversation) == then


async def test_a_wake_up_at_the_instant_of_release_is_never_lost(there: There) -> None:
    """Many rounds of an event that arrives while its conversation is being given back."""
    chance = random.Random(3)

    async def round(number: int) -> str | None:
        key = f"slack:T:C:{number}"
        await add(there, key, f"{number}:first")
        mine = Claimed(there.tenant, key, 1)
        await there.fetch("update inbox set state = 1 where conversation = $1", key)

        async def arrives() -> None:
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            await add(there, key, f"{number}:second")

        await asyncio.gather(conversations.release(there.db, mine), arrives())
        due = "select ready_at <= now() and lease_until < now() from conversations where key = $1"
        return None if await there.value(due, key) else key

    for start in range(0, 400, 50):
        numbers = range(start, start + 50)
        for number in numbers:
            await add(there, f"slack:T:C:{number}", f"{number}:zeroth")
        held = "update conversations set fence = 1, lease_until = now() + interval '1 minute'"
        await there.fetch(held)
        assert [lost for lost in await asyncio.gather(*map(round, numbers)) if lost] == []


@pytest.mark.twin
async def test_a_release_that_looks_before_it_locks_loses_the_wake_up(there: There) -> None:
    mine = await there.claimed()
    async with there.db.tenant(there.tenant) as c:
        nothing = await c.fetchval("select count(*) from inbox where state = 0")
        await add(there, there.conversation, "one")
        await c.execute(
            "update conversations set lease_until = '-infinity', ready_at = case when $2 = 0"
            " then 'infinity' else now() end where key = $1",
            mine.key,
            nothing,
        )
    assert await claim(there.db) == []


async def test_engines_side_by_side_never_hold_the_same_and_leave_none_out(there: There) -> None:
    keys = [f"slack:T:C:{number}" for number in range(120)]
    async with there.db.tenant(there.tenant) as c:
        await inbox.add_many(c, there.tenant, [row(key, key) for key in keys])
    held: set[str] = set()
    served: list[str] = []

    async def engine() -> None:
        while claimed := await claim(there.db, most=5):
            for each in claimed:
                assert each.key not in held
                held.add(each.key)
            for each in claimed:
                async with there.db.turn(each.tenant, each.key, each.fence, LEASE) as c:
                    await c.execute("update inbox set state = 1 where conversation = $1", each.key)
                held.discard(each.key)
                served.append(each.key)
                await conversations.release(there.db, each)

    await asyncio.gather(*(engine() for _ in range(6)))
    assert sorted(served) == sorted(keys)


async def test_the_longest_waiting_is_claimed_first(there: There) -> None:
    for number in range(5):
        await add(there, f"slack:T:C:{number}", f"{number}")
        await there.fetch(
            "update conversations set ready_at = now() - make_interval(mins => $2) where key = $1",
            f"slack:T:C:{number}",
            number,
        )
    assert [(await claim(there.db, most=1))[0].key[-1] for _ in range(5)] == ["4", "3", "2", "1", "0"]


async def test_two_who_need_the_same_two_conversations_never_wait_for_each_other(there: There) -> None:
    keys = ["b", "a"]

    async def takes(order: list[str]) -> None:
        async with there.db.tenant(there.tenant) as c:
            await conversations.lock(c, there.tenant, order)
            await asyncio.sleep(0)
            for key in order:
                await conversations.wake(c, there.tenant, key)

    await asyncio.gather(*(takes(keys if number % 2 else keys[::-1]) for number in range(40)))
    assert {each.key for each in await claim(there.db)} == {"a", "b"}


async def test_a_claim_tells_nothing_but_names(there: There, db: Database) -> None:
    """It looks across tenants, so what it gives away is kept small: tenant, key, fence."""
    await add(there, "slack:T:C:1", "one")
    [found] = await db.dispatch("select * from claim_conversations($1, $2, $3)", "a test", LEASE, 100)
    assert set(dict(found)) == {"tenant_id", "key", "fence"}


async def test_nobody_is_found_by_a_workspace_that_left(there: There, db: Database) -> None:
    from workers.store import tenants

    workspace = f"T{uuid4().hex}"
    async with db.tenant(there.tenant) as c:
        await tenants.install(c, there.tenant, "slack", workspace, "U1", "v1.sealed")
    assert await tenants.of_installation(db, "slack", workspace) == there.tenant
    assert await tenants.of_installation(db, "teams", workspace) is None
    async with db.tenant(there.tenant) as c:
        await tenants.uninstall(c, there.tenant, "slack", workspace)
        assert await tenants.credentials(c, there.tenant, "slack", workspace) is None
        left: Any = await c.fetchval("select credentials from installations where workspace = $1", workspace)
    assert left is None
    assert await tenants.of_installation(db, "slack", workspace) is None


async def test_a_conversation_in_trouble_is_looked_at_again_after_a_pause_with_all_that_waits(
    there: There,
) -> None:
    await add(there, there.conversation, "one")
    [mine] = await claim(there.db)
    await conversations.set_aside(there.db, mine, 60.0)
    assert await claim(there.db) == []
    await there.fetch("update conversations set ready_at = now() where key = $1", mine.key)
    [again] = await claim(there.db)
    assert again.fence == mine.fence + 1
    assert await there.value("select count(*) from inbox where state = 0") == 1


async def test_a_new_event_ends_the_pause(there: There) -> None:
    mine = await there.claimed()
    await conversations.set_aside(there.db, mine, 60.0)
    await add(there, there.conversation, "one")
    assert len(await claim(there.db)) == 1


async def test_setting_aside_too_late_takes_nothing_from_the_next(there: There) -> None:
    first = await there.claimed()
    await run_out(there, there.conversation)
    [second] = await claim(there.db)
    await conversations.set_aside(there.db, first, 60.0)
    await conversations.renew(there.db, second, LEASE)
    assert await claim(there.db) == []
