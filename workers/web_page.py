"""Tokens for the page of `up`: of the workbench's people, for a day, in the settings' own tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from bot.settings import Settings
from workers import installs
from workers.assemble import own_dsn
from workers.store.door import Database
from workers.web_keys import make_token


class Minting:
    """Opens its database with the application, and closes it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._db: Database | None = None

    async def running(self, _app: web.Application) -> AsyncIterator[None]:
        self._db = await Database.open(own_dsn(self._settings), size=1)
        yield
        await self._db.close()

    async def __call__(self, email: str, name: str) -> str:
        assert self._db is not None
        tenant = await installs.own_tenant(self._db)
        async with self._db.tenant(tenant) as c:
            return (await make_token(c, tenant, email, name, 1))[0]
