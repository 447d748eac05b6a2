"""The sandbox by itself: Notion's wire form, durable, and nobody's but this machine's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

HEADERS = {"Authorization": "Bearer t", "Notion-Version": "2025-09-03"}


def _ask(sandbox: Any, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
    return requests.request(
        method, f"{sandbox.base}/v1{path}", json=body, headers=HEADERS | headers, timeout=10
    )


def _error(answer: requests.Response) -> tuple[int, str]:
    said = answer.json()
    assert set(said) == {"object", "status", "code", "message", "request_id"}
    assert (said["object"], said["status"]) == ("error", answer.status_code)
    assert answer.headers["x-notion-request-id"]
    return answer.status_code, said["code"]


def test_a_page_has_every_field_that_notions_has(sandbox: Any) -> None:
    page = _ask(sandbox, "GET", f"/pages/{sandbox.pages('Roadmap')[0]['id']}").json()

    assert set(page) == {
        "object", "id", "created_time", "last_edited_time", "created_by", "last_edited_by", "cover", "icon",
        "parent", "archived", "in_trash", "is_locked", "properties", "url", "public_url", "request_id",
    }  # fmt: skip
    assert page["created_time"].endswith(":00.000Z")
    assert page["properties"]["Name"]["title"][0]["annotations"]["bold"] is False


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/pages/0b0c9d6e-1f43-4c1b-9a57-2f8e6f0f1c11", None, 404, "object_not_found"),
        ("GET", "/pages/roadmap", None, 400, "validation_error"),
        ("GET", "/nothing", None, 400, "invalid_request_url"),
        ("POST", "/search", {"query": "x", "page_size": 101}, 400, "validation_error"),
        ("POST", "/search", {"start_cursor": "nowhere"}, 400, "validation_error"),
        ("POST", "/search", {"filter": {"property": "object", "value": "database"}}, 400, "validation_error"),
        ("POST", "/search", {"bogus": 1}, 400, "validation_error"),
        ("POST", "/pages", {"parent": {}, "properties": {}}, 400, "validation_error"),
        ("DELETE", "/search", None, 405, "invalid_request"),
    ],
)
def test_a_refusal_has_notions_envelope(
    sandbox: Any, method: str, path: str, body: Any, status: int, code: str
) -> None:
    assert _error(_ask(sandbox, method, path, body)) == (status, code)


def test_without_a_token_or_a_version_nothing_is_answered(sandbox: Any) -> None:
    assert _error(_ask(sandbox, "GET", "/users/me", Authorization="")) == (401, "unauthorized")
    assert _error(_ask(sandbox, "GET", "/users/me", **{"Notion-Version": "1"})) == (400, "missing_version")


SCRIPT = {"text": {"content": "a", "link": {"url": "javascript:x"}}}


@pytest.mark.parametrize(
    "children",
    [
        [{"type": "paragraph", "paragraph": {"rich_text": []}}] * 101,
        [{"type": "paragraph", "paragraph": {"rich_text": [{"text": {"content": "a" * 2001}}]}}],
        [{"type": "paragraph", "paragraph": {"rich_text": [{"text": {"content": "a"}}] * 101}}],
        [{"type": "paragraph", "paragraph": {"rich_text": [SCRIPT]}}],
        [{"type": "code", "code": {"rich_text": [], "language": "brainfog"}}],
        [{"type": "poem", "poem": {}}],
        [7],
        7,
        [],
    ],
)  # fmt: skip
def test_blocks_beyond_notions_limits_are_refused_whole(sandbox: Any, children: Any) -> None:
    page = sandbox.pages("Roadmap")[0]

    answer = _ask(sandbox, "PATCH", f"/blocks/{page['id']}/children", {"children": children})

    assert _error(answer) == (400, "validation_error")
    assert sandbox.pages("Roadmap")[0]["blocks"] == page["blocks"]


def test_lists_come_in_pages_and_lead_on_by_their_cursor(sandbox: Any) -> None:
    seen, cursor = [], None
    while True:
        body = {"page_size": 5} | ({"start_cursor": cursor} if cursor else {})
        answer = _ask(sandbox, "POST", "/search", body).json()
        seen += [each["id"] for each in answer["results"]]
        cursor = answer["next_cursor"]
        assert answer["has_more"] is (cursor is not None)
        if cursor is None:
            break

    assert len(seen) == len(set(seen)) == 13


def test_a_latency_is_kept_to(sandbox: Any) -> None:
    sandbox.ask("POST", "latency", {"ms": 80})
    began = time.monotonic()

    _ask(sandbox, "GET", "/users/me")

    assert time.monotonic() - began >= 0.08


def test_a_restart_keeps_everything(sandbox: Any) -> None:
    done = sandbox.run("create_page", title="Kept", text="a")
    sandbox.act("comment", page=done.external_id, text="here")
    sandbox.stop()
    sandbox.start()

    [page] = sandbox.pages("Kept")
    assert page["blocks"] == ["a"]
    assert page["comments"][0]["rich_text"][0]["plain_text"] == "here"


CHILD = """
import sys
from aiohttp import web
from integrations.notion.sandbox import create_sandbox
app = create_sandbox(sys.argv[1], webhook_url="", webhook_secret="")
web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), print=None)
"""


def _child(path: Path, port: int) -> subprocess.Popen[bytes]:
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path), str(port)])
    for _ in range(400):
        try:
            requests.get(f"http://127.0.0.1:{port}/", timeout=1)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return child
    raise AssertionError("it did not start")


@pytest.mark.processes
def test_what_was_answered_is_still_there_after_a_kill(tmp_path: Path, unused_tcp_port: int) -> None:
    from integrations.notion.client import connect
    from integrations.notion.sandbox import DATABASE

    base = f"http://127.0.0.1:{unused_tcp_port}"
    service = connect({"NOTION_TOKEN": "t", "NOTION_API_URL": base, "NOTION_DATABASE_ID": DATABASE})
    child = _child(tmp_path / "s.sqlite", unused_tcp_port)
    title = {"Name": {"title": [{"type": "text", "text": {"content": "Before the crash"}}]}}
    made = service.create(service.source(), title, [])
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)

    child = _child(tmp_path / "s.sqlite", unused_tcp_port)
    try:
        assert service.page(made["id"])["properties"]["Name"]["title"][0]["plain_text"] == "Before the crash"
    finally:
        child.kill()
        child.wait(10)


def test_a_reset_begins_anew(sandbox: Any) -> None:
    sandbox.run("create_page", title="Gone")
    sandbox.ask("POST", "reset")

    assert sandbox.pages("Gone") == []
    assert len(sandbox.pages()) == 12


def test_the_workbench_gets_its_records(sandbox: Any) -> None:
    sandbox.run("create_page", title="Newest")

    records = sandbox.ask("GET", "records")
    assert records[0]["title"] == "Newest"
    assert set(records[0]) == {"service", "object", "id", "title", "status", "json"}
    assert not any(name.startswith("_") for name in records[0]["json"])


@pytest.mark.parametrize(
    "body",
    [{"do": "explode"}, {"do": "comment", "page": "no such"},
     {"do": "comment", "page": "Roadmap for the winter", "who": "Eve"},
     {"do": "edit", "page": "Roadmap for the winter", "text": "x" * 3000}, {"do": "write_many", "count": 0}],
)  # fmt: skip
def test_an_act_that_makes_no_sense_is_named(sandbox: Any, body: Any) -> None:
    answer = requests.post(f"{sandbox.base}/_sandbox/act", json=body, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_another_page_in_the_browser_cannot_steer_it(sandbox: Any) -> None:
    answer = requests.post(
        f"{sandbox.base}/_sandbox/reset", headers={"Origin": "https://evil.example"}, timeout=5
    )

    assert answer.status_code == 403


@pytest.mark.twin
def test_twin_without_the_guard_another_page_empties_it(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.notion.sandbox.local_only", lambda handler, *_: handler)
    sandbox.run("create_page", title="Gone")
    sandbox.stop()
    sandbox.start()
    requests.post(f"{sandbox.base}/_sandbox/reset", headers={"Origin": "https://evil.example"}, timeout=5)

    assert sandbox.pages("Gone") == []


# ── the page that people look at ─────────────────────────────────────────────────────────

HOSTILE = '<script>alert(1)</script><img src=x onerror="x">'


def test_what_exists_is_shown_and_nothing_of_it_runs(sandbox: Any) -> None:
    done = sandbox.run("create_page", title=HOSTILE, text=f"{HOSTILE}\n[a](https://x.example/\"b')")
    sandbox.act("comment", page=done.external_id, who="omar", text=HOSTILE)

    index = requests.get(f"{sandbox.base}/", timeout=5)
    page = requests.get(done.result["url"], timeout=5)

    for answer in (index, page):
        assert "<script" not in answer.text
        assert "<img" not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "Omar Haddad" in page.text


@pytest.mark.twin
def test_twin_unescaped_the_title_would_run(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from integrations.notion.sandbox import page

    monkeypatch.setattr(page, "escape", str)
    sandbox.run("create_page", title=HOSTILE)

    assert "<script>alert(1)</script>" in requests.get(f"{sandbox.base}/", timeout=5).text


def test_a_page_of_the_list_leads_to_the_page_and_back(sandbox: Any) -> None:
    index = requests.get(f"{sandbox.base}/", timeout=5).text

    href = index.split('<a href="')[1].split('"')[0]
    assert "Retro of sprint 47" in requests.get(f"{sandbox.base}/{href}", timeout=5).text
    assert requests.get(f"{sandbox.base}/p/nothing", timeout=5).status_code == 404


def test_the_wire_is_told_of_each_request_and_of_no_token(sandbox: Any) -> None:
    sandbox.service().me()

    [row] = sandbox.calls("GET /v1/users/me")
    assert (row["platform"], row["status"], row["verified"]) == ("notion", 200, "bearer ✓")
    assert "ntn_of_the_tests" not in str(row)
