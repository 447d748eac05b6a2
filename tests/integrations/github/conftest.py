"""A GitHub of our own on a port, a receiver for its webhooks, and the real PyGithub speaking to it."""

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

from integrations.base import Attempt, Tool
from integrations.github.client import GithubService, connect
from integrations.github.sandbox import create_sandbox
from integrations.github.tools import CREATE_ISSUE

SECRET = "secret-of-the-tests"
SHOP = "pizzeria/shop"
Delivered = tuple[dict[str, str], bytes]


class Clock:
    """Real time, and what one has turned it on by."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Received:
    """What the webhook's receiver got. `answers` are given first, then 200 for ever."""

    got: list[Delivered] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    more: threading.Condition = field(default_factory=threading.Condition)

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.read()
        with self.more:
            self.got.append((dict(request.headers), body))
            status = self.answers.pop(0) if self.answers else 200
            self.more.notify_all()
        return web.Response(status=status)

    def wait_for(self, enough: Callable[[list[Delivered]], bool]) -> list[Delivered]:
        with self.more:
            assert self.more.wait_for(lambda: enough(self.got), timeout=10), "no such delivery came"
            return list(self.got)


class Running:
    """The sandbox as the tests see it. `stop` and `start` again keep the file, as a crash does."""

    def __init__(self, path: Path, mount: str = "/standin/github") -> None:
        self.path, self.mount = path, mount
        self.clock, self.received = Clock(), Received()
        self.wire: list[dict[str, Any]] = []
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
        assert not self._thread.is_alive(), "the sandbox did not end"

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(ready))
        self._loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        self._end = asyncio.Event()
        hooks = web.Application()
        hooks.router.add_post("/webhooks/github", self.received.hear)
        hooks_at = await _listen(hooks)
        app = web.Application()
        app.add_subapp(
            self.mount,
            create_sandbox(
                self.path,
                webhook_url=f"http://127.0.0.1:{hooks_at[1]}/webhooks/github",
                webhook_secret=SECRET,
                clock=self.clock,
                on_wire=self.wire.append,
            ),
        )
        runner, port = await _listen(app)
        self.base = f"http://127.0.0.1:{port}{self.mount}"
        ready.set()
        await self._end.wait()
        await runner.cleanup()
        await hooks_at[0].cleanup()

    # ── the control side ─────────────────────────────────────────────────────────────────

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.base}/_sandbox/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def fault(self, kind: str, path: str = "/issues", **more: Any) -> None:
        self.ask("POST", "fault", {"kind": kind, "path": path} | more)

    def act(self, act: str, who: str = "ada", **more: Any) -> Any:
        return self.ask("POST", "act", {"act": act, "who": who} | more)

    def state(self) -> Any:
        return self.ask("GET", "state")

    def issues(self, title: str) -> list[Any]:
        return [each for each in self.state()["issue"] if each["title"] == title]

    def calls(self, since: int = 0) -> list[str]:
        """The requests that came in, as `GET /repos/…`."""
        return [each["title"] for each in self.wire[since:] if each["direction"] == "from bot"]

    # ── our side ─────────────────────────────────────────────────────────────────────────

    def service(self, **settings: str) -> GithubService:
        given = {"GITHUB_TOKEN": "github_pat_1", "GITHUB_API_URL": self.base, "GITHUB_REPOSITORY": SHOP}
        return connect(given | settings)

    def do(self, tool: Tool, arguments: dict[str, Any], number: int = 1, key: str = "run:step:1") -> Any:
        """As a worker does. A later try is one that comes after GitHub has surely ended the first."""
        began = timedelta(seconds=0 if number == 1 else 30)
        return tool.perform(self.service(), arguments, Attempt(key, number, datetime.now(UTC) - began))

    def create(self, number: int = 1, key: str = "run:step:1", **arguments: Any) -> Any:
        return self.do(CREATE_ISSUE, {"title": "The oven is cold"} | arguments, number, key)


async def _listen(app: web.Application) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, int(runner.addresses[0][1])


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "github.sqlite")
    yield running
    running.stop()
