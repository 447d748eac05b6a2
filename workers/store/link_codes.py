"""link_codes, link_tries: a code that joins two accounts, once, soon, and not by guessing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from bot.turn import Account
from workers.store import codec
from workers.store.door import Connection

LASTS = 600.0  # seconds
MOST_CODES, MOST_TRIES = 5, 5  # of one person, in the time that a code lasts


@dataclass(frozen=True, slots=True)
class Offer:
    person: UUID
    account: Account


async def may_ask(c: Connection, tenant: UUID, person: UUID) -> bool:
    count: int = await c.fetchval(
        "select count(*) from link_codes where tenant_id = $1 and person_id = $2"
        " and made_at > now() - make_interval(secs => $3)",
        tenant,
        person,
        LASTS,
    )
    return count < MOST_CODES


async def offer(c: Connection, tenant: UUID, person: UUID, account: Account, hashed: bytes) -> None:
    """The newest counts alone."""
    await c.execute(
        "update link_codes set expires_at = now() where tenant_id = $1 and person_id = $2 and used_at is null"
        " and expires_at > now()",
        tenant,
        person,
    )
    await c.execute(
        "insert into link_codes (tenant_id, code_hash, person_id, account, expires_at)"
        " values ($1, $2, $3, $4, now() + make_interval(secs => $5))",
        tenant,
        hashed,
        person,
        codec.dumps(account),
        LASTS,
    )


async def may_try(c: Connection, tenant: UUID, person: UUID) -> bool:
    """Counts this try. One at a time for a person, so that many at once are counted as many."""
    await c.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"{tenant}:link:{person}")
    count: int = await c.fetchval(
        "with tried as (insert into link_tries (tenant_id, person_id) values ($1, $2) returning 1),"
        " old as (delete from link_tries where tenant_id = $1 and at < now() - interval '1 day')"
        " select count(*) from link_tries where tenant_id = $1 and person_id = $2"
        " and at > now() - make_interval(secs => $3)",
        tenant,
        person,
        LASTS,
    )
    return count < MOST_TRIES


async def take(c: Connection, tenant: UUID, hashed: bytes) -> Offer | None:
    """Whose code it is, used up. None: there is no such code, or it is used or over."""
    await c.execute(
        "delete from link_codes where tenant_id = $1 and expires_at < now() - interval '1 day'", tenant
    )
    row = await c.fetchrow(
        "update link_codes set used_at = now() where tenant_id = $1 and code_hash = $2 and used_at is null"
        " and expires_at > now() returning person_id, account",
        tenant,
        hashed,
    )
    return Offer(row["person_id"], codec.loads(row["account"])) if row else None
