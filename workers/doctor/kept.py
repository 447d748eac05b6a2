"""Each tenant's own services: whether they let us in, and what is missing."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg

from bot.errors import CountersignError
from bot.settings import Settings
from integrations import services as integrations
from integrations.base import Identity, Integration
from integrations.errors import IntegrationError
from workers import services
from workers.assemble import own_dsn
from workers.doctor.finding import Finding, bad, good, note
from workers.hooked import heard
from workers.installs import OWN
from workers.services import Connected, Services
from workers.store import services as store
from workers.store import tenants
from workers.store.door import Database
from workers.store.services import Kept

AT_ONCE = 4
MOST = 100

Row = tuple[UUID, str, Kept]


async def connected(settings: Settings) -> list[Finding]:
    """Those of the environment, and those of every tenant. Stripe's own look says more of ours."""
    kept = Services(settings.plain(), settings.secret("secret_key"))
    there = {each.name: each for each in integrations() if each.name not in services.PARTS}
    rows, found = await _rows(settings)
    mine = {row.service: row for _, _, row in rows if services.may_use_environment(row)}
    asked = []
    for name, integration in there.items():
        if name not in mine and name != "stripe":
            row = Kept(OWN, None, name)
            asked.append((integration, name.title(), kept.connected(UUID(int=0), row), False))
    for tenant, title, row in rows[:MOST]:
        if row.service not in there:
            found.append(note("Services", f"{row.service} is set for {title}, and there is no such service"))
            continue
        try:
            each = kept.connected(tenant, row)
        except CountersignError as error:
            fix = f"put the key back, or `countersign services set {row.service} … --tenant {tenant}`"
            found.append(bad(row.service.title(), f"for {title}: {error}", fix))
            continue
        own = services.may_use_environment(row)
        what = row.service.title() + ("" if own else f" ({title})")
        asked.append((there[row.service], what, each, row.sealed is not None))
    turn = asyncio.Semaphore(AT_ONCE)

    async def look(integration: Integration, what: str, each: Connected, own: bool) -> list[Finding]:
        async with turn:
            return await asked_of(integration, what, each, expected=own)

    for findings in await asyncio.gather(*(look(*each) for each in asked)):
        found += findings
    return found


async def asked_of(integration: Integration, what: str, each: Connected, *, expected: bool) -> list[Finding]:
    """`expected`: something is kept, so that somebody wants it connected."""
    needed = [name for name in integration.required if not each.values.get(name)]
    if needed:
        begun = expected or len(needed) < len(integration.required)
        told = f"is not connected: {', '.join(needed)} is not set"
        return [bad(what, told, f"set {' and '.join(needed)}")] if begun else []
    try:
        who = await asyncio.to_thread(_who, integration, each)
    except IntegrationError as error:
        fix = (
            "look at the network between"
            if error.retryable
            else f"check {' and '.join(integration.required)}"
        )
        return [bad(what, error.problem, fix), *_signed(integration, what, each)]
    if who is None:
        return _signed(integration, what, each)
    missing = [bad(what, text, "give the account that right") for text in who.missing]
    return [*missing, good(what, f"knows us as {who.name}"), *_signed(integration, what, each)]


def _who(integration: Integration, each: Connected) -> Identity | None:
    client = integration.connect(each.values)
    return integration.whoami(client) if integration.whoami else None


def _signed(integration: Integration, what: str, each: Connected) -> list[Finding]:
    name = services.secret_name(integration.name)
    if integration.name not in heard():
        return []
    if each.webhook_secret:
        return [good(what, "webhooks are checked")]
    fix = f"`countersign services show {integration.name}` has the address; set {name} to what signs"
    return [note(what, f"{name} is not set: what others do there is never heard of", fix)]


async def _rows(settings: Settings) -> tuple[list[Row], list[Finding]]:
    """What is kept; nothing where the database cannot be asked, which is said elsewhere."""
    if not settings.secret("database_url") or not settings.secret("secret_key"):
        return [], []
    try:
        db = await Database.open(own_dsn(settings), size=1)
    except CountersignError:
        return [], []
    try:
        found: list[Row] = []
        for tenant, title in await tenants.every(db):
            async with db.tenant(tenant) as c:
                for name in await store.names(c, tenant):
                    found.append((tenant, title, await store.kept(c, tenant, name)))
        return found, []
    except asyncpg.PostgresError as error:
        fix = "run `countersign migrate`"
        return [], [bad("Services", f"could not be looked at ({type(error).__name__})", fix)]
    finally:
        await db.close()
