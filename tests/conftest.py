"""One database for every test of a process that wants one, and a tenant of its own for each test."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import settings

from bot.embedded import Servers, private
from tests.hanging import waits
from workers.migrate import migrate
from workers.store import tenants
from workers.store.door import Database

# A verdict on a change is about the change: the same examples every time, new ones at every desk.
# No example is failed for the time it took: the machine has other work.
settings.register_profile("desk", deadline=None)
settings.load_profile("desk")
settings.register_profile("verdict", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("verdict")

HUNG = "from pytest-timeout"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that hung says what its tasks wait for."""
    report = yield
    if report.failed and HUNG in str(report.longrepr):
        report.sections.append(("What every task waits for", waits()))
    return report


SECRET = "a-secret-key-for-tests-that-is-long-enough-0123456789"


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey of this process's tests, empty at first, gone afterwards."""
    with private() as servers:
        yield servers


@pytest_asyncio.fixture(scope="session")
async def app_dsn(servers: Servers) -> str:
    """The migrated database, as the role that the bot works as."""
    return await asyncio.to_thread(migrate, servers.database_url, SECRET)


@pytest_asyncio.fixture(scope="session")
async def db(app_dsn: str) -> AsyncIterator[Database]:
    """The door that the bot uses, with a pool of 8."""
    database = await Database.open(app_dsn, size=8)
    yield database
    await database.close()


@pytest_asyncio.fixture(scope="session")
async def superuser(app_dsn: str, servers: Servers) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(servers.database_url)
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def admin(superuser: Any) -> AsyncIterator[Any]:
    """The superuser, whom row-level security does not bind: to look from outside, and to break things.

    In a transaction that is rolled back.
    """
    transaction = superuser.transaction()
    await transaction.start()
    yield superuser
    await transaction.rollback()


@pytest_asyncio.fixture
async def tenant(db: Database) -> UUID:
    """Somebody new, of whom nothing is known yet."""
    return await tenants.create(db, "Tenant of a test")


@pytest_asyncio.fixture
async def idle(superuser: Any) -> None:
    """Nothing of earlier tests is due any more: for tests of what looks across tenants."""
    await superuser.execute("update conversations set ready_at = 'infinity'")
    await superuser.execute("update effects set state = 'withdrawn' where state in ('queued', 'running')")
