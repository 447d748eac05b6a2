"""The stand-in of Jira: it answers as the real one does, forgets nothing, and tells what happens there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from integrations.jira.sandbox.store import Store

TOKEN = ("bot@example.com", "token-of-the-tests")
NEW = {"title": "The oven's door sticks"}


def _get(sandbox: Any, path: str, **more: Any) -> requests.Response:
    return requests.get(f"{sandbox.base}/rest/api/{path}", auth=TOKEN, timeout=5, **more)


def _post(sandbox: Any, path: str, body: Any) -> requests.Response:
    return requests.post(f"{sandbox.base}/rest/api/{path}", json=body, auth=TOKEN, timeout=5)


# ── as the real one ──────────────────────────────────────────────────────────────────────


def test_it_begins_with_a_dozen_tickets_that_one_could_believe(sandbox: Any) -> None:
    issues = sandbox.issues()

    assert len(issues) == 12
    assert {each["fields"]["status"]["name"] for each in issues.values()} >= {"To Do", "In Progress", "Done"}
    assert sum(len(each["comments"]) for each in issues.values()) == 4


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "2/issue/SHOP-999", None, 404),
        ("GET", "2/issue/SHOP-1/comment?startAt=x", None, 400),
        ("DELETE", "2/issue/SHOP-1", None, 405),
        ("GET", "2/nowhere", None, 404),
        ("POST", "2/issue", {"fields": {"project": {"key": "NOPE"}}}, 400),
        ("POST", "2/issue", {"fields": {"project": {"key": "SHOP"}, "issuetype": {"name": "Task"}}}, 400),
        ("POST", "2/search", {"jql": "project = "}, 400),
        ("POST", "2/search", {"jql": "nothing = 1"}, 400),
        ("POST", "2/search", {"jql": "project ~ x"}, 400),
        ("POST", "2/search", {"jql": 'text ~ "a(b"'}, 400),
        ("POST", "2/search", {"jql": "(" * 300}, 400),
        ("POST", "2/issueLink", {"type": {"name": "Eats"}}, 404),
        ("PUT", "2/issue/SHOP-1/assignee", {"name": "nobody"}, 400),
        ("POST", "2/issue/SHOP-1/transitions", {"transition": {"id": "41"}}, 400),
        ("POST", "2/issue/SHOP-1/comment", {"body": {"type": "doc"}}, 400),
    ],
)
def test_what_jira_refuses_is_refused_in_jiras_form(
    sandbox: Any, method: str, path: str, body: Any, status: int
) -> None:
    answer = requests.request(method, f"{sandbox.base}/rest/api/{path}", json=body, auth=TOKEN, timeout=5)

    assert answer.status_code == status
    assert set(answer.json()) == {"errorMessages", "errors"}


def test_text_of_the_other_version_is_refused(sandbox: Any) -> None:
    fields = {
        "project": {"key": "SHOP"},
        "issuetype": {"name": "Task"},
        "summary": "x",
        "description": "plain",
    }
    answer = _post(sandbox, "3/issue", {"fields": fields})

    assert answer.status_code == 400
    assert "Atlassian Document" in answer.json()["errors"]["description"]


def test_a_wrong_token_gets_in_nowhere(sandbox: Any) -> None:
    answer = requests.get(f"{sandbox.base}/rest/api/2/myself", auth=("x", "y"), timeout=5)

    assert answer.status_code == 401
    assert requests.get(f"{sandbox.base}/rest/api/2/myself", timeout=5).status_code == 401


def test_an_unbounded_question_is_refused_on_cloud_only(sandbox: Any) -> None:
    assert _post(sandbox, "3/search/jql", {"jql": "order by key"}).status_code == 400
    assert _post(sandbox, "2/search", {"jql": "order by key"}).json()["total"] == 12


def test_clouds_old_search_is_gone(sandbox: Any) -> None:
    from tests.integrations.jira.contract_jira import problems

    assert _post(sandbox, "3/search", {"jql": "project = SHOP"}).status_code == 410
    assert problems("POST", "/rest/api/3/search", "{}", 410, "")
    sandbox.wire.clear()


def test_clouds_search_gives_ids_alone_unless_asked_for_more(sandbox: Any) -> None:
    found = _post(sandbox, "3/search/jql", {"jql": "project = OPS"}).json()

    assert all(set(each) == {"id"} for each in found["issues"])
    assert "total" not in found


def test_clouds_search_is_behind_and_data_centers_is_not(sandbox: Any) -> None:
    sandbox.ask("POST", "lag", {"ms": 60_000})
    sandbox.do("CREATE", {"title": "Zebra one"}, key="r1:a:1")
    sandbox.do("CREATE", {"title": "Zebra two"}, key="r1:b:1", version=2)

    def found(version: int) -> list[str]:
        return [
            each["title"]
            for each in sandbox.do("SEARCH", {"text": "zebra"}, version=version).result["tickets"]
        ]

    assert found(3) == ["Zebra two"]
    assert sorted(found(2)) == ["Zebra one", "Zebra two"]
    sandbox.clock.ahead += 61
    assert sorted(found(3)) == ["Zebra one", "Zebra two"]


def test_a_number_of_a_ticket_is_never_used_again(sandbox: Any) -> None:
    sandbox.act("delete", "SHOP-10")

    assert sandbox.do("CREATE", NEW).result["key"] == "SHOP-11"


def test_every_answer_can_be_made_slow(sandbox: Any) -> None:
    sandbox.ask("POST", "latency", {"ms": 60})
    began = time.monotonic()
    _get(sandbox, "2/myself")

    assert time.monotonic() - began >= 0.06


# ── it forgets nothing ───────────────────────────────────────────────────────────────────

_CHILD = """
import sys
from aiohttp import web
from integrations.jira.sandbox import create_sandbox
app = create_sandbox(sys.argv[1], webhook_url="", webhook_secret="x")
web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), print=None)
"""


def _child(path: Path, port: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", _CHILD, str(path), str(port)])
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            requests.get(f"http://127.0.0.1:{port}/_sandbox/records", timeout=1)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return process
    process.kill()
    raise AssertionError("the sandbox did not start")


@pytest.mark.processes
def test_what_was_answered_is_still_there_after_a_kill(tmp_path: Path, unused_tcp_port: int) -> None:
    class At:
        base = f"http://127.0.0.1:{unused_tcp_port}"

    fields = {"project": {"key": "SHOP"}, "issuetype": {"name": "Task"}, "summary": "x"}
    process = _child(tmp_path / "j.sqlite", unused_tcp_port)
    made = [_post(At, "2/issue", {"fields": fields}).json()["key"] for _ in range(5)]
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)

    process = _child(tmp_path / "j.sqlite", unused_tcp_port)
    try:
        assert [_get(At, f"2/issue/{key}").json()["key"] for key in made] == made
    finally:
        process.kill()
        process.wait(10)


def test_a_request_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "j.sqlite")

    def half() -> None:
        with store.transaction():
            store.meet({"id": "x"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert store.empty()
    store.close()


# ── the page ─────────────────────────────────────────────────────────────────────────────


def test_the_page_shows_every_ticket_and_each_ticket_its_comments(sandbox: Any) -> None:
    sandbox.do("LINK", {"issue": "SHOP-1", "other": "SHOP-5", "type": "Blocks"})
    page = requests.get(f"{sandbox.base}/", timeout=5)
    one = requests.get(f"{sandbox.base}/browse/SHOP-1", timeout=5).text

    assert page.text.count("<tr>") == 12 + 2
    assert f'href="{sandbox.mount}' in page.text.replace(sandbox.base.removesuffix(sandbox.mount), "")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "the token is checked before the cart is locked" in one
    assert "Blocks" in one
    assert "SHOP-5" in one


def test_what_is_written_on_the_page_is_text(sandbox: Any) -> None:
    evil = "<script>alert(1)</script>"
    key = sandbox.do("CREATE", {"title": evil, "description": evil, "labels": ["<script>x"]}).result["key"]
    sandbox.do("COMMENT", {"issue": key, "text": evil})
    shown = (
        requests.get(f"{sandbox.base}/", timeout=5).text
        + requests.get(f"{sandbox.base}/browse/{key}", timeout=5).text
    )

    assert "<script" not in shown
    assert shown.count("&lt;script&gt;alert(1)") >= 4


@pytest.mark.parametrize("key", ["SHOP-999", "x" * 100, "%3Cscript%3E"])
def test_a_ticket_that_never_was_is_not_found(sandbox: Any, key: str) -> None:
    assert requests.get(f"{sandbox.base}/browse/{key}", timeout=5).status_code == 404


# ── the control side ─────────────────────────────────────────────────────────────────────


def test_a_page_of_another_origin_cannot_steer_it(sandbox: Any) -> None:
    forged = requests.post(
        f"{sandbox.base}/_sandbox/reset", json={}, headers={"Origin": "https://evil.example"}, timeout=5
    )

    assert forged.status_code == 403


@pytest.mark.parametrize("guard", [True, pytest.param(False, marks=pytest.mark.twin)])
def test_another_machine_cannot_steer_it_and_without_the_guard_it_could(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch, guard: bool
) -> None:
    monkeypatch.setattr("integrations.sandboxes.controlling.is_this_machine", lambda _: not guard)

    answer = requests.get(f"{sandbox.base}/_sandbox/records", timeout=5)
    assert answer.status_code == (403 if guard else 200)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("fault", {}),
        ("fault", {"kind": "unknown"}),
        ("fault", []),
        ("fault", {"kind": "429", "times": "x"}),
        ("fault", {"kind": "hang", "delay_ms": -1}),
        ("latency", {"ms": -1}),
        ("latency", {}),
        ("lag", {"ms": True}),
        ("rights", {"denied": "x"}),
        ("webhooks", {"duplicates": 11}),
        ("act", {"what": "dance"}),
        ("act", {"what": "close", "issue": "SHOP-999"}),
        ("act", {"what": "close", "issue": "SHOP-3"}),
        ("act", {"what": "comment", "issue": "SHOP-1", "by": "nobody", "text": "x"}),
        ("act", {"what": "comment", "issue": "SHOP-1", "text": ""}),
    ],
)
def test_what_makes_no_sense_is_told(sandbox: Any, path: str, body: Any) -> None:
    answer = requests.post(f"{sandbox.base}/_sandbox/{path}", json=body, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_fault_is_used_up_and_can_be_switched_off(sandbox: Any) -> None:
    sandbox.fault("500_before", "*", "*", times=2)
    assert [_get(sandbox, "2/myself").status_code for _ in range(3)] == [500, 500, 200]

    sandbox.fault("500_before", "*", "*", times=5)
    sandbox.ask("DELETE", "fault")
    assert _get(sandbox, "2/myself").status_code == 200


def test_the_records_are_what_the_page_draws(sandbox: Any) -> None:
    sandbox.do("CREATE", NEW)
    [first, *others] = sandbox.ask("GET", "records")

    assert (first["service"], first["object"], first["status"]) == ("Jira", "Task", "To Do")
    assert first["title"] == "SHOP-11 · The oven's door sticks"
    assert "bot-" not in json.dumps(first)
    assert len(others) == 12


def test_a_reset_brings_the_seeds_back_and_nothing_else(sandbox: Any) -> None:
    sandbox.do("CREATE", NEW)
    sandbox.act("close", "SHOP-1")
    sandbox.ask("POST", "reset", {})

    assert len(sandbox.issues()) == 12
    assert sandbox.do("CREATE", NEW).result["key"] == "SHOP-11"


def test_the_wire_log_tells_all_but_the_token(sandbox: Any) -> None:
    sandbox.do("CREATE", NEW)
    sandbox.received.wait_for(1)

    sent = next(each for each in sandbox.wire if each["title"].endswith("/rest/api/3/issue"))
    assert (sent["platform"], sent["direction"], sent["status"]) == ("jira", "from bot", 201)
    assert "token-of-the-tests" not in json.dumps(sandbox.wire)
