"""A row for every table there is, made from the models, so that a new table is tested before anyone asks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import Boolean, Column, DateTime, Double, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

from workers.store.schema import metadata

Row = dict[str, Any]

TABLES = [table.name for table in metadata.sorted_tables]

# Where a constraint wants one of a few words, and no default says which.
WORDS = {"effects.state": "queued", "runs.status": "waiting"}


def row(table: str, tenant: UUID, mark: str, there: dict[str, Row]) -> Row:
    """A row that the table takes: its foreign keys point at `there`, its other values carry `mark`."""
    model = metadata.tables[table]
    values = {"tenant_id": tenant}
    for column in model.columns:
        if column.name != "tenant_id" and column.identity is None:
            values[column.name] = _referenced(column, there) or _made_up(model, column, tenant, mark)
    return values


def _referenced(column: Column[Any], there: dict[str, Row]) -> Any:
    for key in column.foreign_keys:
        return there[key.column.table.name][key.column.name]
    return None


def _default(column: Column[Any]) -> int:
    """What the column has by itself, which its constraints allow."""
    said = str(getattr(column.server_default, "arg", ""))
    return int(said) if said.isdecimal() else 0


def _made_up(table: Table, column: Column[Any], tenant: UUID, mark: str) -> Any:
    name = f"{table.name}.{column.name}"
    match column.type:
        case Uuid():
            return uuid5(tenant, name + mark)
        case Boolean():
            return False
        case DateTime():
            return datetime(2030, 1, 1, tzinfo=UTC)
        case LargeBinary():
            return f"{name} {mark}".encode()
        case JSONB():
            return "{}"
        case Integer():
            return _default(column) if column.server_default is not None else sum(map(ord, mark))
        case Double():
            return 0.5
        case HALFVEC():
            return "[0.6,0.8]"
        case ARRAY():
            return [f"{name} {mark}"]
        case TSVECTOR():
            return f"'{mark}'"
        case Text():
            if column.name == "state" and column.server_default is not None:
                return str(column.server_default.arg)  # type: ignore[attr-defined]  # every default has one
            return WORDS.get(name, f"{name} {mark} {tenant}")
    raise AssertionError(f"what is in {name}?")


def insert(table: str, values: Row, then: str = "returning *") -> tuple[str, list[Any]]:
    """The statement and its arguments."""
    names = ", ".join(f'"{name}"' for name in values)
    places = ", ".join(f"${at}" for at in range(1, len(values) + 1))
    return f"insert into {table} ({names}) values ({places}) {then}", list(values.values())


def key_of(table: str) -> list[str]:
    return [column.name for column in metadata.tables[table].primary_key.columns]


async def seed(c: Any, tenant: UUID, mark: str = "first") -> dict[str, Row]:
    """One row in every table, as the tenant sees them afterwards."""
    there: dict[str, Row] = {}
    for table in TABLES:
        query, values = insert(table, row(table, tenant, mark, there))
        there[table] = dict(await c.fetchrow(query, *values))
    return there
