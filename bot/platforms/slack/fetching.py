"""Fetches files from Slack with the bot's token, and asks Slack what it knows of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp

from bot.errors import ConfigurationError, PlatformError
from bot.files import Fetched, NotFetched, fetch
from bot.platforms.slack import files
from bot.platforms.slack.call import call, web_client
from bot.platforms.slack.tokens import TokenSource
from bot.settings import Settings
from bot.turn import Attached

LOOKS = 4  # for what Slack is still writing down, in all
PAUSE = 2.0  # seconds between two of them
LOGIN = (
    "Slack showed me its sign-in page in its place: whoever installed me has to add the right files:read"
    " and install me again"
)
ELSEWHERE = "it is kept outside of Slack, where I cannot look: please send the file itself"
_RECORDED = ("audio/", "video/")


class SlackFiles:
    """See `bot.files.Source`."""

    def __init__(
        self, settings: Settings, session: aiohttp.ClientSession, tokens: TokenSource, *, pause: float = PAUSE
    ) -> None:
        self._web = web_client(settings.slack_api_url, session)
        self._session, self._tokens, self._pause = session, tokens, pause
        self._hosts = files.hosts(settings.slack_api_url)

    async def known(self, workspace: str, file: Attached) -> Attached:
        """A clip's transcript comes some seconds after the clip, so it is waited for a little."""
        if file.elsewhere:
            raise NotFetched(ELSEWHERE)
        if file.url and (file.transcript or not file.type.startswith(_RECORDED)):
            return file
        for look in range(LOOKS):
            told = await self._info(workspace, file.id)
            found = files.one(told)
            if found is None:
                raise NotFetched("it is not there any more: please send it again")
            if found.elsewhere:
                raise NotFetched(ELSEWHERE)
            if not files.is_writing_down(told) or look == LOOKS - 1:
                return found
            await asyncio.sleep(self._pause)
        return file

    async def fetch(self, workspace: str, url: str) -> Fetched:
        return await fetch(self._session, url, self._hosts, await self._token(workspace))

    async def _info(self, workspace: str, id: str) -> Mapping[str, Any]:
        token = await self._token(workspace)
        try:
            answer = await call(self._web, "files.info", token, {"file": id}, read=True)
        except PlatformError as error:
            if "wants the scope" in str(error):
                raise NotFetched(LOGIN) from None
            raise NotFetched(
                "Slack did not tell me about it: please send it again", again=error.retryable
            ) from None
        told = answer.get("file")
        if not isinstance(told, Mapping):
            raise NotFetched("Slack did not tell me about it: please send it again")
        return told

    async def _token(self, workspace: str) -> str:
        try:
            return await self._tokens.token(workspace)
        except (PlatformError, ConfigurationError) as error:
            again = isinstance(error, PlatformError) and error.retryable
            raise NotFetched("I am not installed in Slack any more", again=again) from None
