"""What Stripe tells us: only what is genuine and fresh is read, and it is read as one notice."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
import stripe

from integrations.base import Happened
from integrations.stripe import webhook
from integrations.stripe.webhook import NotAnEvent, NotFromStripe, Outcome, delivery, notice, read, sign

SECRET = "whsec_of_the_tests"
NOW = 1_800_000_000
BODY = json.dumps({"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "data": {}}).encode()


def _header(body: bytes = BODY, at: int = NOW, secret: str = SECRET) -> str:
    return sign(body, secret, at)


def verify(body: bytes, header: str, secret: str, now: float) -> dict[str, Any]:
    return webhook.verify({"Stripe-Signature": header}, body, secret, now)


def test_a_genuine_delivery_is_read() -> None:
    assert verify(BODY, _header(), SECRET, NOW)["id"] == "evt_1"


def test_stripes_own_signer_and_ours_agree() -> None:
    theirs = stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET, NOW)

    assert theirs == _header()


@pytest.mark.parametrize(
    ("header", "now"),
    [
        ("", NOW),
        ("t=1800000000", NOW),
        (f"v1={'0' * 64}", NOW),
        (f"t=1800000000,v1={'0' * 64}", NOW),
        ("t=1800000000,v1=é", NOW),
        ("t=soon,v1=" + "0" * 64, NOW),
        ("t=" + "9" * 500 + ",v1=" + "0" * 64, NOW),
        (_header(secret="whsec_other"), NOW),
        (_header(body=BODY + b" "), NOW),
        (_header().replace("v1=", "v0="), NOW),
        (_header() + ",t=1", NOW),
        (_header(), NOW + 301),
        (_header(), NOW - 301),
        ("x" * 5000, NOW),
    ],
)
def test_forged_stale_future_and_malformed_signatures_are_refused(header: str, now: int) -> None:
    with pytest.raises(NotFromStripe):
        verify(BODY, header, SECRET, now)


def test_no_secret_means_no_delivery_is_genuine() -> None:
    with pytest.raises(NotFromStripe):
        verify(BODY, _header(secret=""), "", NOW)


@pytest.mark.twin
@pytest.mark.parametrize("late", [301, -301])
def test_twin_without_the_window_an_old_and_a_future_delivery_pass(
    late: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "TOLERANCE", float("inf"))

    assert verify(BODY, _header(), SECRET, NOW + late)


@pytest.mark.twin
def test_twin_without_the_comparison_a_forgery_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hmac.compare_digest", lambda a, b: True)

    assert verify(BODY, f"t={NOW},v1={'0' * 64}", SECRET, NOW)


def test_while_a_secret_is_changed_either_signature_will_do() -> None:
    new, old = _header(), _header(secret="whsec_old")
    both = f"{old},{new.partition(',')[2]}"

    assert verify(BODY, both, SECRET, NOW)
    assert verify(BODY, both, "whsec_old", NOW)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"object":"v2.core.event"}', b'{"object":"event"}'],
)
def test_what_is_signed_but_no_event_is_malformed(body: bytes) -> None:
    with pytest.raises(NotAnEvent):
        verify(body, _header(body), SECRET, NOW)


def test_a_body_over_a_mebibyte_is_not_even_hashed() -> None:
    body = b"x" * ((1 << 20) + 1)

    with pytest.raises(NotAnEvent):
        verify(body, _header(body), SECRET, NOW)


@pytest.mark.twin
def test_twin_without_the_limit_a_huge_body_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "LARGEST_BODY", 1 << 30)
    body = BODY + b" " * (1 << 20)

    assert verify(body, _header(body), SECRET, NOW)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"data": None},
        {"data": {"object": []}},
        {"type": "customer.created", "data": {"object": {}}},
        {"type": "checkout.session.completed", "data": {"object": {"payment_status": "unpaid"}}},
        {"type": ["checkout.session.completed"], "data": {"object": {}}},
    ],
)
def test_events_that_we_do_not_act_on_are_nothing(event: dict[str, Any]) -> None:
    assert notice(event) is None


def _about(type: str, thing: dict[str, Any], request: Any = None) -> Any:
    return notice(
        {"id": "evt_1", "object": "event", "type": type, "data": {"object": thing}, "request": request}
    )


@pytest.mark.parametrize(
    ("type", "outcome"),
    [
        ("checkout.session.completed", Outcome.PAID),
        ("checkout.session.async_payment_succeeded", Outcome.PAID),
        ("checkout.session.async_payment_failed", Outcome.FAILED),
        ("checkout.session.expired", Outcome.EXPIRED),
    ],
)
def test_a_session_says_how_it_ended_and_for_which_effect(type: str, outcome: Outcome) -> None:
    session = {
        "id": "cs_1",
        "payment_status": "paid",
        "amount_total": 2700,
        "currency": "usd",
        "payment_intent": {"id": "pi_1"},
        "metadata": {"effect_key": "run:charge:1"},
    }

    notice = _about(type, session)

    assert (notice.outcome, notice.external_id, notice.effect_key) == (outcome, "cs_1", "run:charge:1")
    assert (notice.amount, notice.currency, notice.payment_intent) == (2700, "usd", "pi_1")


def test_what_we_caused_ourselves_says_by_which_key() -> None:
    thing = {"id": "pi_1", "amount_received": 1, "currency": "usd", "metadata": {}}

    ours = _about("payment_intent.succeeded", thing, {"id": "req_1", "idempotency_key": "run:charge:1"})
    assert ours.by_us == "run:charge:1"
    assert _about("payment_intent.succeeded", thing, {"id": None, "idempotency_key": None}).by_us == ""


def test_a_failure_that_nobody_asked_for_is_told_and_a_decline_that_was_answered_is_not() -> None:
    thing = {"id": "pi_1", "currency": "usd", "metadata": {"effect_key": "run:charge:1"}}

    later = _about("payment_intent.payment_failed", thing)
    assert (later.outcome, later.external_id, later.effect_key) == (Outcome.FAILED, "pi_1", "run:charge:1")
    assert _about("payment_intent.payment_failed", thing, {"idempotency_key": "run:charge:1"}) is None


def test_values_of_the_wrong_kind_become_empty_never_an_error() -> None:
    notice = _about(
        "charge.refunded", {"payment_intent": 7, "metadata": 7, "amount": "x", "amount_refunded": True}
    )

    assert (notice.external_id, notice.effect_key, notice.amount, notice.amount_refunded) == ("", "", 0, 0)


# ── what others did, for the thread ──────────────────────────────────────────────────────


def _refund(before: Any = None, **changed: Any) -> dict[str, Any]:
    charge = {
        "id": "ch_1",
        "payment_intent": "pi_1",
        "amount": 4800,
        "amount_refunded": 2400,
        "currency": "usd",
        "receipt_url": "https://pay.stripe.example/r/1",
        "metadata": {"effect_key": "run:charge:1"},
    }
    data: dict[str, Any] = {"object": charge | changed}
    if before is not None:
        data["previous_attributes"] = {"amount_refunded": before}
    return {"id": "evt_9", "object": "event", "type": "charge.refunded", "data": data}


def test_a_refund_by_somebody_else_is_a_sentence_for_the_thread() -> None:
    assert read(_refund()) == Happened(
        key="evt_9",
        external_id="pi_1",
        kind="refunded",
        sentence="$24.00 of the payment was refunded.",
        url="https://pay.stripe.example/r/1",
    )


def test_a_second_refund_names_its_own_amount_and_not_the_sum() -> None:
    found = read(_refund(before=400))
    assert found is not None
    assert found.sentence == "$20.00 of the payment was refunded."


def test_a_refund_by_us_names_the_key_that_it_was_asked_with() -> None:
    found = read(_refund() | {"request": {"idempotency_key": "run:refund:1"}})
    assert found is not None
    assert found.effect_key == "run:refund:1"


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": "charge.refunded"},
        _refund(currency=""),
        _refund(currency="<b>"),
        _refund(payment_intent=None),
        _refund(amount_refunded=0),
        _refund(before=2400),
        _refund() | {"type": "charge.succeeded"},
    ],
)
def test_what_is_no_refund_that_one_could_speak_of_is_nothing(event: dict[str, Any]) -> None:
    assert read(event) is None


def test_a_delivery_is_known_by_the_events_id_and_put_in_order_by_the_things() -> None:
    assert delivery({}, _refund()) == ("evt_9", "ch_1")


@pytest.mark.parametrize("event", [{}, {"id": "evt_1"}, {"id": 7, "data": {"object": {"id": "x"}}}])
def test_an_event_about_nothing_is_no_delivery(event: dict[str, Any]) -> None:
    assert delivery({}, event) is None


def test_an_event_of_another_account_is_no_delivery_of_ours() -> None:
    assert delivery({}, _refund() | {"account": "acct_other"}) is None


def test_the_signature_is_looked_for_in_its_own_header() -> None:
    for name in ("X-Hub-Signature-256", "X-Notion-Signature", "Authorization"):
        with pytest.raises(NotFromStripe):
            webhook.verify({name: _header()}, BODY, SECRET, NOW)


# ── as the sandbox sends them ────────────────────────────────────────────────────────────


def test_a_paid_link_is_told_by_a_signed_delivery_that_names_session_and_effect(sandbox: Any) -> None:
    pending = sandbox.charge(sandbox.quoted("omar@example.com"))
    requests.post(pending.result["url"], timeout=5).raise_for_status()

    got = sandbox.received.wait_for(lambda bodies: any(b"checkout.session.completed" in b for b, _ in bodies))
    notices = [notice(verify(body, header, SECRET, sandbox.clock())) for body, header in got]
    paid = next(each for each in notices if each and each.kind == "checkout.session.completed")
    assert paid.outcome is Outcome.PAID
    assert (paid.external_id, paid.effect_key) == (pending.external_id, "run:charge:1")
    assert (paid.amount, paid.by_us) == (2700, "")


def test_a_charge_of_ours_is_told_with_our_key(sandbox: Any) -> None:
    sandbox.charge(sandbox.quoted())

    [(body, header)] = sandbox.received.wait_for(lambda bodies: len(bodies) == 1)
    found = notice(verify(body, header, SECRET, sandbox.clock()))
    assert found is not None
    assert found.by_us == found.effect_key == "run:charge:1"
