"""The one factory for outgoing HTTP: public addresses, https, no redirects, limits on time and size.

The address is checked where the socket is made, after every look-up and for every literal, so
that neither a name that points inside nor one that changes its mind (rebinding) is reached.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable
from contextvars import ContextVar
from typing import Any

import aiohttp
from yarl import URL

from bot.net_address import is_loopback, is_public
from bot.settings import LOOPBACK

MIB = 1024 * 1024
MOST_BYTES = 5 * MIB
_ENCRYPTED = frozenset({"https", "wss"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

_may_be_loopback: ContextVar[bool] = ContextVar("may_be_loopback", default=False)


class RefusedCall(aiohttp.ClientError):
    """We did not make the call, or do not use its answer. Says which host, never the whole address."""


class RefusedAddress(OSError):
    """The name led to an address that is not on the public internet."""


class TooLarge(RefusedCall):
    """The answer has more bytes than we read."""


def session(
    *,
    allow_loopback: bool = False,
    hosts: Collection[str] | None = None,
    total: float = 10.0,
    connect: float = 3.0,
    connections: int = 100,
    most_bytes: int = MOST_BYTES,
    headers: dict[str, str] | None = None,
) -> aiohttp.ClientSession:
    """A session for calls to the outside; close it when done.

    `allow_loopback` is for the sandbox: it admits http, and only where the address itself says
    127.0.0.1, ::1 or localhost. `hosts` given: no other host is called at all (exact names, or
    ".example.com" for all below it). Pass it wherever the session's calls carry a token.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            socket_factory=_guarded_socket, limit=connections, use_dns_cache=True, ttl_dns_cache=60
        ),
        timeout=aiohttp.ClientTimeout(total=total, connect=connect, sock_connect=connect),
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
        middlewares=(_guard(allow_loopback, hosts),),
        response_class=_limited(most_bytes),
        max_line_size=16 * 1024,
        max_field_size=16 * 1024,
        raise_for_status=False,
    )


def check_host(address: str, hosts: Collection[str], *, allow_loopback: bool = False) -> str:
    """The address, if a request with a token may go there; raises `RefusedCall` otherwise.

    For an address that came from outside (a serviceUrl, a response_url), before it is used.
    """
    try:
        url = URL(address)
    except ValueError:
        raise RefusedCall("An address that cannot be read was refused.") from None
    _check(url, allow_loopback, hosts)
    return address


def host_matches(host: str, hosts: Iterable[str]) -> bool:
    """Exact names, and ".example.com" for all below example.com (not for itself)."""
    host = host.lower().rstrip(".")
    return any(host.endswith(one) and host != one if one.startswith(".") else host == one for one in hosts)


async def read_limited(response: aiohttp.ClientResponse, cap: int = MOST_BYTES) -> bytes:
    """The body, counted after decompression; raises `TooLarge` and closes beyond `cap` bytes."""
    announced = response.content_length
    if announced is not None and announced > cap:
        response.close()
        raise TooLarge(f"{response.url.host} announced more than {cap} bytes.")
    parts: list[bytes] = []
    size = 0
    async for piece in response.content.iter_chunked(64 * 1024):
        size += len(piece)
        if size > cap:
            response.close()
            raise TooLarge(f"{response.url.host} sent more than {cap} bytes.")
        parts.append(piece)
    return b"".join(parts)


def _check(url: URL, allow_loopback: bool, hosts: Collection[str] | None) -> bool:
    """Whether the address names this machine; raises `RefusedCall` where it may not be called."""
    host = url.host or ""
    local = allow_loopback and host in LOOPBACK
    if url.scheme not in _ENCRYPTED and not (local and url.scheme in ("http", "ws")):
        raise RefusedCall(f"Only https is called; {host or 'this address'} was asked for by another scheme.")
    if url.user is not None or url.password is not None:
        raise RefusedCall(f"An address with a user name in it was refused ({host}).")
    if hosts is not None and not local and not host_matches(host, hosts):
        raise RefusedCall(f"{host} is not a host that this call may go to.")
    return local


def _guard(allow_loopback: bool, hosts: Collection[str] | None) -> aiohttp.ClientMiddlewareType:
    allowed = None if hosts is None else frozenset(host.lower() for host in hosts)

    async def guard(
        request: aiohttp.ClientRequest, call: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        local = _check(request.url, allow_loopback, allowed)
        before = _may_be_loopback.set(local)
        try:
            response = await call(request)
        finally:
            _may_be_loopback.reset(before)
        if response.status in _REDIRECTS:
            response.close()
            raise RefusedCall(f"{request.url.host} answered with a redirect, which we never follow.")
        return response

    return guard


def _guarded_socket(found: Any) -> socket.socket:
    """Made for each address that is about to be connected to."""
    family, kind, protocol, _, address = found
    host = str(address[0])
    if not (is_public(host) or (_may_be_loopback.get() and is_loopback(host))):
        raise RefusedAddress("The address is not on the public internet.")
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    return made


def _limited(cap: int) -> type[aiohttp.ClientResponse]:
    class Limited(aiohttp.ClientResponse):
        """`read`, and with it `text` and `json`, stop at the cap."""

        async def read(self) -> bytes:
            if self._body is None:
                try:
                    self._body = await read_limited(self, cap)
                except BaseException:
                    self.close()
                    raise
            return await super().read()

    return Limited
