"""botbuilder, for people who extend the bot: their handlers run behind the inbox, after the commit.

Nothing of botbuilder is imported until a handler is registered: it costs most of a second and 59 MB.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp
import structlog

from bot.platforms.base import HttpAnswer, Payload
from bot.platforms.teams.door import verifier
from bot.platforms.teams.hosts import is_loopback
from bot.platforms.teams.tokens import tokens
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.platforms.teams.mended import MendedAdapter

log = structlog.get_logger(__name__)

DEADLINE = 60.0


class Handler(Protocol):
    """What botbuilder calls a bot: an ActivityHandler, a TeamsActivityHandler."""

    def on_turn(self, turn_context: Any) -> Awaitable[Any]: ...


class Runtime:
    """Runs handlers on activities that are verified and stored already."""

    def __init__(self, settings: Settings, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._session = session
        self._adapter: MendedAdapter | None = None
        self._handlers: list[Handler] = []

    def extend(self, make: Callable[[], Handler]) -> None:
        """`make()` gives a handler, as for any botbuilder bot; import botbuilder within it."""
        self._handlers.append(make())

    @property
    def adapter(self) -> MendedAdapter:
        """The mended CloudAdapter, for those who send on their own (`continue_conversation`)."""
        if self._adapter is None:
            self._adapter = adapter(self._settings, self._session)
        return self._adapter

    async def dispatch(self, payload: Payload) -> HttpAnswer | None:
        """The first answer that a handler gives to an invoke. One that fails stops nobody else's work."""
        answer = None
        for handler in self._handlers:
            try:
                async with asyncio.timeout(DEADLINE):
                    said = await self.adapter.run(payload, handler)
            except Exception as problem:
                log.error("teams.extension_failed", error=type(problem).__name__)
            else:
                answer = answer or (said if payload.get("type") == "invoke" else None)
        return answer


def adapter(settings: Settings, session: aiohttp.ClientSession) -> MendedAdapter:
    """The mended adapter, verifying as our own door does and speaking with our own token."""
    from bot.platforms.teams.mended import MendedAdapter
    from bot.platforms.teams.mended_auth import Authentication

    sandbox = bool(settings.teams_login_url) and is_loopback(settings.teams_login_url)
    ours = tokens(settings, session)
    return MendedAdapter(Authentication(verifier(settings), ours, settings, sandbox=sandbox))
