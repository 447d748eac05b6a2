"""GET /web: a page to try it with; who opens it becomes somebody, so it answers to this machine only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from bot.front_web_page import FILES, FOLDER, add_page
from bot.workbench import security

PEOPLE = {"ada@example.com": "Ada Reyes"}


async def mint(email: str, name: str) -> str:
    return f"token of {name}"


@pytest_asyncio.fixture
async def url() -> AsyncIterator[str]:
    app = web.Application()
    add_page(app, security.guarded, PEOPLE, mint)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def asked(url: str, method: str = "GET", **more: Any) -> tuple[int, str, Any]:
    async with aiohttp.ClientSession() as session, session.request(method, url, **more) as answer:
        return answer.status, await answer.text(), answer.headers


async def test_the_page_comes_with_a_policy_that_runs_nothing_but_its_own_file(url: str) -> None:
    status, page, headers = await asked(f"{url}/web")
    assert status == 200
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "<script>" not in page
    assert " onclick" not in page
    assert " style=" not in page


@pytest.mark.parametrize("name", sorted(set(FILES) - {"index.html"}))
async def test_its_files_are_there(url: str, name: str) -> None:
    status, text, headers = await asked(f"{url}/web/{name}")
    assert (status, text) == (200, (FOLDER / name).read_text())
    assert headers["Content-Type"].startswith(FILES[name])


@pytest.mark.parametrize("name", ["../door.py", "page.py", "..%2f..%2fdoor.py", "index.html.bak", ""])
async def test_nothing_else_of_the_folder_is(url: str, name: str) -> None:
    assert (await asked(f"{url}/web/{name}"))[0] == 404


async def test_a_token_is_made_for_somebody_of_the_cast_when_the_page_itself_asks(url: str) -> None:
    status, said, _ = await asked(
        f"{url}/web/token", "POST", json={"email": "ada@example.com"}, headers={"Origin": url}
    )
    assert (status, "token of Ada Reyes" in said) == (200, True)


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"},
                                     {"Host": "evil.example"}])  # fmt: skip
async def test_no_other_page_and_no_name_that_leads_here_gets_one(url: str, headers: dict[str, str]) -> None:
    given = {"json": {"email": "ada@example.com"}, "headers": {"Origin": url, **headers} if headers else {}}
    assert (await asked(f"{url}/web/token", "POST", **given))[0] == 403


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"email": 7}', b'{"email": "eve@example.com"}', b"x" * 2000]
)
async def test_nobody_else_can_be_asked_for(url: str, body: bytes) -> None:
    headers = {"Origin": url, "Content-Type": "application/json"}
    assert (await asked(f"{url}/web/token", "POST", data=body, headers=headers))[0] in (400, 404)


@pytest.mark.twin
async def test_twin_without_the_guard_any_page_would_be_ada() -> None:
    app = web.Application()
    add_page(app, lambda handler, **_: handler, PEOPLE, mint)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/web/token"
    given = {"json": {"email": "ada@example.com"}, "headers": {"Origin": "https://evil.example"}}
    assert (await asked(address, "POST", **given))[0] == 200
    await runner.cleanup()


def test_the_page_sets_everything_as_text_and_nothing_as_markup() -> None:
    script = (FOLDER / "page.js").read_text()
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert word not in script
