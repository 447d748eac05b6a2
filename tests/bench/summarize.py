"""summarize: 500 tickets of three services at 50 ms a call, against the slowest chain that paging forces."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from bot import ports
from integrations import services
from integrations.base import Attempt
from integrations.work.collect import collect
from integrations.work.digest import digest
from integrations.work.models import CollectArguments, DigestArguments, GivenSource
from tests.bench.bed import Bed, end, inherited
from tests.bench.harness import Report, at_most, ratios

ROOT = Path(__file__).resolve().parents[2]
TICKETS, DELAY_MS = 500, 50
PATIENCE = 60.0
NAMES = ("jira", "github", "notion")
SIGNED = {"Authorization": "Bearer github_pat_1"}


async def run(bed: Bed, report: Report) -> None:
    await asyncio.to_thread(_measure, report)


def _measure(report: Report) -> None:
    with tempfile.TemporaryDirectory() as folder, _served(Path(folder)) as at:
        settings = _settings(at)
        clients = {each.name: each.connect(settings) for each in services() if each.name in NAMES}
        chains: list[float] = []
        whole: list[float] = []
        texts: list[float] = []
        for _ in range(report.pick(7, 3)):
            chains.append(max(_timed(each) for each in _chains(at, clients)))
            began = time.monotonic()
            found = dict(collect(None, CollectArguments(), _attempt(clients)).result)
            read = time.monotonic()
            asked = DigestArguments(sources=[GivenSource(**each) for each in found["sources"]])
            digest(None, asked, _attempt(clients))
            texts.append(time.monotonic() - read)
            whole.append(time.monotonic() - began)
        assert len(found["sources"]) == TICKETS, f"only {len(found['sources'])} were read"
        report.add("slowest chain of calls, by itself", "ms", [each * 1000 for each in chains])
        report.add("of it the summing up, without a model", "ms", [each * 1000 for each in texts])
        report.add(
            f"{TICKETS} tickets read and summed up, against that chain",
            "×",
            ratios(whole, chains),
            at_most(1.5),
        )


def _chains(at: Mapping[str, str], clients: Mapping[str, Any]) -> list[Callable[[], None]]:
    """For each service, its pages one after the other, and nothing done with them."""
    session = requests.Session()

    def jira() -> None:
        asked: dict[str, Any] = {
            "jql": "project = SHOP ORDER BY updated DESC",
            "maxResults": 100,
            "fields": ["summary"],
        }
        while True:
            answer = session.post(
                f"{at['jira']}/rest/api/3/search/jql", json=asked, auth=("a@b.c", "t")
            ).json()
            if answer.get("isLast") or not answer.get("nextPageToken"):
                return
            asked["nextPageToken"] = answer["nextPageToken"]

    def github() -> None:
        page, more = 1, True
        while more:
            asked = {"state": "all", "per_page": "100", "page": str(page)}
            answer = session.get(f"{at['github']}/repos/pizzeria/shop/issues", params=asked, headers=SIGNED)
            page, more = page + 1, len(answer.json()) == 100

    def notion() -> None:
        list(clients["notion"].pages(clients["notion"].source()))

    return [jira, github, notion]


def _timed(work: Callable[[], None]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _attempt(clients: Mapping[str, Any]) -> Attempt:
    return Attempt("r1:collect:1", 1, datetime.now(UTC), reach=clients.__getitem__)


def _settings(at: Mapping[str, str]) -> dict[str, str]:
    from integrations.notion.sandbox import DATABASE

    return {
        "JIRA_URL": at["jira"],
        "JIRA_EMAIL": "countersign@example.com",
        "JIRA_API_TOKEN": "token",
        "JIRA_PROJECT": "SHOP",
        "GITHUB_API_URL": at["github"],
        "GITHUB_TOKEN": "github_pat_1",
        "GITHUB_REPOSITORY": "pizzeria/shop",
        "NOTION_API_URL": at["notion"],
        "NOTION_TOKEN": "ntn_1",
        "NOTION_DATABASE_ID": DATABASE,
    }


@contextmanager
def _served(folder: Path) -> Iterator[dict[str, str]]:
    """Where each of them is."""
    with ExitStack() as exits:
        at = {}
        for name in NAMES:
            port = ports.free_port("127.0.0.1")
            more = {"PORT": str(port), "FOLDER": str(folder), "TICKETS": str(TICKETS // 2), "SERVICE": name}
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.servers.services"],
                cwd=folder,
                env={**inherited(), "PYTHONPATH": str(ROOT), **more},
                stdin=subprocess.DEVNULL,
            )
            exits.callback(end, process)
            at[name] = f"http://127.0.0.1:{port}/{name}"
        for base in at.values():
            _slowed(base)
        yield at


def _slowed(base: str) -> None:
    """As soon as it is there."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            requests.post(f"{base}/_sandbox/latency", json={"ms": DELAY_MS}, timeout=5).raise_for_status()
            return
        except requests.ConnectionError:
            if time.monotonic() > until:
                raise RuntimeError("the services did not start") from None
            time.sleep(0.05)
