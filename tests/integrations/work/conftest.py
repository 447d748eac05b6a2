"""Jira, GitHub and Notion of our own in one server, and a desk from which a tool asks them all."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web

from integrations import services
from integrations.base import Attempt
from integrations.errors import NotConfigured
from integrations.work.models import CollectArguments
from integrations.work.tools import COLLECT

SERVICES = ("jira", "github", "notion")


class Sandboxes:
    """All three in one server, each under its name."""

    def __init__(self, folder: Path) -> None:
        ready = threading.Event()
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(20)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(ready))
        self._loop.close()

    async def _serve(self, ready: threading.Event) -> None:
        from integrations.github.sandbox import create_sandbox as github
        from integrations.jira.sandbox import create_sandbox as jira
        from integrations.notion.sandbox import DATABASE
        from integrations.notion.sandbox import create_sandbox as notion

        self._end = asyncio.Event()
        app = web.Application()
        for name, make in (("jira", jira), ("github", github), ("notion", notion)):
            app.add_subapp(
                f"/{name}", make(self._folder / f"{name}.sqlite", webhook_url="", webhook_secret="secret")
            )
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self.settings = {
            "JIRA_URL": f"{self.base}/jira",
            "JIRA_EMAIL": "countersign@example.com",
            "JIRA_API_TOKEN": "token",
            "JIRA_PROJECT": "SHOP",
            "GITHUB_API_URL": f"{self.base}/github",
            "GITHUB_TOKEN": "github_pat_1",
            "GITHUB_REPOSITORY": "pizzeria/shop",
            "NOTION_API_URL": f"{self.base}/notion",
            "NOTION_TOKEN": "ntn_1",
            "NOTION_DATABASE_ID": DATABASE,
        }
        ready.set()
        await self._end.wait()
        await runner.cleanup()

    def ask(self, service: str, path: str, body: Any = None) -> Any:
        answer = requests.post(f"{self.base}/{service}/_sandbox/{path}", json=body or {}, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def fault(self, service: str, kind: str, times: int = 1, **more: Any) -> None:
        self.ask(service, "fault", {"path": "*", "method": "*", "kind": kind, "times": times} | more)


@dataclass
class Desk:
    """What a worker hands to a tool. `without` are services that are not connected."""

    sandboxes: Sandboxes
    without: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def reach(self, service: str) -> Any:
        if service in self.without:
            raise NotConfigured(service.capitalize(), "is not connected")
        found = next(each for each in services() if each.name == service)
        return found.connect(self.sandboxes.settings)

    def attempt(self) -> Attempt:
        return Attempt("r1:collect:1", 1, self.began, self.told.append, self.reach)

    def collect(self, request: str = "", **more: Any) -> dict[str, Any]:
        asked = CollectArguments(request=request, **more)
        return dict(COLLECT.perform(None, asked, self.attempt()).result)


@pytest.fixture(scope="module")
def sandboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandboxes]:
    running = Sandboxes(tmp_path_factory.mktemp("work"))
    yield running
    running.stop()


@pytest.fixture
def desk(sandboxes: Sandboxes) -> Iterator[Desk]:
    yield Desk(sandboxes)
    for service in SERVICES:
        requests.request("DELETE", f"{sandboxes.base}/{service}/_sandbox/fault", timeout=10)


Waited = Callable[[], float]


@pytest.fixture
def clock() -> Waited:
    return time.monotonic
