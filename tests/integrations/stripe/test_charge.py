"""stripe.charge over the real SDK and the sandbox: what is taken, once, and what is never taken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from integrations.base import Done, Pending
from integrations.errors import IntegrationError, Refused
from integrations.stripe.charge import LINK_LIVES
from integrations.stripe.tools import CHARGE

KEY = "run:charge:1"


def test_two_margheritas_and_a_cola_are_charged_to_the_saved_card(sandbox: Any) -> None:
    done = sandbox.charge(sandbox.quoted())

    assert isinstance(done, Done)
    assert done.result["status"] == "paid"
    assert (done.result["amount"], done.result["currency"]) == (2700, "usd")
    assert done.result["label"] == "$27.00 paid"
    assert done.external_id == done.result["payment_intent"]
    assert requests.get(done.result["receipt_url"], timeout=5).status_code == 200
    assert sandbox.charges(KEY) == 1


def test_the_same_key_charges_once_however_often_it_is_tried(sandbox: Any) -> None:
    arguments = sandbox.quoted()

    tries = [sandbox.charge(arguments, number=number) for number in (1, 1, 2, 3)]

    assert len({each.external_id for each in tries}) == 1
    assert sandbox.charges() == 1


def test_another_key_is_another_charge(sandbox: Any) -> None:
    arguments = sandbox.quoted()

    assert sandbox.charge(arguments, "a").external_id != sandbox.charge(arguments, "b").external_id
    assert sandbox.charges() == 2


@pytest.mark.parametrize("delay", [0, 200])
def test_twenty_tries_of_one_key_at_once_make_one_payment(
    sandbox: Any, make_attempt: Any, delay: int
) -> None:
    arguments, service = sandbox.quoted(), sandbox.service()
    if delay:
        sandbox.fault("delay", delay_ms=delay, times=20)

    def once(_: int) -> str:
        try:
            return str(CHARGE.perform(service, arguments, make_attempt(KEY)).external_id)
        except IntegrationError as error:
            return error.code if error.retryable else "not to be tried again"

    with ThreadPoolExecutor(20) as pool:
        outcomes = set(pool.map(once, range(20)))

    assert sandbox.charges() == 1
    assert len([each for each in outcomes if each.startswith("pi_")]) == 1
    assert outcomes - {"in_progress"} == {each for each in outcomes if each.startswith("pi_")}
    assert ("in_progress" in outcomes) == bool(delay)


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "there is not enough money on it"),
        ("pm_card_chargeDeclinedExpiredCard", "it has expired"),
        ("pm_card_visa_chargeDeclined", "the bank gave no reason"),
        ("pm_card_chargeDeclinedStolenCard", "Stripe declined the card. Nothing was charged."),
        ("pm_card_chargeDeclinedProcessingError", "could not process the card just now"),
    ],
)
def test_a_declined_card_is_told_in_plain_words_and_nothing_is_charged(
    sandbox: Any, token: str, sentence: str
) -> None:
    sandbox.ask("POST", "card", {"email": "ada@example.com", "token": token})

    with pytest.raises(Refused, match=sentence) as refused:
        sandbox.charge(sandbox.quoted())

    assert refused.value.code == "card_declined"
    assert not refused.value.retryable
    assert "stolen" not in str(refused.value)
    assert sandbox.charges() == 0


def test_a_crash_after_a_decline_hears_the_same_decline_again(sandbox: Any) -> None:
    sandbox.fault("decline", code="insufficient_funds")
    arguments = sandbox.quoted()

    for number in (1, 1, 2):
        with pytest.raises(Refused, match="not enough money"):
            sandbox.charge(arguments, number=number)
    assert sandbox.charge(arguments, "run:charge:2").result["status"] == "paid"
    assert sandbox.charges() == 1


def test_a_card_that_needs_its_owner_falls_back_to_a_link(sandbox: Any) -> None:
    sandbox.ask("POST", "card", {"email": "ada@example.com", "token": "pm_card_authenticationRequired"})
    arguments = sandbox.quoted()

    first, again = sandbox.charge(arguments), sandbox.charge(arguments, number=2)

    assert isinstance(first, Pending)
    assert first.result["status"] == "awaiting_payment"
    assert again.external_id == first.external_id
    assert sandbox.charges() == 0


def test_without_a_saved_card_a_link_is_handed_out_and_a_retry_hands_out_the_same(sandbox: Any) -> None:
    arguments = sandbox.quoted("omar@example.com")

    first = sandbox.charge(arguments)
    again = [sandbox.charge(arguments), sandbox.charge(arguments, number=2)]

    assert isinstance(first, Pending)
    assert first.external_id == first.result["session"]
    assert first.result["label"] == "$27.00 to be paid by link"
    assert "Pay $27.00" in requests.get(first.result["url"], timeout=5).text
    assert {each.external_id for each in again} == {first.external_id}


def test_somebody_whom_stripe_does_not_know_gets_a_link_too(sandbox: Any) -> None:
    pending = sandbox.charge(sandbox.quoted("new@example.com"))

    assert isinstance(pending, Pending)
    assert sandbox.charge(sandbox.quoted("new@example.com"), number=2).external_id == pending.external_id


def test_a_link_that_was_paid_before_we_recorded_it_is_done(sandbox: Any) -> None:
    arguments = sandbox.quoted("omar@example.com")
    requests.post(sandbox.charge(arguments).result["url"], timeout=5).raise_for_status()

    done = sandbox.charge(arguments, number=2)

    assert isinstance(done, Done)
    assert done.result["status"] == "paid"
    assert sandbox.charges(KEY) == 1


def test_an_expired_link_is_said_so(sandbox: Any) -> None:
    arguments = sandbox.quoted("omar@example.com")
    pending = sandbox.charge(arguments)
    sandbox.clock.ahead = LINK_LIVES.total_seconds() + 60
    sandbox.received.wait_for(lambda bodies: any(b"session.expired" in body for body, _ in bodies))

    with pytest.raises(Refused) as refused:
        sandbox.charge(arguments, number=2)
    assert refused.value.code == "expired"
    assert "has ended" in requests.get(f"{sandbox.base}/pay/{pending.external_id}", timeout=5).text


# ── what was quoted must still be true ───────────────────────────────────────────────────


@pytest.mark.parametrize("in_place", [False, True])
def test_a_price_that_changed_is_refused_with_the_old_and_the_new(sandbox: Any, in_place: bool) -> None:
    arguments = sandbox.quoted()
    sandbox.ask(
        "POST", "price", {"price": "price_margherita_medium", "unit_amount": 1300, "in_place": in_place}
    )

    with pytest.raises(Refused, match=r"\$13\.00 instead of \$12\.00\. Nothing was charged\.") as refused:
        sandbox.charge(arguments)
    assert refused.value.code == "price_changed"
    assert sandbox.charges() == 0


@pytest.mark.twin
def test_twin_without_the_second_look_the_old_price_is_charged(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = sandbox.quoted()
    sandbox.ask("POST", "price", {"price": "price_margherita_medium", "unit_amount": 1300})
    monkeypatch.setattr("integrations.stripe.charge.check", lambda service, arguments: None)

    assert sandbox.charge(arguments).result["amount"] == 2700


def test_a_product_that_was_put_away_is_refused(sandbox: Any) -> None:
    arguments = sandbox.quoted()
    sandbox.ask("POST", "price", {"price": "price_cola", "active": False})

    with pytest.raises(Refused, match="no longer sells Cola") as refused:
        sandbox.charge(arguments)
    assert refused.value.code == "unknown_product"


def test_a_price_that_never_was_is_refused(sandbox: Any) -> None:
    arguments = sandbox.quoted()
    arguments["lines"][0]["price"] = "price_invented"

    with pytest.raises(Refused) as refused:
        sandbox.charge(arguments)
    assert refused.value.code == "unknown_product"


def test_another_currency_than_the_prices_is_refused(sandbox: Any) -> None:
    with pytest.raises(Refused, match="in USD, not in EUR") as refused:
        sandbox.charge(sandbox.quoted() | {"currency": "eur"})
    assert refused.value.code == "wrong_currency"


@pytest.mark.parametrize("wrong", ["total", "line"])
def test_lines_that_do_not_add_up_are_refused_before_stripe_is_asked(sandbox: Any, wrong: str) -> None:
    arguments = sandbox.quoted()
    if wrong == "total":
        arguments["amount"] = 1
    else:
        arguments["lines"][0]["amount"] = 1
    asked = len(sandbox.wire)

    with pytest.raises(Refused) as refused:
        sandbox.charge(arguments)
    assert refused.value.code == "wrong_amount"
    assert len(sandbox.wire) == asked


def test_a_price_of_another_product_cannot_stand_in(sandbox: Any) -> None:
    """The card would show six pizzas, and the money would be for water."""
    arguments = sandbox.quoted()
    arguments["lines"][1] |= {"price": "price_water", "unit_amount": 200, "amount": 200}
    arguments["amount"] = 2600

    with pytest.raises(Refused):
        sandbox.charge(arguments)


def test_an_amount_below_stripes_least_is_told(sandbox: Any) -> None:
    sandbox.ask("POST", "price", {"price": "price_water", "unit_amount": 10})

    with pytest.raises(Refused, match="amounts this small") as refused:
        sandbox.charge(sandbox.quoted("ada@example.com", {"name": "water", "quantity": 1}))
    assert refused.value.code == "amount_too_small"
