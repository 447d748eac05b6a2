"""The one door: a tenant is set for one transaction, and no pool, crash or word carries it further."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from bot.platforms.base import Profile
from bot.turn import Account
from workers.store import door, people, tenants
from workers.store.door import Database

COUNT = "select count(*) as n, current_setting('app.tenant', true) as tenant from people"


@pytest_asyncio.fixture
async def narrow(app_dsn: str) -> AsyncIterator[Database]:
    """A door with one connection: whoever comes next gets the one that was just used."""
    database = await Database.open(app_dsn, size=1)
    yield database
    await database.close()


@pytest_asyncio.fixture
async def somebody(narrow: Database) -> UUID:
    """A tenant with one person."""
    tenant = uuid4()
    async with narrow.tenant(tenant) as c:
        await c.execute("insert into people (tenant_id, name) values ($1, 'Ada')", tenant)
    return tenant


async def next_borrower(database: Database) -> tuple[int, str | None]:
    [row] = await database.dispatch(COUNT)
    return row["n"], row["tenant"] or None


async def test_without_a_tenant_every_table_is_empty_and_nothing_fails(
    narrow: Database, somebody: UUID
) -> None:
    """On a connection that has been used: there the setting is '' and not null."""
    [row] = await narrow.dispatch(COUNT)
    assert row["tenant"] == ""
    assert row["n"] == 0


@pytest.mark.twin
async def test_a_policy_that_does_not_expect_the_empty_setting_fails_on_a_used_connection(
    admin: Any, app_dsn: str
) -> None:
    await admin.execute(
        "alter policy tenant on people using (tenant_id = current_setting('app.tenant', true)::uuid)"
    )
    await admin.execute("set local role countersign_app; set local app.tenant = ''")
    with pytest.raises(asyncpg.InvalidTextRepresentationError):
        await admin.fetchval("select count(*) from people")


async def test_the_next_borrower_sees_nothing_after_a_commit(narrow: Database, somebody: UUID) -> None:
    async with narrow.tenant(somebody) as c:
        assert (await c.fetchrow(COUNT))["n"] == 1
    assert await next_borrower(narrow) == (0, None)


async def test_the_next_borrower_sees_nothing_after_an_error(narrow: Database, somebody: UUID) -> None:
    with suppress(asyncpg.DivisionByZeroError):
        async with narrow.tenant(somebody) as c:
            await c.execute("select 1 / 0")
    with suppress(RuntimeError):
        async with narrow.tenant(somebody):
            raise RuntimeError
    assert await next_borrower(narrow) == (0, None)


async def test_the_next_borrower_sees_nothing_after_a_time_out(narrow: Database, somebody: UUID) -> None:
    with suppress(asyncpg.QueryCanceledError):
        async with narrow.tenant(somebody) as c:
            await c.execute("set statement_timeout = 10; select pg_sleep(5)")
    with suppress(TimeoutError):
        async with narrow.tenant(somebody) as c:
            await c.execute("select pg_sleep(5)", timeout=0.01)
    assert await next_borrower(narrow) == (0, None)


async def test_the_next_borrower_sees_nothing_after_a_cancelled_task(
    narrow: Database, somebody: UUID
) -> None:
    inside = asyncio.Event()

    async def work(query: str) -> None:
        async with narrow.tenant(somebody) as c:
            await c.execute("update people set name = 'half done'")
            inside.set()
            await c.execute(query)

    for query in ("select pg_sleep(5)", "select 1"):
        task = asyncio.create_task(work(query))
        await inside.wait()
        inside.clear()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert await next_borrower(narrow) == (0, None)
    async with narrow.tenant(somebody) as c:
        assert await c.fetchval("select name from people") in ("Ada", "half done")


async def test_a_transaction_that_was_cancelled_in_the_middle_leaves_nothing_written(
    narrow: Database, somebody: UUID
) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with narrow.tenant(somebody) as c:
            await c.execute("update people set name = 'half done'")
            inside.set()
            await c.execute("select pg_sleep(5)")

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with narrow.tenant(somebody) as c:
        assert await c.fetchval("select name from people") == "Ada"


async def test_even_a_setting_for_the_whole_session_does_not_outlive_the_borrowing(
    narrow: Database, somebody: UUID
) -> None:
    async with narrow.tenant(somebody) as c:
        await c.execute(f"set session app.tenant = '{somebody}'")
    assert await next_borrower(narrow) == (0, None)


@pytest.mark.twin
async def test_a_pool_that_does_not_reset_would_hand_the_tenant_on(app_dsn: str, somebody: UUID) -> None:
    async def careless(_: Any) -> None:
        return None

    pool = await asyncpg.create_pool(
        app_dsn, min_size=1, max_size=1, reset=careless, connection_class=door.Borrowed
    )
    try:
        async with pool.acquire() as c:
            await c.execute(f"set session app.tenant = '{somebody}'")
        assert await next_borrower(Database(pool)) == (1, str(somebody))
    finally:
        await pool.close()


async def test_a_connection_that_broke_is_replaced(narrow: Database, superuser: Any, somebody: UUID) -> None:
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        async with narrow.tenant(somebody) as c:
            pid = await c.fetchval("select pg_backend_pid()")
            await superuser.execute("select pg_terminate_backend($1)", pid)
            await c.execute("select pg_sleep(5)")
    assert await next_borrower(narrow) == (0, None)


NOTICED = asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress")


class Broken:
    """A pool whose server hung up a moment ago."""

    def acquire(self, **_: Any) -> Any:
        raise NOTICED


async def test_a_connection_that_is_lost_is_one_kind_of_error_wherever_that_is_noticed(
    narrow: Database, somebody: UUID
) -> None:
    with pytest.raises(asyncpg.PostgresConnectionError):
        async with narrow.tenant(somebody):
            raise NOTICED
    with pytest.raises(asyncpg.PostgresConnectionError):
        await Database(Broken()).dispatch("select 1")
    assert await next_borrower(narrow) == (0, None)


async def test_the_first_error_is_told_even_where_the_roll_back_fails_too(
    narrow: Database, superuser: Any, somebody: UUID
) -> None:
    async def killed() -> None:
        async with narrow.tenant(somebody) as c:
            pid = await c.fetchval("select pg_backend_pid()")
            await superuser.execute("select pg_terminate_backend($1)", pid)
            raise RuntimeError("the first")

    with pytest.raises(RuntimeError, match="the first"):
        await killed()
    async with asyncio.timeout(10):
        while True:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError):
                assert await next_borrower(narrow) == (0, None)
                break


# -- the app's role, asked for more than it may


@pytest.mark.parametrize(
    "query",
    [
        "set role countersign_owner",
        "set role postgres",
        "set session authorization postgres",
        "alter table people disable row level security",
        "drop policy tenant on people",
        "drop table people",
        "truncate people",
        "alter role countersign_app bypassrls",
        "create table mine (id int)",
        "create function public.mine() returns int language sql return 1",
        "drop extension vector",
        "select * from pg_authid",
        "select pg_read_file('postgresql.conf')",
        "copy people to '/tmp/people'",
        "copy people to program 'cat'",
        "copy people from '/etc/passwd'",
        "set session_replication_role = replica",
        "select nextval('audit_id_seq')",
        "select last_value from audit_id_seq",
        "select * from alembic_version",
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres'",
    ],
)
async def test_the_apps_role_may_not(narrow: Database, somebody: UUID, query: str) -> None:
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.FeatureNotSupportedError)):
        async with narrow.tenant(somebody) as c:
            await c.execute(query)


async def test_switching_row_level_security_off_shows_an_error_and_no_row(
    narrow: Database, somebody: UUID
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with narrow.tenant(somebody) as c:
            await c.execute("set local row_security = off; select * from people")


async def test_statistics_tell_nothing_of_what_is_in_the_rows(narrow: Database, somebody: UUID) -> None:
    async with narrow.tenant(somebody) as c:
        assert await c.fetchval("select count(*) from pg_stats where schemaname = 'public'") == 0


async def test_others_queries_cannot_be_watched(narrow: Database, superuser: Any, somebody: UUID) -> None:
    async with narrow.tenant(somebody) as c:
        seen = await c.fetch("select query from pg_stat_activity where usename = 'postgres'")
    assert {row["query"] for row in seen} <= {"<insufficient privilege>", ""}


# -- words of people are values


HOSTILE = [
    "'; set app.tenant = '{other}'; --",
    "$1'); reset app.tenant; select set_config('app.tenant', '{other}', false); --",
    "\\'; commit; set role countersign_owner; --",
    "{{{{ 7*7 }}}} $$ ${{other}}",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_a_person_is_called_is_kept_to_the_letter_and_changes_no_tenant(
    narrow: Database, somebody: UUID, text: str
) -> None:
    other = uuid4()
    name = text.format(other=other)
    async with narrow.tenant(other) as c:
        await people.remember(c, other, Account("slack", name, name), Profile(name, name, name))
        assert await c.fetchval("select current_setting('app.tenant')") == str(other)
        found = await people.of_account(c, other, Account("slack", name, name), 60.0)
    assert found is not None
    assert (found.name, found.time_zone) == (name, name)
    async with narrow.tenant(somebody) as c:
        assert await c.fetchval("select count(*) from people") == 1


@pytest.mark.parametrize("forged", ["'; drop table people; --", "", "nobody", None])
async def test_only_a_tenants_id_opens_the_door(narrow: Database, forged: Any) -> None:
    with pytest.raises(ValueError, match="UUID"):
        async with narrow.tenant(forged):
            raise AssertionError("inside")


@pytest.mark.twin
async def test_a_door_that_took_any_word_would_let_it_choose_the_tenant(
    narrow: Database, somebody: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.store.door.UUID", str)
    forged: Any = f"{uuid4()}'; set local app.tenant = '{somebody}"
    async with narrow.tenant(forged) as c:
        assert await c.fetchval("select count(*) from people") == 1


async def test_a_tenant_that_is_made_is_found_among_all_and_sees_only_itself(narrow: Database) -> None:
    tenant = await tenants.create(narrow, "New")
    assert (tenant, "New") in await tenants.every(narrow)
    async with narrow.tenant(tenant) as c:
        assert await c.fetchval("select count(*) from tenants") == 1
