"""Tokens by OAuth's client credentials: from one pinned address, kept until shortly before their end."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import orjson
import requests

from integrations.errors import IntegrationError, NotConfigured, NotReached
from integrations.http import CONNECT, TOTAL, open_session, origin_of
from integrations.openapi.chosen import Chosen

EARLY = 60.0
LONGEST = 24 * 3600.0
USUAL = 300.0
LARGEST = 64 << 10
LONGEST_TOKEN = 16 << 10

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str
    until: float


class Tokens:
    """One client's token, shared by all threads: who finds it old renews it, the others wait."""

    def __init__(self, chosen: Chosen, clock: Clock = time.monotonic) -> None:
        self._chosen, self._clock = chosen, clock
        self._lock = threading.Lock()
        self._kept: _Kept | None = None
        try:
            _, local = origin_of(chosen.token_url, inside=chosen.inside)
            self._session = open_session(chosen.token_url, largest=LARGEST, inside=chosen.inside)
        except ValueError as error:
            raise NotConfigured(chosen.setting("TOKEN_URL"), f"cannot be used: {error}") from None
        if local and not chosen.inside:
            told = f"is not 1, and {chosen.setting('TOKEN_URL')} is on this machine"
            raise NotConfigured(chosen.setting("ALLOW_PRIVATE"), told)

    def token(self, *, instead_of: str = "") -> str:
        """The one to use now; `instead_of` a token that was refused, unless it was renewed meanwhile."""
        with self._lock:
            kept = self._kept
            if kept is None or kept.until <= self._clock() or kept.token == instead_of:
                self._kept = kept = self._fetched()
            return kept.token

    def _fetched(self) -> _Kept:
        chosen = self._chosen
        form = {"grant_type": "client_credentials"} | ({"scope": chosen.scope} if chosen.scope else {})
        # RFC 6749 2.3.1: both are form-encoded before they are joined.
        pair = f"{quote(chosen.client_id, safe='')}:{quote(chosen.client_secret, safe='')}"
        headers = {
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        try:
            answer = self._session.post(
                chosen.token_url,
                data=urlencode(form),
                headers=headers,
                timeout=(CONNECT, TOTAL),
                allow_redirects=False,
            )
        except requests.RequestException:
            raise NotReached(chosen.name, "could not be asked for a token") from None
        if answer.status_code in (400, 401, 403):
            told = f"does not give us a token: check {chosen.setting('CLIENT_ID')} and its secret"
            raise NotConfigured(chosen.name, told)
        if answer.status_code != 200:
            raise NotReached(chosen.name, f"did not give us a token ({answer.status_code})")
        return self._read(answer.content)

    def _read(self, content: bytes) -> _Kept:
        unreadable: IntegrationError = NotReached(self._chosen.name, "gave us a token that we cannot read")
        try:
            told = orjson.loads(content)
        except ValueError:
            raise unreadable from None
        match told:
            case {"access_token": str(token), **rest} if token.isascii() and token.isprintable() and token:
                if len(token) > LONGEST_TOKEN or " " in token:
                    raise unreadable
                if str(rest.get("token_type", "bearer")).lower() != "bearer":
                    raise unreadable
                given = rest.get("expires_in", USUAL)
                seconds = min(max(float(given), 1.0), LONGEST) if isinstance(given, int | float) else USUAL
                return _Kept(token, self._clock() + max(seconds - EARLY, seconds / 2))
            case _:
                raise unreadable
