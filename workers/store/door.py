"""The one door to the database: a connection inside a transaction, for one tenant.

Nobody else sets the tenant. Unset, every table is empty. What must be found before the tenant
is known goes through `dispatch`, to the few functions that the first migration lists.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from bot.errors import ConfigurationError
from workers.store.dsn import UNREADABLE, for_asyncpg

Connection = Any  # asyncpg's pool hands out a proxy of its connection, which its stubs do not name


class Caller(Protocol):
    """Whoever can call a function that sets the tenant by itself (migration 0009): the door, in one
    round trip, or a connection that is inside of it, as a part of that transaction."""

    async def fetchrow(self, query: str, *arguments: Any) -> Any: ...
    async def fetch(self, query: str, *arguments: Any) -> list[Any]: ...


GONE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
GIVING_UP = 5.0  # seconds for a roll-back


class Lost(Exception):
    """The lease went to somebody else; what was going to be written must not be."""


class Borrowed(asyncpg.Connection):
    """Knows whether it was left as it was found, so that the pool need not go and see."""

    tidy = False

    def left_tidy(self) -> None:
        self.tidy = True


async def _tidied(connection: Any) -> None:
    """What the pool does with a connection that comes back: nothing, where the commit did it already."""
    if connection.tidy:
        connection.tidy = False
    else:
        await connection.execute(connection.get_reset_query())


class Database:
    """A pool of connections as the app's role."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._lone = asyncio.Lock()

    @classmethod
    async def open(cls, dsn: str, *, size: int = 8, timeout: float = 10) -> Database:
        """Raises `ConfigurationError` when it cannot be reached or we would be above row-level security."""
        try:
            pool = await asyncpg.create_pool(
                for_asyncpg(dsn),
                min_size=1,
                max_size=size,
                timeout=timeout,
                command_timeout=30,
                connection_class=Borrowed,
                reset=_tidied,
            )
        except (ValueError, asyncpg.InterfaceError):
            raise ConfigurationError(UNREADABLE) from None  # the cause may quote a part of the password
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            raise ConfigurationError(
                f"The database cannot be reached ({type(error).__name__}). Check DATABASE_URL."
            ) from error
        above = await pool.fetchval(
            "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
        )
        if above:
            await pool.close()
            raise ConfigurationError(
                "Refusing to run as a database role that row-level security does not bind."
            )
        return cls(pool)

    async def close(self) -> None:
        try:
            await asyncio.wait_for(self._pool.close(), 5)
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def tenant(self, tenant: UUID) -> AsyncIterator[Connection]:
        """One transaction for one tenant; committed at the end, rolled back by any exception."""
        begin = f"begin; set local app.tenant = '{UUID(str(tenant))}'"
        with _one_family():
            async with self._pool.acquire(timeout=10) as connection:
                await connection.execute(begin)
                try:
                    yield connection
                except BaseException:
                    await _rolled_back(connection)
                    raise
                # In one round trip: no setting of a session outlives the borrowing.
                await connection.execute("commit; reset all")
                connection.left_tidy()

    async def fetchrow(self, query: str, *arguments: Any) -> Any:
        """As `Caller` says."""
        rows = await self.fetch(query, *arguments)
        return rows[0] if rows else None

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        """As `Caller` says."""
        return await self.dispatch(query, *arguments)

    @asynccontextmanager
    async def turn(self, tenant: UUID, key: str, fence: int, lease: float) -> AsyncIterator[Connection]:
        """A transaction of whoever holds the conversation's lease, which it renews.

        Raises `Lost` before anything is done if another holds it by now.
        """
        async with self.tenant(tenant) as connection:
            held = await connection.fetchval(
                "update conversations set lease_until = now() + make_interval(secs => $4)"
                " where tenant_id = $1 and key = $2 and fence = $3 returning 1",
                tenant,
                key,
                fence,
                lease,
            )
            if held is None:
                raise Lost(key)
            yield connection

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """Held by one of all processes at a time, without a transaction: for a call to the outside.

        It takes a connection for as long, one of the whole pool: those who wait here never hold
        those that the holder needs to come to an end. Whoever dies lets go of it.
        """
        async with self._lone, self._pool.acquire(timeout=10) as connection:
            await connection.execute("select pg_advisory_lock(hashtextextended($1, 0))", name)
            try:
                yield
            finally:
                if not connection.is_closed():
                    await asyncio.shield(
                        connection.execute("select pg_advisory_unlock(hashtextextended($1, 0))", name)
                    )

    async def dispatch(self, query: str, *arguments: Any) -> list[Any]:
        """A call of one of the listed functions that may look across tenants."""
        with _one_family():
            async with self._pool.acquire(timeout=10) as connection:
                rows: list[Any] = await connection.fetch(query, *arguments, timeout=10)
                connection.left_tidy()
        return rows


async def _rolled_back(connection: Any) -> None:
    """Before the first error goes on. The pool would do it too, with a connection that comes back."""
    with suppress(*GONE):
        if not connection.is_closed():
            try:
                async with asyncio.timeout(GIVING_UP):
                    await asyncio.shield(connection.execute("rollback"))
            except TimeoutError:
                # asyncpg first waits to hear that what ran was cancelled. From a server that has
                # fallen silent it never hears; that one rolls back when it finds us gone.
                connection.terminate()


@contextmanager
def _one_family() -> Iterator[None]:
    """Where the server hangs up between two queries, asyncpg may call it an error of its own."""
    try:
        yield
    except asyncpg.InternalClientError as error:
        raise asyncpg.ConnectionDoesNotExistError("the connection was lost") from error
