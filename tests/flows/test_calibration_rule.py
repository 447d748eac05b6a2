"""Experience lets go the rule that said it may learn, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import calibration_verdict
from flows.calibration_rule import Experience, Learn
from flows.errors import FlowError
from flows.policy import About, Outcome, Policy, Rule, judge
from flows.policy_explain import explain
from flows.policy_facts import Facts, from_json, to_json
from flows.policy_file import parse_policy
from flows.policy_lint import lint
from flows.yaml_source import read
from tests.flows.builders import Card

LEARN = Learn(0.01, 0.9)
MAY = Rule("refunds", Outcome.ASK, "It does not come back.", tool="desk.pay", learn=LEARN)
UNSURE = Rule("unsure", Outcome.ASK, "Unsure.", confidence_below=0.75)
LARGE = Rule("large", Outcome.ASK, "Much.", at_least="50.00")
NEVER = Rule("never", Outcome.DENY, "No.", at_least="500.00")
POLICY = Policy("p", (MAY, UNSURE, LARGE, NEVER))
PAY = Card("desk.pay", "money")
KNOWN = Experience("refunds", True, "refunds run alone: 412 decisions, error ≤ 1 % with 90 % confidence")
NOT_YET = Experience("refunds", False, "refunds: 37 of about 230 decisions")
SCHEMA = json.loads(Path("flows/policy.schema.json").read_text())


def about(told: Experience | None = KNOWN, key: str = "k") -> About:
    return About("ada@example.com", "k", Facts(learned={key: told} if told else {}))


def call(amount: int = 1_000) -> dict[str, Any]:
    return {"amount": amount, "currency": "usd"}


def test_with_the_experience_it_runs_alone_and_says_why() -> None:
    found = judge(POLICY, PAY, call(), 1.0, about())
    assert (found.outcome, found.rule) == (Outcome.ALONE, "refunds")
    assert found.because == "Refunds run alone: 412 decisions, error ≤ 1 % with 90 % confidence."


def test_without_it_is_asked_as_before() -> None:
    found = judge(POLICY, PAY, call(), 1.0, about(None))
    assert (found.outcome, found.because) == (Outcome.ASK, "It does not come back.")


def test_how_far_it_is_stands_on_the_card() -> None:
    found = judge(POLICY, PAY, call(), 1.0, about(NOT_YET))
    assert found.outcome is Outcome.ASK
    assert found.because == "It does not come back. (Refunds: 37 of about 230 decisions.)"


@pytest.mark.parametrize(("amount", "confidence", "rule", "outcome"), [
    (5_000, 1.0, "large", Outcome.ASK),
    (1_000, 0.5, "unsure", Outcome.ASK),
    (1_000, None, "unsure", Outcome.ASK),
    (50_000, 1.0, "never", Outcome.DENY),
])  # fmt: skip
def test_whatever_another_rule_says_stands(
    amount: int, confidence: float | None, rule: str, outcome: Outcome
) -> None:
    found = judge(POLICY, PAY, call(amount), confidence, about())
    assert (found.rule, found.outcome) == (rule, outcome)


@pytest.mark.parametrize("told", [about(KNOWN, "another"), about(replace(KNOWN, rule="large"))])
def test_experience_with_another_call_or_rule_counts_for_nothing(told: About) -> None:
    assert judge(POLICY, PAY, call(), 1.0, told).outcome is Outcome.ASK


def test_a_rule_that_may_not_learn_is_not_let_go_whatever_is_known() -> None:
    bare = Policy("p", (replace(MAY, learn=None),))
    assert judge(bare, PAY, call(), 1.0, about()).outcome is Outcome.ASK


@pytest.mark.twin
def test_twin_were_any_rule_let_go_a_confidence_would_loosen_the_policy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calibration_verdict, "eased", lambda rule, said, case, told: Outcome.ALONE)
    assert judge(POLICY, PAY, call(5_000), 0.1, about()).outcome is Outcome.ALONE


def test_what_cannot_be_read_is_asked_about_all_the_same() -> None:
    assert judge(POLICY, PAY, {"amount": "x"}, 1.0, about()).outcome is Outcome.ASK


def test_what_cannot_be_told_is_asked_about_all_the_same() -> None:
    from flows.policy import Among

    policy = Policy("p", (replace(MAY, requester=Among(("@example.com",))),))
    nobody = About("", "k", Facts(learned={"k": KNOWN}))
    assert judge(policy, PAY, call(), 1.0, nobody).outcome is Outcome.ASK
    assert judge(policy, PAY, call(), 1.0, about()).outcome is Outcome.ALONE


def test_money_tools_that_are_switched_off_stay_off() -> None:
    assert judge(replace(POLICY, money_tools=False), PAY, call(), 1.0, about()).outcome is Outcome.DENY


def test_explain_names_the_rule_that_was_let_go() -> None:
    found = explain(POLICY, PAY, call(), 1.0, about())
    assert [each.rule for each in found.looked if each.decided] == ["refunds"]


RULES = st.lists(
    st.builds(
        Rule,
        name=st.sampled_from(["a", "b", "refunds"]),
        outcome=st.sampled_from(list(Outcome)),
        because=st.just("x"),
        at_least=st.sampled_from(["", "5.00", "50.00"]),
        confidence_below=st.sampled_from([None, 0.5, 0.9]),
        risk=st.sampled_from([frozenset(), frozenset({"money"}), frozenset({"write"})]),
    ),
    max_size=6,
)


@given(RULES, st.integers(0, 10_000), st.none() | st.floats(0, 1))
def test_experience_never_changes_what_all_other_rules_say_together(
    rules: list[Rule], amount: int, confidence: float | None
) -> None:
    """With the learning rule let go, it is what the others give, or may run alone where none asks."""
    policy = Policy("p", (*(replace(each, learn=None) for each in rules), replace(MAY, name="learner")))
    told = about(replace(KNOWN, rule="learner"))
    found = judge(policy, PAY, call(amount), confidence, told).outcome
    allowed = Rule("all", Outcome.ALONE, "x")
    others = judge(Policy("p", (*policy.rules[:-1], allowed)), PAY, call(amount), confidence, told).outcome
    assert found is others


@given(RULES, st.integers(0, 10_000), st.none() | st.floats(0, 1))
def test_without_experience_marking_a_rule_changes_nothing(
    rules: list[Rule], amount: int, confidence: float | None
) -> None:
    marked = [replace(each, learn=LEARN) if each.outcome is Outcome.ASK else each for each in rules]
    bare = about(None)
    one = judge(Policy("p", tuple(rules)), PAY, call(amount), confidence, bare)
    assert judge(Policy("p", tuple(marked)), PAY, call(amount), confidence, bare) == one


def test_what_is_known_is_kept_with_the_event_for_a_replay() -> None:
    facts = Facts(learned={"k": KNOWN, "other": NOT_YET})
    assert from_json(to_json(facts)) == facts
    assert from_json({"clocks": {}, "past": {}, "assume": False}).learned == {}


# ── in the file ──────────────────────────────────────────────────────────────────────────


def text(fields: str, outcome: str = "ask") -> bytes:
    return f"rules:\n  - {{name: a, outcome: {outcome}, because: why, {fields}}}\n".encode()


def parsed(fields: str, outcome: str = "ask") -> Policy:
    return parse_policy(read("policy.yaml", text(fields, outcome)))


@pytest.mark.parametrize(("fields", "learn"), [
    ("may_learn: true, error: 1%, confidence: 90%", Learn(0.01, 0.9)),
    ("may_learn: true, error: '0.5%', confidence: '95 %'", Learn(0.005, 0.95)),
    ("may_learn: true, error: 1%, confidence: 90%, mode: enforced", Learn(0.01, 0.9)),
    ("may_learn: false", None),
    ("tool: a.b", None),
])  # fmt: skip
def test_a_rule_says_that_it_may_learn(fields: str, learn: Learn | None) -> None:
    [rule] = parsed(fields).rules
    assert rule.learn == learn
    jsonschema.validate(read("p", text(fields)).value, SCHEMA)


FULL = "may_learn: true, error: 1%, confidence: 90%"
WRONG = {
    "no error": ("may_learn: true, confidence: 90%", "ask", "error"),
    "no confidence": ("may_learn: true, error: 1%", "ask", "confidence"),
    "an error that is a number": ("may_learn: true, error: 0.01, confidence: 90%", "ask", "error"),
    "an error of nothing": ("may_learn: true, error: 0%, confidence: 90%", "ask", "error"),
    "an error of a half": ("may_learn: true, error: 50%, confidence: 90%", "ask", "error"),
    "hardly any confidence": ("may_learn: true, error: 1%, confidence: 50%", "ask", "confidence"),
    "certainty": ("may_learn: true, error: 1%, confidence: 100%", "ask", "confidence"),
    "a word": ("may_learn: perhaps, error: 1%, confidence: 90%", "ask", "may_learn"),
    "only an error": ("error: 1%", "ask", "may_learn"),
    "a rule that denies": (FULL, "deny", "may_learn"),
    "a rule that lets run": (FULL, "may run alone", "may_learn"),
    "in shadow": (f"{FULL}, mode: shadow", "ask", "may_learn"),
    "about confidence": (f"{FULL}, confidence_below: 0.5", "ask", "may_learn"),
    "about first times": (f"{FULL}, first_time: tool", "ask", "may_learn"),
    "about a limit": (f"{FULL}, limit: {{calls: 3, per: day}}", "ask", "may_learn"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_it_is_named(name: str) -> None:
    fields, outcome, field = WRONG[name]
    with pytest.raises(FlowError) as caught:
        parsed(fields, outcome)
    assert field in {each.field for each in caught.value.mistakes}


BEYOND_A_SCHEMA = ("an error of nothing", "an error of a half", "hardly any confidence")


@pytest.mark.parametrize("name", [name for name in WRONG if name not in BEYOND_A_SCHEMA])
def test_the_schema_refuses_it_too(name: str) -> None:
    fields, outcome, _ = WRONG[name]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(read("p", text(fields, outcome)).value, SCHEMA)


def test_lint_leaves_a_rule_that_asks_whatever_was_learned_by_another() -> None:
    may = text(FULL).decode()
    narrow = "  - {name: b, tool: desk.pay, outcome: ask, because: why}\n"
    assert [each.kind for each in lint(parse_policy(read("p", (may + narrow).encode())))] == []
    plain = text("tool: '*'").decode()
    assert "mistake" in [each.kind for each in lint(parse_policy(read("p", (plain + narrow).encode())))]
