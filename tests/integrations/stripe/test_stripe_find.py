"""Looking up: several that fit are all told, none is guessed, and nothing new is missed."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from integrations.errors import NotConfigured, Refused
from integrations.stripe import find
from integrations.stripe.tools import (
    CATALOGUE,
    FIND_CUSTOMER,
    FIND_PRODUCT,
    PAYMENTS,
    STRIPE,
    SUBSCRIPTIONS,
)

KEY = {"Authorization": "Bearer sk_test_1"}


@pytest.fixture
def perform(sandbox: Any, make_attempt: Any) -> Any:
    return lambda tool, **asked: tool.perform(sandbox.service(), asked, make_attempt("look")).result


def post(sandbox: Any, path: str, **form: str) -> Any:
    answer = requests.post(f"{sandbox.base}/v1/{path}", data=form, headers=KEY, timeout=10)
    answer.raise_for_status()
    return answer.json()


# ── customers ────────────────────────────────────────────────────────────────────────────


def test_a_customer_is_found_by_address_whatever_its_capitals(perform: Any) -> None:
    (found,) = perform(FIND_CUSTOMER, query="Ada@Example.com")["customers"]

    assert (found["customer"], found["label"]) == ("cus_ada", "Ada Reyes · ada@example.com")


def test_several_of_one_address_are_all_told_newest_first(sandbox: Any, perform: Any) -> None:
    sandbox.clock.ahead = 60
    second = post(sandbox, "customers", email="ada@example.com", name="Ada (work)")["id"]

    found = perform(FIND_CUSTOMER, query="ada@example.com")["customers"]

    assert [each["customer"] for each in found] == [second, "cus_ada"]


def test_a_part_of_a_name_finds_all_who_have_it(sandbox: Any, perform: Any) -> None:
    post(sandbox, "customers", email="x@example.com", name="Reyes & Sons")
    sandbox.clock.ahead = 60

    found = perform(FIND_CUSTOMER, query="reyes")["customers"]

    assert sorted(each["name"] for each in found) == ["Ada Reyes", "Reyes & Sons"]


def test_one_who_was_made_just_now_is_found_though_the_search_runs_behind(sandbox: Any, perform: Any) -> None:
    sandbox.ask("POST", "lag", {"search": 600})
    made = post(sandbox, "customers", email="eve@example.com", name="Eve Novak")["id"]

    assert sandbox.service().customers_named("novak", 10) == []
    assert [each["customer"] for each in perform(FIND_CUSTOMER, query="Novak")["customers"]] == [made]


@pytest.mark.parametrize("name", ["O'Brien", "back\\slash", "x' OR name~'ada", '50% "off"'])
def test_what_is_typed_stays_a_name(sandbox: Any, perform: Any, name: str) -> None:
    made = post(sandbox, "customers", email="o@example.com", name=name)["id"]
    sandbox.clock.ahead = 2 * 3600  # beyond what is read besides

    assert [each["customer"] for each in perform(FIND_CUSTOMER, query=name)["customers"]] == [made]


@pytest.mark.twin
def test_twin_without_the_escaping_a_name_finds_everybody(
    sandbox: Any, perform: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.stripe.client import StripeService

    def raw(service: StripeService, name: str, most: int) -> Any:
        pages = service.client.v1.customers.search({"query": f"name~'{name}'"})
        return [each.to_dict() for each in pages.auto_paging_iter()]

    sandbox.clock.ahead = 2 * 3600
    monkeypatch.setattr(StripeService, "customers_named", raw)

    found = perform(FIND_CUSTOMER, query="Ada' AND email~'example")["customers"]

    assert [each["customer"] for each in found] == ["cus_ada"]


def test_two_letters_are_no_name_to_search_for(perform: Any) -> None:
    with pytest.raises(Refused, match="3 letters") as refused:
        perform(FIND_CUSTOMER, query="ad")
    assert refused.value.code == "too_short"


def test_nobody_is_nobody(perform: Any) -> None:
    assert perform(FIND_CUSTOMER, query="nobody@example.com") == {"customers": [], "more": False}
    assert perform(FIND_CUSTOMER, query="Zebediah") == {"customers": [], "more": False}


def test_more_than_one_can_choose_among_are_said_to_be_more(sandbox: Any, perform: Any) -> None:
    for number in range(22):
        post(sandbox, "customers", email=f"{number}@example.com", name=f"Smith {number}")

    found = perform(FIND_CUSTOMER, query="smith")

    assert (len(found["customers"]), found["more"]) == (20, True)


# ── products ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("words", "names"), [
    ("margherita", ["Margherita"]),
    ("four cheese", ["Quattro Formaggi"]),
    ("a", ["Cola", "Diavola", "Margherita", "Quattro Formaggi", "Salad", "Tiramisu", "Water"]),
    ("dragon", []),
])  # fmt: skip
def test_a_product_is_found_by_any_of_its_names(perform: Any, words: str, names: list[str]) -> None:
    found = [each["name"] for each in perform(FIND_PRODUCT, query=words)["products"]]

    assert [name for name in names if name not in found] == []
    assert len(names) != 1 or found == names


def test_what_one_subscribes_to_is_nothing_that_one_orders(perform: Any) -> None:
    names = {each["name"] for each in perform(CATALOGUE)["products"]}

    assert "Weekly Pizza Box" not in names
    assert "Margherita" in names


# ── payments ─────────────────────────────────────────────────────────────────────────────


def test_the_last_payments_come_newest_first_with_what_is_left(sandbox: Any, perform: Any) -> None:
    first = sandbox.charge(sandbox.quoted(), key="a").external_id
    sandbox.clock.ahead = 60
    second = sandbox.charge(sandbox.quoted(), key="b").external_id
    sandbox.ask("POST", "act", {"act": "refund", "payment_intent": first, "amount": 700})

    found = perform(PAYMENTS, email="ada@example.com")["payments"]

    assert [(each["payment_intent"], each["left"]) for each in found] == [(second, 2700), (first, 2000)]
    assert found[1]["label"].startswith("$27.00 on ")
    assert ", $20.00 left" in found[1]["label"]
    assert (found[0]["name"], found[0]["email"]) == ("Ada Reyes", "ada@example.com")
    assert perform(PAYMENTS, customer="cus_ada", limit=1)["more"] is True


def test_what_was_given_back_is_left_out_where_it_is_to_be_given_back(sandbox: Any, perform: Any) -> None:
    intent = sandbox.charge(sandbox.quoted()).external_id
    sandbox.ask("POST", "act", {"act": "refund", "payment_intent": intent})

    assert perform(PAYMENTS, email="ada@example.com", refundable=True)["payments"] == []
    (found,) = perform(PAYMENTS, email="ada@example.com")["payments"]
    assert (found["left"], found["refunded"]) == (0, 2700)
    assert ", given back" in found["label"]


def test_a_payment_that_failed_is_none(sandbox: Any, perform: Any) -> None:
    sandbox.fault("decline")
    with pytest.raises(Refused):
        sandbox.charge(sandbox.quoted())

    assert perform(PAYMENTS, email="ada@example.com")["payments"] == []


def test_what_a_guest_paid_by_a_link_is_found_by_the_address(sandbox: Any, perform: Any) -> None:
    link = sandbox.charge(sandbox.quoted("eve@example.com"))
    requests.post(link.result["url"], timeout=10)

    (found,) = perform(PAYMENTS, email="eve@example.com")["payments"]

    assert (found["customer"], found["email"], found["left"]) == ("", "eve@example.com", 2700)


def test_what_a_customer_paid_by_a_link_is_told_once(sandbox: Any, perform: Any) -> None:
    link = sandbox.charge(sandbox.quoted("grace@example.com"))
    requests.post(link.result["url"], timeout=10)

    assert len(perform(PAYMENTS, email="grace@example.com")["payments"]) == 1


def test_the_payments_of_nobody_are_not_asked_for(perform: Any) -> None:
    with pytest.raises(Refused, match="whose payments"):
        perform(PAYMENTS)


# ── subscriptions ────────────────────────────────────────────────────────────────────────


def test_subscriptions_are_told_with_what_they_cost_and_when_they_go_on(perform: Any) -> None:
    (found,) = perform(SUBSCRIPTIONS)["subscriptions"]

    assert found["label"] == "Grace Kim: 2 × Weekly Pizza Box, $48.00 every week (active)"
    assert found["renews"] > "2020"


def test_those_that_ended_come_when_they_are_asked_for(perform: Any) -> None:
    assert perform(SUBSCRIPTIONS, email="omar@example.com")["subscriptions"] == []
    (found,) = perform(SUBSCRIPTIONS, email="omar@example.com", ended=True)["subscriptions"]
    assert (found["status"], found["renews"], found["every"]) == ("canceled", "", "every month")
    assert perform(SUBSCRIPTIONS, email="nobody@example.com")["subscriptions"] == []


# ── who we are ───────────────────────────────────────────────────────────────────────────


def test_we_are_the_account_by_the_name_of_its_dashboard(sandbox: Any) -> None:
    assert STRIPE.whoami is not None
    found = STRIPE.whoami(sandbox.service())

    assert (found.id, found.name, found.missing) == ("acct_sandboxpizzeria", "Pizzeria (sandbox)", ())


class Restricted:
    """A key that may read what it was given, and not its own account."""

    def __init__(self, *rights: str) -> None:
        self.rights = rights

    def may_read(self, resource: str) -> None:
        if resource not in self.rights:
            raise NotConfigured("Stripe", "does not let our key do this")

    def account(self) -> Any:
        raise NotConfigured("Stripe", "does not let our key do this")


def test_a_restricted_key_says_which_rights_it_lacks() -> None:
    service: Any = Restricted("customers", "products", "refunds")

    found = find.whoami(service)

    assert found.missing == ("the key may not read invoices", "the key may not read subscriptions")
    assert found.id


def test_a_key_that_may_nothing_is_no_key() -> None:
    service: Any = Restricted()

    with pytest.raises(NotConfigured):
        find.whoami(service)
