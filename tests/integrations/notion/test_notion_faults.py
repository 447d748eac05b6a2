"""Every way in which Notion can fail: what it becomes, what the person reads, and what is there after."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from integrations import http
from integrations.errors import (
    IntegrationError,
    NotConfigured,
    NotReached,
    OutcomeUnknown,
    RateLimited,
    Refused,
)
from integrations.http import open_session
from integrations.notion import client, tools
from integrations.notion.client import connect

WRITES = [
    ("401", NotConfigured, "does not accept our token: check NOTION_TOKEN"),
    ("403", NotConfigured, "does not let our integration do this"),
    ("404", Refused, "knows no such page or database, or it is not shared"),
    ("400", Refused, "did not accept this request. Nothing was changed."),
    ("422", Refused, "did not accept this request. Nothing was changed."),
    ("413", Refused, "too large. Nothing was changed."),
    ("409", OutcomeUnknown, "another change of the same thing"),
    ("429", RateLimited, "asked us to slow down"),
    ("529", RateLimited, "asked us to slow down"),
    ("500_before", OutcomeUnknown, "had a fault of its own"),
    ("503_before", OutcomeUnknown, "had a fault of its own"),
    ("502_html", OutcomeUnknown, "an answer that we cannot read"),
    ("drop_before", OutcomeUnknown, "did not answer in time"),
]
AFTER = ["500_after", "503_after", "drop_after", "html", "empty", "truncated", "404_html_after"]


def _create(sandbox: Any, number: int = 1) -> Any:
    return sandbox.run("create_page", number=number, title="Once", text="a")


@pytest.mark.parametrize(("kind", "error", "says"), WRITES)
def test_a_fault_before_anything_was_done_becomes_ours_and_a_second_try_makes_the_page(
    sandbox: Any, kind: str, error: type[IntegrationError], says: str
) -> None:
    sandbox.fault(kind)

    with pytest.raises(IntegrationError) as raised:
        _create(sandbox)
    assert type(raised.value) is error
    assert says in str(raised.value)
    assert str(raised.value).startswith("Notion ")
    assert sandbox.pages("Once") == []
    _create(sandbox, number=2)
    assert len(sandbox.pages("Once")) == 1


@pytest.mark.parametrize("kind", AFTER)
def test_an_answer_lost_after_the_page_was_made_is_unknown_and_a_second_try_finds_it(
    sandbox: Any, kind: str
) -> None:
    sandbox.fault(kind)

    with pytest.raises(OutcomeUnknown):
        _create(sandbox)
    assert len(sandbox.pages("Once")) == 1
    assert _create(sandbox, number=2).result["title"] == "Once"
    assert len(sandbox.pages("Once")) == 1


@pytest.mark.parametrize(("kind", "error"), [(kind, error) for kind, error, _ in WRITES])
def test_a_look_up_that_fails_leaves_it_unknown_whether_an_earlier_try_is_there(
    sandbox: Any, kind: str, error: type[IntegrationError]
) -> None:
    sandbox.fault(kind, "/query")

    with pytest.raises(RateLimited if error is RateLimited else OutcomeUnknown):
        _create(sandbox, number=2)
    assert sandbox.pages("Once") == []


@pytest.mark.parametrize(
    "kind", ["500_before", "502_html", "drop_before", "html", "empty", "truncated", "409"]
)
def test_reading_may_be_tried_again_whatever_happened(sandbox: Any, kind: str) -> None:
    sandbox.fault(kind, "/search")

    with pytest.raises(NotReached) as raised:
        sandbox.run("search", words="oven")
    assert raised.value.retryable
    assert sandbox.run("search", words="oven").result["pages"]


@pytest.mark.parametrize(
    ("sent", "waits"),
    [("7", 7.0), ("90", 90.0), ("999999", 3600.0), ("", 10.0), ("soon", 10.0), ("0", 0.1), ("-5", 10.0)],
)
@pytest.mark.parametrize("kind", ["429", "529"])
def test_how_long_to_wait_is_notions_word_within_bounds(
    sandbox: Any, kind: str, sent: str, waits: float
) -> None:
    sandbox.fault(kind, retry_after=sent)
    began = time.monotonic()

    with pytest.raises(RateLimited) as limited:
        _create(sandbox)
    assert limited.value.retry_after == waits
    assert time.monotonic() - began < 5


def test_a_budget_of_calls_a_minute_is_obeyed_with_its_time(sandbox: Any) -> None:
    sandbox.ask("POST", "limit", {"per_minute": 1})
    service = sandbox.service()
    service.me()

    with pytest.raises(RateLimited) as limited:
        service.me()
    assert 1 <= limited.value.retry_after <= 60


@pytest.mark.parametrize("kind", ["hang", "drip", "drip_headers"])
def test_a_notion_that_takes_for_ever_is_left_at_the_deadline(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    sandbox.fault(kind)
    began = time.monotonic()
    with monkeypatch.context() as quick:
        quick.setattr(client, "open_session", partial(open_session, total=0.5))
        with pytest.raises(OutcomeUnknown):
            _create(sandbox)

    assert time.monotonic() - began < 3
    _create(sandbox, number=2)
    assert len(sandbox.pages("Once")) == 1


def test_many_calls_end_within_their_budget_and_the_rest_is_written_next_time(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\n".join(f"- {n}" for n in range(250))
    sandbox.fault("delay", "/children", "PATCH", delay_ms=700, times=1)
    with monkeypatch.context() as quick:
        quick.setattr(tools, "LONGEST", 0.6)
        with pytest.raises((OutcomeUnknown, NotReached)):
            sandbox.run("create_page", title="Long", text=text)

    sandbox.run("create_page", number=2, title="Long", text=text)

    assert len(sandbox.pages("Long")[0]["blocks"]) == 250


def test_a_notion_that_is_down_was_never_reached(sandbox: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]

    with pytest.raises(NotReached, match="could not be reached") as raised:
        connect({"NOTION_TOKEN": "t", "NOTION_API_URL": f"http://127.0.0.1:{free}"}).me()
    assert raised.value.retryable


@pytest.mark.parametrize("number", [301, 302, 307, 308])
def test_a_redirect_to_another_host_is_refused_and_that_host_hears_nothing(
    serve: Callable[..., Any], number: int
) -> None:
    elsewhere = serve(lambda sock: sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
    answer = f"HTTP/1.1 {number} X\r\nLocation: {elsewhere.base}/v1/pages\r\nContent-Length: 0\r\n\r\n"
    notion = serve(lambda sock: sock.sendall(answer.encode()))
    service = connect({"NOTION_TOKEN": "t", "NOTION_API_URL": notion.base})

    with pytest.raises(OutcomeUnknown):
        service.create("0b0c9d6e-1f43-4c1b-9a57-2f8e6f0f1c11", {}, [])
    assert len(notion.requests) == 1
    assert elsewhere.requests == []


@pytest.mark.twin
def test_twin_by_the_sdks_own_client_that_follows_the_other_host_hears_it_all(
    serve: Callable[..., Any],
) -> None:
    import httpx
    import notion_client

    elsewhere = serve(lambda sock: sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
    answer = f"HTTP/1.1 307 X\r\nLocation: {elsewhere.base}/v1/pages\r\nContent-Length: 0\r\n\r\n"
    notion = serve(lambda sock: sock.sendall(answer.encode()))
    unguarded = httpx.Client(follow_redirects=True, trust_env=False)

    notion_client.Client(auth="t", base_url=notion.base, client=unguarded, retry=False).pages.create(
        parent={}
    )

    assert len(elsewhere.requests) == 1


@pytest.mark.twin
def test_twin_with_the_answer_in_the_error_a_log_would_carry_it(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the SDK raises prints what Notion said, so nobody may see it."""
    from contextlib import nullcontext

    monkeypatch.setattr(client, "reading", nullcontext)
    sandbox.fault("403", "/users/me", "GET")

    with pytest.raises(Exception, match="Switched on in the sandbox"):
        sandbox.service().me()


class Cutting:
    """Between us and the sandbox: passes requests on, and resets before the first create is answered."""

    def __init__(self, port: int) -> None:
        self.port, self.cut = port, False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                threading.Thread(target=self._one, args=(near,), daemon=True).start()

    def _one(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)) as far:
            while request := _message(near):
                far.sendall(request)
                answer = _message(far)
                if request.startswith(b"POST /standin/notion/v1/pages ") and not self.cut:
                    self.cut = True
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                near.sendall(answer)


def _message(sock: socket.socket) -> bytes:
    """One request or answer, whole; nothing where the other side went away."""
    got = b""
    while b"\r\n\r\n" not in got:
        if not (more := sock.recv(65536)):
            return b""
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    while len(body) < int(length[1] if length else 0):
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def cutting(sandbox: Any) -> Iterator[Cutting]:
    between = Cutting(int(sandbox.origin.rpartition(":")[2]))
    yield between
    between.listener.close()


def test_a_reset_after_the_body_was_read_makes_exactly_one_page(sandbox: Any, cutting: Cutting) -> None:
    sandbox.base = cutting.origin + sandbox.mount

    with pytest.raises(OutcomeUnknown):
        _create(sandbox)
    assert cutting.cut
    assert len(sandbox.calls("POST /v1/pages")) == 1
    _create(sandbox, number=2)
    assert len(sandbox.calls("POST /v1/pages")) == 1
    assert len(sandbox.pages("Once")) == 1


def test_a_netrc_line_for_the_host_changes_nothing(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    notion = serve(lambda sock: sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))

    with pytest.raises(NotReached):
        connect({"NOTION_TOKEN": "ntn_ours", "NOTION_API_URL": notion.base}).me()
    assert b"authorization: bearer ntn_ours\r\n" in notion.requests[0].lower()


@pytest.mark.twin
def test_twin_believing_the_environment_the_netrc_line_takes_our_tokens_place(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    notion = serve(lambda sock: sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))

    def believing(base: str) -> Any:
        session = open_session(base)
        session.trust_env = True
        return session

    monkeypatch.setattr(client, "open_session", believing)

    with pytest.raises(NotReached):
        connect({"NOTION_TOKEN": "ntn_ours", "NOTION_API_URL": notion.base}).me()
    assert b"authorization: basic " in notion.requests[0].lower()


def test_a_proxy_of_the_environment_gets_nothing(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(lambda sock: sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
    notion = serve(lambda sock: sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.base)

    with pytest.raises(NotReached):
        connect({"NOTION_TOKEN": "t", "NOTION_API_URL": notion.base}).me()
    assert (len(notion.requests), len(proxy.requests)) == (1, 0)


def test_an_answer_that_is_too_large_is_not_read(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "open_session", partial(open_session, largest=1000))
    body = b'{"id": "' + b"x" * 5000 + b'"}'
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    notion = serve(lambda sock: sock.sendall(head + body))

    with pytest.raises(NotReached):
        connect({"NOTION_TOKEN": "t", "NOTION_API_URL": notion.base}).me()


def test_a_name_that_leads_to_a_private_address_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def inside(*args: Any) -> Any:
        asked.append(args)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 443))]

    monkeypatch.setattr(http.socket, "getaddrinfo", inside)

    with pytest.raises(NotReached, match="could not be reached"):
        connect({"NOTION_TOKEN": "t", "NOTION_API_URL": "https://notion.example.com"}).me()
    assert asked


@pytest.mark.parametrize("body", ["[" * 200_000, '{"id": 7}', "[]", "null", '"text"', '{"id": "not-an-id"}'])
def test_an_answer_of_no_shape_of_notions_is_no_answer(serve: Callable[..., Any], body: str) -> None:
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    notion = serve(lambda sock: sock.sendall(answer.encode()))

    with pytest.raises(NotReached, match="cannot read"):
        connect({"NOTION_TOKEN": "t", "NOTION_API_URL": notion.base}).me()


def test_a_list_whose_cursor_never_ends_is_left(serve: Callable[..., Any]) -> None:
    body = '{"results": [], "has_more": true, "next_cursor": "again"}'
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    notion = serve(lambda sock: sock.sendall(answer.encode()))
    service = connect({"NOTION_TOKEN": "t", "NOTION_API_URL": notion.base})

    with pytest.raises(NotReached, match="cannot read"):
        list(service.search("", most=50))
    assert len(notion.requests) <= 2


@pytest.mark.parametrize("kind", ["401", "400", "404", "502_html", "html", "truncated", "drop_before", "429"])
def test_no_error_carries_what_notion_said_the_token_or_the_text(
    sandbox: Any, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    sandbox.fault(kind)
    # In pieces, since a traceback shows this file's own lines too.
    token, text = "ntn_of" + "_the_tests", "secret" + " plan"

    with pytest.raises(IntegrationError) as raised:
        sandbox.run("create_page", title="Once", text=text)
    told = "".join(traceback.format_exception(raised.value)) + caplog.text
    for secret in ("Switched" + " on", "of a" + " proxy", token, text):
        assert secret not in told
