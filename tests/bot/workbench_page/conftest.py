"""The built page in a real Chromium, against its own demo server: no bot, no network."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, async_playwright

PAGE = Path(__file__).parents[3] / "bot" / "workbench" / "page"
AXE = PAGE / "node_modules" / "axe-core" / "axe.min.js"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 10_000


@dataclass
class Mock:
    """The demo server that plays the bot (`page/dev`)."""

    url: str

    def start(self, scene: str = "demo") -> None:
        self._post("/mock/start", {"scene": scene})

    def event(self, **event: Any) -> None:
        self._post("/mock/event", event)

    def hang_up(self) -> None:
        self._post("/mock/hang-up", {})

    def state(self) -> dict[str, Any]:
        return dict(self._get("/workbench/state"))

    def acts(self, kind: str = "") -> list[dict[str, Any]]:
        return [act for act in self._get("/mock/acts") if act["type"].startswith(kind)]

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def _post(self, path: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(self.url + path, data=json.dumps(body).encode(), method="POST")
        urllib.request.urlopen(request, timeout=10).close()


@pytest.fixture(scope="session")
def server() -> Iterator[Mock]:
    beside = Path(sys.executable).with_name("node")
    node = str(beside) if beside.exists() else shutil.which("node")
    if node is None:
        pytest.skip("no Node: run `make setup`")
    if not (PAGE / "dist" / "index.html").exists():
        pytest.skip("the page is not built: run `npm run build` in bot/workbench/page")
    # A group of its own: the `node` of the virtual environment is a wrapper, whose child outlives it.
    process = subprocess.Popen(
        [node, "dev/serve.mjs", "0"], cwd=PAGE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    yield Mock(process.stdout.readline().strip())
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


@pytest.fixture
def mock(server: Mock) -> Mock:
    server.start()
    return server


@pytest_asyncio.fixture(scope="session")
async def browsing() -> AsyncIterator[BrowserContext]:
    """One for all: the page keeps nothing in the browser, and a new context costs a second."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGS)
        context = await browser.new_context(reduced_motion="reduce", locale="en-GB", timezone_id="UTC")
        context.set_default_timeout(PATIENCE_MS)
        yield context
        await browser.close()


@dataclass
class Tab:
    """One opened page, and everything its console complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)


Open = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture
async def open_page(browsing: BrowserContext, mock: Mock) -> AsyncIterator[Open]:
    """Opens the page in a tab; at the end nothing may stand in any console."""
    tabs: list[Tab] = []
    pages: list[Page] = []

    async def opened(
        query: str = "",
        *,
        width: int = 1366,
        height: int = 768,
        theme: Literal["light", "dark"] = "light",
        before: Callable[[Page], Awaitable[None]] | None = None,
        quiet: bool = True,
    ) -> Page:
        page = await browsing.new_page()
        pages.append(page)
        await page.set_viewport_size({"width": width, "height": height})
        await page.emulate_media(color_scheme=theme)
        if quiet:
            tab = Tab(page)
            tabs.append(tab)
            page.on("pageerror", lambda error: tab.complaints.append(str(error)))
            page.on("console", lambda said: tab.hear(said.type, said.text))
        if before:
            await before(page)
        await page.goto(f"{mock.url}/{query}")
        await page.get_by_role("heading", name="Countersign", level=1).wait_for()
        return page

    yield opened
    for page in pages:
        await page.close()
    assert [tab.complaints for tab in tabs if tab.complaints] == []
