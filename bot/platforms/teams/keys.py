"""The public keys Microsoft signs activities with: fetched without blocking, kept a day."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWTError
from jwt.algorithms import RSAAlgorithm

from bot.net import session
from bot.platforms.teams.hosts import is_loopback

KEEP = 24 * 3600.0
KEEP_WHEN_UNREACHABLE = 48 * 3600.0
BETWEEN_UNKNOWN_KIDS = 300.0
BETWEEN_FAILURES = 5.0
DEADLINE = 5.0
LARGEST_DOCUMENT = 1 << 20
SMALLEST_KEY = 2048
MOST_KEYS = 200

Clock = Callable[[], float]
GetJson = Callable[[str], Awaitable[Any]]


class KeysUnreachable(Exception):
    """The key document could not be had; the message holds no part of it."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key, and the channels whose activities it may sign."""

    public: RSAPublicKey
    endorsements: frozenset[str]


class SigningKeys:
    """Looks a key up by its id.

    A day old: fetched anew, and when that fails the old ones serve one day more. An id not among
    them causes a fetch too, so that a key roll is noticed at once, but at most every five
    minutes, so that forged ids cannot make us hammer Microsoft.
    """

    def __init__(
        self, openid_url: str, *, get_json: GetJson | None = None, clock: Clock = time.monotonic
    ) -> None:
        self._url = openid_url
        self._get_json = get_json or get_json_over_http
        self._clock = clock
        self._keys: Mapping[str, SigningKey] = {}
        self._fetched = float("-inf")
        self._asked_for_unknown = float("-inf")
        self._failed = float("-inf")
        self._fetching: asyncio.Task[None] | None = None
        self.generation = 0

    async def find(self, kid: str) -> SigningKey | None:
        before = self.generation
        if self._clock() - self._fetched > KEEP:
            await self._refresh()
        key = self._current().get(kid)
        if key is None and before == self.generation and self._may_ask_for_unknown():
            self._asked_for_unknown = self._clock()
            await self._refresh()
            key = self._current().get(kid)
        return key

    def _current(self) -> Mapping[str, SigningKey]:
        return self._keys if self._clock() - self._fetched <= KEEP_WHEN_UNREACHABLE else {}

    def _may_ask_for_unknown(self) -> bool:
        return self._clock() - self._asked_for_unknown >= BETWEEN_UNKNOWN_KIDS

    async def _refresh(self) -> None:
        """One fetch at a time, shared by all who wait; a failure leaves the old keys in place."""
        if self._fetching is None:
            if self._clock() - self._failed < BETWEEN_FAILURES:
                return
            self._fetching = asyncio.get_running_loop().create_task(self._fetch())
        await asyncio.shield(self._fetching)

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(DEADLINE):
                self._keys = await self._download()
        except (KeysUnreachable, TimeoutError):
            self._failed = self._clock()
        else:
            self._fetched = self._clock()
            self.generation += 1
        finally:
            self._fetching = None

    async def _download(self) -> Mapping[str, SigningKey]:
        document = await self._get_json(self._url)
        keys_url = document.get("jwks_uri") if isinstance(document, dict) else None
        if not isinstance(keys_url, str) or not _may_hold_keys(keys_url, beside=self._url):
            raise KeysUnreachable("the OpenID document names no usable jwks_uri")
        keys = read_keys(await self._get_json(keys_url))
        if not keys:
            raise KeysUnreachable("the key document holds no usable key")
        return keys


def _may_hold_keys(url: str, *, beside: str) -> bool:
    return url.startswith("https://") or (is_loopback(url) and is_loopback(beside))


def read_keys(document: Any) -> dict[str, SigningKey]:
    """The usable RSA keys of a JWKS document by their ids; anything else in it is passed over."""
    found = document.get("keys") if isinstance(document, dict) else None
    pairs = (_read_key(key) for key in (found if isinstance(found, list) else ())[:MOST_KEYS])
    return dict(pair for pair in pairs if pair is not None)


def _read_key(key: Any) -> tuple[str, SigningKey] | None:
    match key:
        case {"kid": str(kid), "kty": "RSA", "endorsements": list(channels)}:
            pass
        case _:
            return None
    try:
        public = RSAAlgorithm.from_jwk({name: key[name] for name in ("kty", "n", "e")})
    except (PyJWTError, KeyError, ValueError, TypeError):
        return None
    if not isinstance(public, RSAPublicKey) or public.key_size < SMALLEST_KEY:
        return None
    return kid, SigningKey(public, frozenset(name for name in channels if isinstance(name, str)))


async def get_json_over_http(url: str) -> Any:
    """One GET without redirects; rare enough (once a day) to need no shared session."""
    here = is_loopback(url)
    try:
        async with (
            session(allow_loopback=here, total=DEADLINE, most_bytes=LARGEST_DOCUMENT) as http,
            http.get(url, allow_redirects=False) as response,
        ):
            if response.status != 200:
                raise KeysUnreachable(f"the key server answered {response.status}")
            return orjson.loads(await response.read())
    except orjson.JSONDecodeError as error:
        raise KeysUnreachable("the key server sent no JSON") from error
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise KeysUnreachable(type(error).__name__) from error
