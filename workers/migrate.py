"""Brings the database to today's schema: roles first, then the migrations as the owner."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg

from bot.errors import ConfigurationError
from workers.store import ahead
from workers.store.dsn import (
    APP_ROLE,
    OWNER_ROLE,
    UNREADABLE,
    app_dsn,
    app_password,
    for_asyncpg,
    for_sqlalchemy,
)

ROOT = Path(__file__).resolve().parent.parent
LOCK = 7_021_955  # two processes that migrate at once take turns
PATIENCE = 120.0  # seconds for the other one


def migrate(admin_dsn: str, secret_key: str) -> str:
    """The address of the app's role, when all is done. Safe to call at every start.

    Raises `ConfigurationError` when the database cannot be reached or the rights do not suffice.
    """
    return asyncio.run(_migrate(for_asyncpg(admin_dsn), secret_key))


async def _migrate(admin_dsn: str, secret_key: str) -> str:
    connection = await _connect(admin_dsn)
    try:
        await _alone(connection)
        await _roles(connection, secret_key)
        await _rights(connection)
        await _extension(connection)
        await ahead.build(connection)
        await _upgrade(admin_dsn)
    finally:
        await connection.close(timeout=10)
    return app_dsn(admin_dsn, secret_key)


async def _alone(connection: Any) -> None:
    try:
        await connection.execute(f"select pg_advisory_lock({LOCK})", timeout=PATIENCE)
    except TimeoutError as error:
        raise ConfigurationError(
            "The database is being migrated by another process that does not come to an end."
        ) from error


async def _connect(admin_dsn: str) -> Any:
    try:
        return await asyncpg.connect(admin_dsn, timeout=10)
    except (ValueError, asyncpg.InterfaceError):
        # Without the cause, which may quote a part of the password.
        raise ConfigurationError(UNREADABLE) from None
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise ConfigurationError(
            f"The database cannot be reached ({type(error).__name__}). Check DATABASE_URL and that it runs."
        ) from error


async def _roles(connection: Any, secret_key: str) -> None:
    try:
        for role in (OWNER_ROLE, APP_ROLE):
            if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
                await connection.execute(
                    f"create role {role} nosuperuser nocreatedb nocreaterole noinherit nobypassrls"
                )
        await connection.execute(f"alter role {APP_ROLE} login password '{app_password(secret_key)}'")
        await connection.execute(f"grant {OWNER_ROLE} to current_user")
        await connection.execute(f"alter role {APP_ROLE} set statement_timeout = '30s'")
        await connection.execute(f"alter role {APP_ROLE} set idle_in_transaction_session_timeout = '60s'")
        # Our statements are prepared, and none is better off with a plan for its values: one plan each.
        await connection.execute(f"alter role {APP_ROLE} set plan_cache_mode = 'force_generic_plan'")
        await connection.execute(f"alter role {APP_ROLE} set jit = off")
    except asyncpg.InsufficientPrivilegeError as error:
        raise ConfigurationError(
            "The role in DATABASE_URL may not create roles. Use the database's owner with CREATEROLE once, "
            "or let an administrator run `countersign migrate`."
        ) from error


async def _rights(connection: Any) -> None:
    """Looked at afterwards, because a grant that one may not give is no error but a warning."""
    with suppress(asyncpg.InsufficientPrivilegeError):
        await connection.execute(f"grant usage, create on schema public to {OWNER_ROLE}")
        await connection.execute(f"grant usage on schema public to {APP_ROLE}")
    given = "has_schema_privilege($1, 'public', 'create') and has_schema_privilege($2, 'public', 'usage')"
    if not await connection.fetchval(f"select {given}", OWNER_ROLE, APP_ROLE):
        raise ConfigurationError(
            "The role in DATABASE_URL may not grant rights on the schema public. Use the database's owner."
        )


async def _extension(connection: Any) -> None:
    """pgvector from 0.7 on, for the vectors of pages. Only a superuser may create it, in most places."""
    try:
        await connection.execute("create extension if not exists vector")
    except asyncpg.InsufficientPrivilegeError as error:
        raise ConfigurationError(
            "The database is without pgvector, and the role in DATABASE_URL may not add it. "
            "Let an administrator run `create extension vector` in it once."
        ) from error
    except (asyncpg.FeatureNotSupportedError, asyncpg.UndefinedFileError) as error:
        raise ConfigurationError(
            "PostgreSQL has no pgvector to offer. Install it beside the server, 0.7 or newer."
        ) from error
    if not await connection.fetchval("select to_regtype('halfvec')"):
        raise ConfigurationError(
            "The database's pgvector is older than 0.7. "
            "Let an administrator run `alter extension vector update` in it once."
        )


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
