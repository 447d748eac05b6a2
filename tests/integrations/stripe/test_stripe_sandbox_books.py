"""What Stripe's sandbox learnt: search, products by id, subscriptions, sessions, refunds that fail."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from integrations.stripe import webhook

KEY = {"Authorization": "Bearer sk_test_1"}


def get(sandbox: Any, path: str, **query: Any) -> requests.Response:
    return requests.get(f"{sandbox.base}/v1/{path}", params=query, headers=KEY, timeout=10)


@pytest.mark.parametrize(("query", "found"), [
    ("name:'ada reyes'", ["cus_ada"]),
    ("name~'dad'", ["cus_omar"]),
    ("email:'grace@example.com' AND name~'grace'", ["cus_grace"]),
    ("email:'grace@example.com' AND name~'omar'", []),
    ("metadata['team']:'kitchen'", []),
])  # fmt: skip
def test_customers_are_searched_in_stripes_words(sandbox: Any, query: str, found: list[str]) -> None:
    sandbox.clock.ahead = 60
    answer = get(sandbox, "customers/search", query=query).json()

    assert answer["object"] == "search_result"
    assert [each["id"] for each in answer["data"]] == found


@pytest.mark.parametrize("query", [
    "", "name", "name='ada'", "name:'ada", "phone:'1'", "name~'ad'", "name:'a' OR name:'b'",
    "name:'a' name:'b'",
    "name:'" + "a" * 1001 + "'",
])  # fmt: skip
def test_what_is_no_query_is_refused(sandbox: Any, query: str) -> None:
    answer = get(sandbox, "customers/search", query=query)

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_search_is_paged_to_its_end(sandbox: Any) -> None:
    for number in range(5):
        requests.post(
            f"{sandbox.base}/v1/customers", data={"name": f"Smith {number}"}, headers=KEY, timeout=10
        )
    sandbox.clock.ahead = 60

    pages = sandbox.service().client.v1.customers.search({"query": "name~'smith'", "limit": 2})

    assert len({each.id for each in pages.auto_paging_iter()}) == 5


def test_products_are_read_by_their_ids(sandbox: Any) -> None:
    found = sandbox.service().products(["prod_cola", "prod_water", "prod_none", "prod_cola"])

    assert sorted(each["id"] for each in found) == ["prod_cola", "prod_water"]


@pytest.mark.parametrize(("query", "found"), [
    ({}, ["sub_grace"]), ({"status": "all"}, ["sub_grace", "sub_omar"]),
    ({"status": "canceled"}, ["sub_omar"]),
    ({"status": "ended"}, ["sub_omar"]), ({"customer": "cus_ada"}, []), ({"status": "past_due"}, []),
])  # fmt: skip
def test_subscriptions_that_ended_are_left_out_unless_asked_for(sandbox: Any, query: Any, found: Any) -> None:
    listed = get(sandbox, "subscriptions", **query).json()["data"]

    assert sorted(each["id"] for each in listed) == found


def test_a_subscriptions_period_is_its_items(sandbox: Any) -> None:
    one = get(sandbox, "subscriptions/sub_grace").json()

    assert "current_period_end" not in one
    assert one["items"]["data"][0]["current_period_end"] - one["created"] == 7 * 86_400


def test_each_refund_says_what_was_given_back_before_it(sandbox: Any) -> None:
    intent = sandbox.charge(sandbox.quoted()).external_id
    for amount in (700, 300):
        sandbox.ask("POST", "act", {"act": "refund", "payment_intent": intent, "amount": amount})

    events = get(sandbox, "events", type="charge.refunded").json()["data"]
    told = [webhook.read(event) for event in reversed(events)]

    assert [each.sentence for each in told if each] == [
        "$7.00 of the payment was refunded.",
        "$3.00 of the payment was refunded.",
    ]


def test_a_refund_that_the_bank_sends_back_is_told_by_the_refunds_own_id(sandbox: Any) -> None:
    intent = sandbox.charge(sandbox.quoted()).external_id
    given = sandbox.ask("POST", "act", {"act": "refund", "payment_intent": intent})
    sandbox.ask("POST", "act", {"act": "fail_refund", "refund": given["id"]})

    (event,) = get(sandbox, "events", type="refund.failed").json()["data"]
    told = webhook.read(event)

    assert told is not None
    assert (told.external_id, told.kind) == (given["id"], "refund_failed")
    assert told.sentence == "The refund of $27.00 failed: the bank sent the money back."
    assert get(sandbox, f"charges/{given['charge']}").json()["amount_refunded"] == 0


@pytest.mark.parametrize("thing", [
    {"id": 7, "currency": "usd"}, {"id": "in_1"}, {"id": "in_1", "currency": "<b>"}, {"currency": "usd"}, [],
])  # fmt: skip
def test_an_event_of_another_shape_is_nothing_to_tell(thing: Any) -> None:
    event = {"id": "evt_1", "object": "event", "type": "invoice.paid", "data": {"object": thing}}

    assert webhook.read(event) is None


def test_a_number_or_address_that_is_none_is_left_out_of_the_sentence() -> None:
    thing = {"id": "in_1", "currency": "usd", "total": "much", "number": "<!channel> 1",
             "hosted_invoice_url": "javascript:alert(1)"}  # fmt: skip
    event = {"id": "evt_1", "object": "event", "type": "invoice.paid", "data": {"object": thing}}
    told = webhook.read(event)

    assert told is not None
    assert (told.sentence, told.url) == ("The invoice over $0.00 was paid.", "")


def test_its_page_shows_what_there_is_and_escapes_it(sandbox: Any) -> None:
    sandbox.charge(sandbox.quoted())
    requests.post(
        f"{sandbox.base}/v1/customers", data={"name": "<script>alert(1)</script>"}, headers=KEY, timeout=10
    )

    answer = requests.get(f"{sandbox.base}/", timeout=10)

    assert "$27.00" in answer.text
    assert "2 × Weekly Pizza Box" in answer.text
    assert "<script>" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "wish", [{"act": "rob"}, {"act": "pay", "invoice": "in_none"}, {}, {"act": "refund"}]
)
def test_nobody_does_there_what_cannot_be_done(sandbox: Any, wish: Any) -> None:
    assert requests.post(f"{sandbox.base}/_sandbox/act", json=wish, timeout=10).status_code == 400
