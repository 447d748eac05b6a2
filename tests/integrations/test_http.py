"""The one way out: which addresses, how long, how much, and nothing from the environment."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from integrations import http
from integrations.http import (
    AnswerRefused,
    DeadlineReached,
    RedirectRefused,
    budget,
    is_public,
    is_this_machine,
    open_session,
    origin_of,
)

Script = Callable[[socket.socket], None]


def _says(text: str) -> Script:
    return lambda sock: sock.sendall(text.encode())


OK = _says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

# ── where to ─────────────────────────────────────────────────────────────────────────────

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.88.99.1",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:a00:1::",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_on_the_open_internet_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "54.187.174.169", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_an_address_on_the_open_internet_is_allowed(address: str) -> None:
    assert is_public(address)
    assert not is_this_machine(address)


def _resolve_to(monkeypatch: pytest.MonkeyPatch, address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (address, port))]
    monkeypatch.setattr("integrations.http.socket.getaddrinfo", lambda *_: found)


def _public_session(server: Any) -> requests.Session:
    """A session for a public name that is in truth the test's server, without TLS in the way."""
    session = open_session("https://service.example")
    session.mount("http://service.example", http.Door(total=5, largest=1 << 20, local=False))
    return session


def test_a_public_name_that_leads_to_this_machine_is_never_dialled(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(OK)
    port = server.listener.getsockname()[1]
    _resolve_to(monkeypatch, "127.0.0.1", port)

    with pytest.raises(requests.ConnectionError, match="AddressRefused"):
        _public_session(server).get("http://service.example/", timeout=3)
    assert server.requests == []


@pytest.mark.twin
def test_twin_without_the_guard_the_inside_is_reached(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve(OK)
    _resolve_to(monkeypatch, "127.0.0.1", server.listener.getsockname()[1])
    monkeypatch.setattr(http, "is_public", lambda _: True)

    assert _public_session(server).get("http://service.example/", timeout=3).text == "ok"


def test_a_sandbox_on_this_machine_may_not_lead_anywhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolve_to(monkeypatch, "10.0.0.1", 80)

    with pytest.raises(requests.ConnectionError, match="AddressRefused"):
        open_session("http://localhost:80").get("http://localhost:80/", timeout=1)


@pytest.mark.parametrize(
    "base",
    [
        "http://api.stripe.com",
        "ftp://api.stripe.com",
        "file:///etc/passwd",
        "https://",
        "api.stripe.com",
        "https://user@api.stripe.com",
        "https://user:word@api.stripe.com",
        "http://127.0.0.1.nip.io",
        "http://2130706433",
        "http://0.0.0.0:3000",
    ],
)
def test_a_base_that_is_not_https_or_this_machine_is_no_base(base: str) -> None:
    with pytest.raises(ValueError, match="an address"):
        origin_of(base)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.stripe.com.evil.example/v1",
        "https://evil.example/",
        "http://api.stripe.com/v1",
        "https://api.stripe.com:8443/",
        "https://api.stripe.com@evil.example/",
    ],
)
def test_a_session_speaks_to_its_own_origin_only(url: str) -> None:
    with pytest.raises(requests.exceptions.InvalidSchema):
        open_session("https://api.stripe.com").get(url, timeout=1)


# ── redirects, the environment, sizes ────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_nothing_is_sent_on(serve: Any, status: int) -> None:
    target = serve(OK)
    server = serve(
        _says(f"HTTP/1.1 {status} Go\r\nLocation: {target.base}/steal\r\nContent-Length: 0\r\n\r\n")
    )

    with pytest.raises(RedirectRefused):
        open_session(server.base).post(f"{server.base}/v1", data=b"card", timeout=3)
    assert target.requests == []


@pytest.mark.twin
def test_twin_a_plain_session_hands_the_body_to_whoever_is_named(serve: Any) -> None:
    target = serve(OK)
    server = serve(_says(f"HTTP/1.1 307 Go\r\nLocation: {target.base}/steal\r\nContent-Length: 0\r\n\r\n"))

    assert requests.post(f"{server.base}/v1", data=b"card", timeout=3).text == "ok"
    assert target.requests[0].startswith(b"POST /steal")


def test_neither_netrc_nor_proxies_of_the_environment_are_used(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password word\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    server = serve(OK)

    open_session(server.base).get(server.base, headers={"Authorization": "Bearer sk_test_1"}, timeout=3)

    assert b"Bearer sk_test_1" in server.requests[0]
    assert b"Basic" not in server.requests[0]


@pytest.mark.twin
def test_twin_a_trusting_session_replaces_our_key_by_netrcs(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password word\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve(OK)
    session = open_session(server.base)
    session.trust_env = True
    monkeypatch.setenv("NO_PROXY", "*")

    session.get(server.base, headers={"Authorization": "Bearer sk_test_1"}, timeout=3)

    assert b"Bearer sk_test_1" not in server.requests[0]


def test_cookies_are_not_kept(serve: Any) -> None:
    server = serve(
        _says("HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    )
    session = open_session(server.base)

    session.get(server.base, timeout=3)
    session.get(server.base, timeout=3)

    assert b"Cookie" not in server.requests[1]


def _endless(sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        sock.sendall(b"x" * 65536)


def test_an_answer_larger_than_we_read_is_cut(serve: Any) -> None:
    server = serve(_endless)

    with pytest.raises(AnswerRefused, match="too large"):
        open_session(server.base, largest=1 << 20).get(server.base, timeout=3)


def test_an_encoded_answer_is_refused_so_that_nothing_can_unfold(serve: Any) -> None:
    server = serve(_says("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok"))

    with pytest.raises(AnswerRefused, match="encoded"):
        open_session(server.base).get(server.base, timeout=3)
    assert b"Accept-Encoding: identity" in server.requests[0]


def test_a_body_cut_short_is_an_error(serve: Any) -> None:
    server = serve(_says("HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nok"))

    with pytest.raises(requests.RequestException):
        open_session(server.base).get(server.base, timeout=3)


# ── how long ─────────────────────────────────────────────────────────────────────────────


def _drip(text: bytes) -> Script:
    def script(sock: socket.socket) -> None:
        for letter in text:
            sock.sendall(bytes([letter]))
            time.sleep(0.05)

    return script


SLOW_HEAD = b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 2000
SLOW_BODY = b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 2000


@pytest.mark.parametrize("answer", [SLOW_HEAD, SLOW_BODY], ids=["headers", "body"])
def test_an_answer_that_drips_ends_at_the_deadline(serve: Any, answer: bytes) -> None:
    server = serve(_drip(answer))
    began = time.monotonic()

    with pytest.raises(DeadlineReached):
        open_session(server.base, total=0.6).get(server.base, timeout=2)
    assert time.monotonic() - began < 2


@pytest.mark.twin
def test_twin_without_the_watch_a_drip_outlasts_any_time_out(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(_drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 20 + b"\r\nContent-Length: 2\r\n\r\nok"))
    monkeypatch.setattr(http._Watch, "_ring", lambda self: None)
    monkeypatch.setattr(http._Watch, "__init__", _no_end)
    began = time.monotonic()

    assert open_session(server.base, total=0.6).get(server.base, timeout=2).text == "ok"
    assert time.monotonic() - began > 2


def _no_end(watch: http._Watch, total: float) -> None:
    watch.end, watch.rang, watch._connection = float("inf"), False, None
    watch._timer = threading.Timer(3600, watch._ring)
    watch._timer.daemon = True


def test_calls_that_share_a_budget_end_together_and_the_last_is_never_sent(serve: Any) -> None:
    server = serve(_drip(SLOW_HEAD))
    session = open_session(server.base)

    with budget(0.4):
        with pytest.raises(DeadlineReached):
            session.get(server.base, timeout=2)
        with pytest.raises(requests.ConnectTimeout, match="no time left"):
            session.get(server.base, timeout=2)
    assert len(server.requests) == 1


def test_a_service_that_never_answers_ends_by_the_read_time_out(serve: Any) -> None:
    server = serve(lambda sock: time.sleep(5))

    with pytest.raises(requests.exceptions.ReadTimeout):
        open_session(server.base).get(server.base, timeout=(1, 0.3))


def test_a_connection_is_used_again(serve: Any) -> None:
    def script(sock: socket.socket) -> None:
        for _ in range(3):
            OK(sock)
            sock.recv(65536)

    server = serve(script)
    session = open_session(server.base)

    assert [session.get(server.base, timeout=3).text for _ in range(3)] == ["ok"] * 3
    assert len(server.requests) == 1
