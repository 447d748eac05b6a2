"""What is over and old goes, a little at a time; what may still be needed stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from tests.workers.store import steps
from tests.workers.store.rows import seed
from workers import retention
from workers.retention import DAY, Keeper
from workers.store import inbox, old
from workers.store.door import Database

GROWING = ("inbox", "outbox", "timers", "runs", "effects", "approvals", "approval_cards", "decisions")
OVER = """
    update inbox set state = 1, done_at = now();
    update outbox set state = 'sent', sent_at = now(), expires_at = 'infinity';
    update timers set state = 'fired', fire_at = now();
    update effects set state = 'done', finished_at = now();
    update approvals set state = 'used', decided_at = now(), expires_at = now();
    update runs set status = 'done', finished_at = now();
    update conversations set ready_at = 'infinity', lease_until = '-infinity'
"""
AGED = """
    update inbox set received_at = now() - $1, done_at = now() - $1;
    update outbox set created_at = now() - $1, sent_at = now() - $1;
    update timers set fire_at = now() - $1;
    update effects set finished_at = now() - $1;
    update approvals set decided_at = now() - $1, expires_at = now() - $1;
    update runs set finished_at = now() - $1 where finished_at is not null
"""


@dataclass(frozen=True, slots=True)
class Full:
    """A tenant with a finished row in every table; `age` makes all of it older."""

    db: Database
    tenant: UUID

    async def do(self, statements: str) -> None:
        async with self.db.tenant(self.tenant) as c:
            for statement in statements.split(";"):
                await c.execute(statement)

    async def age(self, days: float) -> None:
        await self.do(AGED.replace("$1", f"interval '{days * DAY} seconds'"))

    async def left(self) -> set[str]:
        async with self.db.tenant(self.tenant) as c:
            return {name for name in (*GROWING, "audit") if await c.fetchval(f"select 1 from {name} limit 1")}

    async def value(self, query: str) -> Any:
        async with self.db.tenant(self.tenant) as c:
            return await c.fetchval(query)


@pytest_asyncio.fixture
async def full(db: Database, idle: None, superuser: Any) -> AsyncIterator[Full]:
    tenant = uuid4()
    async with db.tenant(tenant) as c:
        await seed(c, tenant)
    full = Full(db, tenant)
    await full.do(OVER + "; update tenants set settings = '{}'")
    yield full
    # Nobody else's sweep is to meet these rows.
    for table in (*reversed(GROWING), "audit"):
        await superuser.execute(f"delete from {table} where tenant_id = $1", tenant)


async def sweep(full: Full, days: int = 30) -> None:
    await Keeper(full.db, days)._tenant(full.tenant)


async def test_what_is_over_and_older_than_the_setting_goes_and_the_audit_stays(full: Full) -> None:
    await full.age(31)
    await sweep(full)
    assert await full.left() == {"audit"}


async def test_what_is_younger_stays(full: Full) -> None:
    await full.age(29)
    await sweep(full)
    assert await full.left() == {*GROWING, "audit"}


async def test_a_tenant_may_want_it_otherwise(full: Full) -> None:
    await full.age(29)
    await full.do("""update tenants set settings = '{"retention_days": 7}'""")
    await sweep(full)
    assert await full.left() == {"audit"}


@pytest.mark.parametrize(
    "how",
    [
        "update runs set status = 'waiting', finished_at = null",
        "update effects set state = 'waiting'",
        "update approvals set state = 'pending'",
    ],
)
async def test_a_run_stays_with_all_that_hangs_on_it_while_anything_of_it_is_open(
    full: Full, how: str
) -> None:
    await full.age(400)
    await full.do(how)
    await sweep(full)
    assert await full.left() >= {"runs", "effects", "approvals", "approval_cards", "decisions"}


async def test_what_an_open_run_said_stays_because_it_may_be_changed(full: Full) -> None:
    await full.age(400)
    await full.do("update runs set status = 'waiting', finished_at = null")
    await sweep(full)
    assert "outbox" in await full.left()


async def test_what_nobody_has_dealt_with_is_never_too_old(full: Full) -> None:
    await full.age(400)
    await full.do("update inbox set state = 0, done_at = null; update timers set state = 'set'")
    await full.do("update outbox set state = 'queued', sent_at = null")
    await sweep(full, 0)
    assert await full.left() == {"inbox", "outbox", "timers", "audit"}


async def test_with_zero_days_bodies_go_at_once_and_a_redelivery_is_still_known(full: Full) -> None:
    await full.age(1)
    await sweep(full, 0)
    assert await full.value("select payload from inbox") == b""
    assert await full.value("select content->>'text' from outbox") == ""
    assert await full.value("select then_turn from outbox") is None
    assert not await redelivered(full)


async def redelivered(full: Full) -> bool:
    """The same event once more: True where it would be dealt with again."""
    async with full.db.tenant(full.tenant) as c:
        known = await c.fetchrow("select source, dedupe, conversation from inbox")
        known = known or ("inbox.source", "x", "c")
        if known[1] == "x":
            return True
        row = (known[0], known[1], known[2], "turn", b"{}", None)
        return bool(await inbox.add_many(c, full.tenant, [row]))


@pytest.mark.twin
async def test_without_the_two_days_a_redelivery_would_be_dealt_with_again(
    full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "REDELIVERED_WITHIN", 0.0)
    await full.age(1)
    await full.do("update runs set status = 'waiting', finished_at = null")
    await sweep(full, 0)
    assert await redelivered(full)


async def test_with_zero_days_an_answer_that_is_being_fetched_is_left_for_a_minute(full: Full) -> None:
    await sweep(full, 0)
    assert await full.value("select payload from inbox") != b""


async def test_bodies_that_wait_behind_one_that_is_still_needed_are_emptied_too(full: Full) -> None:
    keeper = Keeper(full.db, 0)
    await fill(full, 3)
    await full.age(1)
    await full.do("update inbox set state = 0, done_at = null where id = (select min(id) from inbox)")
    await keeper._tenant(full.tenant)
    assert await full.value("select count(*) from inbox where payload = ''") == 3
    await full.do("update inbox set state = 1, done_at = now() - interval '2 minutes' where state = 0")
    await keeper._tenant(full.tenant)
    assert await full.value("select count(*) from inbox where payload <> ''") == 0


async def fill(full: Full, count: int) -> None:
    await full.do(
        "insert into inbox (tenant_id, source, dedupe, conversation, kind, payload, state, done_at)"
        f" select tenant_id, 'many', n::text, key, 'turn', 'x', 1, now() from conversations,"
        f" generate_series(1, {count}) n"
    )


async def test_a_bite_is_never_more_than_a_thousand_rows(full: Full, monkeypatch: pytest.MonkeyPatch) -> None:
    bites = []
    real = old.inbox

    async def noted(*given: Any) -> old.Bite:
        bites.append(await real(*given))
        return bites[-1]

    monkeypatch.setattr(old, "inbox", noted)
    await fill(full, 3500)
    await full.age(40)
    await sweep(full)
    assert "inbox" not in await full.left()
    assert max(bite.count for bite in bites) == retention.MOST


async def test_only_one_engine_drops_at_a_time(full: Full) -> None:
    await full.age(40)
    async with full.db.tenant(full.tenant) as c:
        assert await old.mine(c)
        await sweep(full)
        assert await full.left() == {*GROWING, "audit"}
    await sweep(full)
    assert await full.left() == {"audit"}


async def test_turns_go_on_meanwhile(full: Full) -> None:
    await fill(full, 20_000)
    await full.age(40)
    key = await full.value("select key from conversations")
    slowest = 0.0
    sweeping = asyncio.create_task(sweep(full))
    count = 0
    while not sweeping.done():
        began = asyncio.get_running_loop().time()
        async with full.db.tenant(full.tenant) as c:
            await inbox.add_many(c, full.tenant, [("now", str(count), key, "turn", b"{}", None)])
        async with full.db.tenant(full.tenant) as c:
            row = await steps.next_row(c, full.tenant, key)
            assert row is not None
            await steps.done(c, full.tenant, key, row.id)
        slowest = max(slowest, asyncio.get_running_loop().time() - began)
        count += 1
    await sweeping
    assert count >= 10
    assert slowest < 2.0
    assert await full.value("select count(*) from inbox where source = 'many'") == 0
    assert await full.value("select count(*) from inbox where source = 'now'") == count


# -- decisions may only be added to; old ones go through one function


async def drop_decisions(full: Full, tenant: UUID | None = None) -> int:
    ids = await full.value("select array_agg(id) from approvals")
    async with full.db.tenant(tenant or full.tenant) as c:
        return int(await c.fetchval("select drop_decisions($1)", ids))


async def test_decisions_younger_than_two_days_cannot_be_dropped_by_anybody(full: Full) -> None:
    await full.age(1.9)
    assert await drop_decisions(full) == 0
    await full.age(2.1)
    assert await drop_decisions(full) == 1


async def test_nor_can_those_of_an_open_approval_or_of_another_tenant(full: Full) -> None:
    await full.age(40)
    assert await drop_decisions(full, uuid4()) == 0
    await full.do("update approvals set state = 'pending'")
    assert await drop_decisions(full) == 0
