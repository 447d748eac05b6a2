"""stripe.refund in parts: what is left, who paid, and what was on the card. Most without a server."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import Refused
from integrations.stripe import cards, refund
from integrations.stripe.models import RefundArguments
from integrations.stripe.tools import PAYMENTS, REFUND


def payment(received: int = 2700, back: int = 0, **more: Any) -> dict[str, Any]:
    """A payment as Stripe has it, with its charge and customer in it."""
    charge = {"id": "ch_1", "amount_refunded": back, "disputed": False} | more.pop("charge", {})
    customer = {"id": "cus_ada", "name": "Ada Reyes", "email": "ada@example.com"}
    return {
        "id": "pi_1",
        "amount_received": received,
        "currency": "usd",
        "customer": customer,
        "latest_charge": charge,
    } | more


def asked(**more: Any) -> RefundArguments:
    return RefundArguments.model_validate({"payment_intent": "pi_1", "currency": "usd"} | more)


@pytest.mark.parametrize("more", [
    {}, {"amount": 1}, {"amount": 2700}, {"left": 2700}, {"amount": 700, "left": 2700},
    {"customer": "cus_ada"}, {"email": "ada@example.com"}, {"email": "Ada@Example.com"},
])  # fmt: skip
def test_what_can_be_given_back_is_let_through(more: dict[str, Any]) -> None:
    refund.check(payment(), asked(**more))


@pytest.mark.parametrize(("of", "more", "code", "sentence"), [
    (payment(), {"amount": 2701}, "amount_too_large", "Stripe took only $27.00 in this payment."),
    (payment(back=700), {"amount": 2001}, "amount_too_large",
     "Stripe has only $20.00 left of this payment of $27.00."),
    (payment(back=2700), {}, "already_refunded", "Stripe says that this payment was already given back."),
    (payment(back=2700), {"amount": 1}, "already_refunded", "already given back"),
    (payment(received=0), {}, "not_paid", "Stripe has taken no money in this payment."),
    (payment(charge={"disputed": True}), {}, "disputed", "the payment is disputed"),
    (payment(back=700), {"left": 2700}, "changed",
     "Stripe has $20.00 left of this payment, not $27.00 as was asked for."),
    (payment(back=700), {"amount": 500, "left": 2700}, "changed", "not $27.00 as was asked for"),
    (payment(), {"currency": "eur"}, "wrong_currency", "in USD, not in EUR"),
    (payment(), {"customer": "cus_omar"}, "wrong_customer", "from somebody else"),
    (payment(), {"email": "omar@example.com"}, "wrong_customer", "from somebody else"),
    (payment(customer=None), {"customer": "cus_ada"}, "wrong_customer", "from somebody else"),
    (payment(customer=None), {"email": "ada@example.com"}, "wrong_customer", "from somebody else"),
])  # fmt: skip
def test_what_cannot_be_given_back_is_told_with_its_reason(
    of: dict[str, Any], more: dict[str, Any], code: str, sentence: str
) -> None:
    with pytest.raises(Refused) as refused:
        refund.check(of, asked(**more))

    assert refused.value.code == code
    assert sentence in str(refused.value)
    assert str(refused.value).endswith("Nothing was given back.")


def test_a_yen_has_no_cents() -> None:
    of = payment(received=2700, back=700, currency="jpy")

    with pytest.raises(Refused, match="only ¥2000 left of this payment of ¥2700"):
        refund.check(of, asked(currency="jpy", amount=2001))


def test_whoever_pays_by_a_link_is_known_by_the_address_on_the_charge() -> None:
    guest = payment(customer=None, charge={"billing_details": {"email": "eve@example.com", "name": None}})

    assert refund.payer_of(guest) == ("", "eve@example.com")
    refund.check(guest, asked(email="eve@example.com"))


def test_a_customer_who_was_deleted_is_nobody() -> None:
    assert refund.payer_of(payment(customer={"id": "cus_ada", "deleted": True})) == ("", "")


@pytest.mark.parametrize(("more", "shown"), [
    ({}, "all that is left"),
    ({"left": 2000}, "$20.00, all that is left"),
    ({"amount": 700}, "$7.00"),
    ({"amount": 700, "left": 2000}, "$7.00"),
])  # fmt: skip
def test_the_card_says_how_much(more: dict[str, Any], shown: str) -> None:
    assert dict(cards.refund(asked(**more)))["Give back"] == shown


def test_the_card_says_which_payment_what_is_left_of_it_and_who_paid() -> None:
    arguments = asked(
        amount=700, left=2000, customer="cus_ada", email="ada@example.com", payment="$27.00 on 2026-11-21"
    )

    assert cards.refund(arguments) == (
        ("Give back", "$7.00"),
        ("Currency", "USD"),
        ("Left before that", "$20.00"),
        ("Who paid", "ada@example.com · cus_ada"),
        ("Payment", "pi_1"),
        ("Which is", "$27.00 on 2026-11-21"),
    )


def test_every_argument_of_a_refund_stands_on_its_card() -> None:
    arguments = {"payment_intent": "pi_1", "currency": "usd", "amount": 701, "left": 2003, "payment": "that",
                 "customer": "cus_ada", "email": "a@example.com", "reason": "duplicate"}  # fmt: skip
    card = " ".join(value for _, value in cards.refund(arguments))

    assert set(arguments) == set(RefundArguments.model_fields)
    for shown in ("pi_1", "USD", "$7.01", "$20.03", "that", "cus_ada", "a@example.com", "duplicate"):
        assert shown in card


def test_policy_is_told_the_sum_wherever_the_arguments_say_it() -> None:
    assert REFUND.amount is not None
    assert REFUND.amount(asked(amount=700, left=2000)) == (700, "usd")
    assert REFUND.amount(asked(left=2000)) == (2000, "usd")
    assert REFUND.amount(asked()) is None


# ── with the sandbox ─────────────────────────────────────────────────────────────────────


@pytest.fixture
def paid(sandbox: Any) -> str:
    return str(sandbox.charge(sandbox.quoted()).external_id)


def give(sandbox: Any, attempt: Any, intent: str, key: str, number: int = 1, **more: Any) -> Any:
    arguments = {"payment_intent": intent, "currency": "usd"} | more
    return REFUND.perform(sandbox.service(), arguments, attempt(key, number))


def left(sandbox: Any, attempt: Any) -> int:
    found = PAYMENTS.perform(sandbox.service(), {"customer": "cus_ada"}, attempt("look")).result
    return int(found["payments"][0]["left"])


def test_part_by_part_until_nothing_is_left(sandbox: Any, make_attempt: Any, paid: str) -> None:
    first = give(sandbox, make_attempt, paid, "a", amount=700, left=2700)
    second = give(sandbox, make_attempt, paid, "b", amount=700, left=2000)
    rest = give(sandbox, make_attempt, paid, "c", left=1300)

    assert [each.result["left"] for each in (first, second, rest)] == [2000, 1300, 0]
    assert rest.result["amount"] == 1300
    assert rest.result["receipt_url"].startswith("http")
    with pytest.raises(Refused, match="already given back"):
        give(sandbox, make_attempt, paid, "d", amount=1)


def test_what_somebody_else_gave_back_meanwhile_voids_what_was_approved(
    sandbox: Any, make_attempt: Any, paid: str
) -> None:
    sandbox.ask("POST", "act", {"act": "refund", "payment_intent": paid, "amount": 700})

    with pytest.raises(Refused, match=r"\$20\.00 left of this payment, not \$27\.00"):
        give(sandbox, make_attempt, paid, "a", amount=700, left=2700)
    assert left(sandbox, make_attempt) == 2000


@pytest.mark.twin
def test_twin_without_the_check_the_same_complaint_is_paid_for_twice(
    sandbox: Any, make_attempt: Any, paid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.ask("POST", "act", {"act": "refund", "payment_intent": paid, "amount": 700})
    monkeypatch.setattr(refund, "check", lambda payment, arguments: None)

    give(sandbox, make_attempt, paid, "a", amount=700, left=2700)

    assert left(sandbox, make_attempt) == 1300


def test_a_repeat_finds_its_own_refund_though_less_is_left_since(
    sandbox: Any, make_attempt: Any, paid: str
) -> None:
    first = give(sandbox, make_attempt, paid, "a", amount=700, left=2700)
    give(sandbox, make_attempt, paid, "b", amount=700, left=2000)

    again = give(sandbox, make_attempt, paid, "a", 2, amount=700, left=2700)

    assert again.external_id == first.external_id
    assert again.result["left"] == left(sandbox, make_attempt) == 1300


def test_whose_payment_it_is_is_asked_of_stripe_and_not_of_the_card(
    sandbox: Any, make_attempt: Any, paid: str
) -> None:
    with pytest.raises(Refused, match="from somebody else"):
        give(sandbox, make_attempt, paid, "a", email="omar@example.com")
    assert left(sandbox, make_attempt) == 2700


@pytest.mark.twin
def test_twin_without_the_check_a_card_can_name_another_payer(
    sandbox: Any, make_attempt: Any, paid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refund, "_check_payer", lambda payment, arguments: None)

    done = give(sandbox, make_attempt, paid, "a", email="omar@example.com")

    assert done.result["amount"] == 2700


def test_one_who_is_quicker_between_our_look_and_our_call_is_told_as_what_is_left(
    sandbox: Any, make_attempt: Any, paid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.stripe.client import StripeService

    call = StripeService.give_back

    def slower(service: StripeService, params: Any, key: str) -> Any:
        sandbox.ask("POST", "act", {"act": "refund", "payment_intent": paid, "amount": 2000})
        return call(service, params, key)

    monkeypatch.setattr(StripeService, "give_back", slower)
    with pytest.raises(Refused, match=r"only \$7\.00 left") as refused:
        give(sandbox, make_attempt, paid, "a", amount=1000)
    assert refused.value.code == "amount_too_large"
