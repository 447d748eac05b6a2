"""stripe.refund over the real SDK and the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import OutcomeUnknown, Refused
from integrations.stripe.tools import REFUND


@pytest.fixture
def paid(sandbox: Any) -> str:
    return str(sandbox.charge(sandbox.quoted()).external_id)


def _refund(
    sandbox: Any, attempt: Any, intent: str, key: str = "run:refund:1", number: int = 1, **more: Any
) -> Any:
    arguments = {"payment_intent": intent, "currency": "usd", "amount": None, "reason": None} | more
    return REFUND.perform(sandbox.service(), arguments, attempt(key, number))


def _given_back(sandbox: Any) -> int:
    records = sandbox.ask("GET", "records")
    return sum(each["json"]["amount"] for each in records if each["object"] == "refund")


def test_a_payment_is_given_back_whole(sandbox: Any, make_attempt: Any, paid: str) -> None:
    done = _refund(sandbox, make_attempt, paid, reason="requested_by_customer")

    assert (done.result["status"], done.result["amount"]) == ("refunded", 2700)
    assert done.result["label"] == "$27.00 given back"
    assert done.external_id == done.result["refund"]


def test_two_equal_parts_are_two_refunds_and_a_repeat_is_none(
    sandbox: Any, make_attempt: Any, paid: str
) -> None:
    first = _refund(sandbox, make_attempt, paid, "a", amount=700)
    again = _refund(sandbox, make_attempt, paid, "a", number=2, amount=700)
    second = _refund(sandbox, make_attempt, paid, "b", amount=700)

    assert first.external_id == again.external_id != second.external_id
    assert _given_back(sandbox) == 1400


def test_what_was_given_back_cannot_be_given_back_again(sandbox: Any, make_attempt: Any, paid: str) -> None:
    _refund(sandbox, make_attempt, paid, "a")

    with pytest.raises(Refused, match="already given back") as refused:
        _refund(sandbox, make_attempt, paid, "b")
    assert refused.value.code == "already_refunded"


def test_more_than_was_paid_is_refused(sandbox: Any, make_attempt: Any, paid: str) -> None:
    with pytest.raises(Refused, match=r"took only \$27\.00") as refused:
        _refund(sandbox, make_attempt, paid, amount=2701)
    assert refused.value.code == "amount_too_large"


def test_another_currency_than_was_paid_is_refused(sandbox: Any, make_attempt: Any, paid: str) -> None:
    with pytest.raises(Refused, match="in USD, not in JPY"):
        _refund(sandbox, make_attempt, paid, currency="jpy")
    assert _given_back(sandbox) == 0


def test_a_payment_that_does_not_exist_is_told(sandbox: Any, make_attempt: Any) -> None:
    with pytest.raises(Refused) as refused:
        _refund(sandbox, make_attempt, "pi_nowhere")
    assert refused.value.code == "missing"


@pytest.mark.parametrize("kind", ["500_after", "drop_after"])
def test_a_lost_answer_does_not_give_back_twice(
    sandbox: Any, make_attempt: Any, paid: str, kind: str
) -> None:
    sandbox.fault(kind, "/v1/refunds")
    with pytest.raises(OutcomeUnknown):
        _refund(sandbox, make_attempt, paid, amount=700)
    sandbox.clock.ahead = 25 * 3600  # and the key is forgotten

    _refund(sandbox, make_attempt, paid, number=2, amount=700)

    assert _given_back(sandbox) == 700


@pytest.mark.twin
def test_twin_without_the_look_up_a_forgotten_key_gives_back_twice(
    sandbox: Any, make_attempt: Any, paid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refund(sandbox, make_attempt, paid, amount=700)
    sandbox.clock.ahead = 25 * 3600
    monkeypatch.setattr("integrations.stripe.client._marked", lambda found, effect_key: None)

    _refund(sandbox, make_attempt, paid, number=2, amount=700)

    assert _given_back(sandbox) == 1400


def test_a_fault_kept_under_the_key_ends_as_a_definite_no(sandbox: Any, make_attempt: Any, paid: str) -> None:
    sandbox.fault("500_saved", "/v1/refunds")
    with pytest.raises(OutcomeUnknown):
        _refund(sandbox, make_attempt, paid)

    with pytest.raises(Refused) as refused:
        _refund(sandbox, make_attempt, paid)
    assert refused.value.code == "service_failed"
    assert _given_back(sandbox) == 0


def test_the_card_says_what_would_be_given_back() -> None:
    arguments = {"payment_intent": "pi_1", "currency": "usd", "amount": 700, "reason": "duplicate"}

    assert REFUND.describe is not None
    assert REFUND.describe(arguments) == (
        ("Give back", "$7.00"),
        ("Currency", "USD"),
        ("Payment", "pi_1"),
        ("Reason", "duplicate"),
    )
    assert REFUND.amount is not None
    assert REFUND.amount(arguments) == (700, "usd")
    assert REFUND.amount(arguments | {"amount": None}) is None
