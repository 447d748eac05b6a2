"""One page of one table at a time: what is a person's is dropped or emptied, what tells of them is found.

Pages go along the primary key, so that each row is looked at once in a lap, whatever hangs on it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import LargeBinary
from sqlalchemy.dialects import postgresql

from workers.forget.ways import Way
from workers.forget.ways_of import Own, Scrub
from workers.store.door import Connection
from workers.store.schema import metadata

_NAME = re.compile(r"(?<!:):([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Paged:
    """`last` is how far it has come, empty where there is no more."""

    count: int
    last: str


def bound(query: str, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Names with a colon become numbers, in the order in which they first stand there."""
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return f"${numbers.setdefault(found[1], len(numbers) + 1)}"

    return _NAME.sub(number, query), [values[name] for name in numbers]


@dataclass(frozen=True, slots=True)
class _Page:
    """`within` is the condition under which a row, `t`, is on it; `empty`: there is none."""

    within: str
    upto: list[str]
    more: bool


async def _page(c: Connection, way: Way, tenant: UUID, after: str, most: int) -> _Page:
    """A range of the primary key, which is found by its index whatever the planner believes of the table."""
    names = ", ".join(f't."{name}"' for name in way.key)
    begins = f"({names}) > ({_values(way, 'after')})" if after else "true"
    texts = ", ".join(f'k."{name}"::text' for name in way.key)
    backwards = ", ".join(f'k."{name}" desc' for name in way.key)
    row = await _one(
        c,
        f"with k as materialized (select {names} from {way.table} t where t.tenant_id = :tenant"  # noqa: S608
        f" and {begins} order by {names} limit {most})"
        " select (select count(*) from k) as count,"
        f" (select array[{texts}] from k order by {backwards} limit 1) as last",
        {"tenant": tenant, "after": _after(after)},
    )
    within = f"t.tenant_id = :tenant and {begins} and ({names}) <= ({_values(way, 'upto')})"
    return _Page(within, list(row["last"] or ()), row["count"] == most)


def _values(way: Way, name: str) -> str:
    """The key that is bound as a list of texts, each as what its column is."""
    types = [_type(way.table, key) for key in way.key]
    return ", ".join(f"(:{name}::text[])[{at}]::{type_}" for at, type_ in enumerate(types, 1))


async def own(c: Connection, way: Way, rule: Own, values: Mapping[str, Any], after: str, most: int) -> Paged:
    """Their rows of the next page go, or are emptied."""
    page = await _page(c, way, values["tenant"], after, most)
    if not page.upto:
        return Paged(0, "")
    change = f"delete from {way.table} t"  # noqa: S608 (names of ours)
    if rule.to is not None:
        sets = ", ".join(f'"{name}" = {value}' for name, value in rule.to.items())
        change = f"update {way.table} t set {sets}"  # noqa: S608 (names of ours)
    row = await _one(
        c,
        f"with hit as ({change} where {page.within} and ({rule.where}) and ({rule.left}) returning 1)"  # noqa: S608
        " select count(*) as count from hit",
        {**values, "after": _after(after), "upto": page.upto},
    )
    return Paged(row["count"], _last(page))


async def telling(
    c: Connection, way: Way, scrub: Scrub, values: Mapping[str, Any], after: str, most: int
) -> tuple[list[Any], str]:
    """Rows of the next page that tell of them, locked, with keys and those columns; and how far it came."""
    page = await _page(c, way, values["tenant"], after, most)
    if not page.upto:
        return [], ""
    tells = " or ".join(_tells(way.table, column) for column in scrub.columns)
    names = ", ".join([*(f't."{name}"' for name in way.key), *(_read(way.table, n) for n in scrub.columns)])
    if "source" in metadata.tables[way.table].columns:
        names += ", t.source, t.kind"
    query, given = bound(
        f"select {names} from {way.table} t where {page.within}"  # noqa: S608 (names of ours)
        f" and ({scrub.over}) and ({tells}) for update of t skip locked",
        {**values, "after": _after(after), "upto": page.upto},
    )
    return list(await c.fetch(query, *given)), _last(page)


async def rewrite(
    c: Connection, way: Way, tenant: UUID, changes: Sequence[tuple[Any, Mapping[str, Any]]]
) -> None:
    """Rows with what their columns become; those that change alike go to the database together."""
    alike: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for row, changed in changes:
        keys = (row[name] for name in way.key)
        alike.setdefault(tuple(changed), []).append((tenant, *keys, *changed.values()))
    for columns, given in alike.items():
        sets = ", ".join(f'"{name}" = ${at}' for at, name in enumerate(columns, len(way.key) + 2))
        keys_are = " and ".join(f'"{name}" = ${at}' for at, name in enumerate(way.key, 2))
        await c.executemany(
            f"update {way.table} set {sets} where tenant_id = $1 and {keys_are}",  # noqa: S608 (names of ours)
            given,
        )


async def theirs(
    c: Connection,
    way: Way,
    where: str,
    columns: Sequence[str],
    values: Mapping[str, Any],
    after: str,
    most: int,
) -> tuple[list[Any], str]:
    """For an export: rows of theirs with these columns, a page at a time; nothing is locked."""
    page = await _page(c, way, values["tenant"], after, most)
    if not page.upto:
        return [], ""
    names = ", ".join(dict.fromkeys(f't."{name}"' for name in (*way.key, *columns)))
    query, given = bound(
        f"select {names} from {way.table} t where {page.within} and ({where})",  # noqa: S608 (names of ours)
        {**values, "after": _after(after), "upto": page.upto},
    )
    return list(await c.fetch(query, *given)), _last(page)


async def _one(c: Connection, query: str, values: Mapping[str, Any]) -> Any:
    text, given = bound(query, values)
    return await c.fetchrow(text, *given)


def is_bytes(table: str, column: str) -> bool:
    return isinstance(metadata.tables[table].columns[column].type, LargeBinary)


def _tells(table: str, column: str) -> str:
    if is_bytes(table, column):
        return (
            "exists (select 1 from unnest(:needles::text[]) x"  # noqa: S608 (names of ours)
            f" where position(convert_to(x, 'UTF8') in t.\"{column}\") > 0)"
        )
    return (
        "exists (select 1 from unnest(:needles::text[]) x"  # noqa: S608 (names of ours)
        f' where strpos(lower(t."{column}"::text), lower(x)) > 0)'
    )


def _read(table: str, column: str) -> str:
    return f't."{column}"' if is_bytes(table, column) else f't."{column}"::text as "{column}"'


def _type(table: str, name: str) -> str:
    type_ = metadata.tables[table].columns[name].type
    return str(type_.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]  # SQLAlchemy's own


def _after(last: str) -> list[str]:
    return list(orjson.loads(last)) if last else []


def _last(page: _Page) -> str:
    return orjson.dumps(page.upto).decode() if page.more else ""
