"""Indexes come to a live database without keeping anybody from writing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest_asyncio

from bot.embedded import Servers
from workers.store import ahead
from workers.store.schema import metadata


@pytest_asyncio.fixture
async def lone(app_dsn: str, servers: Servers) -> AsyncIterator[Any]:
    """A superuser's connection outside any transaction."""
    connection = await asyncpg.connect(servers.database_url)
    yield connection
    await connection.close()


async def test_a_migrated_database_lacks_none(lone: Any) -> None:
    assert await ahead.build(lone) == []


async def test_what_is_missing_is_built_beside_the_work_by_the_owner(lone: Any) -> None:
    await lone.execute("drop index runs_over, outbox_over")
    assert await ahead.build(lone) == ["outbox_over", "runs_over"]
    owner = await lone.fetchval("select relowner::regrole::text from pg_class where relname = 'runs_over'")
    assert owner == "countersign_owner"
    assert await lone.fetchval("select current_user::text") != "countersign_owner"


async def test_what_an_interrupted_build_left_is_built_again(lone: Any) -> None:
    await lone.execute("update pg_index set indisvalid = false where indexrelid = 'runs_over'::regclass")
    assert await ahead.build(lone) == ["runs_over"]


def test_every_index_is_asked_for_concurrently() -> None:
    for table in metadata.sorted_tables:
        for index in table.indexes:
            assert " CONCURRENTLY IF NOT EXISTS " in ahead.statement(index)
