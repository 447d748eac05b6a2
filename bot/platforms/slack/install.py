"""Installing by OAuth, through Bolt: GET /slack/install and GET /slack/oauth_redirect."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Awaitable, Callable

import aiohttp
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.errors import ConfigurationError
from bot.platforms.slack.call import SILENT, web_client
from bot.platforms.slack.installations import Installations
from bot.platforms.slack.manifest import SCOPES
from bot.settings import Settings

log = structlog.get_logger(__name__)

INSTALL = "/slack/install"
REDIRECT = "/slack/oauth_redirect"
STATE_AGE = 600
DEADLINE = 20.0
MAX_QUERY = 4_000
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class SignedState(AsyncOAuthStateStore):
    """State that any front of ours can check, once each, within ten minutes.

    Bolt also ties it to the browser by a cookie, so a stolen link installs nothing.
    """

    def __init__(self, key: str, *, clock: Callable[[], float] = time.time) -> None:
        self._key = hashlib.sha256(b"countersign slack install state\x00" + key.encode()).digest()
        self._clock = clock
        self._used: dict[str, float] = {}

    async def async_issue(self, *args: object, **kwargs: object) -> str:
        body = f"{int(self._clock())}-{secrets.token_hex(16)}"
        return f"{body}-{self._signature(body)}"

    async def async_consume(self, state: str) -> bool:
        found = re.fullmatch(r"(([0-9]{1,12})-[0-9a-f]{32})-([0-9a-f]{64})", state)
        if found is None or not self.is_ours(found[1], found[3]):
            return False
        now = self._clock()
        self._used = {used: at for used, at in self._used.items() if at > now - STATE_AGE}
        if not 0 <= now - int(found[2]) <= STATE_AGE or state in self._used:
            return False
        self._used[state] = now
        return True

    def is_ours(self, body: str, signature: str) -> bool:
        return hmac.compare_digest(self._signature(body), signature)

    def _signature(self, body: str) -> str:
        return hmac.new(self._key, body.encode(), hashlib.sha256).hexdigest()


class _Store(AsyncInstallationStore):
    def __init__(self, installations: Installations) -> None:
        self._installations = installations

    async def async_save(self, installation: Installation) -> None:
        await self._installations.async_save(installation)


def routes(
    settings: Settings, session: aiohttp.ClientSession, installations: Installations
) -> list[web.RouteDef]:
    """The two GET routes of the install flow, for the front to add."""
    flow = _flow(settings, session, installations)
    return [web.get(INSTALL, _page(flow.handle_installation)), web.get(REDIRECT, _page(flow.handle_callback))]


def _flow(settings: Settings, session: aiohttp.ClientSession, installations: Installations) -> AsyncOAuthFlow:
    secret = settings.secret("slack_client_secret")
    if not settings.slack_client_id or not secret:
        raise ConfigurationError("Set SLACK_CLIENT_ID and SLACK_CLIENT_SECRET to install by OAuth.")
    if not settings.secret("secret_key"):
        raise ConfigurationError("Set SECRET_KEY: it signs the state of an install.")
    return AsyncOAuthFlow(
        client=web_client(settings.slack_api_url, session),
        logger=SILENT,
        settings=AsyncOAuthSettings(
            client_id=settings.slack_client_id,
            client_secret=secret,
            scopes=list(SCOPES),
            user_scopes=[],
            redirect_uri=settings.own_url + REDIRECT,
            install_path=INSTALL,
            redirect_uri_path=REDIRECT,
            installation_store=_Store(installations),
            state_store=SignedState(settings.secret("secret_key")),
            state_expiration_seconds=STATE_AGE,
            logger=SILENT,
        ),
    )


def _page(
    handle: Callable[[AsyncBoltRequest], Awaitable[BoltResponse]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def page(request: web.Request) -> web.Response:
        if len(request.query_string) > MAX_QUERY:
            return _sorry(414, "The address is too long.")
        try:
            async with asyncio.timeout(DEADLINE):
                response = await to_aiohttp_response(await handle(await to_bolt_request(request)))
        except Exception as error:
            log.warning("slack.install_failed", kind=type(error).__name__)
            return _sorry(503, "The bot could not be installed just now. Please try again.")
        response.headers.update(HEADERS)
        return response

    return page


def _sorry(status: int, sentence: str) -> web.Response:
    return web.Response(status=status, text=sentence, headers=HEADERS)
