"""Every way in which GitHub can fail us, as one of our own errors, and nothing of GitHub's in it."""

from __future__ import annotations

import json
import socket
import time
import traceback
from collections.abc import Callable
from functools import partial
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
from integrations.github import access, client, errors
from integrations.github.client import GithubService, connect

CANARY = "canary-in-the-answer"
TOKEN = "github_pat_canary"
JSON = "Content-Type: application/json; charset=utf-8"
NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def _short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "open_session", partial(http.open_session, total=0.7))
    monkeypatch.setattr(access, "TIMEOUTS", (1.0, 0.4))


def _service(base: str, **settings: str) -> GithubService:
    return connect({"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": base} | settings)


def _create(base: str) -> Any:
    return _service(base).create_issue("pizzeria/shop", {"title": "canary-in-the-body"})


def _answers(status: int, body: str, *headers: str, cut: int = 0) -> Callable[[socket.socket], None]:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body) + cut}", "Connection: close", *headers]
    return lambda sock: sock.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


def _error(message: str = CANARY, **more: Any) -> str:
    return json.dumps({"message": message} | more)


def _drip(sock: socket.socket) -> None:
    for letter in b"HTTP/1.1 201 Created\r\nX: " + b"a" * 500:
        sock.sendall(bytes([letter]))
        time.sleep(0.05)


def _drip_body(sock: socket.socket) -> None:
    sock.sendall(f"HTTP/1.1 201 Created\r\n{JSON}\r\nContent-Length: 900\r\n\r\n".encode())
    for _ in range(900):
        sock.sendall(b" ")
        time.sleep(0.05)


def _stall(sock: socket.socket) -> None:
    sock.sendall(f'HTTP/1.1 201 Created\r\n{JSON}\r\nContent-Length: 100\r\n\r\n{{"id"'.encode())
    time.sleep(1)


UNCLEAR: dict[str, Callable[[socket.socket], None]] = {
    "closed without a word": lambda sock: None,
    "reset": lambda sock: sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"),
    "no answer in time": lambda sock: time.sleep(1),
    "stall inside the body": _stall,
    "drip": _drip,
    "dripping body": _drip_body,
    "cut short": _answers(201, f'{{"number":1,"title":"{CANARY}', JSON, cut=50),
    "broken json": _answers(201, f'{{"number":1,"title":"{CANARY}', JSON),
    "html": _answers(200, f"<html>{CANARY}", "Content-Type: text/html"),
    "html called json": _answers(200, f"<html>{CANARY}", JSON),
    "empty": _answers(201, "", JSON),
    "no content": _answers(204, ""),
    "accepted": _answers(202, '{"number": 1}', JSON),
    "a list": _answers(201, "[]", JSON),
    "null": _answers(201, "null", JSON),
    "an object without a number": _answers(201, "{}", JSON),
    "a number that is none": _answers(201, '{"number": true}', JSON),
    "a header that is no number": _answers(201, '{"number": 1}', JSON, "x-ratelimit-reset: soon"),
    "409": _answers(409, _error(), JSON),
    "500": _answers(500, _error(), JSON),
    "502 html": _answers(502, f"<html>{CANARY}", "Content-Type: text/html"),
    "503": _answers(503, _error(), JSON),
    "an error that is a list": _answers(403, "[]", JSON),
    "403 of a proxy": _answers(403, f"<html>{CANARY}", "Content-Type: text/html"),
    "404 of a proxy": _answers(404, f"<html>{CANARY}", "Content-Type: text/html"),
    "301": _answers(301, "", "Location: /repos/elsewhere/shop/issues"),
    "302": _answers(302, "", "Location: https://evil.example/"),
    "307": _answers(307, "", "Location: http://127.0.0.1:9/"),
    "304": _answers(304, ""),
    "too large": _answers(201, " " * 3000, JSON, cut=40 << 20),
    "encoded": _answers(201, CANARY, JSON, "Content-Encoding: gzip"),
}


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR)
def test_without_a_clear_answer_the_issue_may_be_there(serve: Any, fault: Any) -> None:
    server = serve(fault)
    with pytest.raises(OutcomeUnknown) as unknown:
        _create(server.base)
    assert unknown.value.retryable
    assert len(server.requests) == 1
    _tells_nothing(unknown.value)


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR)
def test_without_a_clear_answer_a_look_up_is_simply_asked_again(serve: Any, fault: Any) -> None:
    server = serve(fault)
    with pytest.raises(NotReached) as unreached:
        _service(server.base).issue("pizzeria/shop", 1)
    assert len(server.requests) == 1
    _tells_nothing(unreached.value)


@pytest.mark.parametrize(
    ("fault", "ours", "code", "said"),
    [
        (_answers(400, _error(), JSON), Refused, "refused", "did not let me open an issue in pizzeria/shop"),
        (_answers(401, _error("Bad credentials"), JSON), NotConfigured, "not_configured", "GITHUB_TOKEN"),
        (_answers(401, _error(), JSON), NotConfigured, "not_configured", "GITHUB_TOKEN"),
        (_answers(403, _error(), JSON), Refused, "forbidden", "our token may not do that"),
        (_answers(404, _error("Not Found"), JSON), Refused, "missing", "it is not there"),
        (_answers(410, _error(), JSON), Refused, "gone", "switched off"),
        (_answers(422, _error(), JSON), Refused, "invalid", "does not accept this"),
        (
            _answers(422, _error(errors=[{"field": "assignees", "code": "invalid", "value": CANARY}]), JSON),
            Refused,
            "invalid",
            "does not accept the assignees",
        ),
        (_answers(422, _error(errors=[{"field": CANARY}, CANARY, None]), JSON), Refused, "invalid", "this"),
        (_answers(422, _error(errors=CANARY), JSON), Refused, "invalid", "this"),
        (_answers(451, _error(), JSON), Refused, "forbidden", "may not"),
        (_answers(429, _error(), JSON), RateLimited, "rate_limited", "60 seconds"),
        (_answers(429, _error(), JSON, "Retry-After: 7"), RateLimited, "rate_limited", "7 seconds"),
        (_answers(403, _error(), JSON, "Retry-After: 7"), RateLimited, "rate_limited", "7 seconds"),
        (
            _answers(403, _error("You have exceeded a secondary rate limit."), JSON),
            RateLimited,
            "rate_limited",
            "60 seconds",
        ),
        (
            _answers(403, _error(), JSON, "x-ratelimit-remaining: 0", "x-ratelimit-limit: 60"),
            RateLimited,
            "rate_limited",
            "60 seconds",
        ),
    ],
)
def test_a_clear_answer_has_its_own_error(serve: Any, fault: Any, ours: type, code: str, said: str) -> None:
    server = serve(fault)
    with pytest.raises(ours, match=said) as failed:
        _create(server.base)
    assert failed.value.code == code
    assert len(server.requests) == 1
    _tells_nothing(failed.value)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "0"}, 1.0),
        ({"retry-after": "9999999"}, 3600.0),
        ({"retry-after": "nan"}, 60.0),
        ({"retry-after": "-5"}, 60.0),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30.0),
        ({"retry-after": "Fri, 99 Jan 2027"}, 60.0),
        ({}, 60.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) + 90)}, 90.0),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": str(int(NOW) + 90)}, 60.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, 60.0),
        (
            {
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": str(int(NOW) + 90),
                "date": "Fri, 15 Jan 2027 08:01:00 GMT",
            },
            30.0,
        ),
    ],
)
def test_the_wait_that_github_asks_for_is_read_within_bounds(headers: dict[str, str], seconds: float) -> None:
    assert errors.retry_after(headers, NOW) == seconds


def test_a_port_where_nobody_listens_was_never_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(NotReached, match="could not be reached"):
        _create(f"http://127.0.0.1:{port}")


def test_a_name_that_does_not_exist_was_never_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object) -> None:
        raise socket.gaierror("no such name")

    monkeypatch.setattr("integrations.http.socket.getaddrinfo", nowhere)
    with pytest.raises(NotReached):
        _create("https://nowhere.example")


def test_a_name_that_leads_inside_is_never_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr("integrations.http.socket.getaddrinfo", lambda *_: found)

    with pytest.raises(NotReached):
        _create("https://github.example/api/v3")


def test_the_real_address_is_dialled_at_its_own_port(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled: list[Any] = []

    def nowhere(host: str, port: int, *_: object) -> None:
        dialled.append((host, port))
        raise socket.gaierror("no such name")

    monkeypatch.setattr("integrations.http.socket.getaddrinfo", nowhere)
    with pytest.raises(NotReached):
        connect({"GITHUB_TOKEN": TOKEN}).issue("pizzeria/shop", 1)
    assert dialled == [("api.github.com", 443)]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_another_host_is_never_asked(serve: Any, status: int) -> None:
    other = serve(_answers(201, '{"number": 1}', JSON))
    server = serve(_answers(status, "", f"Location: {other.base}/repos/pizzeria/shop/issues"))

    with pytest.raises(OutcomeUnknown, match="another address"):
        _create(server.base)
    with pytest.raises(NotReached):
        _service(server.base).issue("pizzeria/shop", 1)
    assert other.requests == []


@pytest.mark.twin
def test_twin_a_line_that_follows_takes_the_body_to_another_host(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import requests

    other = serve(_answers(201, '{"number": 1}', JSON))
    server = serve(_answers(307, "", f"Location: {other.base}/"))

    def following(*_: Any, **__: Any) -> requests.Session:
        session = requests.Session()
        asked = session.request
        monkeypatch.setattr(session, "request", lambda *a, **k: asked(*a, **k | {"allow_redirects": True}))
        return session

    monkeypatch.setattr(client, "open_session", following)
    assert _create(server.base) == {"number": 1}
    assert len(other.requests) == 1


def _tells_nothing(error: IntegrationError) -> None:
    told = "".join(traceback.format_exception(error))
    for secret in ("canary-in", "canary-key", TOKEN, "<html>"):
        assert secret not in told.replace(CANARY_SOURCE, "")


# The source line of a test may stand in a traceback; what was sent may not.
CANARY_SOURCE = '"canary-in-the-body"'
