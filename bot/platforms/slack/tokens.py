"""Which token speaks in which workspace."""

from __future__ import annotations

from typing import Protocol

from bot.errors import PlatformError


class TokenSource(Protocol):
    async def token(self, workspace: str) -> str:
        """The bot token of this workspace, good for some minutes at least.

        Raises `PlatformError(gone=True)` where we are not installed.
        """
        ...


class StaticToken:
    """One workspace, its token from SLACK_BOT_TOKEN."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self, workspace: str) -> str:
        if not self._token:
            raise PlatformError("Slack", "is not connected: set SLACK_BOT_TOKEN, or install the bot")
        return self._token

    def __repr__(self) -> str:
        return "StaticToken(…)"
