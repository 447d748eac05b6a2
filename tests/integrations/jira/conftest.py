"""A sandbox on a port of its own, a receiver for its webhooks, and the real SDK speaking to it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web

from integrations.base import Attempt
from integrations.jira import tools
from integrations.jira.client import JiraService, connect
from integrations.jira.sandbox import create_sandbox
from tests.integrations.jira.contract_jira import problems

SECRET = "hook_of_the_tests"


class Clock:
    """Real time, and what one has turned it on by."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def pass_by(self, seconds: float) -> None:
        """In place of sleeping."""
        self.ahead += seconds


@dataclass
class Received:
    """What the webhook's receiver got. `answers` are given first, then 200 for ever."""

    calls: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    more: threading.Condition = field(default_factory=threading.Condition)

    async def hear(self, request: web.Request) -> web.Response:
        body = await request.read()
        with self.more:
            self.calls.append((body, dict(request.headers)))
            status = self.answers.pop(0) if self.answers else 200
            self.more.notify_all()
        return web.Response(status=status)

    def wait_for(self, many: int) -> list[tuple[bytes, dict[str, str]]]:
        with self.more:
            assert self.more.wait_for(lambda: len(self.calls) >= many, timeout=10), "no such delivery came"
            return list(self.calls)


class Running:
    """The sandbox as the tests see it. `stop` and `start` again keep the file, as a crash does."""

    def __init__(self, path: Path, mount: str = "/standin/jira") -> None:
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

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(ready))
        self._loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        self._end = asyncio.Event()
        hooks = web.Application()
        hooks.router.add_post("/webhooks/jira", self.received.hear)
        hooks_at = await _listen(hooks)
        app = web.Application()
        app.add_subapp(
            self.mount,
            create_sandbox(
                self.path,
                webhook_url=f"http://127.0.0.1:{hooks_at[1]}/webhooks/jira",
                webhook_secret=SECRET,
                clock=self.clock,
                on_wire=self.wire.append,
                token="token-of-the-tests",
            ),
        )
        runner, port = await _listen(app)
        self.base = f"http://127.0.0.1:{port}{self.mount}"
        ready.set()
        await self._end.wait()
        await runner.cleanup()
        await hooks_at[0].cleanup()

    def disallowed(self) -> list[str]:
        """Of all that went to Jira Cloud here, and all that came back, what its description does not know."""
        found: list[str] = []
        for each in self.wire:
            method, _, url = each["title"].partition(" ")
            at = url.find("/rest/api/3/")
            if each["direction"] != "from bot" or at < 0 or len(each["answer"]) >= 20_000:
                continue
            query = "" if "?" in url or each["body"][:1] == "{" else each["body"]
            body = "" if query or method == "GET" else each["body"]
            found += [
                f"{each['title']}: {problem}"
                for problem in problems(method, url[at:], body, each["status"], each["answer"])
            ]
        return found

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The control side: /_sandbox/…"""
        answer = requests.request(method, f"{self.base}/_sandbox/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def fault(self, kind: str, path: str = "/issue", method: str = "POST", **more: Any) -> None:
        self.ask("POST", "fault", {"kind": kind, "path": path, "method": method} | more)

    def act(self, what: str, issue: str = "", **more: Any) -> Any:
        return self.ask("POST", "act", {"what": what, "issue": issue} | more)

    def issues(self) -> dict[str, Any]:
        return {each["key"]: each for each in self.ask("GET", "state")["issues"]}

    def ours(self) -> list[str]:
        return list(self.ask("GET", "state")["ours"])

    def calls(self) -> list[str]:
        """Method and path of all that the client asked, without what stands before /rest/api."""
        asked = [each["title"] for each in self.wire if each["direction"] == "from bot"]
        return [f"{t.split()[0]} {t.split('/rest/api/')[1]}" for t in asked if "/rest/api/" in t]

    def service(self, version: int = 3, **settings: str) -> JiraService:
        found = {
            "JIRA_URL": self.base,
            "JIRA_EMAIL": "countersign@example.com" if version == 3 else "",
            "JIRA_API_TOKEN": "token-of-the-tests",
            "JIRA_PROJECT": "SHOP",
            "JIRA_API_VERSION": str(version),
        }
        return replace(connect(found | settings), clock=self.clock, pause=self.clock.pass_by)

    def do(self, tool: str, arguments: Any, number: int = 1, *, version: int = 3, **more: Any) -> Any:
        """Perform one of the tools, as a worker does."""
        service = more.pop("service", None) or self.service(version)
        return getattr(tools, tool).perform(service, arguments, attempt(number=number, **more))


async def _listen(app: web.Application) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, int(runner.addresses[0][1])


def attempt(key: str = "r1:open:1", number: int = 1, **ago: float) -> Attempt:
    return Attempt(key=key, number=number, began=datetime.now(UTC) - timedelta(**ago))


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "jira.sqlite")
    yield running
    running.stop()
    assert running.disallowed() == []


@pytest.fixture
def make_attempt() -> Callable[..., Attempt]:
    return attempt
