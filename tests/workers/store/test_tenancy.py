"""No row of another tenant is seen, counted, changed or guessed at, in any table that there is."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from tests.workers.store.rows import TABLES, Row, insert, key_of, row, seed
from workers.store.door import Database
from workers.store.schema import APPEND_ONLY, metadata

CHANGEABLE = [table for table in TABLES if table not in APPEND_ONLY]
ONE_OF_EACH = [table for table in TABLES if key_of(table) == ["tenant_id"]]
POINTED_AT = {key.referred_table.name for t in metadata.sorted_tables for key in t.foreign_key_constraints}
REFUSED = asyncpg.InsufficientPrivilegeError


class Pair:
    """Two tenants with a row in every table each. `of` is whose rows are asked for."""

    def __init__(self, of: UUID, other: UUID, rows: dict[str, Row], others: dict[str, Row]) -> None:
        self.of, self.other, self.rows, self.others = of, other, rows, others

    def acting(self, who: str) -> UUID | None:
        return {"nobody": None, "the other": self.other, "its own": self.of}[who]


@pytest_asyncio.fixture(scope="module")
async def pair(db: Database) -> Pair:
    of, other = uuid4(), uuid4()
    rows = []
    for tenant in (of, other):
        async with db.tenant(tenant) as c:
            rows.append(await seed(c, tenant))
    return Pair(of, other, *rows)


@asynccontextmanager
async def as_tenant(connection: Any, tenant: UUID | None) -> AsyncIterator[Any]:
    """As the app's role, in a transaction of which nothing stays."""
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("set local role countersign_app")
    if tenant:
        await connection.execute("select set_config('app.tenant', $1, true)", str(tenant))
    try:
        yield connection
    finally:
        await transaction.rollback()


async def touched(c: Any, query: str, *arguments: Any) -> int:
    """How many rows a statement changed."""
    return int((await c.execute(query, *arguments)).rsplit(" ", 1)[1])


def where_key(table: str, values: Row, start: int = 1) -> tuple[str, list[Any]]:
    names = key_of(table)
    text = " and ".join(f"{name} = ${at}" for at, name in enumerate(names, start))
    return text, [values[name] for name in names]


STRANGERS = ["nobody", "the other"]


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("table", TABLES)
async def test_a_stranger_finds_no_row(admin: Any, pair: Pair, table: str, who: str) -> None:
    where, key = where_key(table, pair.rows[table])
    async with as_tenant(admin, pair.acting(who)) as c:
        assert await c.fetchval(f"select count(*) from {table} where tenant_id = $1", pair.of) == 0
        assert await c.fetchval(f"select count(*) from {table} where {where}", *key) == 0
        everything = await c.fetch(f"select tenant_id from {table}")
        assert {each["tenant_id"] for each in everything} <= {pair.acting(who)}


@pytest.mark.parametrize("table", TABLES)
async def test_the_tenant_itself_finds_its_row_and_none_but_its_own(
    admin: Any, pair: Pair, table: str
) -> None:
    async with as_tenant(admin, pair.of) as c:
        found = await c.fetch(f"select tenant_id from {table}")
    assert {each["tenant_id"] for each in found} == {pair.of}


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("table", CHANGEABLE)
async def test_a_stranger_changes_no_row(admin: Any, pair: Pair, table: str, who: str) -> None:
    where, key = where_key(table, pair.rows[table])
    async with as_tenant(admin, pair.acting(who)) as c:
        assert await touched(c, f"update {table} set tenant_id = tenant_id where {where}", *key) == 0
        assert await touched(c, f"delete from {table} where {where}", *key) == 0


@pytest.mark.parametrize("table", CHANGEABLE)
async def test_the_tenant_itself_may_change_and_delete(admin: Any, pair: Pair, table: str) -> None:
    where, key = where_key(table, pair.rows[table])
    async with as_tenant(admin, pair.of) as c:
        assert await touched(c, f"update {table} set tenant_id = tenant_id where {where}", *key) == 1
        with suppress(asyncpg.ForeignKeyViolationError):  # others of its own point at it
            assert await touched(c, f"delete from {table} where {where}", *key) == 1


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("table", TABLES)
async def test_a_stranger_inserts_nothing_for_a_tenant(admin: Any, pair: Pair, table: str, who: str) -> None:
    query, values = insert(table, row(table, pair.of, "forged", pair.rows))
    async with as_tenant(admin, pair.acting(who)) as c:
        with pytest.raises(REFUSED):
            await c.execute(query, *values)


async def test_the_tenant_itself_inserts_into_every_table(admin: Any, pair: Pair) -> None:
    there = {table: pair.rows[table] for table in ONE_OF_EACH}
    async with as_tenant(admin, pair.of) as c:
        for table in TABLES:
            if table not in there:
                query, values = insert(table, row(table, pair.of, "second", there))
                there[table] = dict(await c.fetchrow(query, *values))


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("table", TABLES)
async def test_a_stranger_upserts_nothing(admin: Any, pair: Pair, table: str, who: str) -> None:
    """Neither over a row that is there, nor where there is none."""
    async with as_tenant(admin, pair.acting(who)) as c:
        with pytest.raises(REFUSED):
            await c.execute(*_upsert(table, pair.rows[table]))


@pytest.mark.parametrize("table", TABLES)
async def test_the_tenant_itself_upserts(admin: Any, pair: Pair, table: str) -> None:
    async with as_tenant(admin, pair.of) as c:
        changed = await touched(c, *_upsert(table, pair.rows[table]))
    assert changed == (0 if table in APPEND_ONLY else 1)


def _upsert(table: str, values: Row) -> Any:
    what = "nothing" if table in APPEND_ONLY else "update set tenant_id = excluded.tenant_id"
    return _overriding(table, values, f"on conflict ({', '.join(key_of(table))}) do {what}")


def _overriding(table: str, values: Row, then: str) -> Any:
    """With the number that the database would otherwise give."""
    query, arguments = insert(table, values, then)
    return query.replace(" values ", " overriding system value values ", 1), *arguments


@pytest.mark.parametrize("table", CHANGEABLE)
async def test_a_row_cannot_be_given_to_another_tenant(admin: Any, pair: Pair, table: str) -> None:
    where, key = where_key(table, pair.rows[table], start=2)
    async with as_tenant(admin, pair.of) as c:
        with pytest.raises(REFUSED):
            await c.execute(f"update {table} set tenant_id = $1 where {where}", pair.other, *key)


@pytest.mark.twin
@pytest.mark.parametrize("table", TABLES)
async def test_without_row_level_security_every_stranger_finds_and_forges_rows(
    admin: Any, pair: Pair, table: str
) -> None:
    await admin.execute(f"alter table {table} disable row level security")
    where, key = where_key(table, pair.rows[table])
    for who in STRANGERS:
        async with as_tenant(admin, pair.acting(who)) as c:
            assert await c.fetchval(f"select count(*) from {table} where {where}", *key) == 1
            await c.execute(*_upsert(table, pair.rows[table]))
            if table in CHANGEABLE:
                moved = f"update {table} set tenant_id = tenant_id where {where}"
                assert await touched(c, moved, *key) == 1


@pytest.mark.twin
async def test_a_policy_that_is_always_true_shows_everything(admin: Any, pair: Pair) -> None:
    await admin.execute("create policy careless on people to countersign_app using (true)")
    async with as_tenant(admin, pair.other) as c:
        assert await c.fetchval("select count(*) from people where tenant_id = $1", pair.of) == 1


# -- side channels: what a constraint could tell of rows that one may not see


@pytest.mark.parametrize(
    ("table", "to"),
    [
        (table.name, key.referred_table.name)
        for table in metadata.sorted_tables
        for key in sorted(table.foreign_key_constraints, key=lambda key: sorted(key.column_keys))
    ],
)
async def test_a_foreign_key_to_another_tenants_row_is_as_one_to_nothing(
    admin: Any, pair: Pair, table: str, to: str
) -> None:
    """The row that it points at is there, in another tenant; the refusal does not tell."""
    query, values = insert(table, row(table, pair.of, "pointing", {**pair.rows, to: pair.others[to]}))
    async with as_tenant(admin, pair.of) as c:
        if table not in POINTED_AT:  # whose key may be of nothing but what it points at
            await c.execute("reset role")
            await c.execute(f"delete from {table}")
            await c.execute("set local role countersign_app")
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await c.execute(query, *values)


@pytest.mark.twin
async def test_a_foreign_key_without_the_tenant_lets_one_point_at_a_foreign_row(
    admin: Any, pair: Pair
) -> None:
    await admin.execute("create unique index on people (id)")
    await admin.execute("alter table accounts drop constraint accounts_tenant_id_person_id_fkey")
    await admin.execute("alter table accounts add foreign key (person_id) references people (id)")
    query, values = insert(
        "accounts", row("accounts", pair.of, "pointing", {"people": pair.others["people"]})
    )
    async with as_tenant(admin, pair.of) as c:
        assert await touched(c, query, *values) == 1


async def copied(c: Any, rows: dict[str, Row], to: UUID) -> None:
    """The same rows with the same keys for another tenant, as far as nothing clashes."""
    for table, values in rows.items():
        copy = {**values, "tenant_id": to}
        if table == "installations":
            copy["workspace"] = f"another for {to}"
        await c.execute(*_overriding(table, copy, ""))


async def test_every_key_that_one_tenant_has_is_free_for_another(admin: Any, pair: Pair) -> None:
    """So nobody learns from a clash that a row exists elsewhere."""
    new = uuid4()
    async with as_tenant(admin, new) as c:
        await copied(c, pair.rows, new)


@pytest.mark.twin
async def test_a_unique_key_without_the_tenant_tells_that_the_row_exists_elsewhere(
    admin: Any, pair: Pair
) -> None:
    await admin.execute("create unique index on runs (id)")
    new = uuid4()
    async with as_tenant(admin, new) as c:
        with pytest.raises(asyncpg.UniqueViolationError):
            await copied(c, pair.rows, new)


async def test_a_workspace_that_another_tenant_has_is_the_one_clash_that_is_told(
    admin: Any, pair: Pair
) -> None:
    """On purpose: a workspace must not have two owners. Who asks has proved that it is theirs."""
    theirs = {**pair.others["installations"], "tenant_id": pair.of}
    query, values = insert("installations", theirs)
    async with as_tenant(admin, pair.of) as c:
        with pytest.raises(asyncpg.UniqueViolationError) as told:
            await c.execute(query, *values)
    assert str(pair.other) not in f"{told.value} {told.value.detail}"


async def test_old_decisions_are_dropped_by_their_own_tenant_alone(admin: Any, pair: Pair) -> None:
    """The function runs as the owner, so that it must look at the tenant itself."""
    approval = pair.rows["approvals"]["id"]
    await admin.execute("update approvals set state = 'used', decided_at = now() - interval '1 year'")
    for who, dropped in (("nobody", 0), ("the other", 0), ("its own", 1)):
        async with as_tenant(admin, pair.acting(who)) as c:
            assert await c.fetchval("select drop_decisions($1)", [approval]) == dropped


# -- many at once


async def test_two_thousand_transactions_at_once_on_eight_connections_show_no_foreign_row(
    db: Database, pair: Pair
) -> None:
    sums = " + ".join(f"(select count(*) from {table} where tenant_id <> $1)" for table in TABLES)
    mine = " + ".join(f"(select count(*) from {table} where tenant_id = $1)" for table in TABLES)
    chance = random.Random(7)
    foreign, own = 0, set()

    async def one(kind: int) -> None:
        nonlocal foreign
        tenant = pair.of if kind % 2 else pair.other
        if kind < 2:
            foreign += (await db.dispatch(f"select {sums} as n", uuid4()))[0]["n"]
            return
        try:
            async with db.tenant(tenant) as c:
                found = await c.fetchrow(f"select {sums} as foreign, {mine} as own", tenant)
                foreign += found["foreign"]
                own.add(found["own"])
                if kind < 4:
                    raise RuntimeError("in the middle of it")
        except RuntimeError:
            pass

    await asyncio.gather(*(one(chance.randrange(12)) for _ in range(2000)))
    assert foreign == 0
    assert own == {len(TABLES)}


async def test_every_table_of_the_database_is_among_those_tested(admin: Any) -> None:
    rows = await admin.fetch("select tablename from pg_tables where schemaname = 'public'")
    existing = {each["tablename"] for each in rows} - {"alembic_version"}
    assert existing == set(TABLES)
