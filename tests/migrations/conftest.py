"""A cluster without our roles, for migrations that make them; a database of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count

import asyncpg
import pytest
import pytest_asyncio

from bot.embedded import Servers, private

_number = count(1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Servers]:
    with private(want_valkey=False) as servers:
        yield servers


Address = Callable[..., str]


def address(cluster: Servers, database: str, user: str = "postgres") -> str:
    return cluster.database_url.replace("/countersign?", f"/{database}?").replace("postgres@", f"{user}@", 1)


@pytest_asyncio.fixture
async def empty(cluster: Servers) -> AsyncIterator[str]:
    """The address of a new and empty database, as the superuser."""
    name = f"made_{next(_number)}"
    connection = await asyncpg.connect(cluster.database_url)
    await connection.execute(f"create database {name}")
    yield address(cluster, name)
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()
