"""A GitHub of our own on a port, a receiver for its webhooks, and the real PyGithub speaking to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from integrations.base import Attempt, Tool
from integrations.github.client import GithubService, connect
from integrations.github.sandbox import create_sandbox
from integrations.github.tools import CREATE_ISSUE
from tests.integrations.running import RunningSandbox

SECRET = "secret-of-the-tests"
SHOP = "pizzeria/shop"
Delivered = tuple[dict[str, str], bytes]


class Running(RunningSandbox):
    """GitHub's: what came is its headers, then its body."""

    name, secret = "github", SECRET
    make = staticmethod(create_sandbox)
    keep = staticmethod(lambda body, headers: (headers, body))

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


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "github.sqlite")
    yield running
    running.stop()
