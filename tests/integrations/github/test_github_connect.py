"""How we come to GitHub: settings that are named, nothing from the environment, one request per thread."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations import http
from integrations.errors import NotConfigured, OutcomeUnknown
from integrations.github import client
from integrations.github.client import GithubService, connect
from integrations.github.models import a_repository

CANARY = "canary-in-the-answer"
TOKEN = "github_pat_canary"
JSON = "Content-Type: application/json; charset=utf-8"


def _service(base: str) -> GithubService:
    return connect({"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": base})


def _create(base: str) -> Any:
    return _service(base).create_issue("pizzeria/shop", {"title": "canary-in-the-body"})


def _answers(status: int, body: str, *headers: str) -> Callable[[socket.socket], None]:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return lambda sock: sock.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


def _error() -> str:
    return json.dumps({"message": CANARY})


def test_nothing_is_sent_twice_and_all_of_it_is_pinned(serve: Any) -> None:
    server = serve(_answers(500, _error(), JSON))
    began = time.monotonic()

    with pytest.raises(OutcomeUnknown):
        _create(server.base)

    [request] = server.requests
    head = request.decode().lower()
    assert "x-github-api-version: 2022-11-28" in head
    assert "accept: application/vnd.github+json" in head
    assert f"authorization: token {TOKEN}" in head
    assert "accept-encoding: identity" in head
    assert time.monotonic() - began < 1


def test_many_writes_in_a_row_are_not_paced_by_the_sdk(serve: Any) -> None:
    server = serve(_answers(201, '{"number": 1}', JSON))
    service = _service(server.base)
    began = time.monotonic()

    for _ in range(4):
        service.create_issue("pizzeria/shop", {"title": "x"})

    assert time.monotonic() - began < 1


def test_a_netrc_does_not_replace_our_token(
    serve: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = serve(_answers(201, '{"number": 1}', JSON))
    _netrc(monkeypatch, tmp_path)

    _create(server.base)

    assert f"Authorization: token {TOKEN}".encode() in server.requests[0]


@pytest.mark.twin
def test_twin_a_trusting_session_replaces_our_token_by_netrcs(
    serve: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = serve(_answers(201, '{"number": 1}', JSON))
    _netrc(monkeypatch, tmp_path)

    def trusting(base: str, **limits: Any) -> Any:
        session = http.open_session(base, **limits)
        session.trust_env = True
        return session

    monkeypatch.setattr(client, "open_session", trusting)
    _create(server.base)

    assert b"Authorization: Basic" in server.requests[0]


def _netrc(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    path = folder / "netrc"
    path.write_text("machine 127.0.0.1 login eve password secret\n")
    monkeypatch.setenv("NETRC", str(path))


def test_no_body_and_no_token_is_written_to_the_log(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = serve(_answers(201, json.dumps({"number": 1, "title": CANARY}), JSON))

    _create(server.base)

    assert "canary" not in caplog.text


@pytest.mark.twin
def test_twin_without_the_silence_the_sdk_logs_every_body(
    serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(_answers(201, json.dumps({"number": 1, "title": CANARY}), JSON))
    service = _service(server.base)
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "github"):
        service.create_issue("pizzeria/shop", {"title": "canary-in-the-body"})

    assert CANARY in caplog.text
    assert "canary-in-the-body" in caplog.text


def test_two_threads_never_send_each_others_request(serve: Any) -> None:
    """Each thread's request is its own, between `request` and `getresponse` too."""
    server = serve(_answers(201, '{"number": 1}', JSON))
    line = _service(server.base).access.line

    assert _interleaved(line, server) == {"/mine", "/theirs"}


@pytest.mark.twin
def test_twin_pygithubs_own_line_sends_one_of_two_requests_twice(serve: Any) -> None:
    from github.Requester import HTTPRequestsConnectionClass

    server = serve(_answers(201, '{"number": 1}', JSON))
    port = int(server.base.rpartition(":")[2])

    assert _interleaved(HTTPRequestsConnectionClass("127.0.0.1", port), server) == {"/theirs"}


def _interleaved(line: Any, server: Any) -> set[str]:
    """I ask, they ask, they send, I send: which paths arrived."""
    line.request("POST", "/mine", "{}", {})

    def theirs() -> None:
        line.request("POST", "/theirs", "{}", {})
        line.getresponse()

    other = threading.Thread(target=theirs)
    other.start()
    other.join(5)
    line.getresponse()
    return {each.split()[1].decode() for each in server.requests}


PEM_LESS = {
    "GITHUB_APP_ID": "1234",
    "GITHUB_APP_PRIVATE_KEY": "canary-key",
    "GITHUB_APP_INSTALLATION": "77",
}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "GITHUB_TOKEN"),
        ({"GITHUB_TOKEN": " "}, "GITHUB_TOKEN"),
        ({"GITHUB_TOKEN": "a b"}, "GITHUB_TOKEN"),
        ({"GITHUB_TOKEN": "a\nb: c"}, "GITHUB_TOKEN"),
        ({"GITHUB_APP_ID": "1234"}, "GITHUB_APP_PRIVATE_KEY and GITHUB_APP_INSTALLATION"),
        (PEM_LESS | {"GITHUB_APP_INSTALLATION": ""}, "GITHUB_APP_INSTALLATION"),
        (PEM_LESS | {"GITHUB_APP_INSTALLATION": "x/../y"}, "GITHUB_APP_INSTALLATION"),
        (PEM_LESS, "GITHUB_APP_PRIVATE_KEY"),
        ({"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": "http://api.github.com"}, "GITHUB_API_URL"),
        ({"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": "https://u:p@x.example"}, "GITHUB_API_URL"),
        ({"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "shop"}, "GITHUB_REPOSITORY"),
        ({"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "o/../shop"}, "GITHUB_REPOSITORY"),
    ],
)
def test_what_is_not_configured_is_named(settings: dict[str, str], named: str) -> None:
    with pytest.raises(NotConfigured, match=named) as missing:
        connect(settings)
    told = "".join(traceback.format_exception(missing.value))
    assert "canary" not in told


def test_without_a_repository_none_is_guessed() -> None:
    with pytest.raises(NotConfigured, match="GITHUB_REPOSITORY"):
        connect({"GITHUB_TOKEN": TOKEN}).repository("")


BAD_REPOSITORIES = [
    "o/..",
    "../x",
    "o/.",
    "o/x/y",
    "o",
    "/x",
    "o/",
    "o/x?y",
    "o/x#1",
    "o/x%2f",
    "o/x\n",
    "o/é",
    "o x/y",
]


@pytest.mark.parametrize("name", BAD_REPOSITORIES)
def test_a_repository_that_would_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="owner/name"):
        a_repository(name)


@pytest.mark.twin
def test_twin_without_the_check_another_address_is_called(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(_answers(200, '{"number": 1}', JSON))
    monkeypatch.setattr(client, "a_repository", lambda name: name)

    _service(server.base).issue("o/../../user?x=", 1)

    assert server.requests[0].split()[1].startswith(b"/user?")
