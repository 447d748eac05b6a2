"""Where pages come from: the web through the guard, Notion, GitHub; what each leaves out."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import net
from integrations.errors import NotReached
from tests.integrations.documents import made
from tests.workers.knowledge.shelf import EVERYONE, offline, titles
from workers.knowledge.from_github import Github, is_a_page
from workers.knowledge.from_notion import Notion
from workers.knowledge.from_url import Page
from workers.knowledge.ingest import ingest
from workers.knowledge.item import Item, NotFetched, digest
from workers.store.door import Database

PAGE = "<title>Parking</title><main><h1>Parking</h1><p>The garage opens at six.</p></main>"


@asynccontextmanager
async def site(**pages: web.Response) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        found = pages[request.match_info["name"]]
        return web.Response(status=found.status, body=found.body, headers=dict(found.headers))

    app = web.Application()
    app.router.add_get("/{name}", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def test_a_page_of_the_web_is_read_in_with_its_address(db: Database, tenant: UUID) -> None:
    async with site(parking=web.Response(text=PAGE, content_type="text/html")) as url:
        source = Page(f"{url}/parking#top", sandbox=True)
        summary = await ingest(db, tenant, offline(), source, EVERYONE)
        again = await ingest(db, tenant, offline(), Page(f"{url}/parking", sandbox=True), EVERYONE)
    assert (summary.skipped, summary.read, again.unchanged) == ([], 1, 1)
    assert await titles(db, tenant, "when does the garage open") == ["Parking"]


async def test_a_pdf_of_the_web_is_one_whatever_its_address(db: Database, tenant: UUID) -> None:
    body = made.pdf("The garage opens at six")
    async with site(x=web.Response(body=body, content_type="application/octet-stream")) as url:
        assert (await ingest(db, tenant, offline(), Page(f"{url}/x", sandbox=True), EVERYONE)).read == 1


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}), "redirect"),
        (web.Response(status=404), "404"),
        (web.Response(status=500, text="secret"), "500"),
    ],
)
async def test_what_is_no_page_is_said(answer: web.Response, why: str) -> None:
    async with site(x=answer) as url:
        with pytest.raises(NotFetched, match=why) as caught:
            await anext(aiter(Page(f"{url}/x", sandbox=True).items()))
    assert "secret" not in str(caught.value)


INSIDE = [
    "http://127.0.0.1/x", "https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x", "https://10.0.0.1/x",
    "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data", "https://[::ffff:127.0.0.1]/",
    "https://0.0.0.0/", "https://2130706433/", "https://user:pw@127.0.0.1/", "http://example.com/",
    "https://[fd00:ec2::254]/", "https://100.64.0.1/", "https://127.1/",
]  # fmt: skip


@pytest.mark.parametrize("url", INSIDE)
async def test_no_address_inside_is_fetched(url: str) -> None:
    with pytest.raises(NotFetched):
        await anext(aiter(Page(url).items()))


@pytest.mark.twin
async def test_twin_without_the_guard_this_machine_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(x=web.Response(text=PAGE, content_type="text/html")) as url:
        with pytest.raises(NotFetched):
            await anext(aiter(Page(f"{url}/x").items()))
        monkeypatch.setattr(net, "_check", lambda *_: True)
        item = await anext(aiter(Page(f"{url}/x").items()))
    assert isinstance(item, Item)
    assert b"garage" in await item.load()


async def test_a_page_that_does_not_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.knowledge.from_url.MOST_BYTES", 1_000)
    async with site(x=web.Response(body=b"x" * 5_000)) as url:
        with pytest.raises(NotFetched, match="more than 1000 bytes"):
            await anext(aiter(Page(f"{url}/x", sandbox=True).items()))


# ── Notion ───────────────────────────────────────────────────────────────────────────────

ID = "11111111-1111-4111-8111-111111111111"


class Workspace:
    """As much of Notion's client as reading takes."""

    def __init__(self) -> None:
        self.edited = "2026-01-01T00:00:00.000Z"
        self.read = 0
        self.down = False

    def search(self, words: str, *, most: int) -> Any:
        page = {
            "id": ID, "url": f"https://www.notion.so/{ID}", "last_edited_time": self.edited,
            "properties": {"Name": {"type": "title", "title": [{"plain_text": "Parking"}]}},
        }  # fmt: skip
        yield page
        yield page | {"id": ID.replace("1", "2"), "in_trash": True}

    def page(self, page: str) -> Any:
        if self.down:
            raise NotReached("Notion", "did not answer.")
        return next(self.search("", most=1))

    def children(self, block: str, *, most: int) -> Any:
        self.read += 1
        yield {
            "id": ID, "type": "heading_2", "heading_2": {"rich_text": [{"plain_text": "Garage"}]},
        }  # fmt: skip
        yield {
            "id": ID, "type": "paragraph", "paragraph": {"rich_text": [{"plain_text": "It opens at six."}]},
        }  # fmt: skip


async def test_notion_is_read_by_its_pages_and_again_only_where_one_was_edited(
    db: Database, tenant: UUID
) -> None:
    workspace: Any = Workspace()
    first = await ingest(db, tenant, offline(), Notion({}, workspace), EVERYONE)
    again = await ingest(db, tenant, offline(), Notion({}, workspace), EVERYONE)
    assert (first.read, again.unchanged, workspace.read) == (1, 1, 1)
    workspace.edited = "2026-02-01T00:00:00.000Z"
    assert (await ingest(db, tenant, offline(), Notion({}, workspace), EVERYONE)).read == 1
    async with db.tenant(tenant) as c:
        row = await c.fetchrow(
            "select d.title, d.link, k.path, k.body from documents d join chunks k"
            " on k.tenant_id = d.tenant_id and k.document_id = d.id where d.tenant_id = $1",
            tenant,
        )
    assert tuple(row) == ("Parking", f"https://www.notion.so/{ID}", "Garage", "It opens at six.")


async def test_a_notion_page_that_cannot_be_read_this_time_stays(db: Database, tenant: UUID) -> None:
    workspace: Any = Workspace()
    await ingest(db, tenant, offline(), Notion({}, workspace), EVERYONE)
    workspace.down, workspace.edited = True, "later"
    summary = await ingest(db, tenant, offline(), Notion({}, workspace), EVERYONE)
    assert summary.removed == 0
    assert "did not answer" in summary.skipped[0][1]
    assert await titles(db, tenant, "garage opens")


# ── GitHub ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("README.md", True), ("README", True), ("docs/a/b.md", True), ("docs/x.pdf", True), ("n.txt", True),
        ("wiki/Home.md", True), ("src/a.md", False), ("setup.py", False), ("docs/x.py", False),
    ],
)  # fmt: skip
def test_pages_of_a_repository_are_those_at_its_root_and_in_docs(path: str, wanted: bool) -> None:
    assert is_a_page(path) is wanted


class Repository:
    """As much of GitHub's API as reading takes."""

    default = "acme/shop"

    def __init__(self) -> None:
        self.access = self
        self.files = {
            "README.md": "# Shop\n\nWe sell pizza.",
            "docs/oven.md": "# Oven\n\n450 degrees.",
            "a.py": "x",
        }
        self.blobs = 0

    def ready(self) -> None:
        """Signed in."""

    def facts(self, repository: str) -> dict[str, Any]:
        return {"default_branch": "main", "html_url": f"https://github.com/{repository}"}

    def ask(self, ready: Any, verb: str, path: str, parameters: Any = None, body: Any = None) -> Any:
        shas = {digest(text.encode()).hex()[:40]: text for text in self.files.values()}
        if "/git/trees/main" in path:
            tree = [
                {"path": name, "type": "blob", "sha": digest(text.encode()).hex()[:40], "size": len(text)}
                for name, text in self.files.items()
            ]
            return {}, {"tree": [*tree, {"path": "docs", "type": "tree"}], "truncated": False}
        self.blobs += 1
        text = shas[path.rpartition("/")[2]]
        return {}, {"encoding": "base64", "content": base64.b64encode(text.encode()).decode()}


async def test_a_repository_is_read_by_its_files_and_again_only_where_one_changed(
    db: Database, tenant: UUID
) -> None:
    repository: Any = Repository()
    first = await ingest(db, tenant, offline(), Github({}, "", repository), EVERYONE)
    again = await ingest(db, tenant, offline(), Github({}, "", repository), EVERYONE)
    assert (first.read, again.unchanged, repository.blobs) == (2, 2, 2)
    repository.files["docs/oven.md"] = "# Oven\n\n300 degrees."
    assert (await ingest(db, tenant, offline(), Github({}, "", repository), EVERYONE)).read == 1
    async with db.tenant(tenant) as c:
        links = await c.fetch("select link from documents where tenant_id = $1 order by uri", tenant)
    assert [row["link"] for row in links] == [
        "https://github.com/acme/shop/blob/main/README.md",
        "https://github.com/acme/shop/blob/main/docs/oven.md",
    ]
