"""`countersign dead …`, `pause` and `resume`: what each prints, and its exit status.

They work on the database alone, so they work while engines, workers, models and platforms are down.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg

from bot import guards
from bot.errors import ConfigurationError
from bot.log_redact import redact
from bot.settings import Settings
from workers import beside, installs
from workers.assemble import own_dsn
from workers.store import audit, dead, tenants
from workers.store.door import Connection, Database

LONGEST_REASON = 500
UNKNOWN = "There is nothing dead with that reference. `countersign dead list` shows what there is."
DEFINITE = (
    "This failed for certain and nothing was done, so it is not tried again under its old approval:"
    " whoever wanted it can ask for it again, which is a new attempt with a new key."
)


def listed(settings: Settings, tenant: str = "") -> int:
    return with_database(settings, lambda db: _list(db, tenant))


def show(settings: Settings, reference: str) -> int:
    return with_database(settings, lambda db: _show(db, reference))


def retry(settings: Settings, reference: str) -> int:
    return with_database(settings, lambda db: _retry(db, reference))


def drop(settings: Settings, reference: str, reason: str) -> int:
    return with_database(settings, lambda db: _drop(db, reference, reason))


def pause(settings: Settings, tenant: str, paused: bool) -> int:
    """No effect begins any more, or they begin again; of one tenant or of all."""
    return with_database(settings, lambda db: _pause(db, tenant, paused))


def with_database(settings: Settings, work: Callable[[Database], Awaitable[int]]) -> int:
    """What a command prints and answers with, at the database as the app's role."""
    settings = beside.completed(settings)
    guards.require_database(settings)
    guards.require_secret_key(settings)

    async def run() -> int:
        db = await Database.open(own_dsn(settings), size=2)
        try:
            return await work(db)
        except asyncpg.PostgresError as error:
            raise ConfigurationError(
                f"The database refused it ({type(error).__name__}). Has `countersign migrate` run?"
            ) from error
        finally:
            await db.close()

    return asyncio.run(run())


async def _list(db: Database, tenant: str) -> int:
    count = 0
    for id, name in await chosen(db, tenant):
        async with db.tenant(id) as c:
            found = await dead.every(c, id)
        if found:
            _say(f"{name} ({id})")
        for each in found:
            who = f" for {each.person}" if each.person else ""
            _say(f"  {each.reference}  {_age(each.age)}  {each.state}  {each.what}{who}: {redact(each.why)}")
        count += len(found)
    if count == 0:
        _say("Nothing is dead.")
    return 0


async def _show(db: Database, reference: str) -> int:
    kind, id = parsed(reference)

    async def fields(c: Connection, tenant: UUID) -> Any:
        return await dead.fields(c, tenant, kind, id)

    found = await _first(db, fields)
    if found is None:
        return _say(UNKNOWN, 1)
    for name, value in found[1].items():
        if value is not None:
            _say(f"{name:<15} {redact(str(value))}")
    return 0


async def _retry(db: Database, reference: str) -> int:
    kind, id = parsed(reference)

    async def again(c: Connection, tenant: UUID) -> Any:
        match kind:
            case "effect":
                done = await dead.retry_effect(c, tenant, id)
                if not done and await dead.effect_state(c, tenant, id) == "failed":
                    raise ConfigurationError(DEFINITE)
            case "inbox":
                done = await dead.retry_event(c, tenant, int(id))
            case _:
                done = await dead.retry_message(c, tenant, id)
        if done:
            await audit.record(c, tenant, "dead.retried", reference=reference, by=audit.OPERATOR)
        return done or None

    if await _first(db, again) is None:
        return _say(UNKNOWN, 1)
    return _say(f"{reference} is tried again, with the same key." if kind == "effect" else
                f"{reference} is tried again.")  # fmt: skip


async def _drop(db: Database, reference: str, reason: str) -> int:
    kind, id = parsed(reference)
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise ConfigurationError(f"--reason says why, in 1 to {LONGEST_REASON} characters: it is kept.")

    async def gone(c: Connection, tenant: UUID) -> Any:
        match kind:
            case "effect":
                done = await dead.drop_effect(c, tenant, id)
            case "inbox":
                done = await dead.drop_event(c, tenant, int(id))
            case _:
                done = await dead.drop_message(c, tenant, id)
        if done:
            await audit.record(c, tenant, "dead.dropped", reference=reference, reason=redact(reason),
                               by=audit.OPERATOR)  # fmt: skip
        return done or None

    if await _first(db, gone) is None:
        return _say(UNKNOWN, 1)
    return _say(f"{reference} is dropped.")


async def _pause(db: Database, tenant: str, paused: bool) -> int:
    for id, name in await chosen(db, tenant):
        async with db.tenant(id) as c:
            changed = await tenants.pause(c, id, paused)
            if changed:
                what = "tenant.paused" if paused else "tenant.resumed"
                await audit.record(c, id, what, by=audit.OPERATOR)
        now = "paused: no effect begins until you resume it" if paused else "not paused"
        _say(
            f"{name} is {now}." if changed else f"{name} was {'paused' if paused else 'not paused'} already."
        )
    return 0


async def chosen(db: Database, tenant: str) -> list[tuple[UUID, str]]:
    """All tenants, or those of this name or id. Raises `ConfigurationError` where there is none."""
    there = await tenants.every(db)
    found = [each for each in there if tenant in ("", each[1], str(each[0]))]
    if tenant and not found:
        raise ConfigurationError(f"There is no tenant of the name or id {tenant!r}.")
    return found


async def whose(db: Database, tenant: str) -> UUID:
    """The one of this name or id; empty: our own. Raises `ConfigurationError` where there is not one."""
    if not tenant:
        return await installs.own_tenant(db)
    found = await chosen(db, tenant)
    if len(found) > 1:
        raise ConfigurationError(f"There are {len(found)} tenants of that name: say the id of one.")
    return found[0][0]


def parsed(reference: str) -> tuple[dead.Kind, str]:
    kind, _, id = reference.partition(":")
    match kind:
        case "inbox" if id.isdecimal() and len(id) < 19:
            return "inbox", id
        case "effect" | "outbox" if id:
            return kind, id
    raise ConfigurationError(
        "A reference is effect:…, inbox:… or outbox:…, as `countersign dead list` shows it."
    )


async def _first(db: Database, work: Callable[[Connection, UUID], Awaitable[Any]]) -> tuple[UUID, Any] | None:
    """The first tenant for which it finds something: references name no tenant."""
    for tenant, _ in await tenants.every(db):
        async with db.tenant(tenant) as c:
            found = await work(c, tenant)
        if found is not None:
            return tenant, found
    return None


def _age(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _say(text: str, status: int = 0) -> int:
    sys.stdout.write(f"{text}\n")
    return status
