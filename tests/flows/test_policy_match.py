"""What each field of a rule looks at; what cannot be told never lets a call run alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows import policy_match
from flows.duty import Duty, Group
from flows.policy import About, Among, Limit, Outcome, Policy, Rule, When, judge
from flows.policy_facts import Facts, Past, from_json, to_json
from flows.policy_match import Case, weight
from tests.flows.builders import Card

PAY = Card("shop.pay", "money")
ALONE = Rule("all", Outcome.ALONE, "Anything goes.")
GROUPS = Duty({"finance": Group(("ada@example.com",)), "interns": Group(("ian@example.com",))})
ZONE = "Europe/Berlin"
NOBODY = About()


def usd(amount: int, to: str = "cus_1", currency: str = "usd") -> dict[str, Any]:
    return {"amount": amount, "currency": currency, "to": to}


def outcome(rule: Rule, arguments: dict[str, Any], about: About = NOBODY, confidence: float = 1.0) -> Outcome:
    return judge(Policy("p", (ALONE, rule), duty=GROUPS), PAY, arguments, confidence, about).outcome


def ask(**fields: Any) -> Rule:
    return Rule("ask", Outcome.ASK, "Because.", **fields)


def deny(**fields: Any) -> Rule:
    return Rule("deny", Outcome.DENY, "Never.", **fields)


def at(local: str) -> About:
    return About(facts=Facts({ZONE: local}))


def with_past(**fields: Any) -> About:
    return About("ada@example.com", "k", Facts({}, {"k": Past(**fields)}))


# ── amounts and currencies ───────────────────────────────────────────────────────────────

BOTH = (("eur", "46.00"), ("usd", "50.00"))


@pytest.mark.parametrize(("amount", "currency", "expected"), [
    (4_999, "usd", Outcome.ALONE), (5_000, "usd", Outcome.ASK), (4_599, "eur", Outcome.ALONE),
    (4_600, "eur", Outcome.ASK), (1, "jpy", Outcome.ASK), (1, "gbp", Outcome.ASK),
    (4_600, "EUR", Outcome.ASK),
])  # fmt: skip
def test_amounts_in_several_currencies_are_never_compared_across_them(
    amount: int, currency: str, expected: Outcome
) -> None:
    assert outcome(ask(at_least=BOTH), usd(amount, currency=currency)) is expected


def test_what_cannot_be_compared_is_asked_about_even_by_a_rule_that_denies() -> None:
    verdict = judge(Policy("p", (ALONE, deny(at_least=BOTH))), PAY, usd(5, currency="jpy"), 1.0)
    assert verdict.outcome is Outcome.ASK
    assert verdict.because == "¥5 cannot be compared with the amounts of “deny”, which are in EUR and USD."


@pytest.mark.twin
def test_were_it_compared_as_a_number_a_small_limit_would_let_yen_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(policy_match, "bound", lambda value, currency: 5_000)
    assert outcome(ask(at_least=BOTH), usd(4_999, currency="jpy")) is Outcome.ALONE


@pytest.mark.parametrize(("amount", "expected"), [
    (999, Outcome.ALONE), (1_000, Outcome.ASK), (4_999, Outcome.ASK), (5_000, Outcome.ALONE),
])  # fmt: skip
def test_a_band_holds_from_its_lower_edge_to_below_its_upper(amount: int, expected: Outcome) -> None:
    assert outcome(ask(at_least="10", below="50"), usd(amount)) is expected


@pytest.mark.parametrize(("amount", "expected"), [(4_999, Outcome.ALONE), (5_000, Outcome.ASK)])
def test_alone_below_an_amount_and_asked_from_it_on(amount: int, expected: Outcome) -> None:
    small = replace(ALONE, below=(("usd", "50.00"),))
    assert judge(Policy("p", (small,)), PAY, usd(amount), 1.0).outcome is expected


def test_a_currency_that_a_loosening_rule_does_not_name_does_not_run_alone() -> None:
    small = replace(ALONE, below=(("usd", "50.00"),))
    assert judge(Policy("p", (small,)), PAY, usd(1, currency="eur"), 1.0).outcome is Outcome.ASK


# ── who asks ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("named", "email", "matches"), [
    ("finance", "ada@example.com", True), ("finance", "ADA@Example.com", True),
    ("finance", "bo@example.com", False),
    ("@example.com", "bo@example.com", True), ("@example.com", "bo@EXAMPLE.com", True),
    ("@example.com", "bo@evil-example.com", False), ("@example.com", "bo@example.com.evil.org", False),
    ("bo@example.com", "bo@example.com", True), ("bo@example.com", "jobo@example.com", False),
    ("interns", "ada@example.com", False), ("nobody", "ada@example.com", False),
])  # fmt: skip
def test_people_are_named_by_group_domain_or_address(named: str, email: str, matches: bool) -> None:
    expected = Outcome.DENY if matches else Outcome.ALONE
    assert outcome(deny(requester=Among(any_of=(named,))), usd(1), About(email)) is expected
    other = Outcome.ALONE if matches else Outcome.DENY
    assert outcome(deny(requester=Among(none_of=(named,))), usd(1), About(email)) is other


@pytest.mark.parametrize(
    "among", [Among(any_of=("finance",)), Among(none_of=("finance",)), Among(("@a.b",), ("c",))]
)
def test_of_whom_nobody_knows_the_address_a_rule_asks_and_none_loosens(among: Among) -> None:
    assert outcome(deny(requester=among), usd(1), About("")) is Outcome.ASK
    only = replace(ALONE, requester=among)
    assert judge(Policy("p", (only,), duty=GROUPS), PAY, usd(1), 1.0, About("")).outcome is Outcome.ASK


# ── whom it reaches ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("among", "to", "expected"), [
    (Among(any_of=("cus_*",)), "cus_1", Outcome.DENY), (Among(any_of=("cus_*",)), "CUS_1", Outcome.DENY),
    (Among(any_of=("cus_*",)), "pi_1", Outcome.ALONE), (Among(none_of=("cus_1",)), "cus_1", Outcome.ALONE),
    (Among(none_of=("cus_1",)), "cus_2", Outcome.DENY), (Among(none_of=("cus_1",)), "", Outcome.ASK),
    (Among(any_of=("cus_1",)), "", Outcome.ASK),
])  # fmt: skip
def test_a_recipient_is_matched_by_patterns_and_one_that_cannot_be_told_is_asked_about(
    among: Among, to: str, expected: Outcome
) -> None:
    assert outcome(deny(recipient=among), usd(1, to=to)) is expected


def test_what_reaches_nobody_in_particular_is_no_matter_of_recipients() -> None:
    assert weight(deny(recipient=Among(none_of=("x",))), Case("a.b", "write", recipient=None)) is None


# ── when ─────────────────────────────────────────────────────────────────────────────────

WEEKEND = frozenset({"sat", "sun"})


@pytest.mark.parametrize(("when", "local", "matches"), [
    (When(ZONE, WEEKEND), "sun 2026-11-22 23:00", True), (When(ZONE, WEEKEND), "mon 2026-11-23 00:00", False),
    (When(ZONE, hours=(540, 1020)), "mon 2026-11-23 09:00", True),
    (When(ZONE, hours=(540, 1020)), "mon 2026-11-23 08:59", False),
    (When(ZONE, hours=(540, 1020)), "mon 2026-11-23 17:00", False),
    (When(ZONE, hours=(1320, 360)), "mon 2026-11-23 22:00", True),
    (When(ZONE, hours=(1320, 360)), "mon 2026-11-23 05:59", True),
    (When(ZONE, hours=(1320, 360)), "mon 2026-11-23 06:00", False),
    (When(ZONE, frozenset({"fri"}), (1320, 360)), "sat 2026-11-28 02:00", True),
    (When(ZONE, frozenset({"fri"}), (1320, 360)), "fri 2026-11-27 02:00", False),
    (When(ZONE, frozenset({"sun"}), (1320, 360)), "mon 2026-11-23 02:00", True),
])  # fmt: skip
def test_hours_and_days_are_those_of_the_rules_place(when: When, local: str, matches: bool) -> None:
    assert outcome(deny(when=when), usd(1), at(local)) is (Outcome.DENY if matches else Outcome.ALONE)


def test_without_a_clock_it_is_asked_about() -> None:
    assert outcome(deny(when=When(ZONE)), usd(1)) is Outcome.ASK


# ── what was done before ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("what", ["tool", "recipient"])
def test_a_first_time_matches_and_a_second_does_not(what: Any) -> None:
    rule = ask(first_time=what)
    assert outcome(rule, usd(1), with_past(**{f"first_{what}": True})) is Outcome.ASK
    assert outcome(rule, usd(1), with_past()) is Outcome.ALONE
    assert outcome(rule, usd(1)) is Outcome.ASK


@pytest.mark.parametrize(("used", "amount", "expected"), [
    (0, 20_000, Outcome.ALONE), (0, 20_001, Outcome.ASK), (19_999, 1, Outcome.ALONE),
    (19_999, 2, Outcome.ASK),
    (20_000, 0, Outcome.ALONE), (20_001, 0, Outcome.ASK),
])  # fmt: skip
def test_a_limit_counts_what_was_used_and_this_call(used: int, amount: int, expected: Outcome) -> None:
    rule = ask(limit=Limit("day", "requester", amount=(("usd", "200.00"),)))
    assert outcome(rule, usd(amount), with_past(used={rule.scope: (used, 9)})) is expected


@pytest.mark.parametrize(("used", "expected"), [(9, Outcome.ALONE), (10, Outcome.ASK)])
def test_a_limit_of_calls_counts_this_one_too(used: int, expected: Outcome) -> None:
    rule = ask(limit=Limit("hour", "tool", calls=10))
    assert outcome(rule, usd(1), with_past(used={rule.scope: (0, used)})) is expected


def test_of_an_unknown_past_a_limit_asks_and_assumed_it_does_not() -> None:
    rule = deny(limit=Limit("hour", "tool", calls=10))
    assert outcome(rule, usd(1)) is Outcome.ASK
    assert outcome(rule, usd(1), About(facts=Facts(assume=True))) is Outcome.ALONE


# ── for any policy ───────────────────────────────────────────────────────────────────────

amounts = st.one_of(st.just(""), st.just("50"), st.just(BOTH))
amongs = st.sampled_from([Among(), Among(("finance",)), Among((), ("finance",)), Among(("@example.com",))])
limits = st.sampled_from([None, Limit("day", "requester", amount=BOTH), Limit("hour", "tool", calls=3)])
whens = st.sampled_from([None, When(ZONE, WEEKEND), When(ZONE, hours=(1320, 360))])
common = {
    "because": st.just("Because."), "tool": st.sampled_from(["*", "shop.*", "shop.pay", "other.*"]),
    "risk": st.sampled_from([frozenset[str](), frozenset({"money"}), frozenset({"read"})]),
    "requester": amongs, "when": whens,
    "recipient": st.sampled_from([Among(), Among(("cus_*",)), Among((), ("cus_1",))]),
}  # fmt: skip
strict = st.builds(
    Rule, name=st.sampled_from("abc"), outcome=st.sampled_from([Outcome.ASK, Outcome.DENY]),
    at_least=amounts, first_time=st.sampled_from(["", "tool", "recipient"]), limit=limits,
    confidence_below=st.one_of(st.none(), st.floats(0.01, 1)), **common,
)  # fmt: skip
loose = st.builds(Rule, name=st.sampled_from("xyz"), outcome=st.just(Outcome.ALONE), below=amounts, **common)
rules = st.one_of(strict, loose)
policies = st.lists(rules, max_size=6).map(lambda found: Policy("p", tuple(found), duty=GROUPS))
pasts = st.builds(
    Past, st.booleans(), st.booleans(),
    st.dictionaries(st.sampled_from(["day requester *", "day requester shop.*"]), st.just((9_000, 2))),
)  # fmt: skip
abouts = st.builds(
    About, email=st.sampled_from(["", "ada@example.com", "eve@evil.org"]), key=st.just("k"),
    facts=st.builds(
        Facts, clocks=st.sampled_from([{}, {ZONE: "sun 2026-11-22 23:00"}, {ZONE: "mon 2026-11-23 12:00"}]),
        past=st.one_of(st.just({}), pasts.map(lambda each: {"k": each})), assume=st.booleans(),
    ),
)  # fmt: skip
calls = st.builds(
    usd,
    st.integers(0, 30_000),
    to=st.sampled_from(["", "cus_1", "pi_1"]),
    currency=st.sampled_from(["usd", "eur", "jpy"]),
)
sure = st.one_of(st.none(), st.floats(0, 1))


@settings(max_examples=80, deadline=None)
@given(policies, rules, calls, sure, abouts)
def test_adding_a_rule_that_is_strict_never_loosens_and_one_that_is_loose_never_beats_a_strict_one(
    policy: Policy, rule: Rule, call: dict[str, Any], confidence: float | None, about: About
) -> None:
    before = judge(policy, PAY, call, confidence, about)
    after = judge(replace(policy, rules=(*policy.rules, rule)), PAY, call, confidence, about)
    if rule.outcome is Outcome.ALONE:
        # It can only take the place of “no rule allows it”.
        assert after.outcome >= before.outcome or before.rule == "no-rule"
    elif before.rule != "no-rule":
        assert after.outcome >= before.outcome


@settings(max_examples=80, deadline=None)
@given(policies, calls, sure, abouts, st.randoms(use_true_random=False))
def test_the_order_of_rules_never_matters(
    policy: Policy, call: dict[str, Any], confidence: float | None, about: About, random: Any
) -> None:
    mixed = list(policy.rules)
    random.shuffle(mixed)
    again = judge(replace(policy, rules=tuple(mixed)), PAY, call, confidence, about)
    assert again.outcome is judge(policy, PAY, call, confidence, about).outcome


@settings(max_examples=80, deadline=None)
@given(policies, calls, sure, sure, abouts)
def test_less_confidence_never_loosens_any_policy(
    policy: Policy, call: dict[str, Any], one: float | None, other: float | None, about: About
) -> None:
    less, more = sorted((one, other), key=lambda each: -1.0 if each is None else each)
    assert judge(policy, PAY, call, less, about).outcome >= judge(policy, PAY, call, more, about).outcome


@settings(max_examples=80, deadline=None)
@given(policies, calls, sure, abouts)
def test_knowing_less_never_lets_a_call_run_alone(
    policy: Policy, call: dict[str, Any], confidence: float | None, about: About
) -> None:
    if judge(policy, PAY, call, confidence, About()).outcome is Outcome.ALONE:
        assert judge(policy, PAY, call, confidence, about).outcome is Outcome.ALONE


@settings(max_examples=40, deadline=None)
@given(abouts)
def test_facts_come_back_from_where_they_are_kept(about: About) -> None:
    assert from_json(to_json(about.facts)) == about.facts
