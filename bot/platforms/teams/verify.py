"""Is this activity from Teams, and for us? Every doubt is `Unverified`, which is 401 and nothing else."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from bot.errors import Unverified
from bot.platforms.teams.hosts import is_loopback, may_be_called
from bot.platforms.teams.keys import SigningKeys
from bot.platforms.teams.payload import header, parse, require_json

ALGORITHMS = ["RS256"]
LEEWAY = 300
LONGEST_TOKEN = 16_384
REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Caller:
    """What a good token says: whom we may answer, until when, and for which channels it may speak."""

    service_url: str
    expires: float
    channels: frozenset[str]


class Verifier:
    """The token first, on its own; only then is the body opened and held against it.

    Teams sends one token for about an hour, so a token that passed is remembered by its hash and
    the RSA step skipped until it expires, or until the keys change.
    """

    def __init__(self, keys: SigningKeys, *, issuer: str, app_id: str, loopback: bool) -> None:
        self._keys = keys
        self._issuer = issuer
        self._app_id = app_id
        self._loopback = loopback
        self._remembered: dict[bytes, Caller] = {}
        self._generation = keys.generation

    async def __call__(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        require_json(headers)
        caller = await self.caller(header(headers, "Authorization"))
        payload = parse(body)
        self.match(caller, payload.get("serviceUrl"), payload.get("channelId"))
        return payload

    async def caller(self, authorization: str) -> Caller:
        token = bearer(authorization)
        known = self._recall(token)
        if known is not None:
            return known
        caller = await self._check(token)
        self._remember(token, caller)
        return caller

    def match(self, caller: Caller, service_url: object, channel: object) -> None:
        """The token must be for this very activity, and its address one that we may call."""
        if not isinstance(service_url, str) or service_url != caller.service_url:
            raise Unverified("The token is for another service address.")
        if not isinstance(channel, str) or channel not in caller.channels:
            raise Unverified("The token's key may not speak for this channel.")
        if not may_be_called(service_url, loopback=self._loopback):
            raise Unverified("The service address is not one of the Bot Connector's.")

    async def _check(self, token: str) -> Caller:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise Unverified("The token cannot be read.") from None
        key = await self._keys.find(kid) if isinstance(kid, str) else None
        if key is None:
            raise Unverified("The token is signed with a key that is not known.")
        try:
            claims = jwt.decode(
                token,
                key.public,
                algorithms=ALGORITHMS,
                audience=self._app_id,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "iss", "aud"]},
            )
            expires = float(claims["exp"])
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            raise Unverified("The token is not valid.") from None
        service_url = claims.get("serviceurl")
        if not isinstance(service_url, str):
            raise Unverified("The token names no service address.")
        return Caller(service_url, expires, key.endorsements)

    def _recall(self, token: str) -> Caller | None:
        self._follow_the_keys()
        caller = self._remembered.get(_digest(token))
        return caller if caller and time.time() < caller.expires + LEEWAY else None

    def _remember(self, token: str, caller: Caller) -> None:
        self._follow_the_keys()
        while len(self._remembered) >= REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[_digest(token)] = caller

    def _follow_the_keys(self) -> None:
        """A key that Microsoft has withdrawn vouches for nothing any more."""
        if self._generation != self._keys.generation:
            self._generation = self._keys.generation
            self._remembered.clear()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or not token.isascii():
        raise Unverified("A bearer token is missing.")
    if len(token) > LONGEST_TOKEN:
        raise Unverified("The token is too long.")
    return token


def verify_anonymous(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Microsoft's Agents Playground sends no token: believed only when everything is on this machine.

    A web page open in somebody's browser is on this machine too, so the host that was asked for
    and the page that asked (if one did) must be local names as well.
    """
    require_json(headers)
    if not is_loopback("http://" + header(headers, "Host")):
        raise Unverified("Without a token, only this machine is answered.")
    origin = header(headers, "Origin")
    if origin and not is_loopback(origin):
        raise Unverified("Without a token, no web page is answered.")
    payload = parse(body)
    service_url = payload.get("serviceUrl")
    if not isinstance(service_url, str) or not is_loopback(service_url):
        raise Unverified("Without a token, only this machine is called back.")
    return payload
