"""A call as a form and back: what is changed, what stays to the letter, and whose words are data."""

from __future__ import annotations

import random
import string
from dataclasses import replace
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from bot.platforms.slack.render import modal
from bot.platforms.teams.cards import form_card
from flows import approval as sealing
from integrations import tools
from integrations.base import Arguments, Done, Result, Reversibility, Risk, Tool
from workers.approvers import editing, fields
from workers.tools import Card

REFUND = tools()["stripe.refund"]
ASKED: dict[str, Any] = {
    "payment_intent": "pi_1", "currency": "usd", "amount": 5000, "reason": "duplicate", "left": 9600,
    "customer": "cus_ada", "email": "ada@example.com", "payment": "Lunch",
}  # fmt: skip


class Given(Arguments):
    text: Annotated[str, Field(min_length=1, max_length=200)]
    note: str | None = None
    amount: Annotated[int, Field(ge=1, le=99_999_999)]
    currency: str
    count: Annotated[int, Field(ge=1, le=9)] = 1
    kind: Literal["a", "b"] = "a"
    day: Annotated[str, Field(json_schema_extra={"format": "date"})] = "2026-11-22"
    loud: bool = False
    lines: list[dict[str, str]] = Field(default_factory=list)


TOOL = Tool(
    name="desk.pay",
    summary="Pay",
    risk=Risk.MONEY,
    reversibility=Reversibility.IRREVERSIBLE,
    arguments=Given,
    result=Result,
    perform=lambda client, asked, attempt: Done({}),
    amount=lambda asked: (Given.model_validate(asked).amount, Given.model_validate(asked).currency),
    editable=("text", "note", "amount", "count", "kind", "day", "loud", "lines"),
)
CALL: dict[str, Any] = {
    "text": "Lunch", "note": None, "amount": 5000, "currency": "usd", "count": 2, "kind": "a",
    "day": "2026-11-22", "loud": False, "lines": [{"a": "b"}],
}  # fmt: skip


def read(answers: dict[str, str], call: dict[str, Any] = CALL, tool: Tool = TOOL) -> fields.Read:
    return fields.read(tool, fields.editable(tool, call), call, answers)


def untouched(call: dict[str, Any] = CALL, tool: Tool = TOOL) -> dict[str, str]:
    return {field.name: fields.shown(field, call.get(field.name)) for field in fields.editable(tool, call)}


def test_each_kind_of_argument_has_its_kind_of_input() -> None:
    kinds = {field.name: field.kind for field in fields.editable(TOOL, CALL)}

    assert kinds == {
        "text": "text", "note": "text", "amount": "money", "count": "number", "kind": "choice",
        "day": "date", "loud": "yesno",
    }  # fmt: skip


def test_what_is_nested_or_not_for_people_is_shown_and_stays() -> None:
    stays = dict(fields.staying(TOOL, CALL, fields.editable(TOOL, CALL)))
    assert stays == {"Currency": "usd", "Lines": "as on the card"}
    shown = editing.form("a", Card(TOOL), CALL, fields.editable(TOOL, CALL))
    assert "cannot be changed here:\nCurrency: usd\nLines: as on the card" in shown.intro

    assert read({"lines": "[]", "currency": "eur", "payment_intent": "pi_9"}).changes == ()


def test_money_is_typed_in_its_currency_and_told_in_full() -> None:
    [field] = [each for each in fields.inputs(fields.editable(REFUND, ASKED), ASKED) if each.name == "amount"]
    assert (field.label, field.value) == ("Amount (USD)", "50.00")

    found = read({"amount": "40.5"}, ASKED, REFUND)

    assert found.arguments == {**ASKED, "amount": 4050}
    [change] = found.changes
    assert (change.before, change.after) == ("$50.00", "$40.50")


def test_an_amount_that_stays_is_told_as_money() -> None:
    only = replace(TOOL, editable=("note",))
    assert dict(fields.staying(only, CALL, fields.editable(only, CALL)))["Amount"] == "$50.00"


@pytest.mark.parametrize(
    ("answers", "field", "said"),
    [
        ({"amount": "40,50"}, "amount", "not an amount"),
        ({"amount": "40 eur"}, "amount", "in EUR, not in USD"),
        ({"amount": "0"}, "amount", "greater than or equal to 1"),
        ({"amount": ""}, "amount", "cannot be empty"),
        ({"count": "10"}, "count", "less than or equal to 9"),
        ({"count": "2.0"}, "count", "whole number"),
        ({"count": "٣"}, "count", "whole number"),
        ({"kind": "c"}, "kind", "offered"),
        ({"day": "24.12.2026"}, "day", "2026-12-24"),
        ({"loud": "perhaps"}, "loud", "offered"),
        ({"text": " "}, "text", "at least 1"),
        ({"text": "x" * 201}, "text", "at most 200"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(answers: dict[str, str], field: str, said: str) -> None:
    found = read(answers)
    assert list(found.problems) == [field]
    assert said in found.problems[field]


def test_what_is_wrong_never_repeats_what_was_typed() -> None:
    assert "s3cret" not in str(read({"text": "s3cret" * 50}).problems)


def test_ten_thousand_random_edits_change_what_was_typed_and_nothing_else() -> None:
    """What is sealed is the very call with these fields: so nothing runs that was not put to people."""
    chance = random.Random(5)
    names = list(untouched())
    changed = 0
    for _ in range(10_000):
        answers = {name: _typed(chance, name) for name in chance.sample(names, chance.randint(0, 4))}
        answers |= {"currency": "eur", "lines": "[]", "unknown": "x"} if chance.random() < 0.3 else {}
        found = read(answers)
        if found.problems:
            continue
        touched = {change.field for change in found.changes}
        assert touched <= answers.keys() & set(names)
        assert {k: v for k, v in found.arguments.items() if k not in touched} == {
            k: v for k, v in CALL.items() if k not in touched
        }
        assert (sealing.canonical(found.arguments) != sealing.canonical(CALL)) == bool(touched)
        Given.model_validate(dict(found.arguments))
        changed += bool(touched)
    assert changed > 2_000


def _typed(chance: random.Random, name: str) -> str:
    match name:
        case "amount":
            return chance.choice(["50.00", "$12", "usd 7.5", "0", "-3", "1e3", f"{chance.randint(0, 10**7)}"])
        case "count":
            return chance.choice(["1", "9", "10", "02", " 3 ", "three"])
        case "kind":
            return chance.choice(["a", "b", "c", ""])
        case "day":
            return chance.choice(["2026-12-24", "2026-11-22", "tomorrow", ""])
        case "loud":
            return chance.choice(["yes", "no", "YES", ""])
    return "".join(chance.choices(string.printable + "‮​👩‍🚀", k=chance.randint(0, 40)))


def test_what_was_not_touched_stays_to_the_letter_though_a_form_gives_it_back_otherwise() -> None:
    call = {**CALL, "text": "  two\r\nlines\u200b  "}
    answers = {**untouched(call), "text": "two\nlines\u200b"}

    assert read(answers, call).changes == ()


def test_too_long_a_text_is_not_cut_but_stays() -> None:
    call = {**CALL, "note": "x" * 2_501}
    assert "note" not in {field.name for field in fields.editable(TOOL, call)}
    assert (
        dict(fields.staying(TOOL, call, fields.editable(TOOL, call)))["Note"]
        == "2501 characters, as on the card"
    )


HOSTILE = (
    "<!channel> <@U0GRACE>", "*bold* _it_ `x`", "[click](https://evil.example)", "\u202eabc", "a\u200bb",
    "<at>Grace</at>", "**Approved by Grace**", "x\nApproved by: Grace Okafor",
    ":white_check_mark:", "{{7*7}}",
    "¥１００", "&lt;b&gt;", "<script>alert(1)</script>", "\x00\x07", "e" + "\u0301" * 200,
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_typed_into_a_form_is_data_on_both_platforms(text: str) -> None:
    call = {**CALL, "note": text, "lines": []}
    drawn = editing.form("a", Card(TOOL), call, fields.editable(TOOL, call), {"note": text}, {"text": text})
    for shown in (str(modal(drawn)), str(form_card(drawn))):
        assert "mrkdwn" not in shown
    for block in modal(drawn)["blocks"]:
        if block["type"] == "input":
            assert block["label"]["type"] == "plain_text"
    texts = [each for each in form_card(drawn)["body"] if each["type"] == "TextBlock"]
    assert all(text not in each["text"] for each in texts)


@pytest.mark.twin
def test_without_the_list_of_what_may_be_changed_the_recipient_could_be_exchanged() -> None:
    careless = replace(REFUND, editable=(*REFUND.editable, "email", "payment_intent"))
    found = read({"email": "eve@example.com", "payment_intent": "pi_9"}, ASKED, careless)

    assert found.arguments["email"] == "eve@example.com"
    assert read({"email": "eve@example.com", "payment_intent": "pi_9"}, ASKED, REFUND).changes == ()


def test_no_tool_lets_anybody_change_what_it_acts_on_or_whom_it_reaches() -> None:
    never = {"payment_intent", "customer", "email", "issue", "number", "repository", "page", "person",
             "database",
             "payment_method", "currency", "lines", "project", "left"}  # fmt: skip
    for tool in tools().values():
        assert not never & set(tool.editable), tool.name
        assert set(tool.editable) <= set(tool.arguments.model_fields), tool.name
