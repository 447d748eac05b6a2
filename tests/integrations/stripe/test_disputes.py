"""What Stripe tells of a disputed payment, read; and the stand-in's bank, which disputes and decides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.stripe import webhook
from integrations.stripe.disputes import read
from tests.integrations.stripe.conftest import SECRET


def dispute(type: str = "charge.dispute.created", **more: Any) -> dict[str, Any]:
    thing = {
        "id": "du_1", "object": "dispute", "amount": 2700, "currency": "usd", "charge": "ch_1",
        "payment_intent": "pi_1", "reason": "fraudulent", "status": "needs_response",
    } | more  # fmt: skip
    return {"id": "evt_1", "object": "event", "type": type, "data": {"object": thing}}


CLOSED = "charge.dispute.closed"


@pytest.mark.parametrize(
    ("event", "kind", "sentence"),
    [
        (dispute(), "disputed", "The payment of $27.00 is disputed: the cardholder says that it was not them."
         " The bank took the money back for now."),
        (dispute(reason="general"), "disputed",
         "The payment of $27.00 is disputed. The bank took the money back for now."),
        (dispute(reason="*pay* <!channel>"), "disputed",
         "The payment of $27.00 is disputed. The bank took the money back for now."),
        (dispute(status="warning_needs_response", reason="unrecognized"), "inquiry",
         "The customer's bank asks about the payment of $27.00: they do not know what it was for."
         " It took nothing back yet."),
        (dispute(CLOSED, status="won"), "dispute_won",
         "The dispute over $27.00 was won: the money is back with us."),
        (dispute(CLOSED, status="lost"), "dispute_lost",
         "The dispute over $27.00 was lost: the money went back to the customer."),
        (dispute(CLOSED, status="warning_closed"), "inquiry_closed",
         "The bank asks no more about the payment of $27.00."),
    ],
)  # fmt: skip
def test_a_dispute_is_one_thing_that_happened_to_a_payment(
    event: dict[str, Any], kind: str, sentence: str
) -> None:
    found = webhook.read(event)
    assert found is not None
    assert (found.key, found.external_id, found.kind, found.sentence) == ("evt_1", "pi_1", kind, sentence)
    assert webhook.notice(event) is None, "nobody's waiting is over by it"


def test_a_payment_that_was_expanded_is_known_by_its_id() -> None:
    found = read(dispute(payment_intent={"id": "pi_7", "object": "payment_intent"}))
    assert found is not None
    assert found.external_id == "pi_7"


@pytest.mark.parametrize(
    "more",
    [{"payment_intent": None}, {"payment_intent": 7}, {"amount": "2700"}, {"amount": True},
     {"currency": "USD!"}, {"status": None}, {"payment_intent": {}}],
)  # fmt: skip
def test_what_is_no_dispute_of_a_payment_is_nothing(more: dict[str, Any]) -> None:
    assert read(dispute(**more)) is None
    assert read(dispute("charge.dispute.updated")) is None


# ── the stand-in ─────────────────────────────────────────────────────────────────────────


def test_its_bank_disputes_a_payment_once_and_decides_and_both_are_sent_and_signed(sandbox: Any) -> None:
    payment = sandbox.charge(sandbox.quoted()).external_id
    act = {"payment_intent": payment}
    made = sandbox.ask("POST", "act", act | {"act": "dispute", "reason": "fraudulent"})
    assert (made["amount"], made["status"]) == (2700, "needs_response")
    closed = sandbox.ask("POST", "act", act | {"act": "lose_dispute"})
    assert closed["status"] == "lost"

    events = [json.loads(body) for body, _ in sandbox.received.wait_for(3)]
    kinds = [found.kind for event in events if (found := webhook.read(event)) is not None]
    assert kinds == ["disputed", "dispute_lost"]
    body, header = sandbox.received.wait_for(3)[-1]
    assert webhook.verify({"Stripe-Signature": header}, body, SECRET, webhook_time(header))


def webhook_time(header: str) -> float:
    return float(header.partition("t=")[2].partition(",")[0])


@pytest.mark.parametrize(
    "act",
    [
        {"act": "dispute", "payment_intent": "pi_none", "reason": "fraudulent"},
        {"act": "dispute", "reason": "because"},
        {"act": "win_dispute"},
    ],
)
def test_what_cannot_be_is_refused(sandbox: Any, act: dict[str, str]) -> None:
    payment = sandbox.charge(sandbox.quoted()).external_id
    with pytest.raises(AssertionError):
        sandbox.ask("POST", "act", {"payment_intent": payment} | act)


def test_a_payment_is_disputed_once(sandbox: Any) -> None:
    payment = sandbox.charge(sandbox.quoted()).external_id
    sandbox.ask("POST", "act", {"act": "dispute", "payment_intent": payment})
    with pytest.raises(AssertionError):
        sandbox.ask("POST", "act", {"act": "dispute", "payment_intent": payment})
