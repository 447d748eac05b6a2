"""What our columns are made of: each says the class of its data, and whose it is."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, MetaData, Uuid, text

DataClass = Literal["none", "personal", "secret", "money"]

metadata = MetaData()
NOW = text("now()")
NEVER = text("'infinity'::timestamptz")
LONG_AGO = text("'-infinity'::timestamptz")


def column(name: str, type_: Any, kind: DataClass = "none", path: str = "", **options: Any) -> Column[Any]:
    """`kind` is the class of what is in it; a personal one's `path` leads to its person."""
    options.setdefault("nullable", False)
    return Column(name, type_, info={"class": kind, "path": path}, **options)


def tenant() -> Column[Any]:
    return column("tenant_id", Uuid)


def serial() -> Column[Any]:
    return Column("id", BigInteger, Identity(always=True), nullable=False, info={"class": "none", "path": ""})


def time(name: str, default: Any = None, nullable: bool = False) -> Column[Any]:
    return column(name, DateTime(timezone=True), server_default=default, nullable=nullable)


def partial(name: str, where: str, *columns: str) -> Index:
    return Index(name, *columns, postgresql_where=text(where))
