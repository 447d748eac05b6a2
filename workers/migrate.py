"""Brings the database to today's schema: roles first, then the migrations as the owner."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg

from bot.errors import ConfigurationError
from workers.store.dsn import APP_ROLE, OWNER_ROLE, app_dsn, app_password, for_asyncpg, for_sqlalchemy

ROOT = Path(__file__).resolve().parent.parent
LOCK = 7_021_955  # two processes that migrate at once take turns


def migrate(admin_dsn: str, secret_key: str) -> str:
    """The address of the app's role, when all is done. Safe to call at every start.

    Raises `ConfigurationError` when the database cannot be reached or the rights do not suffice.
    """
    return asyncio.run(_migrate(for_asyncpg(admin_dsn), secret_key))


async def _migrate(admin_dsn: str, secret_key: str) -> str:
    try:
        connection = await asyncpg.connect(admin_dsn, timeout=10)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise ConfigurationError(
            f"The database cannot be reached ({type(error).__name__}). Check DATABASE_URL and that it runs."
        ) from error
    try:
        await connection.execute("select pg_advisory_lock($1)", LOCK)
        await _roles(connection, secret_key)
        await _upgrade(admin_dsn)
    except asyncpg.InsufficientPrivilegeError as error:
        raise ConfigurationError(
            "The role in DATABASE_URL may not create roles. Use the database's owner with CREATEROLE once, "
            "or let an administrator run `countersign migrate`."
        ) from error
    finally:
        await connection.close(timeout=10)
    return app_dsn(admin_dsn, secret_key)


async def _roles(connection: Any, secret_key: str) -> None:
    for role in (OWNER_ROLE, APP_ROLE):
        exists = await connection.fetchval("select 1 from pg_roles where rolname = $1", role)
        if not exists:
            await connection.execute(
                f"create role {role} nosuperuser nocreatedb nocreaterole noinherit nobypassrls"
            )
    await connection.execute(f"alter role {APP_ROLE} login password '{app_password(secret_key)}'")
    await connection.execute(f"grant {OWNER_ROLE} to current_user")
    await connection.execute(f"grant usage, create on schema public to {OWNER_ROLE}")
    await connection.execute(f"grant usage on schema public to {APP_ROLE}")
    await connection.execute(f"alter role {APP_ROLE} set statement_timeout = '30s'")
    await connection.execute(f"alter role {APP_ROLE} set idle_in_transaction_session_timeout = '60s'")
    if await connection.fetchval("select 1 from pg_available_extensions where name = 'vector'"):
        await connection.execute("create extension if not exists vector")


async def _upgrade(admin_dsn: str) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    config = Config(str(ROOT / "alembic.ini"))
    engine = create_async_engine(for_sqlalchemy(admin_dsn))

    def run(connection: Any) -> None:
        connection.execute(text(f"set role {OWNER_ROLE}"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    async with engine.begin() as connection:
        await connection.run_sync(run)
    await engine.dispose()
