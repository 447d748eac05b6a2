"""A sandbox on a port of its own, a receiver for its webhooks, and the real SDK speaking to it.

After each test, every request that went out is held against the shapes in shapes.json.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web

from integrations.base import Attempt
from integrations.notion import tools
from integrations.notion.client import NotionService, connect
from integrations.notion.sandbox import DATABASE, create_sandbox
from tests.integrations.notion import shapes

SECRET = "secret_of_the_tests"
BY_NAME = {tool.name.partition(".")[2]: tool for tool in tools.NOTION.tools}


class Clock:
    """Real time, and what one has turned it on by."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def turn(self, seconds: float) -> None:
        self.ahead += seconds


@dataclass
class Received:
    """What the webhook's receiver got. `answers` are given first, then 200 for ever."""

    bodies: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    more: threading.Condition = field(default_factory=threading.Condition)

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.read()
        with self.more:
            self.bodies.append((body, dict(request.headers)))
            status = self.answers.pop(0) if self.answers else 200
            self.more.notify_all()
        return web.Response(status=status)

    def wait_for(
        self, enough: Callable[[list[tuple[bytes, dict[str, str]]]], bool]
    ) -> list[tuple[bytes, dict[str, str]]]:
        with self.more:
            assert self.more.wait_for(lambda: enough(self.bodies), timeout=10), "no such delivery came"
            return list(self.bodies)


class Running:
    """The sandbox as the tests see it. `stop` and `start` again keep the file, as a crash does."""

    def __init__(self, path: Path, mount: str = "/standin/notion") -> None:
        self.path, self.mount = path, mount
        self.clock, self.received = Clock(), Received()
        self.wire: list[dict[str, Any]] = []
        self.sent: list[Any] = []
        self.database = DATABASE
        self.start()

    def start(self) -> None:
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(ready))
        self._loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        self._end = asyncio.Event()
        hooks = web.Application()
        hooks.router.add_post("/webhooks/notion", self.received.hear)
        hooks_at = await _listen(hooks)
        app = web.Application()
        app.add_subapp(
            self.mount,
            create_sandbox(
                self.path,
                webhook_url=f"http://127.0.0.1:{hooks_at[1]}/webhooks/notion",
                webhook_secret=SECRET,
                clock=self.clock,
                on_wire=self.wire.append,
            ),
        )
        runner, port = await _listen(app)
        self.origin = f"http://127.0.0.1:{port}"
        self.base = f"{self.origin}{self.mount}"
        ready.set()
        await self._end.wait()
        await runner.cleanup()
        await hooks_at[0].cleanup()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The control side: /_sandbox/…"""
        answer = requests.request(method, f"{self.base}/_sandbox/{path}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def fault(self, kind: str, path: str = "/v1/pages", method: str = "POST", **more: Any) -> None:
        self.ask("POST", "fault", {"kind": kind, "path": path, "method": method} | more)

    def act(self, do: str, **more: Any) -> Any:
        return self.ask("POST", "act", {"do": do} | more)

    def pages(self, title: str = "") -> list[dict[str, Any]]:
        found = self.ask("GET", "state")["pages"]
        return [page for page in found if not page["in_trash"] and page["title"].startswith(title)]

    def calls(self, title: str) -> list[dict[str, Any]]:
        """What the client sent, by method and path."""
        return [row for row in self.wire if row["direction"] == "from bot" and row["title"].startswith(title)]

    def service(self, **settings: str) -> NotionService:
        """Waiting between two looks turns the sandbox's clock instead."""
        usual = {
            "NOTION_TOKEN": "ntn_of_the_tests",
            "NOTION_API_URL": self.base,
            "NOTION_DATABASE_ID": DATABASE,
        }
        made = connect(usual | settings)
        made.client.client.event_hooks = {"request": [self.sent.append]}
        return NotionService(made.client, made.database, self.clock.turn)

    def run(self, tool: str, key: str = "run:step:1", number: int = 1, **arguments: Any) -> Any:
        return BY_NAME[tool].perform(self.service(), arguments, attempt(key, number))


async def _listen(app: web.Application) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, int(runner.addresses[0][1])


def attempt(key: str = "run:step:1", number: int = 1, **ago: float) -> Attempt:
    return Attempt(key=key, number=number, began=datetime.now(UTC) - timedelta(**ago))


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "notion.sqlite")
    yield running
    running.stop()
    # Whatever a test was about: nothing was sent that Notion would not take.
    for request in running.sent:
        path = request.url.path.partition("/v1/")[2]
        shapes.check(request.method, path, request.url.query.decode(), request.content)


@pytest.fixture
def make_attempt() -> Callable[..., Attempt]:
    return attempt
