"""people and their accounts: one human, whatever they are called on a platform."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from bot.platforms.base import Profile
from bot.turn import Account, Place
from workers.store import codec
from workers.store.door import Caller, Connection

FOR_EVER = 10 * 365 * 86_400.0
BOT, GUEST, GONE = "bot", "guest", "gone"  # what an account is, where it is no member's


@dataclass(frozen=True, slots=True)
class Person:
    """`email` is as a platform verified it, lower-cased, or empty."""

    id: UUID
    name: str
    email: str
    time_zone: str


async def of_account(c: Caller, tenant: UUID, account: Account, fresh: float) -> Person | None:
    """Whose account this is; None when it is unknown or was looked up more than `fresh` seconds ago."""
    row = await c.fetchrow(
        "select * from whose($1, $2, $3, $4, $5)",
        tenant,
        account.platform,
        account.workspace,
        account.user,
        fresh,
    )
    return Person(**dict(row)) if row else None


async def remember(c: Connection, tenant: UUID, account: Account, profile: Profile) -> Person:
    """The person behind a profile: of this account, else of the same verified e-mail, else new.

    Two who meet an account at the same time take turns: it must not become two people, of whom
    one could approve what the other asked for.
    """
    email = profile.email.strip().lower()
    await c.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))",
        f"{tenant}:{account.platform}:{account.workspace}:{account.user}",
    )
    person = await c.fetchval(
        "select person_id from accounts where tenant_id = $1 and platform = $2 and workspace = $3"
        " and user_id = $4",
        tenant,
        account.platform,
        account.workspace,
        account.user,
    )
    if email:
        owner = await c.fetchval("select id from people where tenant_id = $1 and email = $2", tenant, email)
        person = owner or person
    if person is None:
        person = await c.fetchval(
            "insert into people (tenant_id, name, email, time_zone) values ($1, $2, $3, $4)"
            " on conflict (tenant_id, email) where email <> '' do update set name = excluded.name"
            " returning id",
            tenant,
            profile.name,
            email,
            profile.time_zone,
        )
    else:
        await c.execute(
            "update people set name = $3, email = case when $4 <> '' then $4 else email end, time_zone = $5"
            " where tenant_id = $1 and id = $2",
            tenant,
            person,
            profile.name,
            email,
            profile.time_zone,
        )
    await c.execute(
        "insert into accounts (tenant_id, platform, workspace, user_id, person_id, name, kind)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict (tenant_id, platform, workspace, user_id) do update"
        " set person_id = excluded.person_id, name = excluded.name, kind = excluded.kind, seen_at = now()",
        tenant,
        account.platform,
        account.workspace,
        account.user,
        person,
        profile.name,
        BOT if profile.is_bot else GUEST if profile.is_guest else "",
    )
    row = await c.fetchrow(
        "select id, name, email, time_zone from people where tenant_id = $1 and id = $2", tenant, person
    )
    return Person(**dict(row))


async def by_id(c: Connection, tenant: UUID, id: UUID) -> Person | None:
    row = await c.fetchrow(
        "select id, name, email, time_zone from people where tenant_id = $1 and id = $2", tenant, id
    )
    return Person(**dict(row)) if row else None


async def by_email(c: Connection, tenant: UUID, email: str) -> UUID | None:
    """By an address that a platform vouches for."""
    found: UUID | None = await c.fetchval(
        "select id from people where tenant_id = $1 and email = lower($2) and email <> ''", tenant, email
    )
    return found


async def reachable(c: Connection, tenant: UUID, id: UUID) -> bool:
    """Whether any account is still theirs, and there, or has turned out to be that of somebody known by an
    e-mail."""
    found = await c.fetchval(
        "select 1 from accounts where tenant_id = $1 and person_id = $2 and kind <> $3 limit 1",
        tenant,
        id,
        GONE,
    )
    return found is not None


async def as_kept(c: Connection, tenant: UUID, account: Account, *, gone: bool) -> Person | None:
    """However long ago it was looked up. `gone`: its platform says that there is no such account any more,
    which is kept until it says otherwise."""
    if not gone:
        return await of_account(c, tenant, account, FOR_EVER)
    await c.execute(
        "update accounts set kind = $5 where tenant_id = $1 and platform = $2 and workspace = $3"
        " and user_id = $4",
        tenant,
        account.platform,
        account.workspace,
        account.user,
        GONE,
    )
    return await of_account(c, tenant, account, FOR_EVER)


@dataclass(frozen=True, slots=True)
class Standing:
    """What platforms say of somebody, of all their accounts together. `named`: they vouch for an address."""

    id: UUID
    named: bool = False
    nobody: bool = False  # every account is a bot's, or gone
    guest: bool = False  # and none is a member's


async def standing(c: Connection, tenant: UUID, ids: Collection[UUID]) -> list[Standing]:
    rows = await c.fetch(
        "select p.id, p.email <> '' as named, coalesce(bool_and(a.kind in ('bot', 'gone')), false) as nobody,"
        " coalesce(bool_and(a.kind <> ''), false) as guest from people p left join accounts a"
        " on a.tenant_id = p.tenant_id and a.person_id = p.id where p.tenant_id = $1 and p.id = any($2)"
        " group by p.id, p.email",
        tenant,
        list(ids),
    )
    return [Standing(**dict(row)) for row in rows]


async def keep_direct(c: Connection, tenant: UUID, account: Account, place: Place) -> None:
    """Where this account can be reached in private."""
    await c.execute(
        "update accounts set direct = $5 where tenant_id = $1 and platform = $2 and workspace = $3"
        " and user_id = $4",
        tenant,
        account.platform,
        account.workspace,
        account.user,
        codec.dumps(place),
    )
