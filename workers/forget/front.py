"""What the front's routes of forgetting do: `bot.front_forget.Forgetters`, over the database.

The schema's map, by which people are erased and exported, is loaded when somebody asks for either.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from bot.errors import InboxRefused, Malformed
from bot.platforms.base import Door
from bot.settings import Settings
from workers.forget import receipt
from workers.forget.broker import Cache
from workers.forget.desk import Desk, desk
from workers.store import audit, forgetting, forgetting_who
from workers.store.door import Database

if TYPE_CHECKING:
    from workers.forget.erasing import Eraser

AT_ONCE = 4  # exports of one front: each reads all there is


class StoredForgetters:
    def __init__(self, db: Database, desk: Desk, doors: Mapping[str, Door], redis_url: str) -> None:
        self._db = db
        self._desk = desk
        self._doors = doors
        self._redis_url = redis_url
        self._exporting = 0

    def bearer(self, token: str) -> str | None:
        tenant = self._desk.tenant_of(token)
        return str(tenant) if tenant else None

    def secret(self, tenant: str) -> str | None:
        try:
            return self._desk.bearer(UUID(tenant))
        except ValueError:
            return None

    async def forget(self, tenant: str, who: str, block: bool, within: float) -> Mapping[str, Any] | None:
        from workers.forget import cli

        whose = UUID(tenant)
        async with self._db.tenant(whose) as c:
            people = await forgetting_who.found(c, whose, who)
            if len(people) > 1:
                raise Malformed("That means several people: platform:workspace:user names one.")
            if people:
                id: str | None = await cli.begin(c, whose, people[0], "http", block=block)
            else:
                id = await forgetting.marked(c, whose, receipt.mark(whose, who, self._desk.signer))
        if id is None:
            return None
        found = await self._eraser().finish(whose, id, max(0.0, within - 0.5))
        return receipt.to_json(found) if found else None

    def _eraser(self) -> Eraser:
        from workers.forget.erasing import Eraser
        from workers.forget.steps import World

        world = World(self._desk.signer, self._doors, self._desk.days)
        return Eraser(self._db, world, Cache(self._redis_url))

    def export(self, token: str) -> AsyncIterator[bytes]:
        tenant, person = self._desk.opened(token, time.time())
        return self._lines(tenant, person)

    async def _lines(self, tenant: UUID, person: UUID) -> AsyncIterator[bytes]:
        from workers.forget import export

        if self._exporting >= AT_ONCE:
            raise InboxRefused("too many exports at once")
        self._exporting += 1
        try:
            async with self._db.tenant(tenant) as c:
                await audit.record(c, tenant, "person.exported", person=str(person), by="themselves")
            async for table, row in export.rows(self._db, tenant, person, self._desk.vault, self._doors):
                yield orjson.dumps({"table": table, **row}, option=orjson.OPT_APPEND_NEWLINE)
        finally:
            self._exporting -= 1


def forgetters(settings: Settings, db: Database, doors: Mapping[str, Door]) -> StoredForgetters:
    return StoredForgetters(db, desk(settings), doors, settings.secret("redis_url"))
