"""stripe.charge when answers are lost, late, or wrong: money moves once or not at all."""

from __future__ import annotations

import time
import traceback
from functools import partial
from typing import Any

import pytest

from integrations.errors import IntegrationError, NotReached, OutcomeUnknown, RateLimited, Refused
from integrations.http import open_session
from integrations.stripe import client, tools


@pytest.mark.parametrize("kind", ["500_after", "drop_after", "html"])
def test_an_answer_lost_after_the_charge_is_unknown_and_a_second_try_finds_it(
    sandbox: Any, kind: str
) -> None:
    arguments = sandbox.quoted()
    sandbox.fault(kind)

    with pytest.raises(OutcomeUnknown):
        sandbox.charge(arguments)
    assert sandbox.charge(arguments, number=2).result["status"] == "paid"
    assert sandbox.charges() == 1


@pytest.mark.parametrize("kind", ["500_before", "drop_before"])
def test_an_answer_lost_before_the_charge_is_unknown_and_a_second_try_charges(
    sandbox: Any, kind: str
) -> None:
    arguments = sandbox.quoted()
    sandbox.fault(kind)

    with pytest.raises(OutcomeUnknown):
        sandbox.charge(arguments)
    assert sandbox.charges() == 0
    assert sandbox.charge(arguments, number=2).result["status"] == "paid"
    assert sandbox.charges() == 1


@pytest.mark.parametrize("kind", ["hang", "drip", "drip_headers"])
def test_a_stripe_that_takes_for_ever_is_left_at_the_deadline(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    arguments = sandbox.quoted()
    sandbox.fault(kind)
    began = time.monotonic()
    with monkeypatch.context() as quick:
        quick.setattr(client, "open_session", partial(open_session, total=0.6))
        with pytest.raises(OutcomeUnknown):
            sandbox.charge(arguments)

    assert time.monotonic() - began < 3
    assert sandbox.charge(arguments, number=2).result["status"] == "paid"
    assert sandbox.charges() == 1


def test_a_charge_of_many_calls_ends_within_its_budget(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = sandbox.quoted()
    sandbox.fault("delay", "*", method="GET", delay_ms=300, times=9)
    monkeypatch.setattr(tools, "LONGEST", 0.5)
    began = time.monotonic()

    with pytest.raises(NotReached):
        sandbox.charge(arguments)
    assert time.monotonic() - began < 2
    assert sandbox.charges() == 0


def test_a_stripe_that_sends_us_elsewhere_is_not_followed(sandbox: Any) -> None:
    arguments = sandbox.quoted()
    sandbox.fault("redirect", to=f"{sandbox.base}/v1/refunds")
    seen = len(sandbox.wire)

    with pytest.raises(OutcomeUnknown):
        sandbox.charge(arguments)
    assert not any("refunds" in each["title"] for each in sandbox.wire[seen:])
    assert sandbox.charge(arguments, number=2).result["status"] == "paid"


def test_a_fault_that_stripe_keeps_under_our_key_ends_as_a_definite_no(sandbox: Any) -> None:
    arguments = sandbox.quoted()
    sandbox.fault("500_saved")

    with pytest.raises(OutcomeUnknown):
        sandbox.charge(arguments)
    with pytest.raises(Refused, match="fault of its own") as refused:
        sandbox.charge(arguments, number=2)
    assert refused.value.code == "service_failed"
    assert sandbox.charge(arguments, "run:charge:2").result["status"] == "paid"


def test_a_price_that_changed_after_a_lost_answer_does_not_hide_that_money_moved(sandbox: Any) -> None:
    arguments = sandbox.quoted()
    sandbox.fault("drop_after")
    with pytest.raises(OutcomeUnknown):
        sandbox.charge(arguments)
    sandbox.ask("POST", "price", {"price": "price_cola", "unit_amount": 350})

    assert sandbox.charge(arguments, number=2).result["status"] == "paid"


@pytest.mark.twin
def test_twin_without_the_look_up_money_that_moved_is_reported_as_not_charged(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = sandbox.quoted()
    sandbox.fault("drop_after")
    with pytest.raises(OutcomeUnknown):
        sandbox.charge(arguments)
    sandbox.ask("POST", "price", {"price": "price_cola", "unit_amount": 350})
    monkeypatch.setattr("integrations.stripe.charge._look", lambda *_: None)

    with pytest.raises(Refused, match="Nothing was charged"):
        sandbox.charge(arguments, number=2)
    assert sandbox.charges() == 1


def test_a_key_that_stripe_has_forgotten_does_not_charge_again(sandbox: Any) -> None:
    arguments = sandbox.quoted()
    sandbox.charge(arguments)
    sandbox.clock.ahead = 25 * 3600

    assert sandbox.charge(arguments, number=2).result["status"] == "paid"
    assert sandbox.charges() == 1


@pytest.mark.twin
def test_twin_without_the_look_up_a_forgotten_key_charges_twice(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = sandbox.quoted()
    sandbox.charge(arguments)
    sandbox.clock.ahead = 25 * 3600
    monkeypatch.setattr("integrations.stripe.charge._look", lambda *_: None)

    sandbox.charge(arguments, number=2)

    assert sandbox.charges() == 2


def test_being_asked_to_slow_down_says_for_how_long(sandbox: Any) -> None:
    arguments = sandbox.quoted()
    sandbox.fault("429")

    with pytest.raises(RateLimited) as limited:
        sandbox.charge(arguments)
    assert limited.value.retry_after == 1.0
    assert sandbox.charge(arguments).result["status"] == "paid"


def test_a_lock_at_stripe_is_tried_again_with_the_same_key(sandbox: Any) -> None:
    arguments = sandbox.quoted()
    sandbox.fault("409")

    with pytest.raises(OutcomeUnknown) as busy:
        sandbox.charge(arguments)
    assert busy.value.retryable
    assert sandbox.charge(arguments).result["status"] == "paid"


def test_a_look_up_that_fails_may_be_tried_again_freely(sandbox: Any) -> None:
    sandbox.fault("500_before", "/v1/prices", method="GET")

    with pytest.raises(NotReached) as unreached:
        sandbox.quoted()
    assert unreached.value.retryable


def test_a_sandbox_that_is_down_was_never_reached(sandbox: Any) -> None:
    arguments = sandbox.quoted()
    sandbox.stop()
    try:
        with pytest.raises(NotReached, match="could not be reached"):
            sandbox.charge(arguments)
    finally:
        sandbox.start()


def test_other_parameters_under_a_used_key_are_never_reported_as_done(sandbox: Any) -> None:
    sandbox.charge(sandbox.quoted())
    other = sandbox.quoted("ada@example.com", {"name": "cola", "quantity": 1})

    with pytest.raises(OutcomeUnknown) as unknown:
        sandbox.charge(other)
    assert unknown.value.code == "key_used_otherwise"
    assert sandbox.charges() == 1


@pytest.mark.parametrize("kind", ["decline", "500_before", "500_after", "drop_after", "html", "429", "409"])
def test_no_error_repeats_what_stripe_or_we_sent(sandbox: Any, kind: str) -> None:
    arguments = sandbox.quoted() | {"description": "canary-in-the-body"}
    sandbox.fault(kind)

    with pytest.raises(IntegrationError) as failed:
        sandbox.charge(arguments)

    told = "".join(traceback.format_exception(failed.value))
    for secret in ("canary", "sk_test", "pm_ada", "<html>"):
        assert secret not in told
