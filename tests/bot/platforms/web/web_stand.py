"""A lobby, keys and an inbox small enough to read, and a front of the web on a real socket."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from bot.errors import InboxRefused, Unverified
from bot.front import Arrival, Delivery, FrontRunner, create_app
from bot.front_web import add_web
from bot.limits import Limits
from bot.metrics import Metrics
from bot.platforms.web.base import Body, Row, Who
from bot.platforms.web.door import WebDoor
from bot.platforms.web.limits import Pace
from bot.platforms.web.runtime import Hub, address
from bot.reply import Form, Reply
from bot.turn import TenantId

T1, T2 = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
ADA, GRACE, EVE = "mail:ada@example.com", "mail:grace@example.com", "mail:eve@example.com"
OURS = "https://app.example.com"
Json = dict[str, Any]


@dataclass
class FakeKeys:
    """`good` are tokens; what is in `revoked` counts no more."""

    good: dict[str, Who] = field(default_factory=lambda: {
        "ada": Who(T1, ADA, "token:a", 2e9), "grace": Who(T1, GRACE, "token:g", 2e9),
        "eve": Who(T2, EVE, "token:e", 2e9), "ada again": Who(T1, ADA, "token:b", 2e9),
    })  # fmt: skip
    revoked: set[str] = field(default_factory=set)

    async def who(self, token: str) -> Who:
        found = self.good.get(token)
        if found is None or found.credential in self.revoked:
            raise Unverified("No.")
        return found

    async def still(self, who: Who) -> bool:
        return who.credential not in self.revoked


@dataclass
class FakeLobby:
    """Messages by tenant and channel, in the order of their numbers."""

    rows: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    hub: Hub | None = None
    down: bool = False
    reads: int = 0
    quiet: bool = False  # no hint is given

    def put(self, who: Who, channel: str, id: str, kind: str, body: Body) -> int:
        rows = self.rows.setdefault((who.tenant, channel), [])
        before = next((row for row in rows if row.id == id), None)
        number = max((row.seq for row in rows), default=0) + 1
        if before is not None:
            rows.remove(before)
        rows.append(Row(id, number, before.first if before else number, kind, body))
        if self.hub is not None and not self.quiet:
            self.hub.heard({"k": address(who.tenant, channel)})
        return number

    async def said(self, who: Who, channel: str, id: str, body: Body) -> int:
        if self.down:
            raise InboxRefused("down")
        there = next((row for row in self.rows.get((who.tenant, channel), []) if row.id == id), None)
        return there.seq if there else self.put(who, channel, id, "said", body)

    async def unsaid(self, who: Who, channel: str, id: str) -> None:
        rows = self.rows.get((who.tenant, channel), [])
        rows[:] = [row for row in rows if row.id != id]

    async def close_form(self, who: Who, channel: str, id: str) -> None:
        await self.unsaid(who, channel, id)

    async def missed(self, who: Who, channel: str, after: int, most: int) -> list[Row]:
        if self.down:
            raise InboxRefused("down")
        self.reads += 1
        rows = self.rows.get((who.tenant, channel), [])
        return rows[-most:] if after < 0 else [row for row in rows if row.seq > after][:most]

    async def last(self, who: Who, channel: str) -> int:
        return max((row.seq for row in self.rows.get((who.tenant, channel), [])), default=0)

    async def settled(self, who: Who, channel: str) -> bool:
        return True


@dataclass
class FakeInbox:
    stored: dict[str, Arrival] = field(default_factory=dict)
    refuses: bool = False
    reply: Reply | Form | None = None
    tenants: frozenset[str] = frozenset({T1, T2})

    async def tenant_of(self, platform: str, workspace: str) -> TenantId | None:
        return TenantId(workspace) if platform == "web" and workspace in self.tenants else None

    async def put(self, arrival: Arrival) -> bool:
        if self.refuses:
            raise InboxRefused("full")
        new = str(arrival.turn.id) not in self.stored
        self.stored.setdefault(str(arrival.turn.id), arrival)
        return new

    async def put_delivery(self, tenant: TenantId, delivery: Delivery, payload: bytes) -> bool:
        return True

    async def answer(self, arrival: Arrival, budget: float) -> Reply | Form | None:
        return self.reply

    async def ready(self) -> Mapping[str, bool]:
        return {"database": True, "broker": True}

    @property
    def turns(self) -> list[Any]:
        return [each.turn for each in self.stored.values()]


@dataclass
class Stand:
    url: str
    keys: FakeKeys
    lobby: FakeLobby
    inbox: FakeInbox
    hub: Hub
    session: aiohttp.ClientSession

    async def post(self, token: str, body: Any, query: str = "", **headers: str) -> tuple[int, Json]:
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        async with self.session.post(f"{self.url}/chat{query}", data=data, headers=sent) as answer:
            return answer.status, await answer.json()

    @asynccontextmanager
    async def socket(self, **headers: str) -> AsyncIterator[Talking]:
        async with self.session.ws_connect(f"{self.url}/ws", headers=headers, max_msg_size=0) as socket:
            yield Talking(socket)

    @asynccontextmanager
    async def hello(self, token: str, after: int = -1, **headers: str) -> AsyncIterator[Talking]:
        async with self.socket(**headers) as talking:
            await talking.send("hello", token=token, after=after)
            await talking.next("welcome")
            yield talking


class Talking:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._numbers = itertools.count(1)

    async def send(self, type: str, **more: Any) -> str:
        id = str(more.pop("id", f"n{next(self._numbers)}"))
        await self.socket.send_str(json.dumps({"type": type, "id": id, **more}))
        return id

    async def next(self, *types: str) -> Json:
        """The next frame of one of these types; fails with the code where the socket closes first."""
        async with asyncio.timeout(10):
            while True:
                message = await self.socket.receive()
                assert message.type == aiohttp.WSMsgType.TEXT, f"{message.type} {self.socket.close_code}"
                frame: Json = json.loads(message.data)
                if not types or frame["type"] in types:
                    return frame

    async def code(self) -> int | None:
        """Why it closed."""
        async with asyncio.timeout(10):
            while (await self.socket.receive()).type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                pass
        return self.socket.close_code


QUICK = Pace(hello_seconds=0.3, look_seconds=0.05, send_seconds=0.5, ack_seconds=0.2, window=5, heartbeat=5)


@asynccontextmanager
async def standing(pace: Pace = QUICK, limits: Limits | None = None) -> AsyncIterator[Stand]:
    keys, inbox, hub = FakeKeys(), FakeInbox(), Hub(pace)
    lobby = FakeLobby(hub=hub)
    door = WebDoor([OURS], keys)

    async def listen(_heard: Callable[[Mapping[str, Any]], None]) -> None:
        await asyncio.Event().wait()

    def extra(app: web.Application) -> None:
        add_web(app, door, lobby, hub, listen)

    app = create_app([], inbox, limits=limits or Limits(), extra=extra, counted=Metrics())
    runner = FrontRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with aiohttp.ClientSession() as session:
            yield Stand(f"http://127.0.0.1:{port}", keys, lobby, inbox, hub, session)
    finally:
        await runner.cleanup()


def saying(stand: Stand, who: str, text: str, id: str = "", kind: str = "message") -> int:
    """A message of the bot to `who`."""
    found: Who = stand.keys.good[who]
    body = {"text": text, "blocks": [], "generated": False}
    return int(stand.lobby.put(found, f"{found.user}/main", id or text, kind, body))
