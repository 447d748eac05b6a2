"""Standing grants, judged without a database: what one lifts, covers and never does, and what people type."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.errors import FlowError
from flows.grants import Asked, Limits, Scope, Unclear, Wanted, beyond, in_words, of_call, outside, understood
from flows.policy import Outcome, Policy, Rule, judge
from flows.policy_facts import About, Facts, Granted, from_json, to_json
from flows.policy_file import stored_policy
from tests.flows.builders import TOOLS

PAY = TOOLS["desk.pay"]
ARGUMENTS = {"amount": 100, "currency": "usd"}
GRANTED = Facts(granted={"k": Granted("7", "Grace let this run alone.")})
ASKS = Rule("asks", Outcome.ASK, "Ask.", grantable=True)


def outcome(*rules: Rule, confidence: float | None = 0.9, facts: Facts = GRANTED, key: str = "k") -> Outcome:
    return judge(Policy("p", rules), PAY, ARGUMENTS, confidence, About("ada@example.com", key, facts)).outcome


def test_a_grant_answers_where_the_rule_says_so() -> None:
    verdict = judge(Policy("p", (ASKS,)), PAY, ARGUMENTS, 0.9, About("", "k", GRANTED))
    assert verdict.outcome is Outcome.ALONE
    assert verdict.rule == "grant 7"
    assert verdict.because == "Grace let this run alone."


def test_by_default_no_rule_is_grantable() -> None:
    assert not Rule("r", Outcome.ASK, "Ask.").grantable
    assert outcome(replace(ASKS, grantable=False)) is Outcome.ASK


def test_another_calls_grant_is_not_this_ones() -> None:
    assert outcome(ASKS, key="other") is Outcome.ASK


def test_no_rule_at_all_cannot_be_granted() -> None:
    assert outcome(Rule("elsewhere", Outcome.ASK, "x", tool="other.tool", grantable=True)) is Outcome.ASK


@pytest.mark.parametrize(
    "rule",
    [
        Rule("unsure", Outcome.ASK, "x", confidence_below=0.95),
        Rule("other", Outcome.ASK, "x"),
        Rule("never", Outcome.DENY, "x", grantable=True),
        Rule("whom", Outcome.ASK, "x", first_time="tool", grantable=True),
    ],
)
def test_one_rule_that_may_not_be_granted_or_cannot_be_told_is_enough(rule: Rule) -> None:
    assert outcome(ASKS, rule) > Outcome.ALONE
    assert outcome(rule, ASKS) > Outcome.ALONE


def test_a_rule_in_shadow_neither_asks_nor_is_granted() -> None:
    assert outcome(ASKS, Rule("shadow", Outcome.DENY, "x", shadow=True)) is Outcome.ALONE
    assert outcome(replace(ASKS, shadow=True)) is Outcome.ASK


def test_money_that_is_not_known_beforehand_is_asked_about() -> None:
    with_none = {"currency": "usd"}
    verdict = judge(Policy("p", (ASKS,)), PAY, with_none, 0.9, About("", "k", GRANTED))
    assert verdict.outcome is Outcome.ASK


RULES = st.lists(
    st.builds(
        Rule,
        st.just("r"),
        st.sampled_from(list(Outcome)),
        st.just("x"),
        tool=st.sampled_from(["*", "desk.*", "other.*"]),
        confidence_below=st.sampled_from([None, 0.5, 0.95]),
        grantable=st.booleans(),
        shadow=st.booleans(),
    ),
    max_size=6,
)


@given(RULES, st.sampled_from([None, 0.2, 0.7, 0.99]))
def test_a_grant_only_ever_lifts_what_every_asking_rule_lets_it(rules: list[Rule], confidence: Any) -> None:
    without = outcome(*rules, confidence=confidence, facts=Facts())
    with_it = outcome(*rules, confidence=confidence)
    if with_it is without:
        return
    assert without is Outcome.ASK
    assert with_it is Outcome.ALONE
    from flows.policy_match import Case, weight

    case = Case("desk.pay", PAY.risk, amount=(100, "usd"), confidence=confidence)
    asking = [rule for rule in rules if not rule.shadow and (weight(rule, case) or 0) >= Outcome.ASK]
    assert asking
    assert all(rule.grantable for rule in asking)


@pytest.mark.twin
def test_were_only_the_first_rule_asked_a_floor_would_be_lifted(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = Rule("unsure", Outcome.ASK, "x", confidence_below=0.95)
    assert outcome(ASKS, floor) is Outcome.ASK
    monkeypatch.setattr("flows.policy.may_lift", lambda rules, _case: rules[0].grantable)
    assert outcome(ASKS, floor) is Outcome.ALONE


def test_what_was_granted_is_kept_with_the_event_that_it_decided() -> None:
    assert from_json(to_json(GRANTED)) == GRANTED
    assert "granted" not in to_json(Facts())


# ── scope and limits ─────────────────────────────────────────────────────────────────────

CALL = Asked("stripe.refund", "ada@example.com", frozenset({"crew"}), "cus_1", "acct", (2_000, "usd"))
SCOPE = Scope("stripe.refund", "ada@example.com", "cus_1", "acct")
LIMITS = Limits(3, "day", 2_000, 5_000, "usd")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, ""),
        ({"tool": "stripe.charge"}, "another tool"),
        ({"account": "other"}, "another account"),
        ({"account": ""}, "another account"),
        ({"email": "omar@example.com"}, "asked for by somebody else"),
        ({"email": ""}, "asked for by somebody else"),
        ({"email": "ADA@example.com"}, ""),
        ({"recipient": "cus_2"}, "for somebody else"),
        ({"recipient": ""}, "for somebody else"),
        ({"recipient": None}, "for somebody else"),
        ({"amount": (2_001, "usd")}, "more than each may be"),
        ({"amount": (-1, "usd")}, "more than each may be"),
        ({"amount": (1, "eur")}, "another currency"),
        ({"amount": None}, "how much it moves is not known"),
    ],
)
def test_each_part_of_a_scope_is_held(change: dict[str, Any], why: str) -> None:
    assert outside(SCOPE, LIMITS, replace(CALL, **change)) == why


def test_without_an_amount_it_covers_nothing_that_moves_money() -> None:
    assert outside(SCOPE, Limits(3, "day"), CALL) == "another currency"
    assert outside(SCOPE, Limits(3, "day"), replace(CALL, amount=None)) == ""


def test_a_group_covers_its_members() -> None:
    assert outside(replace(SCOPE, requester="crew"), LIMITS, CALL) == ""
    assert outside(replace(SCOPE, requester="others"), LIMITS, CALL) == "asked for by somebody else"


@pytest.mark.parametrize(
    ("used", "fits"), [((0, 0), True), ((3_000, 2), True), ((3_001, 2), False), ((0, 3), False)]
)
def test_sum_and_number_are_counted_with_this_call(used: tuple[int, int], fits: bool) -> None:
    assert (beyond(LIMITS, used, CALL) == "") is fits


def test_every_bound_stands_on_the_card() -> None:
    said = dict(in_words(SCOPE, LIMITS))
    assert said["Each"] == "at most $20.00"
    assert said["Together"] == "at most $50.00 in a day"
    assert said["How often"] == "at most 3 in a day"
    assert {SCOPE.tool, SCOPE.requester, SCOPE.recipient, SCOPE.account} <= set(said.values())


def test_what_a_card_offers_covers_that_very_call() -> None:
    wanted = of_call(CALL, "ada@example.com")
    assert outside(wanted.scope, wanted.limits, CALL) == ""
    assert wanted.days <= 90


# ── what people type ─────────────────────────────────────────────────────────────────────


def test_a_whole_line_is_understood() -> None:
    said = (
        'tool=stripe.refund requester=ada@example.com recipient="cus 1" each=20.00 total=50.00'
        " currency=USD calls=3 per=week days=10"
    )
    assert understood(said) == Wanted(
        Scope("stripe.refund", "ada@example.com", "cus 1"), Limits(3, "week", 2_000, 5_000, "usd"), 10
    )


@pytest.mark.parametrize(
    "said",
    [
        "", "let ada do it", "each=20.00", "tool=x each=20.00", "tool=x each=a currency=usd",
        "tool=x each=20.001 currency=usd", "tool=x total=5 currency=usd",
        "tool=x each=20 total=10 currency=usd", "tool=x days=0", "tool=x days=91", "tool=x days=-3",
        "tool=x days=٣", "tool=x calls=0", "tool=x calls=10001", "tool=x per=year", "tool=x until=tomorrow",
        "tool=x until=2026-13-01", "tool=x until=20261201", "tool=x days=3 until=2026-12-01",
        "tool=x tool=y", "tool=x admin=yes", "tool=x and more", "tool=" + "x" * 3000,
    ],
)  # fmt: skip
def test_what_is_not_clear_is_refused_with_what_would_be_right(said: str) -> None:
    found = understood(said)
    assert isinstance(found, Unclear)
    assert found.because


@given(st.text(max_size=300))
def test_whatever_is_typed_is_answered(text: str) -> None:
    found = understood(text)
    assert isinstance(found, Unclear) or (0 < found.limits.calls <= 10_000 and 0 < found.days <= 90)


# ── the file ─────────────────────────────────────────────────────────────────────────────


def document(**rule: Any) -> dict[str, Any]:
    return {"rules": [{"name": "r", "outcome": "ask", "because": "x", **rule}]}


def test_a_policy_says_which_rule_may_be_granted() -> None:
    assert stored_policy(document(grantable=True)).grantable
    assert not stored_policy(document()).grantable


@pytest.mark.parametrize(
    "rule",
    [
        {"grantable": "yes"},
        {"grantable": True, "confidence_below": 0.5},
        {"grantable": True, "outcome": "deny"},
        {"grantable": True, "outcome": "may run alone"},
    ],
)
def test_what_can_never_be_granted_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(FlowError, match="grantable"):
        stored_policy(document(**rule))
