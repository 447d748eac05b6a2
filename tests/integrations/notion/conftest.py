"""A sandbox on a port of its own, a receiver for its webhooks, and the real SDK speaking to it.

After each test, every request that went out is held against the shapes in shapes.json.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations.base import Attempt
from integrations.notion import tools
from integrations.notion.client import NotionService, connect
from integrations.notion.sandbox import DATABASE, create_sandbox
from tests.integrations.notion import shapes
from tests.integrations.running import RunningSandbox, attempt

SECRET = "secret_of_the_tests"
BY_NAME = {tool.name.partition(".")[2]: tool for tool in tools.NOTION.tools}


class Running(RunningSandbox):
    """Notion's, with every request that was sent there."""

    name, secret = "notion", SECRET
    make = staticmethod(create_sandbox)

    def __init__(self, path: Path, mount: str = "") -> None:
        self.sent: list[Any] = []
        self.database = DATABASE
        super().__init__(path, mount)

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
