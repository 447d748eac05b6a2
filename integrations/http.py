"""The one way out over HTTP for the vendors' blocking clients.

A session speaks to one origin and nowhere else. It follows no redirect, takes no credentials
or proxy from the environment, reads no more than it was told to, connects to public addresses
only (or, for a sandbox, to this machine only; or, where the operator says so, inside as well),
and ends within a total time.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
)

from integrations.addresses import is_this_machine as is_this_machine

LOOPBACK_NAMES = frozenset({"127.0.0.1", "::1", "localhost"})
TOTAL = 20.0
CONNECT = 3.05
LARGEST_ANSWER = 5 << 20

# Some Python calls these global, and each can lead to a private address or to nowhere good:
# NAT64, 6to4, protocol assignments with Teredo, site-local, IPv4 in disguise, the 6to4 relay.
_NOT_REALLY_GLOBAL = tuple(
    ipaddress.ip_network(net)
    for net in (
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/23",
        "fec0::/10",
        "::/96",
        "3fff::/20",
        "5f00::/16",
        "192.0.0.0/24",
        "192.88.99.0/24",
    )
)

_INSIDE = tuple(
    ipaddress.ip_network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
# A cloud's machine tells its own credentials there to whoever asks.
_METADATA = frozenset({ipaddress.ip_address("fd00:ec2::254"), ipaddress.ip_address("100.100.100.200")})


class AddressRefused(OSError):
    """A name led to an address that we do not talk to."""


class RedirectRefused(requests.RequestException):
    """The service sent us elsewhere; what it did with the request is unknown."""


class AnswerRefused(requests.RequestException):
    """The answer is larger than we read, or encoded though we asked for it plain."""


class DeadlineReached(requests.exceptions.ReadTimeout):
    """The call took longer than its total time, however busily bytes were dripping in."""


def is_public(address: str) -> bool:
    """May we connect there? Only to what is on the open internet."""
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if any(ip.version == net.version and ip in net for net in _NOT_REALLY_GLOBAL):
        return False
    return ip.is_global and not ip.is_multicast


def is_inside(address: str) -> bool:
    """May we connect there where private addresses are allowed? Link-local ones never are."""
    if is_public(address) or is_this_machine(address):
        return True
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip not in _METADATA and any(ip.version == net.version and ip in net for net in _INSIDE)


def origin_of(base: str, *, inside: bool = False) -> tuple[str, bool]:
    """The origin of a configured address, and whether it is on this machine.

    Raises ValueError for anything but https, or http on loopback (with `inside`: anywhere), and
    for a user name in it.
    """
    parts = urlsplit(base)
    host = parts.hostname or ""
    local = host in LOOPBACK_NAMES
    if not host or parts.username is not None or parts.password is not None:
        raise ValueError("an address is https://host, without a user name")
    if parts.scheme != "https" and not ((local or inside) and parts.scheme == "http"):
        raise ValueError("an address begins with https:// (http:// only on this machine)")
    name = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.scheme}://{name}{port}/", local


def open_session(
    base: str, *, total: float = TOTAL, largest: int = LARGEST_ANSWER, inside: bool = False
) -> requests.Session:
    """A session for one service. Give it to the vendor's client; it may be shared by threads.

    `inside`: the operator allowed private addresses, so the name may lead to one, or to this machine.
    """
    origin, local = origin_of(base, inside=inside)
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["Accept-Encoding"] = "identity"
    session.adapters.clear()
    session.mount(origin, Door(total=total, largest=largest, local=local, inside=inside))
    return session


_ends: ContextVar[float] = ContextVar("ends", default=float("inf"))


@contextlib.contextmanager
def budget(seconds: float) -> Iterator[None]:
    """All calls within end in time, together. A call for which no time is left is never sent."""
    token = _ends.set(min(_ends.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ends.reset(token)


# ── below: requests' transport ───────────────────────────────────────────────────────────


class _Calls(threading.local):
    """The connection that this thread's call is using, for the watch to cut."""

    watch: _Watch | None = None


_calls = _Calls()


class _Watch:
    """Cuts the connection when the time is up, so that dripping headers end too."""

    def __init__(self, total: float) -> None:
        self.end = time.monotonic() + total
        self.rang = False
        self._connection: HTTPConnection | None = None
        self._timer = threading.Timer(total, self._ring)
        self._timer.daemon = True

    def watch(self, connection: HTTPConnection) -> None:
        self._connection = connection

    def _ring(self) -> None:
        self.rang = True
        sock = self._connection.sock if self._connection is not None else None
        if sock is not None:
            with contextlib.suppress(OSError):
                # The plain socket's own shutdown: TLS's would drop its state under the reader.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        _calls.watch = self
        self._timer.start()
        try:
            yield
        finally:
            self._timer.cancel()
            _calls.watch = None


def _dial(connection: HTTPConnection, local: bool, inside: bool = False) -> socket.socket:
    """Connect to the first address that we may talk to; the check is on the address itself."""
    timeout = connection.timeout if isinstance(connection.timeout, int | float) else CONNECT
    try:
        found = socket.getaddrinfo(connection.host, connection.port, 0, socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        reason = error if isinstance(error, socket.gaierror) else socket.gaierror("not a name")
        raise NameResolutionError(connection.host, connection, reason) from error
    allowed = is_inside if inside else is_this_machine if local else is_public
    failure: OSError = AddressRefused("the name leads to no address that we talk to")
    for family, kind, protocol, _, address in found:
        if not allowed(str(address[0])):
            continue
        left = _calls.watch.end - time.monotonic() if _calls.watch is not None else timeout
        if left <= 0:
            failure = TimeoutError()
            break
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(min(timeout, left))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            sock.settimeout(timeout)
            return sock
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, "connect time-out") from failure
    raise NewConnectionError(connection, type(failure).__name__) from failure


class _Watched(HTTPConnection):
    """Dials our way, and shows itself to the watch of the call that uses it."""

    local = False
    inside = False

    def _new_conn(self) -> socket.socket:
        self._show()
        return _dial(self, self.local, self.inside)

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._show()
        super().request(*args, **kwargs)

    def _show(self) -> None:
        if _calls.watch is not None:
            _calls.watch.watch(self)


class _WatchedLocal(_Watched):
    local = True


class _WatchedInside(_Watched):
    inside = True


class _Secure(_Watched, HTTPSConnection):
    pass


class _SecureLocal(_WatchedLocal, HTTPSConnection):
    pass


class _SecureInside(_WatchedInside, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _PoolLocal(HTTPConnectionPool):
    ConnectionCls = _WatchedLocal


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _SecurePoolLocal(HTTPSConnectionPool):
    ConnectionCls = _SecureLocal


class _PoolInside(HTTPConnectionPool):
    ConnectionCls = _WatchedInside


class _SecurePoolInside(HTTPSConnectionPool):
    ConnectionCls = _SecureInside


class Door(HTTPAdapter):
    """One try, one origin, one total time."""

    def __init__(self, *, total: float, largest: int, local: bool, inside: bool = False) -> None:
        self.total, self.largest, self.local, self.inside = total, largest, local, inside
        super().__init__(max_retries=0, pool_maxsize=20)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        pools: dict[str, Any] = {"http": _Pool, "https": _SecurePool}
        if self.inside:
            pools = {"http": _PoolInside, "https": _SecurePoolInside}
        elif self.local:
            pools = {"http": _PoolLocal, "https": _SecurePoolLocal}
        self.poolmanager.pool_classes_by_scheme = cast(Any, pools)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["stream"] = True
        left = min(self.total, _ends.get() - time.monotonic())
        if left <= 0:
            raise requests.ConnectTimeout("no time left", request=request)
        watch = _Watch(left)
        with watch.on():
            try:
                response = super().send(request, **kwargs)
                if 300 <= response.status_code < 400:
                    response.close()
                    raise RedirectRefused("redirect refused", request=request)
                body = self._read(response, watch)
            except (requests.RequestException, HTTPError, OSError) as error:
                if watch.rang and not isinstance(error, DeadlineReached):
                    raise DeadlineReached("total time is up", request=request) from error
                if isinstance(error, requests.RequestException):
                    raise
                raise requests.ConnectionError(error, request=request) from error
        response._content = body
        response._content_consumed = True  # type: ignore[attr-defined]  # requests' own flag, untyped
        return response

    def _read(self, response: requests.Response, watch: _Watch) -> bytes:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            response.close()
            raise AnswerRefused("encoded answer refused", request=response.request)
        body = bytearray()
        while chunk := response.raw.read1(65536, decode_content=False):
            body += chunk
            if len(body) > self.largest:
                response.close()
                raise AnswerRefused("answer too large", request=response.request)
            if time.monotonic() > watch.end:
                response.close()
                raise DeadlineReached("total time is up", request=response.request)
        if watch.rang:
            raise DeadlineReached("total time is up", request=response.request)
        response.raw.release_conn()
        return bytes(body)
