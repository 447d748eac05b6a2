"""Where nothing happens: what nobody finishes is found, what is empty goes, never under anybody's hands."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.workers.store.conftest import There
from workers.store import conversations, idle, inbox
from workers.store.door import Database
from workers.store.idle import HANGING
from workers.store.schema import metadata

DAY = 86_400.0
EMPTY = "slack:T1:C1:empty"


def test_whatever_hangs_on_a_conversation_is_asked_for_before_it_goes() -> None:
    hanging = {
        table.name
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "conversations"
    }
    assert hanging == set(HANGING)


# -- what is empty


async def empty(there: There, key: str = EMPTY, days: float = 40) -> None:
    await there.fetch(
        "insert into conversations (tenant_id, key, created_at)"
        " values ($1, $2, now() - make_interval(days => $3))",
        there.tenant,
        key,
        int(days),
    )


async def drop(there: There, most: int = 100) -> list[str]:
    gone, after = [], ""
    while True:
        async with there.db.tenant(there.tenant) as c:
            page = await idle.drop(c, there.tenant, 30 * DAY, after, most)
        gone += [key for key, _ in page.found]
        after = page.last
        if not page.more:
            return gone


async def keys(there: There) -> set[str]:
    return {row["key"] for row in await there.fetch("select key from conversations")}


async def arrive(db: Database, tenant: UUID, key: str, dedupe: str = "late") -> None:
    async with db.tenant(tenant) as c:
        await inbox.add_many(c, tenant, [("slack", dedupe, key, "turn", b"{}", None)])


async def test_one_of_which_nothing_is_left_goes(there: There) -> None:
    await empty(there)
    assert await drop(there) == [EMPTY]
    assert await keys(there) == {there.conversation}


async def test_a_young_one_stays(there: There) -> None:
    await empty(there, days=29)
    assert await drop(there) == []


@pytest.mark.parametrize("table", HANGING)
async def test_one_on_which_anything_hangs_stays(there: There, table: str) -> None:
    await there.fetch("update conversations set created_at = now() - interval '1 year'")
    for other in ("inbox", "outbox", "schedules", "timers"):
        if other != table:
            await there.fetch(f"delete from {other}")
    if table != "runs":
        for other in ("decisions", "approvals", "effects", "runs"):
            await _gone(there, other)
    assert await drop(there) == []
    assert await keys(there) == {there.conversation}


async def _gone(there: There, table: str) -> None:
    if table == "decisions":
        await there.fetch("update approvals set state = 'used', decided_at = '2020-01-01'")
        await there.fetch("select drop_decisions(array(select id from approvals))")
    else:
        await there.fetch(f"delete from {table}")


@pytest.mark.parametrize(
    "how", ["lease_until = now() + interval '5 s'", "ready_at = now() + interval '1 day'"]
)
async def test_one_that_somebody_holds_or_that_is_due_one_day_stays(there: There, how: str) -> None:
    await empty(there)
    await there.fetch(f"update conversations set {how} where key = $1", EMPTY)
    assert await drop(there) == []


async def test_the_walk_goes_on_page_by_page_over_those_that_stay(there: There) -> None:
    for number in range(7):
        await empty(there, f"a{number}", 40 if number % 2 else 1)
    assert await drop(there, most=2) == ["a1", "a3", "a5"]


async def test_another_tenant_s_stay(there: There, tenant: UUID) -> None:
    await empty(there)
    async with there.db.tenant(tenant) as c:
        assert (await idle.drop(c, there.tenant, 30 * DAY, "", 100)).found == ()
    assert EMPTY in await keys(there)


# -- at that very moment


async def test_a_message_that_comes_while_it_goes_waits_and_makes_it_anew(there: There) -> None:
    await empty(there)
    async with there.db.tenant(there.tenant) as c:
        assert (await idle.drop(c, there.tenant, 30 * DAY, "", 100)).found == ((EMPTY, ""),)
        coming = asyncio.create_task(arrive(there.db, there.tenant, EMPTY))
        await _waits_for_a_lock(there)
        assert not coming.done()
    await coming

    assert await there.value("select count(*) from inbox where conversation = $1", EMPTY) == 1
    mine = await conversations.claim(there.db, "a test", 30.0, 100)
    assert (there.tenant, EMPTY) in {(each.tenant, each.key) for each in mine}


async def test_a_message_that_is_just_being_stored_keeps_it(there: There) -> None:
    await empty(there)
    async with there.db.tenant(there.tenant) as c:
        await inbox.add_many(c, there.tenant, [("slack", "now", EMPTY, "turn", b"{}", None)])
        assert await asyncio.wait_for(drop(there), 5) == []
    assert EMPTY in await keys(there)


class Between:
    """A connection on which something happens just before the row is locked."""

    def __init__(self, real: Any, word: str, happens: Any) -> None:
        self._real, self._word, self._happens = real, word, happens

    async def fetch(self, query: str, *arguments: Any) -> Any:
        if self._word in query and self._happens is not None:
            happens, self._happens = self._happens, None
            await happens
        return await self._real.fetch(query, *arguments)


async def _dropped_while(there: There, word: str, *, answered: bool) -> set[str]:
    async def comes() -> None:
        await arrive(there.db, there.tenant, EMPTY)
        if answered:
            # Dealt with so fast that the row looks idle again.
            await there.fetch("update inbox set state = 1 where conversation = $1", EMPTY)
            await there.fetch("update conversations set ready_at = 'infinity' where key = $1", EMPTY)

    async with there.db.tenant(there.tenant) as c:
        await idle.drop(Between(c, word, comes()), there.tenant, 30 * DAY, "", 100)
    return await keys(there)


@pytest.mark.parametrize("answered", [False, True])
async def test_a_message_that_comes_between_the_look_and_the_lock_keeps_it(
    there: There, answered: bool
) -> None:
    await empty(there)
    assert EMPTY in await _dropped_while(there, "for update", answered=answered)


@pytest.mark.twin
async def test_without_a_second_look_under_the_lock_what_came_meanwhile_fails_the_whole_bite(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "NOTHING_HANGS", "true")
    await empty(there)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await _dropped_while(there, "for update", answered=True)


@pytest.mark.twin
async def test_without_asking_whether_it_is_in_use_it_goes_under_the_hands_of_whoever_holds_it(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "UNUSED", "$3::float8 > 0")
    await empty(there)
    await there.fetch("update conversations set lease_until = now() + interval '5 s' where key = $1", EMPTY)
    assert await drop(there) == [EMPTY]


async def test_many_messages_and_many_drops_at_once_lose_nothing_and_fail_nobody(there: There) -> None:
    for number in range(20):
        await empty(there, f"busy{number}")

    async def coming() -> None:
        for number in range(20):
            await arrive(there.db, there.tenant, f"busy{number}", f"n{number}")

    async def going() -> None:
        for _ in range(10):
            await drop(there, most=3)

    await asyncio.gather(coming(), going(), going())
    there_now = await there.fetch(
        "select count(*) from inbox i join conversations c on c.tenant_id = i.tenant_id"
        " and c.key = i.conversation where i.dedupe like 'n%' and c.ready_at <= now()"
    )
    assert there_now[0][0] == 20


async def _waits_for_a_lock(there: There) -> None:
    async with asyncio.timeout(5):
        while not await there.db.dispatch(
            "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%arrive%'"
        ):
            await asyncio.sleep(0.005)


# -- what nobody finishes


OLD = (
    "update runs set status = 'waiting', finished_at = null, updated_at = now() - interval '31 days';"
    "update outbox set created_at = now() - interval '31 days';"
    "update timers set state = 'fired'"
)


@pytest.fixture
async def left(there: There) -> There:
    """A run that waits for somebody who has not come for 31 days."""
    for statement in OLD.split(";"):
        await there.fetch(statement)
    await there.fetch("update approvals set state = 'used'")
    return there


async def found(there: There, days: float = 30) -> list[str]:
    async with there.db.tenant(there.tenant) as c:
        page = await idle.abandoned(c, there.tenant, days * DAY, "", 10)
        still = await idle.still(c, there.tenant, there.conversation, days * DAY, 0)
    assert still == (there.conversation in [key for key, _ in page.found])
    return [run for _, run in page.found]


async def test_a_run_of_which_nobody_has_heard_is_found_with_its_version(left: There) -> None:
    version = await left.value("select version from runs")
    assert await found(left) == [f"{left.run}:{version}"]


async def test_not_before_its_time(left: There) -> None:
    assert await found(left, 32) == []


async def test_nor_one_that_is_over(left: There) -> None:
    await left.fetch("update runs set status = 'done', finished_at = now()")
    async with left.db.tenant(left.tenant) as c:
        assert (await idle.abandoned(c, left.tenant, 30 * DAY, "", 10)).found == ()


OPEN = [
    "update effects set state = 'held'",
    "update effects set state = 'queued'",
    "update effects set state = 'running'",
    "update effects set state = 'waiting'",
    "update effects set state = 'unknown', settled = null, risk = 'money'",
    "update effects set state = 'dead', settled = null, risk = 'write'",
    "update approvals set state = 'pending'",
    "update timers set state = 'set', fire_at = now() + interval '60 days'",
    "update inbox set state = 0",
    "update outbox set state = 'queued'",
    "update outbox set created_at = now() - interval '1 day'",
    "update runs set updated_at = now() - interval '1 day'",
]


@pytest.mark.parametrize("how", OPEN)
async def test_nor_while_anything_of_it_is_on_its_way(left: There, how: str) -> None:
    await left.fetch(how)
    assert await found(left) == []


@pytest.mark.twin
@pytest.mark.parametrize("how", [OPEN[2], OPEN[3], OPEN[4], OPEN[6]])
async def test_without_asking_what_is_open_a_run_would_end_while_its_money_moves(
    left: There, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idle, "NOTHING_OPEN", "true")
    await left.fetch(how)
    assert len(await found(left)) == 1


async def test_what_a_person_has_left_as_it_is_holds_nothing_up(left: There) -> None:
    await left.fetch("update effects set state = 'unknown', settled = 'left', risk = 'money'")
    assert len(await found(left)) == 1


async def test_what_is_being_dealt_with_does_not_keep_it(left: There) -> None:
    await left.fetch("update inbox set state = 0")
    row = await left.value("select id from inbox")
    async with left.db.tenant(left.tenant) as c:
        assert await idle.still(c, left.tenant, left.conversation, 30 * DAY, row)
        assert not await idle.still(c, left.tenant, left.conversation, 30 * DAY, 0)
