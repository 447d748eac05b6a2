"""web_accounts, web_tokens, web_issuers: who may write on the web, and who vouches for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bot.platforms.base import Profile
from workers.store.door import Connection


@dataclass(frozen=True, slots=True)
class Kept:
    """A token as it is kept; `ends` in Unix seconds."""

    hash: str
    user: str
    ends: float
    holds: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """As `countersign web list` shows it; `user` is empty for the secret of a tenant's own server."""

    id: str
    user: str
    made: datetime
    ends: datetime | None
    revoked: datetime | None


async def account(c: Connection, tenant: UUID, user: str, name: str, email: str, time_zone: str) -> None:
    """Who somebody is, as far as whoever made the token says."""
    await c.execute(
        "insert into web_accounts (tenant_id, user_id, name, email, time_zone) values ($1, $2, $3, $4, $5)"
        " on conflict (tenant_id, user_id) do update set name = excluded.name, email = excluded.email,"
        " time_zone = excluded.time_zone, seen_at = now()"
        " where (web_accounts.name, web_accounts.email, web_accounts.time_zone)"
        " is distinct from (excluded.name, excluded.email, excluded.time_zone)",
        tenant,
        user,
        name,
        email,
        time_zone,
    )


async def profile(c: Connection, tenant: UUID, user: str) -> Profile | None:
    """What they are called elsewhere already counts more than what a token calls them."""
    row = await c.fetchrow(
        "select w.name, w.email, w.time_zone, p.name as known, p.time_zone as zone from web_accounts w"
        " left join people p on p.tenant_id = w.tenant_id and w.email <> '' and p.email = w.email"
        " where w.tenant_id = $1 and w.user_id = $2",
        tenant,
        user,
    )
    if row is None:
        return None
    name = row["known"] or row["name"] or row["email"].partition("@")[0] or "Somebody"
    return Profile(name, row["email"], row["time_zone"] or row["zone"] or "UTC")


async def add_token(c: Connection, tenant: UUID, id: str, hash: str, user: str, days: int) -> datetime:
    ends: datetime = await c.fetchval(
        "insert into web_tokens (tenant_id, id, hash, user_id, expires_at)"
        " values ($1, $2, $3, $4, now() + make_interval(days => $5)) returning expires_at",
        tenant,
        id,
        hash,
        user,
        days,
    )
    return ends


async def token(c: Connection, tenant: UUID, id: str) -> Kept | None:
    row = await c.fetchrow(
        "select hash, user_id, extract(epoch from expires_at)::float8 as ends,"
        " revoked_at is null and expires_at > now() as holds"
        " from web_tokens where tenant_id = $1 and id = $2",
        tenant,
        id,
    )
    return Kept(row["hash"], row["user_id"], row["ends"], row["holds"]) if row else None


async def add_issuer(c: Connection, tenant: UUID, id: str, sealed: str) -> None:
    await c.execute("insert into web_issuers (tenant_id, id, secret) values ($1, $2, $3)", tenant, id, sealed)


async def issuer(c: Connection, tenant: UUID, id: str) -> str | None:
    """Its secret, sealed; None where there is none, or it was revoked."""
    found: str | None = await c.fetchval(
        "select secret from web_issuers where tenant_id = $1 and id = $2 and revoked_at is null", tenant, id
    )
    return found


async def revoke(c: Connection, tenant: UUID, id: str) -> str | None:
    """Which it was, `token` or `issuer`; None where nothing of that id counted any more."""
    for kind, table in (("token", "web_tokens"), ("issuer", "web_issuers")):
        found = await c.fetchval(
            f"update {table} set revoked_at = now() where tenant_id = $1 and id = $2"  # noqa: S608 (constants)
            " and revoked_at is null returning 1",
            tenant,
            id,
        )
        if found is not None:
            return kind
    return None


async def every(c: Connection, tenant: UUID, most: int) -> list[Listed]:
    rows = await c.fetch(
        "select id, user_id, made_at, expires_at, revoked_at from web_tokens where tenant_id = $1"
        " union all select id, '', made_at, null, revoked_at from web_issuers where tenant_id = $1"
        " order by made_at desc limit $2",
        tenant,
        most,
    )
    return [
        Listed(row["id"], row["user_id"], row["made_at"], row["expires_at"], row["revoked_at"])
        for row in rows
    ]
