"""How each table lets go of a person: the list that erasing walks along, made from the schema's own map.

A table that is not named here is dealt with by what its columns say of themselves: rows that are a
person's go, and in others' rows what is personal is gone through for them. A personal column that
neither finds fails a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from workers.forget.ways_of import KEPT, OF_THEIR_RUN, OWN, OWN_SCRUBS, Own, Scrub
from workers.store.schema import APPEND_ONLY, metadata

RENAMED = "conversation"  # a private one gets another name, wherever it stands: see `renaming.py`


@dataclass(frozen=True, slots=True)
class Way:
    """`own`: what becomes of their rows, in this order. `scrub`: where others' rows may tell of them.
    `kept`: columns of which something stays, and why."""

    table: str
    key: tuple[str, ...]
    own: tuple[Own, ...] = ()
    scrub: Scrub | None = None
    kept: Mapping[str, str] = field(default_factory=dict)

    def covers(self, column: str) -> bool:
        if column in self.kept or any(not own.to or column in own.columns for own in self.own):
            return True
        return column == RENAMED or (self.scrub is not None and column in self.scrub.columns)


def ways() -> tuple[Way, ...]:
    """Children first, so that nothing is in the way of what it hangs on."""
    return tuple(way_of(table) for table in reversed(metadata.sorted_tables))


def way_of(table: Table) -> Way:
    name = f"{table.name}"  # a plain string: SQLAlchemy's own is none to whoever writes JSON
    key = tuple(f"{column.name}" for column in table.primary_key.columns if column.name != "tenant_id")
    kept = {each.partition(".")[2]: why for each, why in KEPT.items() if each.partition(".")[0] == name}
    if name in OWN:
        return Way(name, key, OWN[name], OWN_SCRUBS.get(name), kept)
    if name in APPEND_ONLY:
        return Way(name, key, (), None, kept)
    owned = [found for column in _personal(table) if (found := _whose(table, column))]
    own = (Own(" or ".join(owned)),) if owned else ()
    texts = tuple(
        f"{column.name}"
        for column in _personal(table)
        if isinstance(column.type, Text | JSONB | LargeBinary)
        and column.name not in key
        and column.name != RENAMED
        and not column.foreign_keys
        and not _whose(table, column)
    )
    return Way(name, key, own, Scrub(texts) if texts else None, kept)


def missing() -> list[str]:
    """Personal columns, and what was bought, that nothing here would erase."""
    found = []
    for table in metadata.sorted_tables:
        way = way_of(table)
        found += [f"{table.name}.{column.name}" for column in _personal(table) if not way.covers(column.name)]
    return found


def _personal(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.info.get("class") in ("personal", "money")]


def _whose(table: Table, column: Column[Any]) -> str:
    """The condition under which a row is theirs by this column; empty where it says nothing of that."""
    path = column.info["path"]
    if isinstance(column.type, Uuid):
        return f"t.{column.name} = any(:people)" if path == "people.id" else ""
    if isinstance(column.type, Text) and column.name in ("user_id", "email", "account"):
        return f"t.{column.name} = any(:texts)"
    if isinstance(column.type, Text) and column.name == "channel" and path == "accounts.user_id":
        return "t.channel = any(:channels)"
    owner = path.partition(".")[0]
    if owner == "runs" and "run_id" in table.columns:
        return OF_THEIR_RUN
    return ""
