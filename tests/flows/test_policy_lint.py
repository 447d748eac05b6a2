"""A rule's fields, what lint finds in rules that can be read, the schema, and what explain says."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml

from flows.errors import FlowError
from flows.policy import About, Outcome, Policy, judge
from flows.policy_explain import explain, in_lines, to_json
from flows.policy_facts import Facts, Past
from flows.policy_file import FIELDS, load_policy, parse_policy
from flows.policy_lint import in_file, lint
from flows.policy_rule_file import FIELDS as RULE_FIELDS
from flows.yaml_source import read
from tests.flows.builders import ROOT, Card

SCHEMA = json.loads((ROOT / "flows" / "policy.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SHIPPED = ROOT / "flows" / "policy.yaml"
PAY = Card("shop.pay", "money")
ALONE = "{name: all, outcome: may run alone, because: Fine.}"


def text(*rules: str, more: str = "") -> str:
    return "rules:\n" + "".join(f"  - {rule}\n" for rule in rules) + more


def policy(*rules: str, more: str = "") -> Policy:
    return parse_policy(read("policy.yaml", text(*rules, more=more).encode()))


def found(*rules: str, more: str = "") -> list[str]:
    source = read("policy.yaml", text(*rules, more=more).encode())
    return [f"{kind} {mistake}" for kind, mistake in in_file(source, lint(parse_policy(source)))]


def asks(fields: str, outcome: str = "ask", name: str = "a") -> str:
    return f"{{name: {name}, outcome: {outcome}, because: Why., {fields}}}"


# ── fields ───────────────────────────────────────────────────────────────────────────────

WRONG = {
    "requester: ada": "has any_of or none_of",
    "requester: {}": "has any_of or none_of",
    "requester: {any_of: []}": "any_of must be a list",
    "requester: {any_of: ada}": "any_of must be a list",
    "requester: {some_of: [a]}": "has any_of or none_of",
    "recipient: [cus_1]": "has any_of or none_of",
    "first_time: person": "must say with what",
    "first_time: true": "must say with what",
    "when: night": "has a time_zone",
    "when: {days: [sat]}": "needs a time zone",
    "when: {time_zone: somewhere nice}": "needs a time zone",
    "when: {time_zone: UTC, days: [saturday]}": "days are some of",
    "when: {time_zone: UTC, from: '9:00'}": "two times in quotes",
    "when: {time_zone: UTC, from: '09:00', to: '09:00'}": "two times in quotes",
    "when: {time_zone: UTC, to: '24:01'}": "two times in quotes",
    "limit: 5": "has an amount and its currency",
    "limit: {per: day}": "needs an amount or a number of calls",
    "limit: {calls: 5, amount: '5', per: day}": "needs an amount or a number of calls",
    "limit: {calls: 5}": "per is one of",
    "limit: {calls: 5, per: year}": "per is one of",
    "limit: {calls: 5, per: day, by: moon}": "by is one of",
    "limit: {calls: 0, per: day}": "whole number",
    "limit: {calls: true, per: day}": "whole number",
    "limit: {amount: '200.00', per: day}": "does not say of which currency",
    "limit: {amount: 200, currency: usd, per: day}": "an amount in quotes",
    "limit: {amount: {usd: 1}, per: day}": "an amount in quotes",
    "below: '5'": "less money never tightens",
    "at_least: '50', below: '50'": "leaves no amount",
    "at_least: '50', below: {usd: '60'}": "must name the currencies",
    "at_least: {usd: '5'}, below: {eur: '60'}": "must name the currencies",
    "at_least: {jpy: '5.50'}": "no more decimals than JPY",
    "at_least: {dollars: '5'}": "three letters",
    "mode: test": "is 'test'",
}


@pytest.mark.parametrize("fields", WRONG)
def test_a_field_that_is_wrong_is_named_with_its_line_and_what_would_be_right(fields: str) -> None:
    with pytest.raises(FlowError) as caught:
        policy(ALONE, asks(fields))
    [mistake] = caught.value.mistakes
    assert WRONG[fields] in mistake.problem
    assert mistake.line == 3
    assert mistake.right


@pytest.mark.parametrize("fields", [
    "first_time: tool", "limit: {calls: 1, per: hour}", "at_least: '5', currency: usd",
    "confidence_below: 0.5",
])  # fmt: skip
def test_what_can_only_tighten_cannot_let_a_call_run_alone(fields: str) -> None:
    with pytest.raises(FlowError) as caught:
        policy(asks(fields, "may run alone"))
    assert "never loosens a policy" in str(caught.value)


# ── lint ─────────────────────────────────────────────────────────────────────────────────

LINTED = {
    "an amount of no currency": ((ALONE, asks("at_least: '5'")), "does not say of which currency"),
    "a currency that is none": ((asks("currency: usx"),), "there is no currency USX"),
    "such a one among amounts": ((asks("at_least: {usd: '5', zzz: '5'}"),), "there is no currency ZZZ"),
    "such a one of a limit": ((asks("limit: {amount: {qqq: '5'}, per: day}"),), "there is no currency QQQ"),
    "a name twice": ((ALONE, ALONE), "is the name of a rule before"),
    "a group that is none": ((asks("requester: {any_of: [kings]}"),), "there is no group 'kings'"),
    "a word that stands for nothing": (
        ("{name: a, outcome: ask, because: 'It is {amout}.'}",), "{amout} stands for nothing"),
    "what an earlier one tightened": (
        (asks("risk: [money]"), asks("risk: [money], tool: stripe.charge", "may run alone", "b")),
        "would loosen what 'a' tightened"),
    "what a later one covers": (
        (asks("tool: stripe.charge", name="b"), asks("tool: stripe.*", "deny")),
        "never decides: 'a' says deny"),
    "the same again": ((asks("tool: x.y"), asks("tool: x.y", name="b")), "never decides: 'a' says ask"),
    "a narrower amount": (
        (asks("at_least: {usd: '5'}"), asks("at_least: {usd: '9'}", name="b")),
        "never decides: 'a' says ask"),
    "less confidence": (
        (asks("confidence_below: 0.9"), asks("confidence_below: 0.5", name="b")),
        "never decides: 'a' says ask"),
    "a band that ends in nothing": (
        (ALONE, asks("at_least: '5', below: '9', currency: any")),
        "from $9.00 on it is laxer: may run alone"),
    "a hole in another currency": (
        (ALONE, asks("at_least: '5', currency: usd")), "in EUR any amount may run alone"),
}  # fmt: skip


@pytest.mark.parametrize("case", LINTED)
def test_lint_names_what_is_wrong_with_rules_that_can_be_read(case: str) -> None:
    rules, problem = LINTED[case]
    assert any(problem in each and "policy.yaml:" in each for each in found(*rules)), found(*rules)


def test_lint_finds_nothing_in_the_shipped_policy() -> None:
    assert lint(load_policy(SHIPPED)) == []


@pytest.mark.parametrize("rules", [
    (ALONE, asks("at_least: {usd: '5'}")),
    (asks("at_least: {usd: '5'}, below: {usd: '9'}"), asks("at_least: {usd: '9'}", "deny", "b")),
    (asks("tool: stripe.*"), asks("tool: jira.*", name="b")),
    (asks("confidence_below: 0.5"), asks("confidence_below: 0.9", name="b")),
    (asks("at_least: {usd: '9'}"), asks("at_least: {usd: '5'}", name="b")),
    (asks("first_time: tool"), asks("first_time: recipient", name="b")),
    (asks("risk: [money]", "may run alone"), asks("tool: stripe.refund", name="b")),
])  # fmt: skip
def test_lint_is_silent_about_rules_that_each_decide_something(rules: tuple[str, ...]) -> None:
    assert found(*rules) == []


def test_where_nobody_could_be_asked_it_is_noted() -> None:
    [note] = lint(load_policy(SHIPPED), asked_elsewhere=False)
    assert (note.kind, note.field) == ("note", "approvers")


# ── the schema ───────────────────────────────────────────────────────────────────────────


def test_the_schema_knows_every_field_and_no_other() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) == set(FIELDS)
    assert set(SCHEMA["$defs"]["rule"]["properties"]) == set(RULE_FIELDS)


def test_the_schema_takes_the_shipped_policy() -> None:
    assert list(VALIDATOR.iter_errors(yaml.safe_load(SHIPPED.read_text()))) == []


BEYOND_A_SCHEMA = (
    "somewhere nice",
    "'09:00', to: '09:00'",
    "24:01",
    "per: day}",
    "below:",
    "jpy",
    "calls: 5, amount",
)


@pytest.mark.parametrize(
    "fields", [each for each in WRONG if not any(part in each for part in BEYOND_A_SCHEMA)]
)
def test_the_schema_refuses_what_the_reader_refuses(fields: str) -> None:
    raw: Any = read("policy.yaml", text(asks(fields)).encode()).value
    assert list(VALIDATOR.iter_errors(raw))


# ── explain ──────────────────────────────────────────────────────────────────────────────

FULL = policy(
    ALONE,
    asks("at_least: {usd: '50.00'}"),
    asks("first_time: tool, mode: shadow", "deny", "tried"),
    asks("limit: {amount: '200.00', currency: usd, per: day}", name="daily"),
    asks("requester: {any_of: ['@example.com']}, when: {time_zone: UTC, days: [sun]}", name="sundays"),
)
NOW = About("ada@example.com", "k", Facts({"UTC": "sun 2026-11-22 23:00"}, {"k": Past(first_tool=True)}))


def call(amount: int, currency: str = "usd") -> dict[str, Any]:
    return {"amount": amount, "currency": currency}


@pytest.mark.parametrize("amount", [0, 4_999, 5_000, 20_000, 20_001])
@pytest.mark.parametrize("about", [NOW, About()])
def test_what_is_explained_is_what_is_decided(amount: int, about: About) -> None:
    told = explain(FULL, PAY, call(amount), 1.0, about)
    assert told.verdict == judge(FULL, PAY, call(amount), 1.0, about)
    assert [each.rule for each in told.looked if each.decided] == [told.verdict.rule]


def test_every_rule_says_what_it_looked_at() -> None:
    lines = "\n".join(in_lines(explain(FULL, PAY, call(6_000), 0.9, NOW)))
    assert "shop.pay: ask, by a" in lines
    assert "→ a [ask] matches" in lines
    assert "at least $50.00: it is $60.00" in lines
    assert "tried [deny] matches (shadow: decides nothing)" in lines
    assert "beyond $200.00 in a day by requester: used before is $0.00, this call is $60.00" in lines
    assert "when sun 00:00–24:00 in UTC: it is sun 2026-11-22 23:00" in lines


def test_what_cannot_be_told_is_said_to_be_so() -> None:
    told = explain(FULL, PAY, call(1), 0.9, About())
    assert {each.rule: each.matched for each in told.looked}["sundays"] is None
    assert to_json(told, "v")["rules"][-1]["because"] == [
        "requester among @example.com: it is nobody known", "when sun 00:00–24:00 in UTC: it is not known",
    ]  # fmt: skip


def test_it_is_said_for_programs_too() -> None:
    told = json.loads(json.dumps(to_json(explain(FULL, PAY, call(6_000), None, NOW), "v1")))
    assert (told["outcome"], told["rule"], told["policy"]) == ("ask", "a", "v1")
    assert judge(FULL, PAY, call(6_000), None, NOW).outcome is Outcome.ASK
