"""What botbuilder asks about trust, answered by our own verifier and our own token.

Mends three of its faults: failures of authentication that surface as 500, keys that are not
looked up again after Microsoft rolled them, and a new Entra token for every turn, fetched while
the loop stands still. Connectors are kept, since building one costs more than using it.
"""

from __future__ import annotations

from typing import Any

from botbuilder.schema import Activity
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import (
    AuthenticateRequestResult,
    AuthenticationConstants,
    BotFrameworkAuthentication,
    ClaimsIdentity,
    ConnectorFactory,
    MicrosoftAppCredentials,
    UserTokenClient,
)

from bot.errors import PlatformError, Unverified
from bot.platforms.teams.hosts import may_be_called
from bot.platforms.teams.tokens import Tokens
from bot.platforms.teams.verify import Verifier
from bot.settings import Settings

MOST_CONNECTORS = 256
OAUTH_URL = "https://api.botframework.com"


class KeptCredentials(MicrosoftAppCredentials):  # type: ignore[misc]  # botbuilder is untyped
    """Hands out the token fetched before the call, so that asking never blocks the loop."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.microsoft_app_id, "", settings.microsoft_app_tenant_id or None)
        self.token = ""

    def get_access_token(self, force_refresh: bool = False) -> str:
        return self.token


class KeptConnectors(ConnectorFactory):  # type: ignore[misc]
    """One connector for each address, and a fresh token before each use."""

    def __init__(self, credentials: KeptCredentials, tokens: Tokens, *, sandbox: bool) -> None:
        self._credentials = credentials
        self._tokens = tokens
        self._sandbox = sandbox
        self._clients: dict[str, ConnectorClient] = {}

    async def create(self, service_url: str, audience: str = "") -> ConnectorClient:
        if not may_be_called(service_url, loopback=self._sandbox):
            raise PlatformError("Teams", "named an address that is not its own, so nothing was sent there")
        await self.refresh()
        if service_url not in self._clients:
            while len(self._clients) >= MOST_CONNECTORS:
                del self._clients[next(iter(self._clients))]
            self._clients[service_url] = ConnectorClient(self._credentials, base_url=service_url)
        return self._clients[service_url]

    async def refresh(self) -> None:
        """Also for a turn that lasts longer than its token."""
        self._credentials.token = await self._tokens.get()


class Authentication(BotFrameworkAuthentication):  # type: ignore[misc]
    """Every failure is a PermissionError, which is the one that botbuilder answers with 401."""

    def __init__(self, verifier: Verifier, tokens: Tokens, settings: Settings, *, sandbox: bool) -> None:
        self.verifier = verifier
        self._app_id = settings.microsoft_app_id
        self._audience = settings.teams_issuer
        self._credentials = KeptCredentials(settings)
        self.connectors = KeptConnectors(self._credentials, tokens, sandbox=sandbox)
        self._user_tokens: UserTokenClient | None = None

    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:
        try:
            caller = await self.verifier.caller(auth_header)
            self.verifier.match(caller, activity.service_url, activity.channel_id)
        except Unverified as error:
            raise PermissionError(str(error)) from None
        return self.trusted(activity.service_url)

    def trusted(self, service_url: str) -> AuthenticateRequestResult:
        """For an activity that came through the inbox, and so was verified before it was stored."""
        result = AuthenticateRequestResult()
        result.claims_identity = self._identity(service_url)
        result.audience = self._audience
        result.connector_factory = self.connectors
        return result

    def _identity(self, service_url: str) -> ClaimsIdentity:
        claims = {
            AuthenticationConstants.AUDIENCE_CLAIM: self._app_id,
            AuthenticationConstants.SERVICE_URL_CLAIM: service_url,
        }
        return ClaimsIdentity(claims, True)

    async def authenticate_streaming_request(
        self, auth_header: str, channel_id_header: str
    ) -> AuthenticateRequestResult:
        raise PermissionError("Activities come over HTTP only.")

    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:
        return self.connectors

    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> UserTokenClient:
        """Made for every turn by botbuilder, used by few: one serves them all."""
        if self._user_tokens is None:
            from botframework.connector.auth._user_token_client_impl import _UserTokenClientImpl

            self._user_tokens = _UserTokenClientImpl(self._app_id, self._credentials, OAUTH_URL)
        return self._user_tokens

    def get_originating_audience(self) -> str:
        return self._audience

    async def authenticate_channel_request(self, auth_header: str) -> Any:
        raise PermissionError("Skills are not offered.")
