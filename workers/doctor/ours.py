"""What is ours: settings, database, broker, policy, address."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg

from bot import guards, net
from bot.connections import where
from bot.errors import ConfigurationError
from bot.secrets import Vault
from bot.settings import Settings, is_sandbox
from flows.errors import FlowError
from flows.policy_file import load_policy
from workers.app import broker_url
from workers.assemble import own_dsn
from workers.doctor.finding import Finding, bad, good, note
from workers.push import policy_of
from workers.store.dsn import APP_ROLE, for_asyncpg

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 5.0
MIGRATE = "run `countersign migrate`"


async def settings_fit(settings: Settings) -> list[Finding]:
    found = []
    try:
        guards.require_secret_key(settings)
        Vault(settings.secret("secret_key"))
        found.append(good("Settings", "SECRET_KEY is set"))
    except ConfigurationError as error:
        found.append(bad("Settings", str(error)))
    for guard in (guards.refuse_anonymous_off_loopback, guards.refuse_halves):
        try:
            guard(settings)
        except ConfigurationError as error:
            found.append(bad("Settings", str(error)))
    return found


# ── Database ─────────────────────────────────────────────────────────────────────────────


async def database(settings: Settings) -> list[Finding]:
    if not settings.secret("database_url"):
        fix = "set it to postgresql://user:password@host:5432/name, or use `countersign up`"
        return [bad("Database", "DATABASE_URL is not set", fix)]
    if not settings.secret("secret_key"):
        return [bad("Database", "cannot be asked: our role's password is made from SECRET_KEY", "set it")]
    try:
        connection = await asyncpg.connect(for_asyncpg(own_dsn(settings)), timeout=WITHIN)
    except asyncpg.InvalidAuthorizationSpecificationError:
        told = f"does not let {APP_ROLE} in: there is no such role yet, or SECRET_KEY was changed"
        return [bad("Database", told, MIGRATE)]
    except (ValueError, asyncpg.InterfaceError):
        return [bad("Database", "DATABASE_URL cannot be read", "write postgresql://user:password@host/name")]
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        told = f"at {where(settings.secret('database_url'))} cannot be reached ({type(error).__name__})"
        return [bad("Database", told, "check DATABASE_URL, and that it runs and can be reached from here")]
    try:
        return [*await _role(connection), *await _schema(connection, settings)]
    finally:
        await connection.close(timeout=WITHIN)


async def _role(connection: Any) -> list[Finding]:
    row = await connection.fetchrow(
        "select r.rolsuper or r.rolbypassrls as above, current_setting('server_version') as version,"
        " exists (select 1 from pg_class where relowner = r.oid) as owner"
        " from pg_roles r where r.rolname = current_user"
    )
    found = [good("Database", f"PostgreSQL {row['version'].partition(' ')[0]} answers")]
    if row["above"] or row["owner"]:
        told = (
            f"row-level security does not bind {APP_ROLE}: it is {'above it' if row['above'] else 'an owner'}"
        )
        fix = f"alter role {APP_ROLE} nosuperuser nobypassrls, and let it own nothing"
        found.append(bad("Database", told, fix))
    else:
        found.append(good("Database", f"row-level security binds {APP_ROLE}"))
    return found


async def _schema(connection: Any, settings: Settings) -> list[Finding]:
    found = [await _migrations(settings)]
    if await connection.fetchval("select 1 from pg_extension where extname = 'vector'"):
        found.append(good("Database", "the extension vector is there"))
    else:
        fix = "install pgvector on the server, then " + MIGRATE
        found.append(note("Database", "has no extension vector, which memories will need", fix))
    return found


async def _migrations(settings: Settings) -> Finding:
    """Read as whoever DATABASE_URL names: our own role may not."""
    head = await asyncio.to_thread(_head)
    try:
        connection = await asyncpg.connect(for_asyncpg(settings.secret("database_url")), timeout=WITHIN)
        try:
            there = await connection.fetchval("select max(version_num) from public.alembic_version")
        finally:
            await connection.close(timeout=WITHIN)
    except asyncpg.InsufficientPrivilegeError:
        told = "which migrations ran cannot be read with DATABASE_URL's role"
        return note("Database", told, "that is fine where another role migrates")
    except asyncpg.UndefinedTableError:
        return bad("Database", "has no tables yet", MIGRATE)
    if there != head:
        return bad("Database", f"is at migration {there}, and today's is {head}", MIGRATE)
    return good("Database", f"is at today's migration ({head})")


def _head() -> str | None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini"))).get_current_head()


# ── Broker, policy, address ──────────────────────────────────────────────────────────────


async def broker(settings: Settings) -> list[Finding]:
    if not settings.secret("redis_url"):
        fix = "set it to redis://host:6379/0, or use `countersign up`"
        return [bad("Broker", "REDIS_URL is not set", fix)]
    found = [await _ping(settings)]
    if settings.secret("celery_broker_url"):
        found.append(await asyncio.to_thread(_celery, broker_url(settings)))
    return found


async def _ping(settings: Settings) -> Finding:
    from redis import asyncio as redis
    from redis.exceptions import AuthenticationError, RedisError

    url = settings.secret("redis_url")
    try:
        client: Any = redis.from_url(url, socket_timeout=WITHIN, socket_connect_timeout=WITHIN)
    except ValueError:
        return bad("Broker", "REDIS_URL cannot be read", "write redis://host:6379/0")
    try:
        async with asyncio.timeout(WITHIN):
            await client.ping()
        return good("Broker", f"answers at {where(url)}")
    except AuthenticationError:
        return bad("Broker", f"at {where(url)} refused the password", "check REDIS_URL")
    except (RedisError, OSError, TimeoutError) as error:
        told = f"at {where(url)} cannot be reached ({type(error).__name__})"
        return bad("Broker", told, "check REDIS_URL, and that Valkey or Redis runs there")
    finally:
        await client.aclose()


def _celery(url: str) -> Finding:
    import kombu

    try:
        with kombu.Connection(url, connect_timeout=WITHIN) as connection:
            connection.ensure_connection(max_retries=1, timeout=int(WITHIN))
    except Exception as error:  # each transport has errors of its own
        told = f"Celery's, at {where(url)}, cannot be reached ({type(error).__name__})"
        return bad("Broker", told, "check CELERY_BROKER_URL, and that it runs")
    return good("Broker", f"Celery's answers at {where(url)}")


async def policy(settings: Settings) -> list[Finding]:
    path = policy_of(settings)
    try:
        found = await asyncio.to_thread(load_policy, path)
    except FlowError as error:
        return [bad("Policy", str(mistake)) for mistake in error.mistakes]
    lines = [good("Policy", f"{path.name} holds {len(found.rules)} rules")]
    if not found.approvers.places and not settings.approvals_channel:
        fix = "set APPROVALS_CHANNEL to a Slack channel's id or a Teams conversation's"
        lines.append(note("Policy", "names no place for approvals: what has to be asked is refused", fix))
    if not settings.money_tools:
        lines.append(note("Policy", "MONEY_TOOLS is off: nothing is ever charged"))
    return lines


async def address(settings: Settings) -> list[Finding]:
    """Where Slack over HTTP, Teams and Stripe's webhooks reach us."""
    url = settings.public_url
    if not url:
        told = "PUBLIC_URL is not set: nobody outside can reach the bot"
        return [note("Address", told, "set it for Slack over HTTP, for Teams and for Stripe's webhooks")]
    if not url.startswith("https://"):
        return [bad("Address", "PUBLIC_URL does not begin with https://", "put the bot behind TLS")]
    if is_sandbox(url):
        return [bad("Address", "PUBLIC_URL names this machine", "set it to what others reach")]
    try:
        async with net.session(total=WITHIN) as session, session.get(f"{settings.own_url}/healthz") as answer:
            status = answer.status
    except (net.RefusedCall, OSError, TimeoutError, ValueError) as error:
        told = f"{where(url)} cannot be reached from here ({type(error).__name__})"
        return [note("Address", told, "is the bot running, and does the name lead to it?")]
    if status != 200:
        return [note("Address", f"{where(url)} answers {status}", "is it this bot that answers there?")]
    return [good("Address", f"{where(url)} leads to a bot")]
