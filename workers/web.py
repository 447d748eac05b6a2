"""Keeps the web's messages: the engine's desk, which writes them, and the front's lobby, which reads them.

PostgreSQL is the truth. What goes over Valkey says only that somebody should look, and what a model is
writing at the moment; losing it costs a look's time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import orjson

from bot.errors import InboxRefused, Malformed, PlatformError
from bot.platforms.base import Profile
from bot.platforms.web import inbound
from bot.platforms.web.base import Body, Row, Who
from bot.platforms.web.runtime import address
from workers.hints import Hints
from workers.store import web, web_keys
from workers.store.door import Connection, Database

NEWS = "countersign:web"
SAID, FORM = "said", "form"
MOST_CONVERSATIONS = 1_000  # of one person: their rows stay, so that numbers are never given twice
PASSING = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)
Found = TypeVar("Found")


def hint(tenant: str, channel: str, **more: Any) -> str:
    return orjson.dumps({"k": address(tenant, channel), **more}).decode()


def revoked(tenant: str, credential: str) -> str:
    """Whoever came in by this is to be looked at again, now."""
    return orjson.dumps({"r": f"{tenant}:{credential}"}).decode()


class WebDesk:
    """`bot.platforms.web.base.Desk`. The tenant of a place is the one whose verified token it came with."""

    def __init__(self, db: Database, hints: Hints) -> None:
        self._db, self._hints = db, hints

    async def put(self, tenant: str, channel: str, id: str, kind: str, body: Body) -> int:
        async def work(c: Connection, whose: UUID) -> int:
            return await web.put(c, whose, channel, inbound.owner(channel), id, kind, body)

        return await self._write(tenant, channel, work)

    async def change(self, tenant: str, channel: str, id: str, kind: str, body: Body) -> int:
        async def work(c: Connection, whose: UUID) -> int:
            number = await web.change(c, whose, channel, inbound.owner(channel), id, kind, body)
            if number is None:
                raise PlatformError("The web", "has no such message any more", gone=True)
            return number

        return await self._write(tenant, channel, work)

    async def show(self, tenant: str, channel: str, id: str, kind: str, body: Body) -> int:
        async def work(c: Connection, whose: UUID) -> int:
            owner = inbound.owner(channel)
            number = await web.change(c, whose, channel, owner, id, kind, body)
            return number if number is not None else await web.put(c, whose, channel, owner, id, kind, body)

        return await self._write(tenant, channel, work)

    async def there(self, tenant: str, channel: str, id: str) -> Row | None:
        return await self._asked(tenant, lambda c, whose: web.by_id(c, whose, channel, id))

    async def profile(self, tenant: str, user: str) -> Profile | None:
        return await self._asked(tenant, lambda c, whose: web_keys.profile(c, whose, user))

    async def tell(self, tenant: str, channel: str, news: Body) -> None:
        await self._hints.tell(NEWS, hint(tenant, channel, n=dict(news)))

    async def _write(
        self, tenant: str, channel: str, work: Callable[[Connection, UUID], Awaitable[int]]
    ) -> int:
        number = await self._asked(tenant, work)
        await self._hints.tell(NEWS, hint(tenant, channel))
        return number

    async def _asked(self, tenant: str, work: Callable[[Connection, UUID], Awaitable[Found]]) -> Found:
        try:
            whose = UUID(tenant)
            async with self._db.tenant(whose) as c:
                return await work(c, whose)
        except asyncpg.ForeignKeyViolationError:
            raise PlatformError("The web", "does not know that person any more", gone=True) from None
        except PASSING as error:
            # Whatever was to be written has an id: writing it again is writing it once.
            raise PlatformError("The web", f"could not be written ({type(error).__name__})",
                                retryable=True, unknown=True) from error  # fmt: skip


class WebLobby:
    """`bot.platforms.web.base.Lobby`. Raises `InboxRefused` where the database does not answer."""

    def __init__(self, db: Database, hints: Hints) -> None:
        self._db, self._hints = db, hints

    async def said(self, who: Who, channel: str, id: str, body: Body) -> int:
        async def work(c: Connection, whose: UUID) -> int:
            if not await web.has_room(c, whose, channel, who.user, MOST_CONVERSATIONS):
                raise Malformed("You have too many conversations. Go on in one of them.")
            return await web.put(c, whose, channel, who.user, id, SAID, body)

        number = await self._asked(who, work)
        await self._hints.tell(NEWS, hint(who.tenant, channel))
        return number

    async def unsaid(self, who: Who, channel: str, id: str) -> None:
        await self._asked(who, lambda c, whose: web.take_away(c, whose, channel, id, SAID))

    async def close_form(self, who: Who, channel: str, id: str) -> None:
        await self._asked(who, lambda c, whose: web.take_away(c, whose, channel, id, FORM))

    async def missed(self, who: Who, channel: str, after: int, most: int) -> Sequence[Row]:
        async def work(c: Connection, whose: UUID) -> list[Row]:
            if after < 0:
                return await web.newest(c, whose, channel, most)
            return await web.after(c, whose, channel, after, most)

        return await self._asked(who, work)

    async def last(self, who: Who, channel: str) -> int:
        return await self._asked(who, lambda c, whose: web.last(c, whose, channel))

    async def settled(self, who: Who, channel: str) -> bool:
        key = inbound.place(who.tenant, who.user, inbound.name_of(channel)).conversation
        return await self._asked(who, lambda c, whose: web.settled(c, whose, key))

    async def _asked(self, who: Who, work: Callable[[Connection, UUID], Awaitable[Found]]) -> Found:
        try:
            whose = UUID(who.tenant)
            async with self._db.tenant(whose) as c:
                return await work(c, whose)
        except PASSING as error:
            raise InboxRefused("the database does not answer") from error


Heard = Callable[[Mapping[str, Any]], None]


def listener(heard: Heard) -> Callable[[str], None]:
    """What of a hint can be read; the rest is nobody's."""

    def hear(message: str) -> None:
        try:
            found = orjson.loads(message)
        except ValueError:
            return
        if isinstance(found, dict):
            heard(found)

    return hear
