"""Whose token it is, asked of the database each time: what is revoked counts for nothing from then on."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

import asyncpg

from bot.errors import InboxRefused, Unverified
from bot.platforms.web import verify
from bot.platforms.web.base import Who
from bot.secrets import SecretUnreadable, Spot, Vault
from workers.store import tenants, web_keys
from workers.store.door import Connection, Database

TOKEN, ISSUER = "token", "issuer"
PLATFORM = "web"
PASSING = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)
_UNKNOWN = "The token is not one of ours, or counts no more."


class StoredKeys:
    """`bot.platforms.web.base.Keys`."""

    def __init__(self, db: Database, vault: Vault, clock: Callable[[], float] = time.time) -> None:
        self._db, self._vault, self._clock = db, vault, clock

    async def who(self, token: str) -> Who:
        try:
            ours = verify.read_token(token)
            return await (self._by_token(ours) if ours else self._by_session(token))
        except PASSING as error:
            raise InboxRefused("the database does not answer") from error

    async def still(self, who: Who) -> bool:
        if self._clock() >= who.expires:
            return False
        kind, _, id = who.credential.partition(":")
        try:
            async with self._db.tenant(UUID(who.tenant)) as c:
                if kind == ISSUER:
                    return await web_keys.issuer(c, UUID(who.tenant), id) is not None
                kept = await web_keys.token(c, UUID(who.tenant), id)
        except PASSING as error:
            raise InboxRefused("the database does not answer") from error
        return kept is not None and kept.holds and kept.user == who.user

    async def _by_token(self, token: verify.Token) -> Who:
        """The tenant that the token names is asked whether it has it: nobody else's has."""
        async with self._db.tenant(token.tenant) as c:
            kept = await web_keys.token(c, token.tenant, token.id)
        if kept is None or not verify.same(kept.hash, token.hash) or not kept.holds:
            raise Unverified(_UNKNOWN)
        return Who(str(token.tenant), kept.user, f"{TOKEN}:{token.id}", kept.ends)

    async def _by_session(self, text: str) -> Who:
        claimed = verify.read_claimed(text)
        async with self._db.tenant(claimed.tenant) as c:
            sealed = await web_keys.issuer(c, claimed.tenant, claimed.issuer)
        if sealed is None:
            raise Unverified(_UNKNOWN)
        try:
            secret = self._vault.open(sealed, spot(claimed.tenant, claimed.issuer))
        except SecretUnreadable as error:
            raise InboxRefused("the secret of the web cannot be opened") from error
        session = verify.read_session(text, claimed, secret, self._clock())
        async with self._db.tenant(claimed.tenant) as c:
            await web_keys.account(
                c, claimed.tenant, session.user, session.name, session.email, session.time_zone
            )
        return Who(str(claimed.tenant), session.user, f"{ISSUER}:{claimed.issuer}", session.expires)


def spot(tenant: UUID, issuer: str) -> Spot:
    return Spot(str(tenant), "web_issuers", issuer, "secret")


async def make_token(c: Connection, tenant: UUID, email: str, name: str, days: int) -> tuple[str, str]:
    """The token, shown once, and its id. Whoever makes it vouches for the address."""
    text, token = verify.new_token(tenant)
    user = verify.token_user(email)
    await connect(c, tenant)
    await web_keys.account(c, tenant, user, name, email, "")
    await web_keys.add_token(c, tenant, token.id, token.hash, user, days)
    return text, token.id


async def make_issuer(c: Connection, tenant: UUID, vault: Vault) -> tuple[str, str]:
    """Its id, and the secret, shown once."""
    id, secret = verify.new_secret()
    await connect(c, tenant)
    await web_keys.add_issuer(c, tenant, id, vault.seal(secret, spot(tenant, id)))
    return id, secret


async def connect(c: Connection, tenant: UUID) -> None:
    """On the web, a tenant's workspace is the tenant."""
    await tenants.install(c, tenant, PLATFORM, str(tenant), "", None)
