"""Fetches files from Teams: by their own address from where people keep them, pictures with our token."""

from __future__ import annotations

import aiohttp

from bot.errors import PlatformError
from bot.files import Fetched, NotFetched, fetch, may_fetch
from bot.platforms.teams import files
from bot.platforms.teams.tokens import Tokens
from bot.settings import Settings
from bot.turn import Attached

ELSEWHERE = (
    "Teams lets a bot read files in a chat with it only, and not in channels and groups:"
    " please send it to me there"
)


class TeamsFiles:
    """See `bot.files.Source`. `tokens` None: the Agents Playground, which wants none."""

    def __init__(self, settings: Settings, session: aiohttp.ClientSession, tokens: Tokens | None) -> None:
        self._session, self._tokens = session, tokens
        self._hosts = files.hosts(settings.teams_login_url)

    async def known(self, workspace: str, file: Attached) -> Attached:
        if file.elsewhere or not file.url:
            raise NotFetched(ELSEWHERE)
        return file

    async def fetch(self, workspace: str, url: str) -> Fetched:
        token = ""
        if may_fetch(url, self._hosts) and self._tokens is not None:
            try:
                token = await self._tokens.get()
            except PlatformError as error:
                raise NotFetched("Teams did not let me in just now", again=error.retryable) from None
        return await fetch(self._session, url, self._hosts, token)
