from __future__ import annotations

from dataclasses import replace

import pytest

from flows.errors import FlowError, Mistake
from flows.policy import Outcome
from flows.policy_file import load_policy, parse_policy, stored_policy
from flows.yaml_source import read
from tests.flows.builders import ROOT

FILE = ROOT / "flows" / "policy.yaml"
RULE = "name: a\n    outcome: ask\n    because: why"


def mistakes(text: str) -> tuple[Mistake, ...]:
    with pytest.raises(FlowError) as caught:
        parse_policy(read("policy.yaml", text.encode()))
    return caught.value.mistakes


def rule(line: str = "", base: str = RULE) -> str:
    return f"rules:\n  - {base}\n" + (f"    {line}\n" if line else "")


BROKEN = {
    "no mapping": ("- a\n", 1, "", "must be a mapping", "rules: ["),
    "no rules": ("expires_minutes: 5\n", 1, "rules", "must be a list", "rules: ["),
    "rules empty": ("rules: []\n", 1, "rules", "must be a list", "rules: ["),
    "a rule that is a word": ("rules: [a]\n", 1, "", "must be a mapping", "{name:"),
    "no name": (rule("", "outcome: ask\n    because: why"), 2, "name", "is missing", "name:"),
    "no reason": (rule("", "name: a\n    outcome: ask"), 2, "because", "is missing", "because:"),
    "an empty reason": (
        rule("", 'name: a\n    outcome: ask\n    because: ""'),
        4, "because", "is missing", "because:",
    ),
    "no outcome": (
        rule("", "name: a\n    because: why"),
        2, "outcome", "is missing", "may run alone or ask or deny",
    ),
    "an outcome that is none": (
        rule("", "name: a\n    because: why\n    outcome: allow"),
        4, "outcome", "is 'allow'", "may run alone",
    ),
    "an outcome that is a list": (
        rule("", "name: a\n    because: why\n    outcome: [ask]"),
        4, "outcome", "is ['ask']", "ask",
    ),
    "a field misspelt": (rule("at_lest: '5'"), 5, "at_lest", "is not a field of a rule", "at_least"),
    "a risk that is none": (rule("risk: [cash]"), 5, "risk", "must be a list of", "[money]"),
    "a risk that is a word": (rule("risk: money"), 5, "risk", "must be a list of", "[money]"),
    "a risk of lists": (rule("risk: [[money]]"), 5, "risk", "must be a list of", "[money]"),
    "an amount without quotes": (rule("at_least: 50.00"), 5, "at_least", "an amount in quotes", '"50.00"'),
    "an amount that is endless": (
        rule("at_least: Infinity"),
        5, "at_least", "an amount in quotes", '"50.00"',
    ),
    "an amount with a comma": (rule('at_least: "50,00"'), 5, "at_least", "an amount in quotes", '"50.00"'),
    "an amount below nothing": (rule('at_least: "-5"'), 5, "at_least", "an amount in quotes", '"50.00"'),
    "an amount that starts with a point": (
        rule('at_least: ".50"'),
        5, "at_least", "an amount in quotes", '"50.00"',
    ),
    "an amount that is empty": (rule('at_least: ""'), 5, "at_least", "an amount in quotes", '"50.00"'),
    "a currency that is none": (rule("currency: dollars"), 5, "currency", "three letters", "usd"),
    "a confidence above one": (
        rule("confidence_below: 75"),
        5, "confidence_below", "above 0 and up to 1", "0.75",
    ),
    "a confidence of nothing": (
        rule("confidence_below: 0"),
        5, "confidence_below", "above 0 and up to 1", "0.75",
    ),
    "a confidence that is true": (rule("confidence_below: true"), 5, "confidence_below", "above 0", "0.75"),
    "a confidence in words": (rule("confidence_below: low"), 5, "confidence_below", "above 0", "0.75"),
    "egress in words": (rule("egress: yes"), 5, "egress", "true or false", "egress: true"),
    "a tool that is a list": (rule("tool: [a]"), 5, "tool", "must be a text", "tool: stripe.*"),
    "confidence that loosens": (
        rule("confidence_below: 0.5", "name: a\n    outcome: may run alone\n    because: why"),
        3, "outcome", "confidence never loosens", "ask",
    ),
    "money that loosens": (
        rule('at_least: "5"', "name: a\n    outcome: may run alone\n    because: why"),
        3, "outcome", "more money never loosens", "ask",
    ),
    "a field of the policy that is none": (
        rule() + "expires: 5\n",
        5, "expires", "not a field of a policy", "expires_minutes",
    ),
    "minutes in words": (rule() + "expires_minutes: soon\n", 5, "expires_minutes", "whole number", "30"),
    "minutes that are true": (rule() + "expires_minutes: true\n", 5, "expires_minutes", "whole number", "30"),
    "no minutes": (rule() + "expires_minutes: 0\n", 5, "expires_minutes", "whole number", "30"),
    "approvers that are a list": (rule() + "approvers: [a]\n", 5, "approvers", "must be a mapping", "people"),
    "people that are a word": (
        rule() + "approvers:\n  people: ada\n",
        6, "people", "list of texts", "grace@",
    ),
    "places of numbers": (rule() + "approvers:\n  places: [1]\n", 6, "places", "list of texts", "slack:"),
    "a field of approvers that is none": (
        rule() + "approvers:\n  persons: [a]\n",
        6, "persons", "not a field", "people",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_mistake_in_the_policy_is_named_with_its_line_field_and_what_would_be_right(name: str) -> None:
    text, line, field, problem, right = BROKEN[name]
    fitting = [each for each in mistakes(text) if each.field == field and problem in each.problem]
    assert fitting, mistakes(text)
    assert (fitting[0].file, fitting[0].line) == ("policy.yaml", line)
    assert right in fitting[0].right


def test_the_shipped_policy_has_no_mistake_and_asks_from_fifty_on() -> None:
    policy = load_policy(FILE)
    large = next(rule for rule in policy.rules if rule.at_least)
    assert (large.at_least, large.outcome, policy.expires) == ("50.00", Outcome.ASK, 1800)


def test_the_stored_policy_is_the_policy_of_the_file() -> None:
    source = read(str(FILE), FILE.read_bytes())
    assert stored_policy(source.value) == load_policy(FILE)


def test_another_word_is_another_version_and_a_comment_is_not() -> None:
    one = parse_policy(read("a", rule().encode()))
    assert parse_policy(read("b", f"# why\n{rule()}".encode())) == one
    other = parse_policy(read("c", rule().replace("why", "because").encode()))
    assert other.version != one.version
    assert replace(other, version=one.version).rules != one.rules
