"""Bolt, for people who extend the bot: their listeners run behind the inbox, after the commit.

Nothing of Bolt is imported until a listener is registered.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable
from typing import TYPE_CHECKING

import aiohttp
import structlog

from bot.platforms.base import Payload
from bot.platforms.slack.tokens import TokenSource
from bot.platforms.slack.whose import bot_user, workspace_of
from bot.settings import Settings

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp

log = structlog.get_logger(__name__)

DEADLINE = 60.0

Register = Callable[["AsyncApp"], None]


class Runtime:
    """An `AsyncApp` that is handed payloads which are verified and stored already.

    What a listener gives to `ack()` is not shown to anybody: the response is long sent. It
    speaks through `say` and `client`, in the workspace that the event came from.
    """

    def __init__(self, settings: Settings, session: aiohttp.ClientSession, tokens: TokenSource) -> None:
        self._settings = settings
        self._session = session
        self._tokens = tokens
        self._app: AsyncApp | None = None

    def extend(self, register: Register) -> None:
        """`register(app)` adds listeners, as in any Bolt app: `@app.event("reaction_added")`."""
        if self._app is None:
            self._app = self._build()
        register(self._app)

    async def dispatch(self, payload: Payload) -> None:
        """Runs the listeners that match. One that fails or hangs stops nobody else's work."""
        if self._app is None:
            return
        from slack_bolt.request.async_request import AsyncBoltRequest

        try:
            context = {
                "countersign_workspace": workspace_of(payload),
                "countersign_bot": bot_user(payload),
            }
            body = copy.deepcopy(dict(payload))
            request = AsyncBoltRequest(mode="socket_mode", body=body, context=context)
            async with asyncio.timeout(DEADLINE):
                await self._app.async_dispatch(request)
        except Exception as error:
            log.warning("slack.listener_failed", kind=type(error).__name__)

    def _build(self) -> AsyncApp:
        from slack_bolt.async_app import AsyncApp
        from slack_bolt.authorization import AuthorizeResult

        from bot.platforms.slack.call import SILENT, web_client

        tokens = self._tokens

        async def authorize(
            enterprise_id: str | None, countersign_workspace: str, countersign_bot: str
        ) -> AuthorizeResult:
            """From our own installations (Bolt passes by name): Slack's auth.test is never called."""
            return AuthorizeResult(
                enterprise_id=enterprise_id,
                team_id=countersign_workspace,
                bot_user_id=countersign_bot or None,
                bot_token=await tokens.token(countersign_workspace),
            )

        app = AsyncApp(
            client=web_client(self._settings.slack_api_url, self._session),
            authorize=authorize,
            logger=SILENT,
            # The payload was verified at the door, and the listener's end is waited for here.
            request_verification_enabled=False,
            ssl_check_enabled=False,
            url_verification_enabled=False,
            process_before_response=True,
        )

        @app.error
        async def failed(error: Exception) -> None:
            log.warning("slack.listener_failed", kind=type(error).__name__)

        return app
