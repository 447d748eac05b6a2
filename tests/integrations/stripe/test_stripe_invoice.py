"""stripe.invoice over the real SDK and the sandbox: sent once, over what was approved."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from integrations.errors import OutcomeUnknown, Refused
from integrations.stripe import invoice as steps
from integrations.stripe import webhook
from integrations.stripe.client import StripeService
from integrations.stripe.tools import INVOICE

LINES = [
    {"description": "Margherita", "quantity": 10, "unit_amount": 1200, "amount": 12000},
    {"description": "Delivery", "quantity": 1, "unit_amount": 500, "amount": 500},
]


def arguments(**more: Any) -> dict[str, Any]:
    usual = {"customer": "cus_grace", "email": "grace@example.com", "lines": LINES, "amount": 12500,
             "currency": "usd", "days_until_due": 14, "memo": "The party"}  # fmt: skip
    return usual | more


def send(sandbox: Any, attempt: Any, number: int = 1, key: str = "run:invoice:1", **more: Any) -> Any:
    return INVOICE.perform(sandbox.service(), arguments(**more), attempt(key, number))


def read(sandbox: Any, path: str) -> Any:
    answer = requests.get(
        f"{sandbox.base}/v1/{path}", headers={"Authorization": "Bearer sk_test_1"}, timeout=10
    )
    return answer.json()


def invoices(sandbox: Any) -> list[dict[str, Any]]:
    return list(read(sandbox, "invoices?limit=100")["data"])


def mailed(sandbox: Any) -> int:
    return len(read(sandbox, "events?type=invoice.sent&limit=100")["data"])


def test_an_invoice_is_drafted_filled_finalised_and_sent(sandbox: Any, make_attempt: Any) -> None:
    done = send(sandbox, make_attempt)

    (made,) = invoices(sandbox)
    assert done.external_id == made["id"] == done.result["invoice"]
    assert (made["status"], made["total"], made["collection_method"]) == ("open", 12500, "send_invoice")
    assert [line["description"] for line in made["lines"]["data"]] == ["10 × Margherita", "Delivery"]
    assert (made["description"], made["auto_advance"]) == ("The party", False)
    assert done.result["label"] == "Invoice PIZZA-0001 over $125.00 sent to grace@example.com"
    assert done.result["url"].endswith(f"/invoice/{made['id']}")
    assert made["due_date"] - made["created"] == 14 * 86_400
    assert mailed(sandbox) == 1


def test_every_step_has_a_key_of_its_own(sandbox: Any, make_attempt: Any) -> None:
    send(sandbox, make_attempt)

    sent = [row["headers"]["Idempotency-Key"] for row in sandbox.wire if row["title"].startswith("POST")]
    assert sent == [
        "run:invoice:1",
        "run:invoice:1:line:1",
        "run:invoice:1:line:2",
        "run:invoice:1:finalize",
        "run:invoice:1:send",
    ]


STEPS = ["/v1/invoices", "/v1/invoiceitems", "/finalize", "/send"]


@pytest.mark.parametrize("forgotten", [False, True], ids=["soon", "after a day"])
@pytest.mark.parametrize("kind", ["500_after", "drop_after"])
@pytest.mark.parametrize("path", STEPS, ids=["draft", "line", "finalise", "send"])
def test_whichever_answer_is_lost_one_invoice_is_sent_once(
    sandbox: Any, make_attempt: Any, kind: str, path: str, forgotten: bool
) -> None:
    sandbox.fault(kind, path)
    with pytest.raises(OutcomeUnknown):
        send(sandbox, make_attempt)
    sandbox.clock.ahead = 25 * 3600 if forgotten else 0

    done = send(sandbox, make_attempt, 2)

    (made,) = invoices(sandbox)
    assert (made["total"], made["status"], made["id"]) == (12500, "open", done.external_id)
    assert mailed(sandbox) == 1


@pytest.mark.parametrize("path", STEPS[:3], ids=["draft", "line", "finalise"])
def test_a_fault_kept_under_a_steps_key_ends_as_a_definite_no_and_leaves_nothing(
    sandbox: Any, make_attempt: Any, path: str
) -> None:
    sandbox.fault("500_saved", path)
    with pytest.raises(OutcomeUnknown):
        send(sandbox, make_attempt)

    with pytest.raises(Refused) as refused:
        send(sandbox, make_attempt, 2)
    assert refused.value.code == "service_failed"
    assert invoices(sandbox) == []


def test_a_fault_kept_under_the_last_key_does_not_keep_it_from_being_sent(
    sandbox: Any, make_attempt: Any
) -> None:
    sandbox.fault("500_saved", "/send")
    with pytest.raises(OutcomeUnknown):
        send(sandbox, make_attempt)

    send(sandbox, make_attempt, 2)

    assert mailed(sandbox) == 1


@pytest.mark.twin
def test_twin_without_the_list_of_events_it_is_mailed_twice_after_a_day(
    sandbox: Any, make_attempt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(sandbox, make_attempt)
    sandbox.clock.ahead = 25 * 3600
    monkeypatch.setattr(StripeService, "was_sent", lambda service, invoice, since: False)

    send(sandbox, make_attempt, 2)

    assert mailed(sandbox) == 2


def test_one_that_cannot_be_sent_is_taken_back(
    sandbox: Any, make_attempt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(service: StripeService, invoice: str, key: str) -> Any:
        raise Refused("Stripe", "did not accept this request. Nothing was changed.")

    monkeypatch.setattr(StripeService, "send_invoice", refuse)
    with pytest.raises(Refused):
        send(sandbox, make_attempt)
    assert [each["status"] for each in invoices(sandbox)] == ["void"]


@pytest.mark.twin
def test_twin_without_the_look_up_a_forgotten_key_bills_twice(
    sandbox: Any, make_attempt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(sandbox, make_attempt)
    sandbox.clock.ahead = 25 * 3600
    monkeypatch.setattr("integrations.stripe.client._marked", lambda found, effect_key: None)

    send(sandbox, make_attempt, 2)

    assert [each["total"] for each in invoices(sandbox)] == [12500, 12500]


@pytest.mark.twin
def test_twin_without_the_marks_on_lines_a_forgotten_key_bills_a_line_twice(
    sandbox: Any, make_attempt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fault("500_after", "/v1/invoiceitems")
    with pytest.raises(OutcomeUnknown):
        send(sandbox, make_attempt)
    sandbox.clock.ahead = 25 * 3600
    monkeypatch.setattr(steps, "_mark", lambda thing: "")

    with pytest.raises(Refused, match=r"comes to \$245\.00 with this customer, not to \$125\.00"):
        send(sandbox, make_attempt, 2)
    assert invoices(sandbox) == []


def test_a_sum_that_stripe_makes_otherwise_is_refused_and_the_draft_is_gone(
    sandbox: Any, make_attempt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_it = StripeService.invoice
    monkeypatch.setattr(
        StripeService, "invoice", lambda service, id: read_it(service, id) | {"total": 12500 + 1000}
    )

    with pytest.raises(
        Refused, match=r"comes to \$135\.00 .* not to \$125\.00\. Nothing was sent\."
    ) as refused:
        send(sandbox, make_attempt)
    assert refused.value.code == "amount_changed"
    assert invoices(sandbox) == []
    assert mailed(sandbox) == 0


@pytest.mark.twin
def test_twin_without_the_look_at_the_sum_a_tax_that_nobody_approved_is_sent(
    sandbox: Any, make_attempt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "_with_lines", lambda service, draft, arguments, attempt: draft)

    send(sandbox, make_attempt)

    assert read(sandbox, "invoices")["data"][0]["total"] != 12500


@pytest.mark.parametrize(("more", "code"), [
    ({"customer": "cus_nobody"}, "unknown_customer"),
    ({"email": "omar@example.com"}, "wrong_customer"),
    ({"amount": 12501}, "wrong_amount"),
    ({"lines": [LINES[0] | {"quantity": 9}], "amount": 12000}, "wrong_amount"),
])  # fmt: skip
def test_what_is_not_right_is_refused_before_anything_is_made(
    sandbox: Any, make_attempt: Any, more: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        send(sandbox, make_attempt, **more)

    assert refused.value.code == code
    assert str(refused.value).endswith("Nothing was sent.")
    assert invoices(sandbox) == []


@pytest.mark.twin
def test_twin_without_the_look_at_the_customer_it_goes_where_the_card_did_not_say(
    sandbox: Any, make_attempt: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "_check_customer", lambda service, arguments: None)

    send(sandbox, make_attempt, email="omar@example.com")

    assert invoices(sandbox)[0]["customer_email"] == "grace@example.com"


def test_one_that_was_paid_before_the_second_try_is_not_sent_again(sandbox: Any, make_attempt: Any) -> None:
    first = send(sandbox, make_attempt)
    sandbox.ask("POST", "act", {"act": "pay", "invoice": first.external_id})

    again = send(sandbox, make_attempt, 2)

    assert (again.external_id, again.result["status"]) == (first.external_id, "paid")
    assert mailed(sandbox) == 1


def test_one_that_was_taken_back_before_the_second_try_is_said_to_be(sandbox: Any, make_attempt: Any) -> None:
    first = send(sandbox, make_attempt)
    sandbox.ask("POST", "act", {"act": "void", "invoice": first.external_id})

    with pytest.raises(Refused, match="somebody has taken it back"):
        send(sandbox, make_attempt, 2)


def test_the_card_holds_every_line_and_where_it_is_sent() -> None:
    assert INVOICE.describe is not None
    assert INVOICE.describe(arguments()) == (
        ("Amount", "$125.00 (USD)"),
        ("10 × Margherita", "$120.00 ($12.00 each)"),
        ("Delivery", "$5.00"),
        ("Sent to", "grace@example.com"),
        ("To be paid", "14 days after it is sent"),
        ("Note on it", "The party"),
        ("At Stripe", "cus_grace"),
    )
    assert INVOICE.amount is not None
    assert INVOICE.amount(arguments()) == (12500, "usd")


# ── its page, and what is told ───────────────────────────────────────────────────────────


def test_its_page_shows_the_lines_and_only_the_button_pays(sandbox: Any, make_attempt: Any) -> None:
    url = send(sandbox, make_attempt).result["url"]

    shown = requests.get(url, timeout=10).text
    assert "10 × Margherita" in shown
    assert "Pay $125.00" in shown
    assert invoices(sandbox)[0]["status"] == "open"
    paid = requests.post(url, timeout=10).text
    assert "Thank you" in paid
    (made,) = invoices(sandbox)
    assert (made["status"], made["amount_paid"]) == ("paid", 12500)
    assert "payment_intent" not in made
    (payment,) = read(sandbox, f"invoice_payments?invoice={made['id']}")["data"]
    intent = read(sandbox, f"payment_intents/{payment['payment']['payment_intent']}")
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 12500)
    assert sandbox.charges() == 1


def test_a_draft_has_no_page(sandbox: Any) -> None:
    assert requests.get(f"{sandbox.base}/invoice/in_none", timeout=10).status_code == 404


@pytest.mark.parametrize(("act", "kind", "told"), [
    ("pay", "paid", "The invoice PIZZA-0001 over $125.00 was paid."),
    ("void", "voided", "The invoice PIZZA-0001 over $125.00 was taken back."),
    ("write_off", "written_off",
     "The invoice PIZZA-0001 over $125.00 was written off as never to be paid."),
])  # fmt: skip
def test_what_becomes_of_it_is_told_by_a_signed_delivery(
    sandbox: Any, make_attempt: Any, act: str, kind: str, told: str
) -> None:
    done = send(sandbox, make_attempt)
    sandbox.ask("POST", "act", {"act": act, "invoice": done.external_id})

    def about(bodies: list[tuple[bytes, str]]) -> bool:
        return any(b'"invoice' in body for body, _ in bodies)

    raw, header = next(each for each in sandbox.received.wait_for(about) if b'"invoice.' in each[0])
    event = webhook.verify({"Stripe-Signature": header}, raw, "whsec_of_the_tests", sandbox.clock())
    happened = webhook.read(event)
    assert happened is not None
    assert (happened.external_id, happened.kind, happened.sentence) == (done.external_id, kind, told)
    assert happened.url == done.result["url"]
    assert webhook.notice(event) is None
