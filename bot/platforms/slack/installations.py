"""Where installations are kept, and their tokens renewed in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import aiohttp
from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator

from bot.errors import PlatformError
from bot.platforms.slack.call import DEADLINE, SLACK, web_client
from bot.settings import Settings

RENEW_BEFORE_MINUTES = 120

Lock = Callable[[str], AbstractAsyncContextManager[None]]


class Installations(Protocol):
    """The store behind the install flow; slack_sdk's names, so that its own stores fit too.

    Tokens are secrets: whoever implements this encrypts them.
    """

    async def async_save(self, installation: Installation) -> None: ...

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None: ...

    async def async_delete_all(self, *, enterprise_id: str | None, team_id: str | None) -> None: ...


class InstalledTokens:
    """A `TokenSource` over installations. A token near its end is renewed by one process at a time.

    `lock` is held around reading, renewing and saving: each renewal uses up the refresh token,
    so two at once would end the installation. Give a lock of the database where several
    processes run.
    """

    def __init__(
        self,
        settings: Settings,
        session: aiohttp.ClientSession,
        installations: Installations,
        *,
        lock: Lock | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._installations = installations
        self._lock = lock or _own_lock()
        self._clock = clock
        self._rotator = AsyncTokenRotator(
            client_id=settings.slack_client_id,
            client_secret=settings.secret("slack_client_secret"),
            client=web_client(settings.slack_api_url, session),
        )

    async def token(self, workspace: str) -> str:
        found = await self._find(workspace)
        if self._is_due(found):
            async with self._lock(f"slack:{workspace}"):
                found = await self._find(workspace)
                if self._is_due(found):
                    found = await self._renewed(found)
        if not found.bot_token:
            raise PlatformError(SLACK, "gave the bot no token in this workspace: install it again", gone=True)
        return found.bot_token

    async def _find(self, workspace: str) -> Installation:
        organisation = workspace.startswith("E")
        found = await self._installations.async_find_installation(
            enterprise_id=workspace if organisation else None,
            team_id=None if organisation else workspace,
            is_enterprise_install=organisation,
        )
        if found is None:
            raise PlatformError(SLACK, "is not connected in this workspace: install the bot", gone=True)
        return found

    def _is_due(self, found: Installation) -> bool:
        ends = found.bot_token_expires_at
        return ends is not None and ends <= self._clock() + RENEW_BEFORE_MINUTES * 60

    async def _renewed(self, found: Installation) -> Installation:
        try:
            async with asyncio.timeout(DEADLINE):
                renewed = await self._rotator.perform_token_rotation(
                    installation=found, minutes_before_expiration=RENEW_BEFORE_MINUTES
                )
        except (SlackTokenRotationError, TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            if found.bot_token_expires_at and found.bot_token_expires_at > self._clock() + 60:
                return found  # good for now; the next call tries again
            raise PlatformError(SLACK, "did not renew the bot's token", retryable=True) from RuntimeError(
                type(error).__name__
            )
        if renewed is None:
            return found
        await self._installations.async_save(renewed)
        return renewed


def _own_lock() -> Lock:
    locks: dict[str, asyncio.Lock] = {}

    @asynccontextmanager
    async def hold(name: str) -> AsyncIterator[None]:
        async with locks.setdefault(name, asyncio.Lock()):
            yield

    return hold
