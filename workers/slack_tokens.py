"""Which token speaks in which workspace: its installation's, renewed by one process at a time, or our own."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import aiohttp
import asyncpg

from bot.errors import CountersignError, PlatformError
from bot.platforms.slack.installations import InstalledTokens, Lock
from bot.platforms.slack.tokens import TokenSource
from bot.settings import Settings
from workers.installations import PLATFORM, StoredInstallations
from workers.installs import own_tenant
from workers.store import tenants
from workers.store.door import Database

KEPT = 30.0  # seconds; a token is good for a minute at least when it is given out
MOST_KEPT = 10_000
SLACK = "Slack"


def one_at_a_time(db: Database) -> Lock:
    """Shared by all processes: each renewal uses up the refresh token that the next one needs."""

    def hold(name: str) -> AbstractAsyncContextManager[None]:
        return db.alone(f"renew {name}")

    return hold


def tokens(db: Database, settings: Settings, session: aiohttp.ClientSession) -> Tokens:
    installed = InstalledTokens(settings, session, StoredInstallations(db, settings), lock=one_at_a_time(db))
    return Tokens(db, installed, settings.secret("slack_bot_token"))


class Tokens:
    """Implements `TokenSource`. SLACK_BOT_TOKEN speaks in our own workspace and in no other."""

    def __init__(
        self,
        db: Database,
        installed: TokenSource,
        own: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = db
        self._installed = installed
        self._own = own
        self._clock = clock
        self._kept: dict[str, tuple[float, str]] = {}

    async def token(self, workspace: str) -> str:
        kept = self._kept.get(workspace)
        if kept and kept[0] > self._clock():
            return kept[1]
        try:
            found = await self._find(workspace)
        except PlatformError:
            raise
        except CountersignError as error:  # sealed for another row, or with a key that is gone
            raise PlatformError(SLACK, f"cannot be reached: {error}", gone=True) from None
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            problem = f"cannot be reached: the database does not answer ({type(error).__name__})"
            raise PlatformError(SLACK, problem, retryable=True) from None
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[workspace] = (self._clock() + KEPT, found)
        return found

    async def _find(self, workspace: str) -> str:
        try:
            return await self._installed.token(workspace)
        except PlatformError as error:
            if not (error.gone and self._own and await self.is_own(workspace)):
                raise
            return self._own

    async def is_own(self, workspace: str) -> bool:
        owner = await tenants.of_installation(self._db, PLATFORM, workspace)
        return owner is not None and owner == await own_tenant(self._db)

    def __repr__(self) -> str:
        return "Tokens(…)"
