"""A small Bot Connector: keeps what it is sent, and misbehaves as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import net
from bot.platforms.teams import connect
from bot.platforms.teams.client import TeamsClient
from bot.turn import Account, Place
from tests.bot.platforms.teams.stand import ADA, TENANT, settings


@dataclass
class Call:
    method: str
    path: str
    query: str
    authorization: str
    body: Any


@dataclass
class Connector:
    """`answers` are given one after another, (status, headers, body); afterwards all is well."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)
    logins: int = 0
    hang: bool = False
    drop: bool = False
    members: dict[str, Any] = field(default_factory=dict)
    login_answer: Any = None
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def last(self) -> Call:
        return self.calls[-1]

    def place(self, channel: str = "a:ada", thread: str | None = None, *, private: bool = False) -> Place:
        return Place("teams", TENANT, channel, thread, via=self.url, private=private)

    async def login(self, request: web.Request) -> web.Response:
        self.logins += 1
        form = await request.post()
        assert form["grant_type"] == "client_credentials"
        return web.json_response(
            self.login_answer or {"access_token": f"token-{self.logins}", "expires_in": 3600}
        )

    async def connector(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        sent = request.headers.get("Authorization", "")
        self.calls.append(Call(request.method, request.path, request.query_string, sent, body))
        if self.hang:
            await self.let_go.wait()
        if self.drop:
            assert request.transport is not None
            request.transport.close()
        if self.answers:
            status, headers, answer = self.answers.pop(0)
            if isinstance(answer, (dict, list)):
                return web.json_response(answer, status=status, headers=headers)
            return web.Response(status=status, headers=headers, text=answer or "")
        return web.json_response(self._good(request), status=201)

    def _good(self, request: web.Request) -> Any:
        if "/members/" in request.path:
            return self.members.get(request.path.rpartition("/")[2], {})
        return {"id": "1767000000099"} if request.path.endswith("/activities") else {"id": "a:new"}


@asynccontextmanager
async def a_connector(**values: Any) -> AsyncIterator[tuple[Connector, TeamsClient]]:
    """The stand-in, and a client that thinks it is the sandbox."""
    stand = Connector()
    app = web.Application()
    app.router.add_post("/login", stand.login)
    app.router.add_route("*", "/teams/{rest:.*}", stand.connector)
    async with TestServer(app) as server, net.session(allow_loopback=True) as session:
        stand.url = str(server.make_url("/teams/"))
        given = {"teams_login_url": str(server.make_url("/login")), "microsoft_app_password": "app-secret"}
        yield stand, connect(settings(**(given | values)), session)
        stand.let_go.set()


ACCOUNT = Account("teams", TENANT, ADA)


def bare_session() -> aiohttp.ClientSession:
    """Without `bot.net`'s own guards, to see that the client's hold by themselves."""
    return aiohttp.ClientSession()
