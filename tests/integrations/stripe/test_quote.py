"""Reading the catalogue and quoting an order, first purely, then over the SDK and the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.stripe.catalogue import catalogue, goods
from integrations.stripe.models import Catalogue, Quote, QuoteArguments
from integrations.stripe.quote import Payer, quote
from integrations.stripe.tools import CATALOGUE, CHARGE, QUOTE


def _price(
    product: str, amount: int, *, size: str = "", currency: str = "usd", default: str = "", aliases: str = ""
) -> dict[str, Any]:
    slug = product.lower()
    return {
        "id": f"price_{slug}_{size or 'only'}_{currency}",
        "nickname": size or None,
        "unit_amount": amount,
        "currency": currency,
        "product": {
            "id": f"prod_{slug}",
            "name": product,
            "active": True,
            "default_price": default or None,
            "metadata": {"aliases": aliases},
        },
    }


SHOP = goods(
    [
        _price("Shirt", 2000, size="small", aliases="tee, tees"),
        _price("Shirt", 2200, size="large", aliases="tee, tees"),
        _price("Mug", 900, aliases="cup, tees"),
        _price("Poster", 1500, currency="eur"),
        _price("Pizza", 900, size="small", default="price_pizza_medium_usd"),
        _price("Pizza", 1200, size="medium", default="price_pizza_medium_usd"),
    ]
)


def _quoted(*items: dict[str, Any], currency: str | None = None) -> Quote:
    arguments = QuoteArguments.model_validate({"items": list(items), "currency": currency})
    return quote(arguments, SHOP, Payer())


def test_an_order_comes_to_the_sum_of_its_lines() -> None:
    quoted = _quoted({"name": "MUG ", "quantity": 3}, {"name": "pizza", "quantity": 2, "options": ["Small"]})

    assert [(line.name, line.amount) for line in quoted.lines] == [("Mug", 2700), ("Pizza (small)", 1800)]
    assert (quoted.amount, quoted.currency, quoted.problems) == (4500, "usd", [])
    assert quoted.payment_label == "a payment link"


def test_a_size_is_never_guessed() -> None:
    quoted = _quoted({"name": "shirt"})

    assert quoted.lines == []
    assert quoted.problems[0].code == "unknown_size"
    assert quoted.problems[0].sentence == "Which size of Shirt: small ($20.00) or large ($22.00)?"


def test_the_shops_own_default_is_no_guess_and_is_named_on_the_line() -> None:
    assert _quoted({"name": "pizza"}).lines[0].name == "Pizza (medium)"


def test_two_sizes_at_once_are_asked_about() -> None:
    assert _quoted({"name": "shirt", "options": ["small", "large"]}).problems[0].code == "ambiguous"


def test_a_size_that_the_product_does_not_have_is_a_problem_not_a_wish() -> None:
    problem = _quoted({"name": "mug", "options": ["large"]}).problems[0]

    assert (problem.code, problem.sentence) == ("unknown_size", "Mug does not come in large. There is $9.00.")


def test_a_wish_becomes_the_lines_note() -> None:
    line = _quoted({"name": "pizza", "options": ["medium", "no  onions", "extra cheese"]}).lines[0]

    assert (line.note, line.unit_amount) == ("no onions, extra cheese", 1200)


def test_a_name_that_two_products_go_by_is_asked_about() -> None:
    problem = _quoted({"name": "tees"}).problems[0]

    assert (problem.code, problem.sentence) == ("ambiguous", "“tees” could be Mug or Shirt: which one?")


def test_an_unknown_product_is_named_and_the_rest_is_still_quoted() -> None:
    quoted = _quoted({"name": "unicorn"}, {"name": "cup"})

    assert [problem.code for problem in quoted.problems] == ["unknown_product"]
    assert quoted.amount == 900


def test_a_product_sold_in_another_currency_says_in_which() -> None:
    problem = _quoted({"name": "poster"}).problems[0]

    assert (problem.code, problem.sentence) == ("wrong_currency", "Poster is sold in EUR, not in USD.")
    assert _quoted({"name": "poster"}, currency="EUR").amount == 1500


def test_an_absurd_quantity_is_a_problem_with_a_sentence() -> None:
    assert _quoted({"name": "mug", "quantity": 1000}).problems[0].code == "too_many"
    assert _quoted({"name": "mug", "quantity": 999}).problems == []


def test_more_than_one_payment_can_be_is_a_problem() -> None:
    many = [{"name": "shirt", "quantity": 999, "options": ["large"]}] * 50

    assert _quoted(*many).problems[0].sentence == "$1098900.00 is more than one payment can be."


def test_the_catalogue_leaves_out_what_its_currency_does_not_sell() -> None:
    shown = catalogue(SHOP)

    assert [product.name for product in shown.products] == ["Mug", "Pizza", "Shirt"]
    assert (shown.products[1].price, shown.products[1].unit_amount) == ("price_pizza_medium_usd", 1200)
    assert (shown.products[2].price, shown.products[2].unit_amount) == ("", None)
    assert shown.products[2].variants == ["small", "large"]
    assert shown.products[0].variants == []


def test_an_empty_shop_quotes_nothing_and_says_so() -> None:
    quoted = quote(QuoteArguments.model_validate({"items": [{"name": "mug"}]}), (), Payer())

    assert (quoted.amount, quoted.problems[0].code) == (0, "unknown_product")


# ── over the wire ────────────────────────────────────────────────────────────────────────


def test_the_pizzeria_is_read_whole(sandbox: Any, make_attempt: Any) -> None:
    done = CATALOGUE.perform(sandbox.service(), {}, make_attempt())

    shown = Catalogue.model_validate(done.result)
    by_name = {product.name: product for product in shown.products}
    assert (shown.currency, len(by_name)) == ("usd", 8)
    assert by_name["Margherita"].variants == ["small", "medium", "large"]
    assert by_name["Margherita"].unit_amount == 1200
    assert "coke" in by_name["Cola"].aliases


def _ask(sandbox: Any, attempt: Any, email: str, *items: dict[str, Any]) -> dict[str, Any]:
    wanted = list(items) or [{"name": "cola"}]
    return dict(QUOTE.perform(sandbox.service(), {"email": email, "items": wanted}, attempt()).result)


@pytest.mark.parametrize(("many", "over"), [(2, False), (6, True)])
def test_two_pizzas_are_below_the_bar_and_six_are_above(
    sandbox: Any, make_attempt: Any, many: int, over: bool
) -> None:
    items = ({"name": "margheritas", "quantity": many}, {"name": "coke", "quantity": 1})

    assert (_ask(sandbox, make_attempt, "ada@example.com", *items)["amount"] >= 5000) is over


def test_the_saved_card_is_found_by_the_persons_address_whatever_its_case(
    sandbox: Any, make_attempt: Any
) -> None:
    for email in ("ada@example.com", "Ada@Example.com"):
        quoted = _ask(sandbox, make_attempt, email)
        assert quoted["payment_label"] == "Visa •••• 4242"
        assert (quoted["customer"], quoted["customer_name"]) == ("cus_ada", "Ada Reyes")
        assert quoted["payment_method"] == "pm_ada_visa"


def test_a_customer_without_a_card_and_a_stranger_pay_by_link(sandbox: Any, make_attempt: Any) -> None:
    omar = _ask(sandbox, make_attempt, "omar@example.com")
    stranger = _ask(sandbox, make_attempt, "who@example.com")
    nobody = _ask(sandbox, make_attempt, "")

    assert (omar["customer"], omar["payment_method"], omar["payment_label"]) == (
        "cus_omar",
        "",
        "a payment link",
    )
    assert (stranger["customer"], stranger["payment_label"]) == ("", "a payment link")
    assert (nobody["customer"], nobody["payment_label"]) == ("", "a payment link")


def test_of_several_customers_the_newest_that_has_a_card_is_meant(sandbox: Any, make_attempt: Any) -> None:
    client = sandbox.service().client
    for ahead in (10, 20, 30):
        sandbox.clock.ahead = ahead
        made = client.v1.customers.create({"email": "twin@example.com", "name": f"Twin {ahead}"})
        if ahead < 30:
            client.v1.payment_methods.attach("pm_card_mastercard", {"customer": made.id})

    quoted = _ask(sandbox, make_attempt, "twin@example.com")
    assert (quoted["customer_name"], quoted["payment_label"]) == ("Twin 20", "Mastercard •••• 4444")


def test_the_card_chosen_as_default_goes_before_a_newer_one(sandbox: Any, make_attempt: Any) -> None:
    client = sandbox.service().client
    sandbox.clock.ahead = 10
    newest = client.v1.payment_methods.attach("pm_card_mastercard", {"customer": "cus_ada"})
    assert _ask(sandbox, make_attempt, "ada@example.com")["payment_method"] == newest.id

    client.v1.customers.update("cus_ada", {"invoice_settings": {"default_payment_method": "pm_ada_visa"}})
    assert _ask(sandbox, make_attempt, "ada@example.com")["payment_method"] == "pm_ada_visa"


def test_a_quote_is_what_a_charge_is_given(sandbox: Any) -> None:
    arguments = sandbox.quoted("ada@example.com", {"name": "funghi", "options": ["large", "no onions"]})

    facts = dict(CHARGE.describe(arguments))
    assert facts["Amount"] == "$16.00 (USD)"
    assert facts["1 × Funghi (large) (no onions)"] == "$16.00"
    assert facts["Who pays"] == "ada@example.com"
    assert facts["Paid by"] == "saved card pm_ada_visa"
    assert CHARGE.amount(arguments) == (1600, "usd")


def test_every_argument_of_a_charge_stands_on_its_card(sandbox: Any) -> None:
    arguments = sandbox.quoted(
        "ada@example.com", {"name": "funghi", "quantity": 3, "options": ["large", "no onions"]}
    )

    card = " ".join(f"{label} {value}" for label, value in CHARGE.describe(arguments))

    for line in arguments["lines"]:
        for name in ("price", "product", "name", "note"):
            assert str(line[name]) in card
        assert "3 ×" in card
        assert "$48.00 ($16.00 each)" in card
    assert all(arguments[name] in card for name in ("email", "customer", "payment_method"))


def test_more_than_a_page_of_prices_is_read_to_the_end(sandbox: Any, make_attempt: Any) -> None:
    client = sandbox.service().client
    for number in range(105):
        product = client.v1.products.create({"name": f"Thing {number}"})
        client.v1.prices.create({"product": product.id, "unit_amount": 100 + number, "currency": "usd"})

    done = CATALOGUE.perform(sandbox.service(), {}, make_attempt())
    assert len(done.result["products"]) == 113
