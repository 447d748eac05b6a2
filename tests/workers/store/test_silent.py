"""A database that says nothing more, as behind a broken network: whoever asked is told in time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from workers.store import door
from workers.store.door import Database

SOON = 5.0  # seconds; the limits of these tests end long before


class Wire:
    """Between the bot and its database. Silent, it takes everything and passes on nothing."""

    def __init__(self, path: str) -> None:
        self.speaks = asyncio.Event()
        self.speaks.set()
        self._path = path
        self._ends: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.append(writer)
        await self.speaks.wait()
        there, to = await asyncio.open_unix_connection(self._path)
        self._ends.append(to)
        await asyncio.gather(self._pass(reader, to), self._pass(there, writer))

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while some := await source.read(65_536):
            await self.speaks.wait()
            target.write(some)
        target.close()

    def close(self) -> None:
        for end in self._ends:
            end.close()


@pytest_asyncio.fixture
async def wire(app_dsn: str) -> AsyncIterator[tuple[Wire, str]]:
    """And the address to reach the database through it."""
    found = re.fullmatch(r"(.+)@/(\w+)\?host=(.+)", app_dsn)
    assert found is not None
    wire = Wire(f"{found[3]}/.s.PGSQL.5432")
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield wire, f"{found[1]}@127.0.0.1:{port}/{found[2]}"
    wire.speaks.set()
    wire.close()
    server.close()


@pytest_asyncio.fixture
async def through(wire: tuple[Wire, str]) -> AsyncIterator[tuple[Wire, Database]]:
    db = await Database.open(wire[1], size=1)
    yield wire[0], db
    wire[0].speaks.set()
    await db.close()


async def asks(wire: Wire, db: Database, asked: asyncio.Event, **limit: Any) -> None:
    async with db.tenant(uuid4()) as c:
        await c.fetchval("select 1")
        wire.speaks.clear()
        asked.set()
        await c.fetchval("select 2", **limit)


async def test_a_database_that_falls_silent_is_given_up_in_time(
    through: tuple[Wire, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "GIVING_UP", 0.2)
    wire, db = through
    async with asyncio.timeout(SOON):
        with pytest.raises(TimeoutError):
            await asks(wire, db, asyncio.Event(), timeout=0.1)
        wire.speaks.set()
        assert await db.fetchrow("select 3") == (3,)  # by a connection of its own: that one is gone


async def test_whoever_is_stopped_while_it_is_silent_ends_in_time(
    through: tuple[Wire, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "GIVING_UP", 0.2)
    wire, db = through
    asked = asyncio.Event()
    task = asyncio.create_task(asks(wire, db, asked))
    await asked.wait()
    await asyncio.sleep(0)
    task.cancel()
    async with asyncio.timeout(SOON):
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.twin
async def test_a_roll_back_without_a_limit_would_wait_for_as_long_as_the_silence(
    through: tuple[Wire, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "GIVING_UP", None)
    wire, db = through
    working = asyncio.create_task(asks(wire, db, asyncio.Event(), timeout=0.1))
    done, _ = await asyncio.wait([working], timeout=2)
    assert not done
    wire.speaks.set()
    with pytest.raises((TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        await working
