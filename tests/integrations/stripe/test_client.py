"""Every way in which Stripe can fail us, as one of our own errors, and nothing of Stripe's in it."""

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
from integrations.stripe import client as client_module
from integrations.stripe.client import API_VERSION, StripeService, connect

CANARY = "canary-in-the-answer"


@pytest.fixture(autouse=True)
def _short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "open_session", partial(http.open_session, total=0.7))
    monkeypatch.setattr(client_module, "TIMEOUTS", (1.0, 0.4))


def _service(base: str) -> StripeService:
    return connect({"STRIPE_API_KEY": "sk_test_1", "STRIPE_API_BASE": base})


def _answers(status: int, body: str, *headers: str, cut: int = 0) -> Callable[[socket.socket], None]:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body) + cut}", "Connection: close", *headers]
    return lambda sock: sock.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


def _error(**details: str) -> str:
    return json.dumps({"error": {"message": CANARY} | details})


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
    "cut short": _answers(200, f'{{"id":"{CANARY}', cut=50),
    "broken json": _answers(200, f'{{"id":"{CANARY}'),
    "html": _answers(200, f"<html>{CANARY}"),
    "empty": _answers(200, ""),
    "a list": _answers(200, "[]"),
    "an object without an id": _answers(200, "{}"),
    "500": _answers(500, _error(type="api_error")),
    "502 html": _answers(502, f"<html>{CANARY}"),
    "503": _answers(503, _error(type="api_error")),
    "redirect": _answers(307, "", "Location: http://127.0.0.1:9/"),
    "redirect elsewhere": _answers(302, "", "Location: https://evil.example/"),
    "another object for error": _answers(500, '{"error": "why"}'),
}


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR)
def test_without_a_clear_answer_money_may_have_moved(serve: Any, fault: Any) -> None:
    with pytest.raises(OutcomeUnknown) as unknown:
        _service(serve(fault).base).pay({"amount": 1, "currency": "usd"}, "key")
    assert unknown.value.retryable
    _tells_nothing(unknown.value)


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR)
def test_without_a_clear_answer_a_look_up_is_simply_asked_again(serve: Any, fault: Any) -> None:
    with pytest.raises(NotReached) as unreached:
        _service(serve(fault).base).price("price_1")
    _tells_nothing(unreached.value)


@pytest.mark.parametrize(
    ("fault", "ours", "code"),
    [
        (
            _answers(400, _error(type="invalid_request_error", code="amount_too_small")),
            Refused,
            "amount_too_small",
        ),
        (_answers(400, _error(type="invalid_request_error")), Refused, "refused"),
        (_answers(404, _error(type="invalid_request_error", code="resource_missing")), Refused, "missing"),
        (_answers(422, _error(type="invalid_request_error")), Refused, "refused"),
        (_answers(401, _error(type="invalid_request_error")), NotConfigured, "not_configured"),
        (_answers(403, _error(type="invalid_request_error")), NotConfigured, "not_configured"),
        (_answers(400, _error(type="idempotency_error")), OutcomeUnknown, "key_used_otherwise"),
        (_answers(409, _error(type="idempotency_error")), OutcomeUnknown, "in_progress"),
        (_answers(429, _error(type="x"), "Retry-After: 7"), RateLimited, "rate_limited"),
        (_answers(402, _error(type="card_error", code="card_declined")), Refused, "card_declined"),
    ],
)
def test_a_clear_answer_has_its_own_error(serve: Any, fault: Any, ours: type, code: str) -> None:
    with pytest.raises(ours) as failed:
        _service(serve(fault).base).pay({"amount": 1, "currency": "usd"}, "key")
    assert failed.value.code == code
    _tells_nothing(failed.value)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 2.0),
        ("-1", 0.1),
        ("9999999", 60.0),
        ("nan", 2.0),
    ],
)
def test_the_wait_that_stripe_asks_for_is_read_within_bounds(serve: Any, header: str, seconds: float) -> None:
    server = serve(_answers(429, _error(type="x"), f"Retry-After: {header}"))

    with pytest.raises(RateLimited) as limited:
        _service(server.base).pay({"amount": 1, "currency": "usd"}, "key")
    assert limited.value.retry_after == seconds


def test_a_port_where_nobody_listens_was_never_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(NotReached):
        _service(f"http://127.0.0.1:{port}").pay({"amount": 1, "currency": "usd"}, "key")


def test_a_name_that_does_not_exist_was_never_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object) -> None:
        raise socket.gaierror("no such name")

    monkeypatch.setattr("integrations.http.socket.getaddrinfo", nowhere)
    with pytest.raises(NotReached):
        _service("https://nowhere.example").pay({"amount": 1, "currency": "usd"}, "key")


def test_a_name_that_leads_inside_is_never_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr("integrations.http.socket.getaddrinfo", lambda *_: found)

    with pytest.raises(NotReached):
        _service("https://stripe.example").pay({"amount": 1, "currency": "usd"}, "key")


def test_nothing_is_sent_twice_and_all_of_it_is_pinned(serve: Any) -> None:
    server = serve(_answers(500, _error(type="api_error")))

    with pytest.raises(OutcomeUnknown):
        _service(server.base).pay({"amount": 1, "currency": "usd"}, "run:charge:1")

    [request] = server.requests
    head = request.decode().lower()
    assert f"stripe-version: {API_VERSION}" in head
    assert "idempotency-key: run:charge:1" in head
    assert "telemetry" not in head


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "STRIPE_API_KEY"),
        ({"STRIPE_API_KEY": ""}, "STRIPE_API_KEY"),
        ({"STRIPE_API_KEY": "sk_test_1", "STRIPE_API_BASE": "http://api.stripe.com"}, "STRIPE_API_BASE"),
        ({"STRIPE_API_KEY": "sk_test_1", "STRIPE_API_BASE": "https://u:p@x.example"}, "STRIPE_API_BASE"),
    ],
)
def test_what_is_not_configured_is_named(settings: dict[str, str], named: str) -> None:
    with pytest.raises(NotConfigured, match=named) as missing:
        connect(settings)
    assert "sk_test" not in str(missing.value)


def _tells_nothing(error: IntegrationError) -> None:
    told = "".join(traceback.format_exception(error))
    for secret in (CANARY, "sk_test", "<html>", "Idempotency"):
        assert secret not in told
