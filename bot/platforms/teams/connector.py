"""One call to the Bot Connector, and what its refusals mean in our family of errors."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
import orjson

from bot.errors import PlatformError
from bot.net import RefusedCall, TooLarge, read_limited
from bot.platforms.streaming import StreamOver, StreamStopped
from bot.platforms.teams.hosts import is_loopback, may_be_called
from bot.platforms.teams.limits import MESSAGE_UTF16_BYTES
from bot.platforms.teams.render import encode
from bot.platforms.teams.tokens import Tokens

DEADLINE = 10.0
CONNECT = 4.0
LARGEST_ANSWER = 1 << 20
LONGEST_WAIT = 3600.0

# The person blocked us, or we were taken out of the conversation.
_GONE = frozenset({"MessageWritesBlocked", "BotNotInConversationRoster", "ConversationBlockedByUser"})
_WORTH_RETRYING = frozenset({408, 412, 429, 500, 502, 503, 504})


class Connector:
    """Sends JSON to a serviceUrl with our token, and to no other host than Teams' own.

    The real token never goes to this machine: `sandbox` says that the token is the sandbox's.
    `tokens` None: the Agents Playground, on this machine, which wants none.
    """

    def __init__(self, session: aiohttp.ClientSession, tokens: Tokens | None, *, sandbox: bool) -> None:
        self._session = session
        self._tokens = tokens
        self._sandbox = sandbox

    async def call(
        self,
        method: str,
        via: str,
        path: tuple[str, ...],
        body: Mapping[str, Any] | None = None,
        query: str = "",
    ) -> Any:
        """The parsed answer, None where it is empty."""
        url = self._url(via, path) + query
        data = None if body is None else _within_limit(encode(body))
        token = await self._token(via)
        headers = {"Content-Type": "application/json"} if data is not None else {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        status, answer_headers, answer = await self._send(method, url, headers, data)
        if 200 <= status < 300:
            return _json(answer)
        if status == 401 and token and self._tokens:
            self._tokens.forget(token)
        raise refusal(status, answer_headers, answer, repeatable=method != "POST")

    def _url(self, via: str, path: tuple[str, ...]) -> str:
        if not may_be_called(via, loopback=self._sandbox or self._tokens is None):
            raise PlatformError("Teams", "named an address that is not its own, so nothing was sent there")
        return via.rstrip("/") + "".join("/" + quote(part, safe=":@;=") for part in path)

    async def _token(self, via: str) -> str:
        if self._tokens is None:
            if not is_loopback(via):
                raise PlatformError("Teams", "needs MICROSOFT_APP_ID before we can answer there")
            return ""
        return await self._tokens.get()

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        timeout = aiohttp.ClientTimeout(total=DEADLINE, sock_connect=CONNECT)
        try:
            async with self._session.request(
                method, url, headers=headers, data=data, timeout=timeout, allow_redirects=False
            ) as response:
                return response.status, response.headers, await read_limited(response, LARGEST_ANSWER)
        except TooLarge:
            raise PlatformError("Teams", "answered at too great length", unknown=method == "POST") from None
        except RefusedCall:
            raise PlatformError("Teams", "led elsewhere, so nothing was sent there") from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
            raise PlatformError("Teams", "could not be reached", retryable=True) from None
        except (TimeoutError, aiohttp.ClientError, OSError):
            # From here on the request may have arrived; what may be repeated is, what may not must be known.
            raise PlatformError("Teams", "did not answer", retryable=True, unknown=method == "POST") from None


def _within_limit(data: bytes) -> bytes:
    if len(data.decode().encode("utf-16-le")) > MESSAGE_UTF16_BYTES:
        raise PlatformError("Teams", "takes no message of that size")
    return data


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body) if body.strip() else None
    except orjson.JSONDecodeError:
        return None


def refusal(status: int, headers: Mapping[str, str], body: bytes, *, repeatable: bool) -> PlatformError:
    """What the answer says is used to choose our words; it is never repeated."""
    if status == 429:
        wait = retry_after(headers)
        return PlatformError("Teams", "asked us to slow down", retryable=True, retry_after=wait, limited=True)
    if status == 401:
        return PlatformError("Teams", "did not accept our credentials", retryable=True)
    if status == 403 and _codes(body) & _GONE:
        return PlatformError("Teams", "no longer lets us write there", gone=True)
    if status == 403 and "ContentStreamNotAllowed" in _codes(body):
        if b"cancel" in body.lower():
            return StreamStopped("Teams", "was told to stop by the person")
        return StreamOver("Teams", "takes nothing more into this message")
    if status == 404:
        return PlatformError("Teams", "no longer has that conversation or message", gone=True)
    if status == 413:
        return PlatformError("Teams", "takes no message of that size")
    if status in _WORTH_RETRYING:
        # Microsoft asks to send again after 412, 502, 503 and 504; a bare 500 leaves it open what was done.
        unknown = status == 500 and not repeatable
        wait = retry_after(headers)
        return PlatformError("Teams", f"answered {status}", retryable=True, retry_after=wait, unknown=unknown)
    return PlatformError("Teams", f"refused the request ({status})")


def _codes(body: bytes) -> set[str]:
    """`error.code` and its sub codes, wherever Teams put them this time."""
    answer = _json(body)
    parts = [answer]
    for name in ("error", "innerHttpError", "innererror"):
        parts += [part[name] for part in parts if isinstance(part, dict) and name in part]
    names = ("code", "subCode", "subcode", "errorCode")
    found = {part[name] for part in parts if isinstance(part, dict) for name in names if name in part}
    return {code for code in found if isinstance(code, str)}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, or a date; never negative, never more than an hour."""
    value = next((text for name, text in headers.items() if name.lower() == "retry-after"), "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if seconds == seconds else None
