"""Recorded shapes by name, and the hand that signs them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.settings import Settings

SHAPES = Path(__file__).parents[3] / "payloads" / "slack"
RECORDED = Path(__file__).parents[4].parent / "shared" / "data" / "payloads"

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_790_000_000

Shape = Callable[[str], dict[str, Any]]
Sign = Callable[..., dict[str, str]]


@pytest.fixture
def shape() -> Shape:
    def load(name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((SHAPES / f"{name}.json").read_text())
        return found

    return load


@pytest.fixture
def recorded() -> Shape:
    def load(name: str) -> dict[str, Any]:
        path = RECORDED / f"{name}.json"
        if not path.exists():
            pytest.skip("the payloads recorded from real workspaces are not on this machine")
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    return load


@pytest.fixture
def sign() -> Sign:
    def signed(
        body: bytes, *, secret: str = SECRET, at: int = NOW, kind: str = "application/json"
    ) -> dict[str, str]:
        digest = hmac.new(secret.encode(), b"v0:%d:%s" % (at, body), hashlib.sha256).hexdigest()
        return {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": str(at),
            "X-Slack-Signature": f"v0={digest}",
        }

    return signed


class StandIn:
    """A small Slack: answers each method as told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, dict[str, Any], str]] = []
        self.answers: dict[str, Any] = {}
        self.sockets: asyncio.Queue[web.WebSocketResponse] = asyncio.Queue()
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def method(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        if request.method == "GET":
            arguments: dict[str, Any] = dict(request.query)
        elif request.content_type == "application/json":
            arguments = await request.json()
        else:
            arguments = dict(await request.post())
        self.asked.append((name, arguments, request.headers.get("Authorization", "")))
        answer = self.answers.get(name, {"ok": True})
        if isinstance(answer, list):
            answer = answer.pop(0)
        if callable(answer):
            answer = await answer(arguments)
        return answer if isinstance(answer, web.StreamResponse) else web.json_response(answer)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        await self.sockets.put(socket)
        async for message in socket:
            await self.heard.put(json.loads(message.data))
        return socket

    def arguments(self, name: str) -> list[dict[str, Any]]:
        return [arguments for asked, arguments, _ in self.asked if asked == name]


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    slack = StandIn()
    app = web.Application()
    app.router.add_route("*", "/api/{method}", slack.method)
    app.router.add_get("/link", slack.socket)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    slack.url = f"http://{host}:{port}"
    yield slack
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as found:
        yield found


@pytest.fixture
def settings(stand_in: StandIn) -> Settings:
    return Settings(
        _env_file=None,
        slack_api_url=f"{stand_in.url}/api/",
        slack_bot_token="xoxb-1-secret",
        slack_app_token="xapp-1-secret",
        slack_client_id="1.2",
        slack_client_secret="client-secret",
        secret_key="k" * 32,
        public_url="https://bot.example",
    )
