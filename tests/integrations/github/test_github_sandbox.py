"""The sandbox is as GitHub is: its errors, its pages, its lag, its webhooks; and it forgets nothing."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from multidict import CIMultiDict

from integrations.github.webhook import NotFromgithub, read, verify

SECRET = "secret-of-the-tests"
AUTH = {"Authorization": "token github_pat_1", "User-Agent": "tests"}
SHOP = "/repos/pizzeria/shop"


def _ask(sandbox: Any, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
    return requests.request(method, f"{sandbox.base}{path}", json=body, headers=AUTH | headers, timeout=10)


def _told(sandbox: Any, count: int) -> list[Any]:
    """That many deliveries, verified and read."""
    got = sandbox.received.wait_for(lambda got: len(got) >= count)
    return [read(verify(CIMultiDict(headers), body, SECRET, 0)) for headers, body in got]


# ── as GitHub answers ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("GET", "/repos/pizzeria/nowhere", None, 404, "Not Found"),
        ("GET", f"{SHOP}/issues/99", None, 404, "Not Found"),
        ("GET", f"{SHOP}/nothing", None, 404, "Not Found"),
        ("PUT", f"{SHOP}/issues", None, 405, "Method not allowed"),
        ("POST", f"{SHOP}/issues", {}, 422, "Validation Failed"),
        ("POST", f"{SHOP}/issues", {"title": "x" * 257}, 422, "Validation Failed"),
        ("POST", f"{SHOP}/issues", {"title": "x", "body": "x" * 65_537}, 422, "Validation Failed"),
        ("POST", f"{SHOP}/issues", {"title": "x", "assignees": ["nobody"]}, 422, "Validation Failed"),
        ("POST", f"{SHOP}/issues", [1], 400, "Problems parsing JSON"),
        ("POST", f"{SHOP}/issues/9/comments", {"body": " "}, 422, "Validation Failed"),
        ("DELETE", f"{SHOP}/issues/9/labels/menu", None, 404, "Label does not exist"),
        ("PATCH", f"{SHOP}/issues/9", {"state": "shut"}, 422, "Validation Failed"),
        ("GET", f"{SHOP}/issues?state=shut", None, 422, "Validation Failed"),
        ("GET", "/search/issues", None, 422, "Validation Failed"),
    ],
)
def test_it_says_no_as_github_does(
    sandbox: Any, method: str, path: str, body: Any, status: int, message: str
) -> None:
    answer = _ask(sandbox, method, path, body)

    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert answer.json()["documentation_url"]
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


def test_without_a_token_nothing_is_shown(sandbox: Any) -> None:
    for authorization in ("", "token ", "Basic eDp5", "token ghs_made_up"):
        assert _ask(sandbox, "GET", "/user", Authorization=authorization).status_code == 401


def test_without_a_user_agent_it_does_not_talk(sandbox: Any) -> None:
    assert _ask(sandbox, "GET", "/user", **{"User-Agent": ""}).status_code == 403


def test_each_call_is_counted_against_the_hour(sandbox: Any) -> None:
    first, second = (_ask(sandbox, "GET", "/user").headers for _ in range(2))

    assert int(first["x-ratelimit-remaining"]) == int(second["x-ratelimit-remaining"]) + 1
    assert first["x-ratelimit-limit"] == "5000"
    assert int(first["x-ratelimit-reset"]) > time.time()


def test_pages_are_linked_by_the_repositorys_number(sandbox: Any) -> None:
    answer = _ask(sandbox, "GET", f"{SHOP}/issues?state=all&per_page=5&page=2")

    assert [each["number"] for each in answer.json()] == [7, 6, 5, 4, 3]
    links = {rel: to for to, rel in re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["Link"])}
    assert set(links) == {"prev", "next", "last", "first"}
    assert "/repositories/501/issues?" in links["next"]
    assert "page=3" in links["last"]


def test_the_list_knows_at_once_what_the_search_learns_later(sandbox: Any) -> None:
    sandbox.create(title="Brand new")
    query = "/search/issues?q=%22Brand%20new%22%20repo:pizzeria/shop"

    assert _ask(sandbox, "GET", f"{SHOP}/issues").json()[0]["title"] == "Brand new"
    assert _ask(sandbox, "GET", query).json()["total_count"] == 0
    sandbox.clock.ahead += 6
    assert _ask(sandbox, "GET", query).json()["total_count"] == 1


def test_a_label_that_is_new_is_made(sandbox: Any) -> None:
    assert sandbox.create(labels=["never seen"]).result["labels"] == ["never seen"]


def test_a_pull_request_is_an_issue_with_one_field_more(sandbox: Any) -> None:
    pull, issue = (_ask(sandbox, "GET", f"{SHOP}/issues/{number}").json() for number in (3, 9))

    assert pull["pull_request"]["merged_at"]
    assert "pull_request" not in issue


# ── webhooks ─────────────────────────────────────────────────────────────────────────────


def test_what_others_do_is_told(sandbox: Any) -> None:
    sandbox.act("comment", who="omar", number=9, body="Again on Friday.")
    sandbox.act("assign", who="grace", number=9, login="grace")
    sandbox.act("close", who="lin", number=9, reason="not_planned")
    sandbox.act("reopen", who="lin", number=9)
    sandbox.act("close", who="lin", number=10, merged=True)

    told = _told(sandbox, 5)
    assert [each.sentence for each in told] == [
        "pizzeria/shop#9 was commented on by omar.",
        "pizzeria/shop#9 was assigned to grace by grace.",
        "pizzeria/shop#9 was closed by lin as not planned.",
        "pizzeria/shop#9 was opened again by lin.",
        "pizzeria/shop#10 was merged by lin.",
    ]
    assert told[0].text == "Again on Friday."
    assert len({each.key for each in told}) == 5


def test_what_we_do_is_told_too_and_is_known_to_be_ours(sandbox: Any) -> None:
    done = sandbox.create()
    sandbox.act("close", who="ada", number=13)
    sandbox.service().create_comment("pizzeria/shop", 13, "x")

    told = [each for each in _told(sandbox, 3) if each is not None]
    us = sandbox.service().login().lower()
    assert {each.external_id for each in told} == {done.external_id}
    assert [(each.kind, each.actor == us) for each in told] == [("closed", False), ("commented", True)]


def test_a_delivery_is_sent_once_and_again_when_it_is_asked_for(sandbox: Any) -> None:
    """GitHub never tries again by itself."""
    sandbox.received.answers[:] = [503]
    sandbox.act("close", who="lin", number=9)
    sandbox.act("close", who="lin", number=8)
    _told(sandbox, 2)
    _until(lambda: [each["state"] for each in sandbox.ask("GET", "webhooks")] == ["failed", "done"])

    assert sandbox.ask("POST", "redeliver", {})["count"] == 1
    first, _, again = _told(sandbox, 3)
    assert first == again
    guids = [headers["X-GitHub-Delivery"] for headers, _ in sandbox.received.got]
    assert guids[0] == guids[2] != guids[1]


def _until(true: Any) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_delivery_can_come_twice(sandbox: Any) -> None:
    sandbox.ask("POST", "webhooks", {"duplicates": 1})
    sandbox.act("close", who="lin", number=9)

    first, second = _told(sandbox, 2)
    assert first == second


def test_what_was_not_delivered_before_a_crash_is_delivered_after_it(sandbox: Any) -> None:
    sandbox.ask("POST", "webhooks", {"paused": True})
    sandbox.act("close", who="lin", number=9)
    sandbox.stop()
    sandbox.start()

    assert _told(sandbox, 1)[0].kind == "closed"


def test_a_changed_body_is_not_genuine(sandbox: Any) -> None:
    sandbox.act("close", who="lin", number=9)
    [(headers, body)] = sandbox.received.wait_for(bool)

    with pytest.raises(NotFromgithub):
        verify(CIMultiDict(headers), body.replace(b"lin", b"ada"), SECRET, 0)


# ── memory ───────────────────────────────────────────────────────────────────────────────

_WRITE_AND_DIE = """
import os, sys, time
from integrations.github.sandbox.seed import seed
from integrations.github.sandbox.store import Store
from integrations.github.sandbox.work import Work
store = Store(sys.argv[1])
with store.transaction():
    seed(store, time.time())
work = Work(store, time.time(), "http://x", "ada")
with store.transaction():
    work.open(work.repository("pizzeria/shop"), "Kept", None, ["bug"], [])
store._db.execute("begin immediate")
work.open(work.repository("pizzeria/shop"), "Half done", None, [], [])
os.kill(os.getpid(), 9)
"""


def test_what_was_answered_is_there_after_a_kill_and_nothing_half_done(tmp_path: Path) -> None:
    path = tmp_path / "killed.sqlite"
    done = subprocess.run([sys.executable, "-c", _WRITE_AND_DIE, str(path)], check=False)

    assert done.returncode == -9
    titles = [row[0] for row in sqlite3.connect(path).execute("select json from things where kind = 'issue'")]
    assert sum("Kept" in each for each in titles) == 1
    assert not any("Half done" in each for each in titles)


def test_starting_again_seeds_nothing_twice(sandbox: Any) -> None:
    sandbox.create(title="Mine")
    before = sandbox.state()
    sandbox.stop()
    sandbox.start()

    assert sandbox.state() == before


def test_a_reset_brings_the_beginning_back(sandbox: Any) -> None:
    sandbox.create(title="Mine")
    sandbox.fault("500_before")
    sandbox.ask("POST", "reset", {})

    assert sandbox.issues("Mine") == []
    assert sandbox.create().result["number"] == 13


def test_it_begins_with_about_a_dozen_things(sandbox: Any) -> None:
    found = [each for each in sandbox.state()["issue"] if each["repo"] == "pizzeria/shop"]

    assert len(found) == 12
    assert sum(each["pull"] for each in found) == 3
    assert len(sandbox.ask("GET", "records")) == 13


# ── the control side, and the page ───────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("fault", {"kind": "no such"}),
        ("fault", {"kind": "429", "times": "many"}),
        ("latency", {"ms": -1}),
        ("latency", {"ms": True}),
        ("webhooks", {"duplicates": 99}),
        ("act", {"act": "dance", "number": 9}),
        ("act", {"act": "close", "number": "9"}),
        ("act", {"act": "close", "number": 99}),
        ("rights", {"push": "yes"}),
        ("rights", {"repository": "no/where", "push": True}),
        ("act", [1]),
    ],
)
def test_nonsense_is_refused_by_the_control_side(sandbox: Any, path: str, body: Any) -> None:
    answer = requests.post(f"{sandbox.base}/_sandbox/{path}", json=body, timeout=10)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_page_of_another_origin_controls_nothing(sandbox: Any) -> None:
    answer = requests.post(
        f"{sandbox.base}/_sandbox/reset", json={}, headers={"Origin": "https://evil.example"}, timeout=10
    )

    assert answer.status_code == 403


@pytest.mark.twin
def test_twin_without_the_guard_a_page_of_another_origin_resets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Any
) -> None:
    monkeypatch.setattr("integrations.github.sandbox.local_only", lambda handler, *_: handler)
    open_to_all = type(sandbox)(tmp_path / "open.sqlite")
    try:
        answer = requests.post(
            f"{open_to_all.base}/_sandbox/reset",
            json={},
            headers={"Origin": "https://evil.example"},
            timeout=10,
        )
        assert answer.status_code == 200
    finally:
        open_to_all.stop()


def test_each_call_takes_as_long_as_it_is_told(sandbox: Any) -> None:
    sandbox.ask("POST", "latency", {"ms": 120})
    began = time.monotonic()
    _ask(sandbox, "GET", "/user")

    assert time.monotonic() - began >= 0.12


HOSTILE = "<script>alert(1)</script>\"'><img src=x>"


def test_the_page_shows_what_exists_and_escapes_it(sandbox: Any) -> None:
    sandbox.act("open", who="omar", title=HOSTILE, body=HOSTILE)
    sandbox.act("comment", who="omar", number=13, body=HOSTILE)
    sandbox.act("label", number=13, label=HOSTILE)

    pages = [requests.get(f"{sandbox.base}{path}", timeout=10) for path in ("/", "/pizzeria/shop/issues/13")]
    for page in pages:
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "<img" not in page.text
        assert "&lt;script&gt;" in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "Card payments time out on Friday evenings" in pages[0].text
    assert "/standin/github/pizzeria/shop/issues/9" in pages[0].text


@pytest.mark.twin
def test_twin_without_escaping_the_page_runs_what_somebody_typed(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.act("open", who="omar", title=HOSTILE, body=HOSTILE)
    monkeypatch.setattr("integrations.github.sandbox.page.escape", lambda typed: typed)

    assert "<script>alert(1)</script>" in requests.get(f"{sandbox.base}/", timeout=10).text


def test_every_link_of_the_page_leads_somewhere(sandbox: Any) -> None:
    origin = sandbox.base.removesuffix(sandbox.mount)
    overview = requests.get(f"{sandbox.base}/", timeout=10).text
    links = re.findall(r'href="([^"]+)"', overview)

    assert len(links) == 13
    assert {requests.get(f"{origin}{link}", timeout=10).status_code for link in links} == {200}


def test_the_address_of_an_issue_opens_its_page(sandbox: Any) -> None:
    done = sandbox.create(body="Since *noon*")

    assert "The oven is cold" in requests.get(done.result["url"], timeout=10).text


def test_an_issue_that_is_not_there_has_no_page(sandbox: Any) -> None:
    assert requests.get(f"{sandbox.base}/pizzeria/shop/issues/99", timeout=10).status_code == 404


def test_the_wire_shows_no_token(sandbox: Any) -> None:
    sandbox.create()
    sandbox.received.wait_for(bool)

    assert "github_pat" not in str(sandbox.wire)
    assert SECRET not in str(sandbox.wire)
