"""Fetches a file that somebody sent: from the platform's own hosts, within a size and a time.

The address comes with the message, so it is as untrusted as the words: it is checked before anything
is called, our token goes to the hosts that are the platform's and to no other, and no redirect is
followed with it or without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import aiohttp

from bot.net import MIB, RefusedAddress, RefusedCall, TooLarge, host_matches, read_limited
from bot.settings import LOOPBACK, is_sandbox
from bot.turn import Attached

LARGEST = 20 * MIB
SECONDS = 40.0  # for one file, its first byte to its last
CONNECT = 5.0
MOST = 5  # files of one message that are looked at
MOST_NAMED = 20  # that are noted at all
LONGEST_NAME = 200
LONGEST_ADDRESS = 4_000


class NotFetched(Exception):
    """It could not be had, and why, in words for whoever sent it. `again`: a second try may help."""

    def __init__(self, problem: str, *, again: bool = False) -> None:
        super().__init__(problem)
        self.again = again


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where a platform keeps files: exact names, or ".example.com" for all below it.

    `open` take no token, because their addresses are their own key. `sandbox` is the one origin on
    this machine ("http://127.0.0.1:3000") that stands in for all of them, empty for the real ones.
    """

    trusted: Collection[str]
    open: Collection[str] = ()
    sandbox: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """`media` is what the server called it, which is a hint and no more."""

    data: bytes
    media: str


class Source(Protocol):
    """Where one platform's files come from. Raises `NotFetched` and nothing else."""

    async def known(self, workspace: str, file: Attached) -> Attached:
        """With all that the platform tells of it by now: where it is, and what it heard in it."""
        ...

    async def fetch(self, workspace: str, url: str) -> Fetched: ...


def origin(url: str) -> str:
    """Of an address on this machine, for `Hosts.sandbox`; empty for any other."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if url and is_sandbox(url) else ""


def may_fetch(url: str, hosts: Hosts) -> bool:
    """Whether our token goes along. Raises `NotFetched` for an address that is not called at all."""
    refused = NotFetched("its address is not one of the platform's own, so I did not fetch it")
    if not 0 < len(url) <= LONGEST_ADDRESS or not url.isascii():
        raise refused
    if any(each <= " " or each in '\\"<>^`{|}' for each in url):
        raise refused
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise refused from None
    if parts.username is not None or parts.password is not None:
        raise refused
    if host in LOOPBACK:
        if hosts.sandbox and f"{parts.scheme}://{parts.netloc}" == hosts.sandbox:
            # Of a stand-in, what is open there is told by its path.
            return "/open/" not in parts.path
        raise refused
    if hosts.sandbox or parts.scheme != "https" or port not in (None, 443):
        raise refused
    if host_matches(host, hosts.trusted):
        return True
    if host_matches(host, hosts.open):
        return False
    raise refused


async def fetch(
    session: aiohttp.ClientSession,
    url: str,
    hosts: Hosts,
    token: str,
    *,
    largest: int = LARGEST,
    seconds: float = SECONDS,
) -> Fetched:
    """The whole file. `session` is one of `bot.net`: public addresses only, no redirects.

    Raises `NotFetched`; no text of it holds the address or the token.
    """
    trusted = may_fetch(url, hosts)
    headers = {"Authorization": f"Bearer {token}"} if trusted and token else {}
    try:
        async with asyncio.timeout(seconds):
            return await _whole(session, url, headers, largest, seconds)
    except TooLarge:
        raise NotFetched(too_large(largest)) from None
    except RefusedCall:
        raise NotFetched("its address led elsewhere, so I did not follow it") from None
    except RefusedAddress:
        raise NotFetched("its address is not one that I may call") from None
    except TimeoutError:
        raise NotFetched("it took too long to fetch: please send it again", again=True) from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if isinstance(error.__cause__, RefusedAddress) or isinstance(error.__context__, RefusedAddress):
            raise NotFetched("its address is not one that I may call") from None
        raise NotFetched("it broke off while I fetched it: please send it again", again=True) from None


async def _whole(
    session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], largest: int, seconds: float
) -> Fetched:
    from yarl import URL

    timeout = aiohttp.ClientTimeout(total=seconds, connect=CONNECT, sock_connect=CONNECT)
    address = URL(url, encoded=True)  # a signed address is called as it was written, or not at all
    async with session.get(address, headers=headers, timeout=timeout, allow_redirects=False) as response:
        if 300 <= response.status < 400:
            raise NotFetched("its address led elsewhere, so I did not follow it")
        if response.status != 200:
            raise refusal(response.status)
        data = await read_limited(response, largest)
        return Fetched(data, response.headers.get("Content-Type", "")[:200].lower())


def refusal(status: int) -> NotFetched:
    match status:
        case 401 | 403:
            return NotFetched("I may not open it: the right to read files is missing here")
        case 404 | 410:
            return NotFetched("it is not there any more: please send it again")
        case 429 | 500 | 502 | 503 | 504:
            return NotFetched("the platform did not hand it out just now: please send it again", again=True)
        case _:
            return NotFetched("the platform did not hand it out")


def too_large(largest: int = LARGEST) -> str:
    return f"it is larger than {largest // MIB} MB, which is as much as I read"
