"""Who writes on the web in these tests, and what was told of it."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import jwt

from bot.platforms.web import inbound
from bot.platforms.web.base import Who
from bot.secrets import Vault
from bot.turn import Place
from tests.conftest import SECRET
from workers.hints import Hints
from workers.store.door import Database
from workers.web import NEWS
from workers.web_keys import make_issuer, make_token

VAULT = Vault(SECRET)
NEWER = "a-newer-key-for-tests-that-is-long-enough-9876543210"


class Told(Hints):
    """Keeps what was told, and tells nobody."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def tell(self, channel: str, message: str) -> None:
        assert channel == NEWS
        self.told.append(message)


async def token(db: Database, tenant: UUID, email: str, days: int = 1, name: str = "") -> str:
    async with db.tenant(tenant) as c:
        return (await make_token(c, tenant, email, name, days))[0]


async def issuer(db: Database, tenant: UUID) -> tuple[str, str]:
    async with db.tenant(tenant) as c:
        return await make_issuer(c, tenant, VAULT)


def session(tenant: UUID, kid: str, secret: str, **claims: Any) -> str:
    now = time.time()
    given = {"tenant": str(tenant), "aud": "countersign", "sub": "u7", "iat": now, "exp": now + 600, **claims}
    return jwt.encode(given, secret, algorithm="HS256", headers={"kid": kid})


def main_of(who: Who) -> Place:
    return inbound.place(who.tenant, who.user, "main")
