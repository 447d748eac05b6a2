"""A sandbox on a port of its own, a receiver for its webhooks, and the real SDK speaking to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from integrations.base import Attempt
from integrations.jira import tools
from integrations.jira.client import JiraService, connect
from integrations.jira.sandbox import create_sandbox
from tests.integrations.jira.contract_jira import problems
from tests.integrations.running import RunningSandbox
from tests.integrations.running import attempt as an_attempt

SECRET = "hook_of_the_tests"


class Running(RunningSandbox):
    """Jira's, with what its description says of all that went over the wire."""

    name, secret = "jira", SECRET
    make = staticmethod(partial(create_sandbox, token="token-of-the-tests"))

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
        return replace(connect(found | settings), clock=self.clock, pause=self.clock.turn)

    def do(self, tool: str, arguments: Any, number: int = 1, *, version: int = 3, **more: Any) -> Any:
        """Perform one of the tools, as a worker does."""
        service = more.pop("service", None) or self.service(version)
        return getattr(tools, tool).perform(service, arguments, attempt(number=number, **more))


def attempt(key: str = "r1:open:1", number: int = 1, **ago: float) -> Attempt:
    return an_attempt(key, number, **ago)


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "jira.sqlite")
    yield running
    running.stop()
    assert running.disallowed() == []


@pytest.fixture
def make_attempt() -> Callable[..., Attempt]:
    return attempt
