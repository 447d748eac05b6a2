"""The models: the same as the migrations, and the map that erasing follows."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, MetaData, Table, Text, text
from sqlalchemy.ext.asyncio import create_async_engine

from bot.embedded import Servers
from workers.store import schema
from workers.store.dsn import OWNER_ROLE, for_sqlalchemy

VERSIONS = Path(__file__).resolve().parents[3] / "migrations" / "versions"
CLASSES = {"none", "personal", "secret", "money"}

# Looked at by hand: whoever adds one writes it here, and thinks.
SECRET = {"installations.credentials", "person_keys.sealed_key", "services.sealed", "web_issuers.secret"}
MONEY = {"effects.arguments", "effects.result", "approvals.card", "spending.amount"}


async def differences(address: str, models: MetaData) -> list[Any]:
    engine = create_async_engine(for_sqlalchemy(address))

    def compare(connection: Any) -> list[Any]:
        connection.execute(text(f"set role {OWNER_ROLE}"))
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), models))

    try:
        async with engine.connect() as connection:
            return await connection.run_sync(compare)
    finally:
        await engine.dispose()


async def test_the_models_are_what_the_migrations_made(app_dsn: str, servers: Servers) -> None:
    assert await differences(servers.database_url, schema.metadata) == []


@pytest.mark.twin
async def test_a_column_that_no_migration_makes_is_a_difference(app_dsn: str, servers: Servers) -> None:
    models = MetaData()
    for table in schema.metadata.sorted_tables:
        table.to_metadata(models)
    models.tables["people"].append_column(Column("nickname", Text))
    [found] = await differences(servers.database_url, models)
    assert found[0] == "add_column"


DETAILS = """
    select c.relname || ': ' || d.line as line from pg_class c, lateral (
      select a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || a.attnotnull || ' '
        || a.attidentity::text || ' ' || coalesce(pg_get_expr(x.adbin, x.adrelid), '') as line
      from pg_attribute a left join pg_attrdef x on x.adrelid = a.attrelid and x.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0
      union all select pg_get_constraintdef(k.oid) from pg_constraint k where k.conrelid = c.oid
      union all select pg_get_indexdef(i.indexrelid) from pg_index i where i.indrelid = c.oid) d
    where c.relkind = 'r' and c.relname <> 'alembic_version' and c.relnamespace = 'public'::regnamespace
    order by 1
"""


async def test_defaults_conditions_and_checks_are_the_same_to_the_letter(
    superuser: Any, servers: Servers
) -> None:
    """Alembic does not look at the condition of a partial index, nor at checks: PostgreSQL's own words do."""
    await superuser.execute("drop database if exists from_models")
    await superuser.execute("create database from_models")
    address = servers.database_url.replace("/countersign?", "/from_models?")
    engine = create_async_engine(for_sqlalchemy(address))
    async with engine.begin() as connection:
        await connection.execute(text("create extension if not exists vector"))
        await connection.run_sync(schema.metadata.create_all)
    await engine.dispose()
    made = await asyncpg.connect(address)
    try:
        from_models = [row["line"] for row in await made.fetch(DETAILS)]
    finally:
        await made.close()
    assert from_models == [row["line"] for row in await superuser.fetch(DETAILS)]


# -- the map of what is about whom


def columns(models: MetaData) -> Iterator[tuple[str, Column[Any]]]:
    for table in models.sorted_tables:
        for column in table.columns:
            yield f"{table.name}.{column.name}", column


def mistakes(models: MetaData) -> list[str]:
    """What keeps erasing from finding everything that is about a person."""
    every = dict(columns(models))
    found = []
    for name, column in every.items():
        kind, path = column.info.get("class"), column.info.get("path", "")
        if kind not in CLASSES:
            found.append(f"{name} has no class of data")
        elif kind == "personal" and not path:
            found.append(f"{name} is personal and does not say whose")
        elif path and not _leads_to_a_person(every, path):
            found.append(f"{name} says {path}, which leads to nobody")
        elif kind == "none" and path:
            found.append(f"{name} is about nobody and says whose")
    return found


def _leads_to_a_person(every: dict[str, Column[Any]], path: str) -> bool:
    seen: set[str] = set()
    while path != "people.id":
        if path in seen or path not in every or every[path].info.get("class") != "personal":
            return False
        seen.add(path)
        path = every[path].info.get("path", "")
    return True


def of_class(kind: str) -> set[str]:
    return {name for name, column in columns(schema.metadata) if column.info["class"] == kind}


def test_every_column_has_a_class_and_every_personal_one_leads_to_a_person() -> None:
    assert mistakes(schema.metadata) == []


def test_secrets_and_money_are_where_we_know_of_them() -> None:
    assert of_class("secret") == SECRET
    assert of_class("money") == MONEY


def test_what_is_spent_or_bought_is_erased_with_its_person_too() -> None:
    assert all(column.info["path"] for name, column in columns(schema.metadata) if name in MONEY)


def test_every_reference_to_a_person_is_personal() -> None:
    pointing = {
        f"{table.name}.{column.name}"
        for table in schema.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "people" for key in column.foreign_keys)
        and column.name != "tenant_id"
    }
    assert pointing
    assert pointing <= of_class("personal")


LEADS_ROUND = "late.nickname says late.nickname, which leads to nobody"


@pytest.mark.twin
@pytest.mark.parametrize(
    ("info", "told"),
    [
        ({}, "late.nickname has no class of data"),
        ({"class": "harmless"}, "late.nickname has no class of data"),
        ({"class": "personal"}, "late.nickname is personal and does not say whose"),
        ({"class": "personal", "path": "people.no"}, "late.nickname says people.no, which leads to nobody"),
        ({"class": "personal", "path": "late.nickname"}, LEADS_ROUND),
        ({"class": "money", "path": "runs.flow"}, "late.nickname says runs.flow, which leads to nobody"),
        ({"class": "none", "path": "people.id"}, "late.nickname is about nobody and says whose"),
    ],
)  # fmt: skip
def test_a_column_that_the_map_does_not_know_is_found(info: dict[str, str], told: str) -> None:
    models = MetaData()
    for table in schema.metadata.sorted_tables:
        table.to_metadata(models)
    Table("late", models, Column("nickname", Text, info=info))
    assert mistakes(models) == [told]


def test_the_lists_of_tables_and_of_what_is_only_added_to_are_the_migrations_own() -> None:
    append_only: set[str] = set()
    tables: set[str] = set()
    for path in sorted(VERSIONS.glob("0*.py")):
        module = importlib.import_module(f"migrations.versions.{path.stem}")
        append_only |= set(getattr(module, "APPEND_ONLY", ()))
        tables |= set(re.findall(r"(?im)^create table (\w+)", getattr(module, "TABLES", "")))
    assert append_only == schema.APPEND_ONLY
    assert tables == set(schema.metadata.tables)
