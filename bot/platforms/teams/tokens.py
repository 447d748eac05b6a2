"""Our own access token for the Bot Connector: fetched in a thread, kept until shortly before it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.errors import ConfigurationError, PlatformError
from bot.platforms.teams.hosts import is_loopback
from bot.settings import Settings

DEADLINE = 10.0
RENEW_BEFORE = 300.0
LARGEST_ANSWER = 64_000


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """`expires` on the monotonic clock. It has no repr, so that no log line shows it."""

    value: str
    expires: float


Fetch = Callable[[], Awaitable[Token]]


class Tokens:
    """One token for everybody who asks; one fetch at a time.

    Renewed five minutes early; if that fails, the old one is used while it lasts.
    """

    def __init__(self, fetch: Fetch, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._token: Token | None = None
        self._lock = asyncio.Lock()

    async def get(self) -> str:
        if (token := self._token) and self._left(token) > RENEW_BEFORE:
            return token.value
        async with self._lock:
            if (token := self._token) and self._left(token) > RENEW_BEFORE:
                return token.value
            return await self._renew()

    def forget(self, value: str) -> None:
        """The connector refused it; unless it has been replaced already, the next call fetches anew."""
        if self._token and self._token.value == value:
            self._token = None

    async def _renew(self) -> str:
        try:
            async with asyncio.timeout(DEADLINE):
                self._token = await self._fetch()
        except (PlatformError, TimeoutError) as error:
            if self._token and self._left(self._token) > 0:
                return self._token.value
            if isinstance(error, PlatformError):
                raise
            raise PlatformError("Teams", "gave us no access token in time", retryable=True) from None
        return self._token.value

    def _left(self, token: Token) -> float:
        return token.expires - self._clock()


def tokens(
    settings: Settings, session: aiohttp.ClientSession, *, scope: str = "", tenant: str = ""
) -> Tokens:
    """From Microsoft; from the sandbox where TEAMS_LOGIN_URL names one, which may only be on this machine.

    For the Connector, or for `scope` in the Entra tenant that is named.
    """
    if not settings.teams_login_url:
        return Tokens(from_entra(settings, scope=scope, tenant=tenant))
    if not is_loopback(settings.teams_login_url):
        raise ConfigurationError("TEAMS_LOGIN_URL is for the sandbox on this machine only: unset it.")
    return Tokens(_from_sandbox(settings, session, scope))


def from_entra(settings: Settings, *, scope: str = "", tenant: str = "") -> Fetch:
    """msal keeps one application object here, so that what it caches is found again."""
    held: dict[str, Callable[[], Any]] = {}

    def ask() -> Any:
        if "msal" not in held:
            held["msal"] = _msal(settings, scope, tenant)
        return held["msal"]()

    async def fetch() -> Token:
        try:
            answer = await asyncio.to_thread(ask)
        except Exception as error:
            # msal raises whatever its HTTP library does, with addresses and bodies in the texts.
            raise PlatformError(
                "Teams", f"gave us no access token ({type(error).__name__})", retryable=True
            ) from None
        return _token(answer)

    return fetch


def _msal(settings: Settings, scope: str, tenant: str) -> Callable[[], Any]:
    import msal

    scope = scope or settings.teams_issuer.rstrip("/")
    if settings.microsoft_app_type == "UserAssignedMSI":
        import requests

        identity = msal.ManagedIdentityClient(
            msal.UserAssignedManagedIdentity(client_id=settings.microsoft_app_id),
            http_client=requests.Session(),
        )
        return lambda: identity.acquire_token_for_client(resource=scope)
    app = msal.ConfidentialClientApplication(
        client_id=settings.microsoft_app_id,
        client_credential=settings.secret("microsoft_app_password"),
        authority=authority(settings, tenant),
        timeout=DEADLINE,
    )
    return lambda: app.acquire_token_for_client(scopes=[f"{scope}/.default"])


def authority(settings: Settings, tenant: str = "") -> str:
    """Azure Government has a login of its own; a multi-tenant bot's tokens are botframework.com's, but for
    what it asks about a `tenant`."""
    issuer = urlsplit(settings.teams_issuer).hostname or ""
    login = "login.microsoftonline.us" if issuer.endswith(".us") else "login.microsoftonline.com"
    if tenant:
        return f"https://{login}/{tenant}"
    if settings.microsoft_app_type == "MultiTenant":
        return f"https://{login}/botframework.com"
    if not settings.microsoft_app_tenant_id:
        raise ConfigurationError(
            "MICROSOFT_APP_TENANT_ID is empty: a single-tenant bot signs in at its tenant."
        )
    return f"https://{login}/{settings.microsoft_app_tenant_id}"


def _from_sandbox(settings: Settings, session: aiohttp.ClientSession, scope: str) -> Fetch:
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.microsoft_app_id,
        "client_secret": settings.secret("microsoft_app_password"),
        "scope": f"{scope or settings.teams_issuer.rstrip('/')}/.default",
    }

    async def fetch() -> Token:
        try:
            async with session.post(settings.teams_login_url, data=form, allow_redirects=False) as response:
                return _token(await response.json(content_type=None) if response.status == 200 else {})
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise PlatformError(
                "Teams", "gave us no access token: its sandbox is away", retryable=True
            ) from error

    return fetch


def _token(answer: Any) -> Token:
    """What went wrong is told by its short code only: Entra's descriptions name tenants and secrets' ids."""
    match answer:
        case {"access_token": str(value), "expires_in": int(seconds) | str(seconds)} if value:
            return Token(value, time.monotonic() + _seconds(seconds))
        case {"error": str(code)}:
            raise PlatformError("Teams", f"gave us no access token ({code[:40]})")
        case _:
            raise PlatformError("Teams", "gave us no access token", retryable=True)


def _seconds(value: int | str) -> float:
    text = str(value)
    return float(text) if text.isdigit() else 0.0
