"""Every personal column has a way out: by its table, by what it says of itself, or it is kept, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Column, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from workers.forget import export, receipt, ways, ways_of
from workers.store.columns import column, tenant
from workers.store.schema import APPEND_ONLY, metadata

PERSONAL = [
    (table.name, each.name)
    for table in metadata.sorted_tables
    for each in table.columns
    if each.info["class"] in ("personal", "money")
]


@contextmanager
def one_more(*columns: Column[object], name: str = "late_table") -> Iterator[Table]:
    """A table that somebody adds and does not think about."""
    made = Table(name, metadata, tenant(), *columns)
    try:
        yield made
    finally:
        metadata.remove(made)


@pytest.mark.parametrize(("table", "name"), PERSONAL)
def test_what_is_personal_is_erased_or_kept_for_a_reason(table: str, name: str) -> None:
    assert ways.way_of(metadata.tables[table]).covers(name)


def test_nothing_personal_is_missing() -> None:
    assert ways.missing() == []


@pytest.mark.twin
def test_a_new_personal_column_without_a_way_is_found() -> None:
    with one_more(column("id", Text), column("nickname", Uuid, "personal", "runs.requester")):
        assert ways.missing() == ["late_table.nickname"]


def test_a_new_table_that_names_its_person_is_erased_without_anybody_thinking_of_it() -> None:
    with one_more(
        column("id", Text),
        column("person_id", Uuid, "personal", "people.id"),
        column("said", JSONB, "personal", "people.id"),
    ) as made:
        assert ways.missing() == []
        assert [rule.where for rule in ways.way_of(made).own] == ["t.person_id = any(:people)"]


def test_what_is_only_added_to_and_personal_is_kept_by_name() -> None:
    added = [(table, name) for table, name in PERSONAL if table in APPEND_ONLY]
    assert added
    assert [f"{table}.{name}" for table, name in added if f"{table}.{name}" not in ways_of.KEPT] == []


def test_what_is_named_as_kept_exists() -> None:
    there = {f"{table}.{name}" for table, name in PERSONAL} | {"audit.entry"}
    assert set(ways_of.KEPT) <= there


def test_every_table_that_has_rules_exists() -> None:
    assert {*ways_of.OWN, *ways_of.OWN_SCRUBS} <= set(metadata.tables)


def test_what_hangs_on_something_is_gone_through_before_it() -> None:
    order = [way.table for way in ways.ways()]
    assert order.index("history") < len(order)
    assert order.index("approvals") < order.index("effects") < order.index("runs") < order.index("people")


@pytest.mark.parametrize("table", sorted({table for table, _ in PERSONAL}))
def test_whatever_is_personal_is_exported_too(table: str) -> None:
    way = ways.way_of(metadata.tables[table])
    assert export.where_of(way), table
    secret = {each.name for each in metadata.tables[table].columns if each.info["class"] == "secret"}
    assert not secret & set(export.columns_of(way))


def test_the_receipt_has_words_for_tables_that_exist() -> None:
    assert set(receipt.NAMES) - {"cache"} <= set(metadata.tables)
