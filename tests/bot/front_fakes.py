"""A door, a webhook and an inbox small enough to read, and a front on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from bot.errors import InboxRefused, Malformed, Unverified
from bot.front import Arrival, Delivery, FrontRunner, create_app
from bot.limits import Limits
from bot.metrics import Metrics
from bot.platforms.base import HttpAnswer
from bot.reply import Form, Reply
from bot.turn import Account, Ignored, Immediate, Place, Said, TenantId, Turn, TurnId

WORKSPACE = "T1"
TENANT = TenantId("tenant-1")


class FakeDoor:
    """Genuine is what carries `X-Key: good`."""

    name = "fake"
    path = "/fake"

    def __init__(self) -> None:
        self.read = 0

    async def verify(self, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
        if headers.get("x-key") != "good":
            raise Unverified("No good key.")
        self.read += 1
        try:
            payload = orjson.loads(body)
        except orjson.JSONDecodeError as problem:
            raise Malformed("Not JSON.") from problem
        if not isinstance(payload, dict):
            raise Malformed("Not an object.")
        return payload

    def to_turn(self, payload: Mapping[str, Any]) -> Turn | Ignored | Immediate:
        match payload:
            case {"challenge": challenge}:
                return Immediate({"challenge": challenge})
            case {"bug": _}:
                raise KeyError("secret-in-an-error")
            case {"id": str(name)}:
                place = Place("fake", payload.get("team", WORKSPACE), "C1")
                return Turn(
                    TurnId(name),
                    place,
                    Account("fake", place.workspace, "U1"),
                    Said(str(payload.get("text", ""))),
                    wants_answer=bool(payload.get("wants")),
                )
            case _:
                return Ignored("unknown shape")

    def answer(self, turn: Turn, reply: Reply | Form | None) -> HttpAnswer:
        if not turn.wants_answer:
            return HttpAnswer()
        return HttpAnswer(200, {"says": reply.text if reply else None})


class FakeHook:
    name = "stripe"
    path = "/webhooks/stripe"

    async def verify(self, headers: Mapping[str, str], body: bytes, token: str = "") -> Delivery | Ignored:
        if headers.get("x-key") != "good":
            raise Unverified("No good key.")
        payload = orjson.loads(body)
        if "id" not in payload:
            return Ignored("no id")
        return Delivery("stripe", payload.get("account", WORKSPACE), payload["id"], f"stripe:{payload['id']}")


@dataclass
class ListInbox:
    """Commits to a list. `mood` is how it feels: fine, refusing, broken, slow."""

    mood: str = "fine"
    arrivals: list[Arrival] = field(default_factory=list)
    deliveries: list[tuple[TenantId, Delivery, bytes]] = field(default_factory=list)
    reply: Reply | None = None
    up: Mapping[str, bool] = field(default_factory=lambda: {"database": True, "broker": True})
    asked: int = 0
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def tenant_of(self, platform: str, workspace: str) -> TenantId | None:
        return TENANT if workspace == WORKSPACE else None

    async def put(self, arrival: Arrival) -> bool:
        await self._feel()
        new = all(known.turn.id != arrival.turn.id for known in self.arrivals)
        if new:
            self.arrivals.append(arrival)
        return new

    async def put_delivery(self, tenant: TenantId, delivery: Delivery, payload: bytes) -> bool:
        await self._feel()
        new = all(known.id != delivery.id for _, known, _ in self.deliveries)
        if new:
            self.deliveries.append((tenant, delivery, payload))
        return new

    async def _feel(self) -> None:
        match self.mood:
            case "refusing":
                raise InboxRefused("The database does not answer.")
            case "broken":
                raise RuntimeError("SECRET row (xoxb-1-2-3)")
            case "slow":
                await self.release.wait()

    async def answer(self, arrival: Arrival, budget: float) -> Reply | None:
        if self.mood == "mute":
            raise RuntimeError("engine gone")
        return self.reply

    async def ready(self) -> Mapping[str, bool]:
        self.asked += 1
        if self.mood == "broken":
            raise RuntimeError("SECRET dsn")
        return self.up


@dataclass
class Front:
    port: int
    inbox: ListInbox
    door: FakeDoor
    counted: Metrics
    runner: web.AppRunner

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self, outcome: str, platform: str = "fake") -> float:
        labels = {"platform": platform, "outcome": outcome}
        return self.counted.registry.get_sample_value("countersign_events_total", labels) or 0.0

    async def raw(self, *pieces: bytes, wait: float = 5.0) -> bytes:
        """Writes the pieces as they are and reads until the front closes or stops speaking."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return await asyncio.wait_for(_all(reader), wait)
        except ConnectionError:
            return b""
        finally:
            writer.close()


async def _all(reader: asyncio.StreamReader) -> bytes:
    got = b""
    try:
        while piece := await reader.read(65536):
            got += piece
    except ConnectionError:
        return got
    return got


@asynccontextmanager
async def a_front(limits: Limits = Limits(), *, extra: Any = None) -> AsyncIterator[Front]:  # noqa: B008
    inbox, door, counted = ListInbox(), FakeDoor(), Metrics()
    app = create_app([door], inbox, hooks=[FakeHook()], limits=limits, extra=extra, counted=counted)
    runner = FrontRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield Front(site.port, inbox, door, counted, runner)
    finally:
        inbox.release.set()
        await runner.cleanup()


def post(
    body: bytes, *lines: bytes, path: bytes = b"/fake", length: bool = True, close: bool = True
) -> bytes:
    """One raw request, genuine but for what `lines` say."""
    head = [b"POST " + path + b" HTTP/1.1", b"Host: a", b"X-Key: good", b"Content-Type: application/json"]
    if length:
        head.append(b"Content-Length: %d" % len(body))
    if close:
        head.append(b"Connection: close")
    return b"\r\n".join([*head, *lines, b"", b""]) + body


def status(raw: bytes) -> int:
    return int(raw.split(b" ", 2)[1]) if raw.startswith(b"HTTP/1.") else 0
