from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import policy as module
from flows.money import minor_units
from flows.policy import Outcome, Policy, Rule, judge
from flows.policy_file import load_policy
from tests.flows.builders import POLICY, ROOT, Card

SHIPPED = load_policy(ROOT / "flows" / "policy.yaml")
PAY, READ, WRITE, BURN = (
    Card("x.pay", "money"),
    Card("x.read"),
    Card("x.write", "write"),
    Card("x.burn", "destructive"),
)


def usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "usd"}


def ruled(*rules: Rule) -> Policy:
    return Policy("p", rules)


ALONE = Rule("all", Outcome.ALONE, "Anything goes.")


@pytest.mark.parametrize(
    ("tool", "arguments", "confidence", "outcome", "rule"),
    [
        (READ, {}, 1.0, Outcome.ALONE, "reading"),
        (READ, {}, None, Outcome.ALONE, "reading"),
        (WRITE, {}, 0.75, Outcome.ALONE, "writing"),
        (WRITE, {}, 0.7499, Outcome.ASK, "unsure"),
        (WRITE, {}, None, Outcome.ASK, "unsure"),
        (BURN, {}, 1.0, Outcome.ASK, "destroying"),
        (PAY, usd(0), 1.0, Outcome.ALONE, "small-amounts"),
        (PAY, usd(4999), 1.0, Outcome.ALONE, "small-amounts"),
        (PAY, usd(5000), 1.0, Outcome.ASK, "large-amounts"),
        (PAY, usd(5001), 1.0, Outcome.ASK, "large-amounts"),
        (PAY, usd(4999), 0.74, Outcome.ASK, "unsure"),
        (PAY, usd(4999), None, Outcome.ASK, "unsure"),
        (PAY, {"amount": 49, "currency": "jpy"}, 1.0, Outcome.ALONE, "small-amounts"),
        (PAY, {"amount": 50, "currency": "jpy"}, 1.0, Outcome.ASK, "large-amounts"),
        (PAY, {"amount": 50, "currency": "JPY"}, 1.0, Outcome.ASK, "large-amounts"),
        (PAY, {"amount": 49_999, "currency": "kwd"}, 1.0, Outcome.ALONE, "small-amounts"),
        (PAY, {"amount": 50_000, "currency": "kwd"}, 1.0, Outcome.ASK, "large-amounts"),
    ],
)
def test_the_shipped_policy_rules(
    tool: Card, arguments: Mapping[str, Any], confidence: float | None, outcome: Outcome, rule: str
) -> None:
    verdict = judge(SHIPPED, tool, arguments, confidence)
    assert (verdict.outcome, verdict.rule) == (outcome, rule)


def test_people_are_told_the_amount_the_limit_and_how_sure_we_are() -> None:
    assert judge(SHIPPED, PAY, usd(7800), 1.0).because == "$78.00 is at or above the limit of $50.00."
    assert judge(SHIPPED, PAY, usd(100), 0.62).because == "I am not sure that I understood this right."


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_strictest_rule_wins_wherever_it_stands(order: tuple[int, ...]) -> None:
    rules = (ALONE, Rule("ask", Outcome.ASK, ""), Rule("deny", Outcome.DENY, ""))
    assert judge(ruled(*(rules[at] for at in order)), PAY, usd(1), 1.0).rule == "deny"


@pytest.mark.parametrize("tool", [READ, WRITE, PAY, BURN])
def test_what_no_rule_speaks_of_is_asked(tool: Card) -> None:
    policy = ruled(Rule("other", Outcome.ALONE, "", tool="elsewhere.*"))
    assert judge(policy, tool, usd(1), 1.0) == module.Verdict(
        Outcome.ASK, "no-rule", "No rule allows this to run alone."
    )


@pytest.mark.parametrize(
    "arguments", [{}, {"amount": "12", "currency": "usd"}, {"amount": 12}, {"amount": 1.5, "currency": "usd"}]
)
def test_arguments_that_cannot_be_read_are_asked_about(arguments: Mapping[str, Any]) -> None:
    assert judge(ruled(ALONE), PAY, arguments, 1.0).outcome is Outcome.ASK


def test_what_is_denied_stays_denied_though_its_arguments_cannot_be_read() -> None:
    assert judge(ruled(ALONE, Rule("never", Outcome.DENY, "")), PAY, {}, 1.0).outcome is Outcome.DENY


class NoAmount(Card):
    def amount(self, arguments: Mapping[str, Any]) -> None:
        return None


def test_money_of_which_nobody_knows_how_much_is_asked_about() -> None:
    assert judge(ruled(ALONE), NoAmount("x.refund", "money"), {}, 1.0).rule == "no-amount"


def test_switched_off_no_tool_that_moves_money_runs_whatever_the_rules_say() -> None:
    off = replace(ruled(ALONE), money_tools=False)
    assert judge(off, PAY, usd(1), 1.0).outcome is Outcome.DENY
    assert judge(off, READ, {}, 1.0).outcome is Outcome.ALONE


@pytest.mark.twin
def test_without_the_switch_the_same_call_would_run() -> None:
    assert judge(replace(ruled(ALONE), money_tools=True), PAY, usd(1), 1.0).outcome is Outcome.ALONE


@pytest.mark.twin
def test_were_the_first_match_to_win_a_large_amount_would_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "max", lambda found, key, default: found[0], raising=False)
    assert judge(SHIPPED, PAY, usd(7800), 1.0).outcome is Outcome.ALONE


@pytest.mark.parametrize(("currency", "outcome"), [("usd", Outcome.ASK), ("eur", Outcome.ALONE)])
def test_a_rule_for_one_currency_is_silent_about_the_others(currency: str, outcome: Outcome) -> None:
    rule = Rule("dollars", Outcome.ASK, "", at_least="10", currency="usd")
    assert judge(ruled(ALONE, rule), PAY, {"amount": 2000, "currency": currency}, 1.0).outcome is outcome


def test_a_read_that_carries_data_out_can_be_asked_about() -> None:
    rule = Rule("out", Outcome.ASK, "It sends something out.", egress=True)
    assert judge(ruled(ALONE, rule), Card("web.fetch", egress=True), {}, 1.0).rule == "out"
    assert judge(ruled(ALONE, rule), Card("web.fetch"), {}, 1.0).rule == "all"


def test_a_pattern_names_tools_exactly() -> None:
    policy = ruled(ALONE, Rule("stripe", Outcome.DENY, "", tool="stripe.*"))
    assert judge(policy, Card("stripe.charge", "money"), usd(1), 1.0).outcome is Outcome.DENY
    assert judge(policy, Card("STRIPE.charge", "money"), usd(1), 1.0).outcome is Outcome.ALONE


# The loader refuses rules that would let more money or less certainty run alone.
limits = st.integers(0, 20_000).map(lambda minor: f"{minor // 100}.{minor % 100:02d}")
strict = st.sampled_from([Outcome.ASK, Outcome.DENY])
rules = st.one_of(
    st.builds(Rule, name=st.just("a"), outcome=st.sampled_from(Outcome), because=st.just("")),
    st.builds(Rule, name=st.just("b"), outcome=strict, because=st.just(""), at_least=limits),
    st.builds(
        Rule, name=st.just("c"), outcome=strict, because=st.just(""), confidence_below=st.floats(0.01, 1)
    ),
    st.builds(
        Rule,
        name=st.just("d"),
        outcome=strict,
        because=st.just(""),
        at_least=limits,
        confidence_below=st.floats(0.01, 1),
        currency=st.sampled_from(["", "usd", "jpy"]),
    ),
)
policies = st.lists(rules, max_size=5).map(lambda found: ruled(*found))
currencies = st.sampled_from(["usd", "jpy", "kwd"])
confidences = st.one_of(st.none(), st.floats(0, 1))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(policies, st.integers(0, 30_000), currencies, confidences, confidences)
def test_less_confidence_never_makes_it_laxer(
    policy: Policy, amount: int, currency: str, one: float | None, other: float | None
) -> None:
    less, more = sorted((one, other), key=lambda each: -1.0 if each is None else each)
    arguments = {"amount": amount, "currency": currency}
    assert judge(policy, PAY, arguments, less).outcome >= judge(policy, PAY, arguments, more).outcome


@settings(max_examples=200, deadline=None, derandomize=True)
@given(policies, st.integers(0, 30_000), st.integers(0, 30_000), currencies, confidences)
def test_more_money_never_makes_it_laxer(
    policy: Policy, one: int, other: int, currency: str, confidence: float | None
) -> None:
    less, more = (
        judge(policy, PAY, {"amount": each, "currency": currency}, confidence)
        for each in sorted((one, other))
    )
    assert more.outcome >= less.outcome


@settings(max_examples=200, deadline=None, derandomize=True)
@given(policies, st.integers(0, 30_000), currencies, confidences)
def test_it_never_raises_and_always_says_which_rule(
    policy: Policy, amount: int, currency: str, confidence: float | None
) -> None:
    assert judge(policy, PAY, {"amount": amount, "currency": currency}, confidence).rule


def test_fifty_is_reached_at_exactly_fifty_in_every_currency() -> None:
    for currency in ("usd", "jpy", "kwd", "isk", "ugx"):
        fifty = minor_units("50", currency)
        below = judge(POLICY, PAY, {"amount": fifty - 1, "currency": currency}, 1.0)
        at = judge(POLICY, PAY, {"amount": fifty, "currency": currency}, 1.0)
        assert (below.outcome, at.outcome) == (Outcome.ALONE, Outcome.ASK)
