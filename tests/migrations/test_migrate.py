"""`countersign migrate`: from nothing to today's schema, twice, at once, back, and without the rights."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.embedded import Servers
from bot.errors import ConfigurationError
from tests.conftest import SECRET
from tests.workers.store.catalog import findings
from workers import migrate as migrating
from workers.migrate import ROOT, _extension, migrate
from workers.store import door, tenants
from workers.store.door import Database
from workers.store.dsn import OWNER_ROLE, app_dsn, for_sqlalchemy

EVERYTHING = """
    select string_agg(line, E'\n' order by line) from (
      select a.attrelid::regclass || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) as line
      from pg_attribute a join pg_class c on c.oid = a.attrelid
      where c.relnamespace = 'public'::regnamespace
      union all select pg_get_constraintdef(oid) from pg_constraint
      where connamespace = 'public'::regnamespace
      union all select pg_get_functiondef(p.oid) from pg_proc p
      where p.pronamespace = 'public'::regnamespace
        and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')
      union all select tablename || policyname || qual || with_check from pg_policies
      union all select relname || relacl::text from pg_class where relnamespace = 'public'::regnamespace
    ) all_of_it
"""


async def migrated(address: str) -> str:
    return await asyncio.to_thread(migrate, address, SECRET)


async def asked(address: str, query: str) -> Any:
    connection = await asyncpg.connect(address)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def step(address: str, to: str) -> None:
    """Up or down to a revision, as the owner."""
    engine = create_async_engine(for_sqlalchemy(address))

    def run(connection: Any) -> None:
        connection.execute(text(f"set role {OWNER_ROLE}"))
        config = Config(str(ROOT / "alembic.ini"))
        config.attributes["connection"] = connection
        (command.downgrade if to == "base" else command.upgrade)(config, to)

    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()


async def works(address: str) -> bool:
    """The bot's role can do its first thing there."""
    db = await Database.open(address, size=1)
    try:
        tenant = await tenants.create(db, "Somebody")
        return (tenant, "Somebody") in await tenants.every(db)
    finally:
        await db.close()


async def test_an_empty_database_becomes_one_that_the_bot_can_work_in(empty: str) -> None:
    assert await works(await migrated(empty))


async def test_a_second_migration_changes_nothing_and_keeps_what_is_there(empty: str) -> None:
    address = await migrated(empty)
    assert await works(address)
    before = await asked(empty, EVERYTHING)
    assert await migrated(empty) == address
    assert await asked(empty, EVERYTHING) == before
    assert await asked(empty, "select count(*) from tenants") == 1


async def test_several_processes_may_migrate_at_once(empty: str) -> None:
    assert len(set(await asyncio.gather(*(migrated(empty) for _ in range(4))))) == 1
    assert await works(app_dsn(empty, SECRET))


async def test_an_empty_schema_can_be_taken_back_to_nothing_and_built_again(empty: str) -> None:
    await migrated(empty)
    built = await asked(empty, EVERYTHING)
    await step(empty, "base")
    left = await asked(empty, EVERYTHING)
    assert "alembic_version" in left
    assert "tenant" not in left
    await step(empty, "head")
    assert await asked(empty, EVERYTHING) == built


async def test_a_new_secret_key_changes_the_password_and_nothing_else(empty: str) -> None:
    address = await migrated(empty)
    newer = await asyncio.to_thread(migrate, empty, "a-newer-key-0123456789-abcdefghij," + SECRET)
    assert newer != address
    assert await works(newer)


async def test_what_fails_half_way_leaves_nothing_behind(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole of it is one transaction, so the next start begins where this one did."""

    def broken(*_: Any) -> None:
        raise RuntimeError("killed")

    real = command.upgrade

    def half(config: Config, revision: str) -> None:
        real(config, revision)
        broken()

    monkeypatch.setattr(command, "upgrade", half)
    with pytest.raises(RuntimeError):
        await migrated(empty)
    assert await asked(empty, "select to_regclass('people')") is None
    monkeypatch.undo()
    assert await works(await migrated(empty))


# -- as somebody with few rights: a role that may make roles, and owns its database, and is no superuser


@pytest.fixture
async def modest(empty: str) -> str:
    """Such a role's address, in a cluster that does not know our roles yet."""
    connection = await asyncpg.connect(empty)
    name = await connection.fetchval("select current_database()")
    await _forget_roles(connection)
    await connection.execute("drop role if exists modest; create role modest login createrole")
    await connection.execute("create extension if not exists vector")  # as an administrator does, once
    await connection.execute(f"alter database {name} owner to modest")
    await connection.close()
    return empty.replace("postgres@", "modest@", 1)


async def _forget_roles(connection: Any) -> None:
    others = await connection.fetch("select datname from pg_database where datname like 'made_%'")
    assert len(others) == 1
    for role in ("countersign_app", "countersign_owner"):
        if await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
            await connection.execute(f"drop owned by {role}; drop role {role}")


async def test_a_role_that_may_make_roles_is_enough(empty: str, modest: str) -> None:
    address = await migrated(modest)
    assert await works(address)
    assert await migrated(modest) == address
    connection = await asyncpg.connect(empty)
    assert await findings(connection) == {}
    await connection.close()


async def test_a_role_that_may_not_add_pgvector_is_told_who_may(empty: str, modest: str) -> None:
    await asked(empty, "drop extension vector")
    with pytest.raises(ConfigurationError, match="create extension vector"):
        await migrated(modest)


@pytest.mark.parametrize(
    ("there", "told"),
    [("create domain halfvec as text", None), ("select 1", "alter extension vector update")],
)
async def test_a_pgvector_without_half_vectors_is_told_what_to_do(
    empty: str, there: str, told: str | None
) -> None:
    """An old one is played by an extension without the type that we need."""
    connection = await asyncpg.connect(empty)
    await connection.execute("create schema elsewhere; create extension vector schema elsewhere")
    await connection.execute(there)
    if told:
        with pytest.raises(ConfigurationError, match=told):
            await _extension(connection)
    else:
        await _extension(connection)
    await connection.close()


@pytest.mark.parametrize("roles_there", [False, True])
async def test_a_role_without_that_right_is_told_what_to_do(
    empty: str, modest: str, roles_there: bool
) -> None:
    if roles_there:
        await migrated(empty)
    await asked(empty, "alter role modest nocreaterole")
    with pytest.raises(ConfigurationError, match="CREATEROLE"):
        await migrated(modest)


async def test_a_role_that_does_not_own_the_database_is_told_what_to_do(empty: str, modest: str) -> None:
    name = await asked(empty, "select current_database()")
    await asked(empty, f"alter database {name} owner to postgres")
    with pytest.raises(ConfigurationError, match="schema public"):
        await migrated(modest)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://countersign:hidden-word@127.0.0.1:9/none",
        "postgresql://countersign:hidden-word@localhost:notaport/none",
        "postgresql://countersign:hidden-word@/none?host=/nowhere",
        "mysql://countersign:hidden-word@127.0.0.1/none",
        "nonsense",
        "",
    ],
)
async def test_a_database_that_cannot_be_reached_is_one_clear_line_without_its_password(address: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL") as told:
        await migrated(address)
    assert "hidden-word" not in str(told.value)
    assert "\n" not in str(told.value)


async def test_a_database_of_another_name_is_one_clear_line(cluster: Servers) -> None:
    from tests.migrations.conftest import address

    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        await migrated(address(cluster, "not_there"))


async def test_the_bot_refuses_to_run_as_somebody_whom_row_level_security_does_not_bind(empty: str) -> None:
    await migrated(empty)
    with pytest.raises(ConfigurationError, match="row-level security"):
        await Database.open(empty, size=1)


@pytest.mark.twin
async def test_without_that_refusal_a_superuser_sees_every_tenant(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await works(await migrated(empty))
    pool = await asyncpg.create_pool(empty, min_size=1, max_size=1, connection_class=door.Borrowed)
    assert len(await Database(pool).dispatch("select 1 from tenants")) == 1
    await pool.close()


async def test_migrating_waits_only_so_long_for_another_that_hangs(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = await asyncpg.connect(empty)
    await holder.execute(f"select pg_advisory_lock({migrating.LOCK})")
    monkeypatch.setattr(migrating, "PATIENCE", 0.2)
    with pytest.raises(ConfigurationError, match="another process"):
        await migrated(empty)
    await holder.close()
