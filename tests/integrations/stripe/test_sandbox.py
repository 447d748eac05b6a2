"""The sandbox speaks Stripe's wire form, forgets nothing, and only this machine may steer it."""

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

from integrations.stripe.sandbox.faults import Refusal
from integrations.stripe.sandbox.forms import decode
from integrations.stripe.sandbox.store import Store

BEARER = {"Authorization": "Bearer sk_test_1"}
PAYMENT = {
    "amount": "2700",
    "currency": "usd",
    "customer": "cus_ada",
    "payment_method": "pm_ada_visa",
    "confirm": "true",
    "off_session": "true",
}


def _post(sandbox: Any, path: str, data: Any = None, key: str = "", **headers: str) -> requests.Response:
    more = {"Idempotency-Key": key} if key else {}
    return requests.post(f"{sandbox.base}/v1/{path}", data=data, headers=BEARER | more | headers, timeout=10)


def _get(sandbox: Any, path: str) -> requests.Response:
    return requests.get(f"{sandbox.base}/v1/{path}", headers=BEARER, timeout=10)


# ── wire form ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "key", ["", "Bearer", "Bearer pk_test_1", "Bearer sk_live_1", "Basic c2tfdGVzdF8xOg=="]
)
def test_only_a_test_key_opens_it(sandbox: Any, key: str) -> None:
    answer = requests.get(f"{sandbox.base}/v1/prices", headers={"Authorization": key}, timeout=5)

    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_every_answer_has_a_request_id_and_every_no_an_envelope(sandbox: Any) -> None:
    missing, wrong = _get(sandbox, "prices/price_none"), _get(sandbox, "nothing_here")

    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "resource_missing")
    assert wrong.status_code == 404
    assert all(each.headers["Request-Id"].startswith("req_") for each in (missing, wrong))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": "20.0"}, "parameter_invalid_integer"),
        ({"amount": "49"}, "amount_too_small"),
        ({"amount": "100000000"}, "amount_too_large"),
        ({"amont": "1"}, "parameter_unknown"),
        ({"currency": ""}, "parameter_missing"),
        ({"customer": "cus_none"}, "resource_missing"),
        ({"payment_method": "pm_none"}, "resource_missing"),
    ],
)
def test_a_wrong_parameter_is_refused_and_not_kept_under_the_key(
    sandbox: Any, change: Any, code: str
) -> None:
    refused = _post(sandbox, "payment_intents", PAYMENT | change, "k")

    assert refused.json()["error"]["code"] == code
    assert _post(sandbox, "payment_intents", PAYMENT, "k").status_code == 200


def test_a_card_of_somebody_else_is_refused(sandbox: Any) -> None:
    assert _post(sandbox, "payment_intents", PAYMENT | {"customer": "cus_omar"}).status_code == 400


def test_nested_parameters_become_hashes_and_lists() -> None:
    text = "a[0][b]=1&a[0][c]=2&a[1][b]=3&m[x]=y&e[]=p&e[]=q&plain=&n=a%20b"

    assert decode(text) == {
        "a": [{"b": "1", "c": "2"}, {"b": "3"}],
        "m": {"x": "y"},
        "e": ["p", "q"],
        "plain": "",
        "n": "a b",
    }


@pytest.mark.parametrize(
    "text", ["a=1&a[b]=2", "a[b]=1&a[b][c]=2", "a[[b]]=1", "a" + "[x]" * 20 + "=1", "&".join(["a=1"] * 2000)]
)
def test_impossible_forms_are_refused(text: str) -> None:
    with pytest.raises(Refusal):
        decode(text)


def test_a_body_over_a_mebibyte_is_refused(sandbox: Any) -> None:
    assert _post(sandbox, "payment_intents", b"a" * ((1 << 20) + 1)).status_code == 413


# ── idempotency ──────────────────────────────────────────────────────────────────────────


def test_the_same_key_replays_the_same_bytes_and_says_so(sandbox: Any) -> None:
    first, again = (_post(sandbox, "payment_intents", PAYMENT, "k") for _ in range(2))

    assert first.content == again.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"]


def test_a_decline_is_kept_too(sandbox: Any) -> None:
    sandbox.fault("decline", code="insufficient_funds")
    first, again = (_post(sandbox, "payment_intents", PAYMENT, "k") for _ in range(2))

    assert (first.status_code, first.content) == (402, again.content)
    error = first.json()["error"]
    assert (error["code"], error["decline_code"]) == ("card_declined", "insufficient_funds")
    assert error["payment_intent"]["status"] == "requires_payment_method"
    assert sandbox.ask("GET", "charges") == {"count": 0, "attempted": 1, "amount": 0, "payment_intents": []}


def test_the_same_key_with_other_parameters_is_refused(sandbox: Any) -> None:
    _post(sandbox, "payment_intents", PAYMENT, "k")

    other = _post(sandbox, "payment_intents", PAYMENT | {"amount": "2800"}, "k")
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")


@pytest.mark.parametrize("kind", ["429", "500_before"])
def test_what_was_refused_before_it_began_is_not_kept(sandbox: Any, kind: str) -> None:
    sandbox.fault(kind)

    assert _post(sandbox, "payment_intents", PAYMENT, "k").status_code == int(kind[:3])
    assert _post(sandbox, "payment_intents", PAYMENT, "k").status_code == 200


def test_a_key_is_forgotten_after_a_day(sandbox: Any) -> None:
    _post(sandbox, "payment_intents", PAYMENT, "k")
    sandbox.clock.ahead = 24 * 3600 + 1

    assert "Idempotent-Replayed" not in _post(sandbox, "payment_intents", PAYMENT, "k").headers
    assert sandbox.charges() == 2


# ── it forgets nothing ───────────────────────────────────────────────────────────────────

_CHILD = """
import sys
from aiohttp import web
from integrations.stripe.sandbox import create_sandbox
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

    process = _child(tmp_path / "s.sqlite", unused_tcp_port)
    paid = [_post(At, "payment_intents", PAYMENT, f"k{n}").json()["id"] for n in range(5)]
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)

    process = _child(tmp_path / "s.sqlite", unused_tcp_port)
    try:
        again = [_post(At, "payment_intents", PAYMENT, f"k{n}") for n in range(5)]
        assert [each.json()["id"] for each in again] == paid
        assert all(each.headers["Idempotent-Replayed"] == "true" for each in again)
    finally:
        process.kill()
        process.wait(10)


def test_a_request_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite")

    def half() -> None:
        with store.transaction():
            store.put({"id": "x_1", "object": "x", "created": 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert store.empty()


# ── webhooks ─────────────────────────────────────────────────────────────────────────────


def _ids(bodies: list[tuple[bytes, str]]) -> list[str]:
    return [json.loads(body)["id"] for body, _ in bodies]


def test_a_delivery_is_tried_until_somebody_says_yes(sandbox: Any) -> None:
    sandbox.received.answers[:] = [503, 500, 302]
    sandbox.charge(sandbox.quoted())

    got = sandbox.received.wait_for(lambda bodies: len(bodies) == 4)
    assert len(set(_ids(got))) == 1


def test_a_delivery_that_waited_through_a_restart_is_made(sandbox: Any) -> None:
    sandbox.ask("POST", "webhooks", {"paused": True})
    sandbox.charge(sandbox.quoted())
    assert sandbox.received.got == []
    sandbox.stop()
    sandbox.start()

    sandbox.received.wait_for(lambda bodies: len(bodies) == 1)


def test_deliveries_can_be_made_to_come_twice(sandbox: Any) -> None:
    sandbox.ask("POST", "webhooks", {"duplicates": 2})
    sandbox.charge(sandbox.quoted())

    got = sandbox.received.wait_for(lambda bodies: len(bodies) == 3)
    assert len(set(_ids(got))) == 1
    assert len({body for body, _ in got}) == 1


def test_a_full_refund_is_told(sandbox: Any) -> None:
    intent = sandbox.charge(sandbox.quoted()).external_id
    _post(sandbox, "refunds", {"payment_intent": intent, "amount": "700"})

    got = sandbox.received.wait_for(lambda bodies: any(b"charge.refunded" in body for body, _ in bodies))
    told = json.loads(got[-1][0])["data"]["object"]
    assert (told["amount_refunded"], told["refunded"]) == (700, False)


# ── the pay page ─────────────────────────────────────────────────────────────────────────


def test_looking_at_a_link_never_pays_it_and_paying_twice_pays_once(sandbox: Any) -> None:
    url = sandbox.charge(sandbox.quoted("omar@example.com")).result["url"]

    shown = requests.get(url, timeout=5)
    requests.head(url, timeout=5)
    assert sandbox.charges() == 0
    assert "frame-ancestors 'none'" in shown.headers["Content-Security-Policy"]
    for _ in range(2):
        assert "Thank you" in requests.post(url, timeout=5).text
    assert sandbox.charges("run:charge:1") == 1


def test_what_is_written_on_the_page_is_text(sandbox: Any) -> None:
    client = sandbox.service().client
    product = client.v1.products.create({"name": "<script>alert(1)</script>"})
    client.v1.prices.create({"product": product.id, "unit_amount": 500, "currency": "usd"})
    item = {"name": "<script>alert(1)</script>", "quantity": 1}

    page = requests.get(sandbox.charge(sandbox.quoted("omar@example.com", item)).result["url"], timeout=5)

    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


def test_a_link_that_never_was_is_not_found(sandbox: Any) -> None:
    assert requests.get(f"{sandbox.base}/pay/cs_test_none", timeout=5).status_code == 404
    assert requests.post(f"{sandbox.base}/pay/cs_test_none", timeout=5).status_code == 404
    assert requests.get(f"{sandbox.base}/receipt/ch_none", timeout=5).status_code == 404


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
    "body", [{}, {"kind": "unknown"}, [], {"kind": "429", "times": "x"}, {"kind": "hang", "delay_ms": -1}]
)
def test_a_fault_that_makes_no_sense_is_told(sandbox: Any, body: Any) -> None:
    answer = requests.post(f"{sandbox.base}/_sandbox/fault", json=body, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_fault_is_used_up_and_can_be_switched_off(sandbox: Any) -> None:
    sandbox.fault("500_before", times=2)
    assert [_post(sandbox, "payment_intents", PAYMENT).status_code for _ in range(3)] == [500, 500, 200]

    sandbox.fault("500_before", times=5)
    sandbox.ask("DELETE", "fault")
    assert _post(sandbox, "payment_intents", PAYMENT).status_code == 200


def test_the_records_are_what_the_page_draws(sandbox: Any) -> None:
    intent = sandbox.charge(sandbox.quoted()).external_id

    records = sandbox.ask("GET", "records")

    assert (
        records[0].items()
        >= {
            "service": "Stripe",
            "object": "payment_intent",
            "id": intent,
            "title": f"{intent} · 27.00 usd",
            "status": "succeeded",
        }.items()
    )
    assert {each["object"] for each in records} >= {"customer", "product", "price"}
    assert "_decline" not in json.dumps(records)
    assert len(records) <= 60


def test_a_reset_brings_the_seeds_back_and_nothing_else(sandbox: Any) -> None:
    sandbox.ask("POST", "price", {"price": "price_cola", "unit_amount": 999})
    sandbox.charge(sandbox.quoted())
    sandbox.ask("POST", "reset", {})

    assert sandbox.charges() == 0
    assert sandbox.quoted()["amount"] == 2700


def test_the_wire_log_tells_all_but_the_key(sandbox: Any) -> None:
    sandbox.charge(sandbox.quoted())
    sandbox.received.wait_for(lambda bodies: len(bodies) == 1)

    sent = next(each for each in sandbox.wire if each["title"] == "POST /v1/payment_intents")
    assert (sent["direction"], sent["status"], sent["verified"]) == ("from bot", 200, "bearer ✓")
    assert "run" in sent["body"]
    assert "sk_test" not in json.dumps(sandbox.wire)
