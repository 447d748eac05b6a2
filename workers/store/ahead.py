"""Indexes for tables that are in use: built beside the work, before the migration that wants them.

A migration is one transaction, and an index built in it keeps everybody from writing until it is
done. So whatever index the models have and a live table lacks is made here first, concurrently;
the migration then finds it there. On an empty database there is nothing to do.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex

from workers.store.dsn import OWNER_ROLE
from workers.store.schema import metadata


async def build(connection: Any) -> list[str]:
    """On asyncpg's connection, outside any transaction. The names of those that were made."""
    made = []
    await connection.execute(f"set role {OWNER_ROLE}")
    try:
        await _drop_broken(connection)
        for index in await _missing(connection):
            await connection.execute(statement(index), timeout=3600)
            made.append(str(index.name))
    finally:
        await connection.execute("reset role")
    return made


async def _missing(connection: Any) -> list[Index]:
    """Those of tables and columns that are there already."""
    there = {row[0] for row in await connection.fetch("select relname from pg_class where relkind = 'i'")}
    columns = {
        (row[0], row[1])
        for row in await connection.fetch(
            "select table_name, column_name from information_schema.columns where table_schema = 'public'"
        )
    }
    return [
        index
        for table in metadata.sorted_tables
        for index in sorted(table.indexes, key=lambda each: str(each.name))
        if index.name not in there
        and (table.name, "tenant_id") in columns  # an index on an expression names no column
        and all((table.name, column.name) in columns for column in index.columns)
    ]


async def _drop_broken(connection: Any) -> None:
    """What a build that was interrupted left behind."""
    broken = await connection.fetch(
        "select indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indexrelid"
        " where not indisvalid and c.relnamespace = 'public'::regnamespace"
    )
    for (name,) in broken:
        await connection.execute(f"drop index concurrently if exists {name}")


def statement(index: Index) -> str:
    dialect: Any = postgresql.asyncpg.dialect
    text = str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect()))
    return text.replace("INDEX IF NOT EXISTS", "INDEX CONCURRENTLY IF NOT EXISTS", 1)
