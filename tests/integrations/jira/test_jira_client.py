"""Every way in which Jira can fail us, as one of our own errors, and nothing of Jira's in it."""

from __future__ import annotations

import contextlib
import json
import socket
import time
import traceback
from collections.abc import Callable
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
from integrations.jira import client as client_module
from integrations.jira.client import JiraService, connect
from integrations.jira.errors import FieldsRefused

CANARY = "canary-in-the-answer"
SETTINGS = {"JIRA_EMAIL": "bot@example.com", "JIRA_API_TOKEN": "secret-token", "JIRA_PROJECT": "SHOP"}
FIELDS = {"summary": "canary-in-the-body"}


@pytest.fixture(autouse=True)
def _short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "open_session", partial(http.open_session, total=0.7))
    monkeypatch.setattr(client_module, "TIMEOUTS", (1.0, 0.4))


def _service(base: str, **more: str) -> JiraService:
    return connect(SETTINGS | {"JIRA_URL": base} | more)


def _answers(status: int, body: str, *headers: str, cut: int = 0) -> Callable[[socket.socket], None]:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body) + cut}", "Connection: close", *headers]
    return lambda sock: sock.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


def _error(*fields: str) -> str:
    return json.dumps({"errorMessages": [CANARY], "errors": dict.fromkeys(fields, CANARY)})


def _drip(sock: socket.socket) -> None:
    for letter in b"HTTP/1.1 200 OK\r\nX: " + b"a" * 500:
        sock.sendall(bytes([letter]))
        time.sleep(0.05)


def _stall(sock: socket.socket) -> None:
    sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id"')
    time.sleep(1)


UNCLEAR: dict[str, Callable[[socket.socket], None]] = {
    "closed without a word": lambda sock: None,
    "reset": lambda sock: sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"),
    "no answer in time": lambda sock: time.sleep(1),
    "stall inside the body": _stall,
    "drip": _drip,
    "cut short": _answers(201, f'{{"id":"{CANARY}', cut=50),
    "broken json": _answers(201, f'{{"id":"{CANARY}'),
    "html": _answers(200, f"<html>{CANARY}"),
    "empty": _answers(200, ""),
    "a list": _answers(200, "[]"),
    "a number": _answers(200, "7"),
    "an object without an id": _answers(201, "{}"),
    "an id that is none": _answers(201, '{"id":"../x","key":"A-1"}'),
    "deep json": _answers(200, "[" * 20_000),
    "500": _answers(500, _error()),
    "502 html": _answers(502, f"<html>{CANARY}"),
    "504 empty": _answers(504, ""),
    "404 html": _answers(404, f"<html>{CANARY}"),
    "400 of another form": _answers(400, '["why"]'),
    "400 with a number for messages": _answers(400, '{"errorMessages": 5}'),
    "redirect": _answers(307, "", "Location: http://127.0.0.1:9/"),
    "redirect elsewhere": _answers(302, "", "Location: https://evil.example/"),
    "encoded": _answers(200, "xx", "Content-Encoding: gzip"),
}
# A look-up that is told to wait may wait; a change that got the same answer may have been made.
BUSY = _answers(503, _error(), "Retry-After: 9")


@pytest.mark.parametrize("fault", [*UNCLEAR.values(), BUSY], ids=[*UNCLEAR, "503 with a time"])
def test_without_a_clear_answer_the_ticket_may_be_there(serve: Any, fault: Any) -> None:
    with pytest.raises(OutcomeUnknown) as unknown:
        _service(serve(fault).base).create(FIELDS, [])
    assert unknown.value.retryable
    _tells_nothing(unknown.value)


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR)
def test_without_a_clear_answer_a_look_up_is_simply_asked_again(serve: Any, fault: Any) -> None:
    with pytest.raises(NotReached) as unreached:
        _service(serve(fault).base).issue("SHOP-1", ("summary",))
    _tells_nothing(unreached.value)


@pytest.mark.parametrize(
    ("fault", "ours", "code", "said"),
    [
        (_answers(400, _error()), Refused, "refused", "did not let me open the ticket"),
        (_answers(400, _error("summary")), FieldsRefused, "fields_refused", "does not take the title"),
        (
            _answers(400, _error("summary", "priority")),
            FieldsRefused,
            "fields_refused",
            "does not take the title and the priority",
        ),
        (_answers(400, _error("customfield_10010")), FieldsRefused, "fields_refused", "customfield_10010"),
        (_answers(401, CANARY), NotConfigured, "not_configured", "JIRA_API_TOKEN"),
        (
            _answers(403, _error()),
            Refused,
            "forbidden",
            "our account there may not do that. Nothing was changed",
        ),
        (_answers(403, f"<html>{CANARY}"), Refused, "forbidden", "may not do that"),
        (_answers(404, _error()), Refused, "missing", "there is no such thing"),
        (_answers(409, _error()), NotReached, "conflict", "was just changing the same ticket"),
        (_answers(410, _error()), Refused, "gone", "no longer offers"),
        (_answers(413, _error()), Refused, "too_large", "too large"),
        (_answers(422, _error()), Refused, "refused", "did not let me open the ticket"),
        (_answers(429, _error(), "Retry-After: 7"), RateLimited, "rate_limited", "7 seconds"),
        (
            _answers(429, "slow", "RateLimit-Reason: jira-burst-based"),
            RateLimited,
            "rate_limited",
            "5 seconds",
        ),
        (
            _answers(400, _error(), "X-Seraph-LoginReason: AUTHENTICATED_FAILED"),
            NotConfigured,
            "not_configured",
            "does not accept our sign-in",
        ),
    ],
)
def test_a_clear_answer_has_its_own_error_and_sentence(
    serve: Any, fault: Any, ours: type, code: str, said: str
) -> None:
    with pytest.raises(ours) as failed:
        _service(serve(fault).base).create(FIELDS, [])
    assert failed.value.code == code
    assert said in str(failed.value)
    assert str(failed.value).startswith("Jira ")
    _tells_nothing(failed.value)


def test_the_name_of_a_field_that_is_no_name_is_not_repeated(serve: Any) -> None:
    with pytest.raises(Refused) as failed:
        _service(serve(_answers(400, json.dumps({"errors": {f"<b>{CANARY}": "x"}}))).base).create(FIELDS, [])
    _tells_nothing(failed.value)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (["Retry-After: 7"], 7.0),
        (["Retry-After: 1.5"], 1.5),
        (["Retry-After: Wed, 21 Oct 2026 07:28:30 GMT", "Date: Wed, 21 Oct 2026 07:28:00 GMT"], 30.0),
        (["Retry-After: Wed, 21 Oct 2026 07:28:30 GMT"], 5.0),
        (["Retry-After: soon"], 5.0),
        (["Retry-After: -1"], 0.1),
        (["Retry-After: 9999999"], 3600.0),
        ([], 5.0),
    ],
)
def test_the_wait_that_jira_asks_for_is_read_within_bounds(
    serve: Any, headers: list[str], seconds: float
) -> None:
    with pytest.raises(RateLimited) as limited:
        _service(serve(_answers(429, _error(), *headers)).base).create(FIELDS, [])
    assert limited.value.retry_after == seconds


def test_a_look_up_waits_where_jira_is_down_for_a_while(serve: Any) -> None:
    with pytest.raises(RateLimited) as limited:
        _service(serve(BUSY).base).issue("SHOP-1", ("summary",))
    assert limited.value.retry_after == 9.0


def test_a_port_where_nobody_listens_was_never_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(NotReached):
        _service(f"http://127.0.0.1:{port}").create(FIELDS, [])


def test_a_name_that_leads_inside_is_never_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr("integrations.http.socket.getaddrinfo", lambda *_: found)

    with pytest.raises(NotReached):
        _service("https://jira.example").create(FIELDS, [])


def test_nothing_is_sent_twice_and_connecting_asks_nothing(serve: Any) -> None:
    server = serve(UNCLEAR["reset"])
    service = _service(server.base)
    assert server.requests == []

    with pytest.raises(OutcomeUnknown):
        service.create(FIELDS, [])
    assert len(server.requests) == 1


@pytest.mark.twin
def test_twin_with_the_sdks_own_retries_a_reset_sends_it_again(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(UNCLEAR["reset"])
    service = _service(server.base)
    monkeypatch.setattr("jira.resilientsession.time.sleep", lambda _: None)
    service.client._session.max_retries = 3

    with pytest.raises(OutcomeUnknown):
        service.create(FIELDS, [])
    assert len(server.requests) == 4


def test_a_redirect_to_another_host_reaches_nobody_there(serve: Any) -> None:
    elsewhere = serve(_answers(201, '{"id":"1","key":"A-1"}'))
    server = serve(_answers(307, "", f"Location: {elsewhere.base}/rest/api/3/issue"))

    with pytest.raises(OutcomeUnknown, match="another address"):
        _service(server.base).create(FIELDS, [])
    assert elsewhere.requests == []


@pytest.mark.twin
def test_twin_without_our_door_the_whole_ticket_goes_to_another_host(serve: Any) -> None:
    from requests.adapters import HTTPAdapter

    elsewhere = serve(_answers(201, '{"id":"1","key":"A-1"}'))
    service = _service(serve(_answers(307, "", f"Location: {elsewhere.base}/rest/api/3/issue")).base)
    service.client._session.mount("http://", HTTPAdapter())
    service.client._session.adapters.popitem(last=False)

    service.create(FIELDS, [])
    assert len(elsewhere.requests) == 1


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login mallory password stolen\n")
    monkeypatch.setenv("NETRC", str(file))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")


@pytest.mark.usefixtures("netrc")
@pytest.mark.parametrize(
    ("more", "header"),
    [
        ({}, "Basic Ym90QGV4YW1wbGUuY29tOnNlY3JldC10b2tlbg=="),
        ({"JIRA_EMAIL": "", "JIRA_API_VERSION": "2"}, "Bearer secret-token"),
    ],
)
def test_nothing_of_the_environment_replaces_our_sign_in(
    serve: Any, more: dict[str, str], header: str
) -> None:
    server = serve(_answers(201, '{"id":"1","key":"A-1"}'))

    assert _service(server.base, **more).create(FIELDS, []) == {"id": "1", "key": "A-1"}
    assert f"authorization: {header}".lower().encode() in server.requests[0].lower()


@pytest.mark.twin
@pytest.mark.usefixtures("netrc")
def test_twin_with_the_environment_trusted_its_proxy_gets_all_that_we_say(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(_answers(201, '{"id":"1","key":"A-1"}'))
    service = _service("http://127.0.0.1:9")
    service.client._session.trust_env = True
    monkeypatch.setenv("HTTP_PROXY", proxy.base)

    with contextlib.suppress(IntegrationError):
        service.create(FIELDS, [])
    assert proxy.requests


def test_a_path_before_jira_is_kept(serve: Any) -> None:
    server = serve(_answers(201, '{"id":"1","key":"A-1"}'))
    _service(f"{server.base}/ex/jira/4711/").create(FIELDS, [])

    assert server.requests[0].startswith(b"POST /ex/jira/4711/rest/api/3/issue HTTP")


def test_behind_atlassians_gateway_people_are_sent_to_the_site_itself(serve: Any) -> None:
    server = serve(_answers(200, '{"baseUrl":"https://pizza.atlassian.net"}'))
    inner = _service(server.base)
    gateway = JiraService(inner.client, "https://api.atlassian.com/ex/jira/4711", "SHOP", 3)

    assert gateway.link_to("SHOP-1") == "https://pizza.atlassian.net/browse/SHOP-1"
    assert gateway.link_to("SHOP-2") == "https://pizza.atlassian.net/browse/SHOP-2"
    assert len(server.requests) == 1


def test_a_site_that_is_none_of_atlassians_is_not_believed(serve: Any) -> None:
    inner = _service(serve(_answers(200, '{"baseUrl":"https://pizza.atlassian.net.evil.example"}')).base)

    with pytest.raises(NotReached):
        JiraService(inner.client, "https://api.atlassian.com/ex/jira/4711", "SHOP", 3).link_to("SHOP-1")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "JIRA_URL"),
        ({"JIRA_URL": "https://x.example"}, "JIRA_API_TOKEN"),
        ({"JIRA_URL": "https://x.example", "JIRA_API_TOKEN": "secret-token"}, "JIRA_EMAIL"),
        (SETTINGS | {"JIRA_URL": "http://jira.example"}, "JIRA_URL"),
        (SETTINGS | {"JIRA_URL": "https://u:secret-token@x.example"}, "JIRA_URL"),
        (SETTINGS | {"JIRA_URL": "https://x.example", "JIRA_API_VERSION": "4"}, "JIRA_API_VERSION"),
        (
            SETTINGS | {"JIRA_URL": "https://x.example", "JIRA_API_TOKEN": "secret-token\r\nX: y"},
            "JIRA_API_TOKEN",
        ),
    ],
)
def test_what_is_not_configured_is_named(settings: dict[str, str], named: str) -> None:
    with pytest.raises(NotConfigured, match=named) as missing:
        connect(settings)
    assert "secret-token" not in str(missing.value)


def test_without_a_project_it_is_said_which_setting_is_missing(serve: Any) -> None:
    with pytest.raises(NotConfigured, match="JIRA_PROJECT"):
        _service("http://127.0.0.1:9", JIRA_PROJECT="").project_or_ours("")


def test_nothing_of_us_stands_in_a_repr() -> None:
    assert "secret-token" not in repr(_service("http://127.0.0.1:9"))


def _tells_nothing(error: IntegrationError) -> None:
    told = "".join(traceback.format_exception(error))
    for secret in (CANARY, "secret-token", "<html>", "canary-in-the-body", "Ym90Q"):
        assert secret not in told
