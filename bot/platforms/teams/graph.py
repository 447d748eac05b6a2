"""Microsoft Graph: who is in an Entra group, and whose manager somebody is.

One host, no redirects, no page from elsewhere; with a token of the app's own for the tenant asked about.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
import orjson

from bot.errors import PlatformError
from bot.net import RefusedCall, TooLarge, read_limited
from bot.platforms.teams.connector import CONNECT, retry_after
from bot.platforms.teams.hosts import is_loopback
from bot.platforms.teams.people import verified_email
from bot.platforms.teams.tokens import Tokens, tokens
from bot.settings import Settings

GRAPH = "Microsoft Graph"
DEADLINE = 8.0  # seconds for all pages together
LARGEST_ANSWER = 1 << 20
MOST_MEMBERS, MOST_PAGES, MOST_TENANTS = 500, 20, 1000
PATIENCE = 60.0  # seconds for which it is left alone where it does not say how long
GROUPS_NEED, MANAGERS_NEED = "GroupMember.Read.All", "User.Read.All"

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SELECT = "id,accountEnabled,mail,userPrincipalName"


class NotGranted(PlatformError):
    """We may not ask this. The message says what an administrator has to grant."""

    def __init__(self, permission: str) -> None:
        super().__init__(
            GRAPH,
            f"does not let me see this: an administrator of Entra has to grant the app {permission}"
            " (an application permission, with admin consent)",
        )


class Graph:
    """`tokens_of` gives the tokens for one Entra tenant. Asked to slow down, it asks nothing meanwhile."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base: str,
        tokens_of: Callable[[str], Tokens],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._base = base.rstrip("/")
        self._tokens_of = tokens_of
        self._clock = clock
        self._tokens: dict[str, Tokens] = {}
        self._not_before: dict[str, float] = {}

    async def members(self, tenant: str, group: str) -> tuple[str, ...] | None:
        """The object ids of the people in it, also by way of groups within; None where there is no such
        group. Whose account is switched off is left out."""
        path = f"/v1.0/groups/{quote(_guid(group), safe='')}/transitiveMembers/microsoft.graph.user"
        url: str = f"{self._base}{path}?{urlencode({'$select': _SELECT, '$count': 'true', '$top': '200'})}"
        found: dict[str, None] = {}
        async with _in_time():
            for _ in range(MOST_PAGES):
                answer = await self._get(tenant, url, GROUPS_NEED)
                if answer is None:
                    return None
                found |= dict.fromkeys(_people(answer))
                url = self._next(answer)
                if not url or len(found) >= MOST_MEMBERS:
                    break
        return tuple(found)[:MOST_MEMBERS]

    async def manager(self, tenant: str, user: str) -> tuple[str, str] | None:
        """Their manager's object id and verified address; None where they have none. `user` is an object
        id or a sign-in name."""
        if not (_GUID.fullmatch(user) or ("@" in user and len(user) <= 320)):
            return None
        url = f"{self._base}/v1.0/users/{quote(user, safe='@')}/manager?{urlencode({'$select': _SELECT})}"
        async with _in_time():
            answer = await self._get(tenant, url, MANAGERS_NEED)
        match answer:
            case {"accountEnabled": False}:
                return None
            case {"id": str(id), **more} if _GUID.fullmatch(id):
                mail, principal = str(more.get("mail") or ""), str(more.get("userPrincipalName") or "")
                return id.lower(), "" if "#ext#" in principal.lower() else verified_email(mail, principal)
            case _:
                return None

    def _next(self, answer: Mapping[str, Any]) -> str:
        """The next page, which is believed only where it is at the same place: our token goes along."""
        link = answer.get("@odata.nextLink")
        if link is None:
            return ""
        here, there = urlsplit(self._base), urlsplit(link if isinstance(link, str) else "")
        same = (here.scheme, here.netloc) == (there.scheme, there.netloc)
        if not same or not there.path.startswith(f"{here.path}/v1.0/groups/") or there.fragment:
            raise PlatformError(GRAPH, "named a next page that is not its own, so it was not asked for")
        return str(link)

    async def _get(self, tenant: str, url: str, permission: str) -> Mapping[str, Any] | None:
        """None for 404."""
        left = self._not_before.get(tenant, 0.0) - self._clock()
        if left > 0:
            raise PlatformError(
                GRAPH, "asked us to slow down", retryable=True, retry_after=left, limited=True
            )
        held = self._held(tenant)
        token = await held.get()
        headers = {"Authorization": f"Bearer {token}", "ConsistencyLevel": "eventual"}
        status, answered, body = await self._send(url, headers)
        match status:
            case 200:
                return _json(body)
            case 404:
                return None
            case 401:
                held.forget(token)
                raise PlatformError(GRAPH, "did not accept our credentials", retryable=True)
            case 403:
                raise NotGranted(permission)
            case 429 | 503:
                wait = retry_after(answered)
                self._not_before[tenant] = self._clock() + (PATIENCE if wait is None else wait)
                raise PlatformError(
                    GRAPH, "asked us to slow down", retryable=True, retry_after=wait, limited=True
                )
        raise PlatformError(GRAPH, f"answered {status}", retryable=status >= 500)

    async def _send(self, url: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        timeout = aiohttp.ClientTimeout(total=DEADLINE, sock_connect=CONNECT)
        try:
            async with self._session.get(
                url, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                return response.status, response.headers, await read_limited(response, LARGEST_ANSWER)
        except TooLarge:
            raise PlatformError(GRAPH, "answered at too great length") from None
        except RefusedCall:
            raise PlatformError(GRAPH, "led elsewhere, so nothing was sent there") from None
        except (TimeoutError, aiohttp.ClientError, OSError):
            raise PlatformError(GRAPH, "did not answer", retryable=True) from None

    def _held(self, tenant: str) -> Tokens:
        if tenant not in self._tokens:
            while len(self._tokens) >= MOST_TENANTS:
                del self._tokens[next(iter(self._tokens))]
            self._tokens[tenant] = self._tokens_of(_guid(tenant))
        return self._tokens[tenant]


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """All pages within one deadline, told as our kind of error."""
    try:
        async with asyncio.timeout(DEADLINE):
            yield
    except TimeoutError:
        raise PlatformError(GRAPH, "did not answer in time", retryable=True) from None


def _guid(text: str) -> str:
    if not _GUID.fullmatch(text):
        raise PlatformError(GRAPH, "is asked by object ids only")
    return text.lower()


def _people(answer: Mapping[str, Any]) -> list[str]:
    listed = answer.get("value")
    if not isinstance(listed, list):
        raise PlatformError(GRAPH, "answered in no shape that is known")
    return [
        each["id"].lower()
        for each in listed
        if isinstance(each, dict)
        and isinstance(each.get("id"), str)
        and _GUID.fullmatch(each["id"])
        and each.get("accountEnabled") is not False
    ]


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise PlatformError(GRAPH, "answered in no shape that is known")
    return answer


def connect(settings: Settings, session: aiohttp.ClientSession) -> Graph:
    """At Microsoft; beside the sandbox's login where TEAMS_LOGIN_URL names one on this machine."""
    base = address(settings)
    return Graph(
        session, base, lambda tenant: tokens(settings, session, scope=base_scope(base), tenant=tenant)
    )


def address(settings: Settings) -> str:
    """Azure Government has a Graph of its own."""
    if settings.teams_login_url and is_loopback(settings.teams_login_url):
        return settings.teams_login_url.rstrip("/").removesuffix("/login") + "/graph"
    issuer = urlsplit(settings.teams_issuer).hostname or ""
    return "https://graph.microsoft.us" if issuer.endswith(".us") else "https://graph.microsoft.com"


def base_scope(base: str) -> str:
    """What a token for Graph is asked for by; the sandbox's is asked for by the real name."""
    return "https://graph.microsoft.com" if is_loopback(base) else base
