"""The web at the front: its routes, over a database of their own, with the hints of all engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import web

from bot.front_web import add_web
from bot.platforms.web.door import door
from bot.platforms.web.limits import Pace
from bot.platforms.web.runtime import Hub
from bot.secrets import Vault
from bot.settings import Settings
from workers.assemble import own_dsn
from workers.hints import Hints
from workers.store.door import Database
from workers.web import NEWS, WebLobby, listener
from workers.web_keys import StoredKeys

CONNECTIONS = 4


async def opened(settings: Settings, stack: AsyncExitStack) -> Callable[[web.Application], None]:
    """What adds `/chat` and `/ws`; everything it needs is closed with `stack`."""
    db = await Database.open(own_dsn(settings), size=CONNECTIONS)
    stack.push_async_callback(db.close)
    hints = Hints(settings.secret("redis_url"))
    stack.push_async_callback(hints.close)
    return mounting(settings, db, hints)


def mounting(
    settings: Settings,
    db: Database,
    hints: Hints,
    pace: Pace = Pace(),  # noqa: B008 (frozen)
) -> Callable[[web.Application], None]:
    keys = StoredKeys(db, Vault(settings.secret("secret_key")))

    async def listen(heard: Callable[[Mapping[str, Any]], None]) -> None:
        await hints.hear(NEWS, listener(heard))

    def mount(application: web.Application) -> None:
        add_web(application, door(settings, keys), WebLobby(db, hints), Hub(pace), listen)

    return mount
