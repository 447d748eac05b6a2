"""Keys and tokens of the Teams stand-in: what it signs with, and what the bot calls it with."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import RSAAlgorithm

from bot.workbench import cast
from bot.workbench.cast import Json
from bot.workbench.keys import Keys
from bot.workbench.security import TooLarge, read_body

CONNECTOR = "https://api.botframework.com"
GRAPH = "https://graph.microsoft.com"
LIFE = 3600


class Tokens:
    """`issuer` is ours alone: no bot that trusts Microsoft's issuer takes these tokens."""

    def __init__(self, keys: Keys, base: str, clock: Callable[[], float] = time.time) -> None:
        key = load_pem_private_key(keys.private_key.encode(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("the workbench's key is not an RSA key")
        self._key = key
        self._keys = keys
        self._clock = clock
        self.issuer = f"{base}/standin/teams"
        self.service_url = f"{base}/standin/teams/service/"
        self._sent, self._sent_since = "", 0
        self._openid_base = f"{base}/standin/teams"

    # ── towards the bot ──
    def signed_headers(self, body: bytes) -> Mapping[str, str]:
        """Teams sends one token for a good while; so do we, for half of its life."""
        now = int(self._clock())
        if not self._sent_since <= now < self._sent_since + LIFE // 2:
            self._sent, self._sent_since = self.channel_token(now), now
        return {"Authorization": f"Bearer {self._sent}", "User-Agent": "Microsoft-SkypeBotApi"}

    def channel_token(self, now: int, **other: Any) -> str:
        """What proves an activity to be from Teams; `other` claims are for tests of the bot."""
        claims = {
            "serviceurl": self.service_url,
            "iss": self.issuer,
            "aud": cast.TEAMS_APP,
            "nbf": now - 5,
            "exp": now + LIFE,
        }
        return self._sign(claims | other)

    def openid(self) -> Json:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": "https://invalid.botframework.com",
            "jwks_uri": f"{self._openid_base}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        }

    def jwks(self) -> Json:
        public: Json = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        described = {"use": "sig", "kid": self._keys.key_id, "x5t": self._keys.key_id}
        return {"keys": [public | described | {"alg": "RS256", "endorsements": ["msteams"]}]}

    # ── from the bot ──
    def connector_token(self, audience: str = CONNECTOR) -> str:
        now = int(self._clock())
        claims = {"aud": audience, "iss": self.issuer, "appid": cast.TEAMS_APP, "tid": cast.TENANT}
        return self._sign(claims | {"nbf": now - 5, "exp": now + LIFE})

    def is_bot(self, authorization: str, audience: str = CONNECTOR) -> bool:
        """A token of ours for this audience, and not one that we sent to the bot ourselves."""
        scheme, _, token = authorization.partition(" ")
        if scheme != "Bearer":
            return False
        try:
            claims = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=["RS256"],
                audience=audience,
                issuer=self.issuer,
                options={"verify_exp": False, "verify_nbf": False},
            )
        except jwt.InvalidTokenError:
            return False
        return claims.get("appid") == cast.TEAMS_APP and float(claims.get("exp", 0)) > self._clock()

    async def login(self, request: web.Request) -> web.StreamResponse:
        """Entra's client-credentials grant: one id, one secret, a token for Graph or for the Connector."""
        try:
            form = dict(parse_qsl((await read_body(request, 16 * 1024)).decode(errors="replace")))
        except TooLarge:
            return _refused("invalid_request", 413)
        if form.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type", 400)
        secret = form.get("client_secret", "").encode()
        ours = hmac.compare_digest(secret, self._keys.teams_password.encode())
        if not ours or form.get("client_id") != cast.TEAMS_APP:
            return _refused("invalid_client", 401)
        scope = form.get("scope", "")
        return web.json_response(
            {
                "token_type": "Bearer",
                "expires_in": LIFE - 1,
                "ext_expires_in": LIFE - 1,
                "access_token": self.connector_token(GRAPH if scope.startswith(f"{GRAPH}/") else CONNECTOR),
            }
        )

    def _sign(self, claims: Json) -> str:
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._keys.key_id})


def _refused(code: str, status: int) -> web.Response:
    return web.json_response(
        {"error": code, "error_description": "The stand-in refuses this login."}, status=status
    )
