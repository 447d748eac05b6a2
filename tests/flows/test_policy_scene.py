"""What a step makes of the policy: calls that do not fit, the weakest field on the card, rules in shadow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flows import policy_scene, policy_words
from flows.effects import AskApproval, Call, Shadowed
from flows.events import Entered
from flows.policy import Outcome, Policy, Rule, Unreadable, Verdict
from flows.policy_facts import Doubt
from flows.policy_match import Case
from flows.run import Run
from flows.scene import Known
from tests.flows.builders import KNOWN, POLICY, TOOLS, Card, advance, flow_of, of_kind, run_of, said

PAY = """
- id: pay
  type: tool
  call: desk.pay
  with: {amount: "{{ amount }}", currency: usd}
  rests_on: [items, budget]
  on_error: {invalid: odd}
- id: end
  type: end
- id: odd
  type: end
  status: failed
"""
FLOW = flow_of(PAY.replace('"{{ amount }}"', "100"))
UNSURE = Rule("unsure", Outcome.ASK, "I am only {confidence} sure that {doubt}.", confidence_below=0.75)
ALONE = Rule("all", Outcome.ALONE, "Fine.")


def with_rules(*rules: Rule, **fields: Any) -> Known:
    return Known(Policy("p", rules), TOOLS, **fields)


def sure(confidence: float, words: str) -> dict[str, Any]:
    return {"confidence": confidence, "words": words}


def run(**slots: Any) -> Run:
    return replace(run_of(FLOW), slots=slots)


def asked(run: Run, known: Known) -> AskApproval:
    _, effects = advance(FLOW, run, Entered(), known)
    [ask] = of_kind(effects, AskApproval)
    assert isinstance(ask, AskApproval)
    return ask


# ── the weakest field ────────────────────────────────────────────────────────────────────


def test_the_card_names_the_words_what_they_were_taken_for_and_the_field() -> None:
    items = [
        {"name": "Margherita", "quantity": 2, "options": []},
        {"name": "Cola", "quantity": 1, "options": []},
    ]
    heard = {"Margherita": sure(0.62, "a couple of margs"), "Cola": sure(0.9, "a cola")}
    ask = asked(run(items=items, sure_items=heard), with_rules(ALONE, UNSURE))
    assert ask.verdict.because == "I am only 62% sure that “a couple of margs” means 2 × Margherita (items)."
    assert (ask.words, ask.confidence) == ("a couple of margs", 0.62)


def test_of_several_fields_the_weakest_is_named() -> None:
    slots = {"items": "x", "sure_items": {"items": sure(0.7, "that")}, "budget": 50}
    ask = asked(run(**slots, sure_budget={"budget": sure(0.5, "fifty or so")}), with_rules(ALONE, UNSURE))
    assert ask.verdict.because == "I am only 50% sure that “fifty or so” means 50 (budget)."


def test_what_was_wanted_at_all_can_be_the_weakest() -> None:
    weak = replace(run(), route_confidence=0.6, route_words="get us something")
    because = asked(weak, with_rules(ALONE, UNSURE)).verdict.because
    assert because == "I am only 60% sure that “get us something” means /demo."


@pytest.mark.parametrize("words", ["{amount} {at_least}", "two\nlines", "x" * 500])
def test_what_somebody_said_stays_their_words_on_one_short_line(words: str) -> None:
    because = asked(run(sure_items={"items": sure(0.5, words)}), with_rules(ALONE, UNSURE)).verdict.because
    assert "\n" not in because
    assert len(because) < 200
    assert "$" not in because


def test_a_doubt_of_nothing_in_particular_is_said_plainly() -> None:
    assert Doubt().sentence == "I understood this right"
    assert Doubt("items", "a few").sentence == "I understood “a few” right (items)"


# ── arguments that do not fit ────────────────────────────────────────────────────────────

BROKEN = flow_of(PAY.replace('"{{ amount }}"', "lots"))


def test_what_does_not_fit_the_tool_fails_as_invalid_and_nobody_is_asked() -> None:
    flow = flow_of(PAY.replace('"{{ amount }}"', "lots").replace("  on_error: {invalid: odd}\n", "").replace(
        "- id: odd\n  type: end\n  status: failed\n", ""))  # fmt: skip
    after, effects = advance(flow, run_of(flow), Entered(), KNOWN)
    assert after.status == "failed"
    assert not of_kind(effects, AskApproval)
    assert not of_kind(effects, Call)
    assert said(effects) == [
        "What this flow gives to desk.pay does not fit it, so nothing was sent. Nothing was done."
    ]


def test_a_flow_can_go_elsewhere_where_its_arguments_do_not_fit() -> None:
    after, _ = advance(BROKEN, run_of(BROKEN), Entered(), KNOWN)
    assert (after.step, after.slots["error"]["code"]) == ("odd", "invalid")


def test_the_fields_that_do_not_fit_are_named_and_their_values_are_not() -> None:
    class Strict(Card):
        def amount(self, arguments: Any) -> tuple[int, str] | None:
            raise Unreadable(("amount", "lines.0.price"))

    known = Known(POLICY, {**TOOLS, "desk.pay": Strict("desk.pay", "money")})
    after, _ = advance(BROKEN, run_of(BROKEN), Entered(), known)
    sentence = after.slots["error"]["sentence"]
    assert "(amount, lines.0.price)" in sentence
    assert "lots" not in sentence


@pytest.mark.twin
def test_without_that_check_somebody_would_be_asked_about_what_nobody_can_draw(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(policy_scene, "UNREADABLE", "something else")
    _, effects = advance(BROKEN, run_of(BROKEN), Entered(), KNOWN)
    assert of_kind(effects, AskApproval)


# ── shadow ───────────────────────────────────────────────────────────────────────────────

TRIED = Rule("tried", Outcome.DENY, "Never.", shadow=True)


def test_a_rule_in_shadow_decides_nothing_and_is_noted() -> None:
    plain, effects = advance(FLOW, run(), Entered(), with_rules(ALONE))
    shadowed, others = advance(FLOW, run(), Entered(), with_rules(ALONE, TRIED))
    assert shadowed == plain
    [noted] = of_kind(others, Shadowed)
    assert tuple(each for each in others if each is not noted) == effects
    assert (noted.would.rule, noted.would.outcome, noted.decided.outcome) == (
        "tried",
        Outcome.DENY,
        Outcome.ALONE,
    )


def test_a_rule_in_shadow_that_would_change_nothing_is_not_noted() -> None:
    _, effects = advance(FLOW, run(), Entered(), with_rules(ALONE, replace(TRIED, outcome=Outcome.ALONE)))
    assert not of_kind(effects, Shadowed)


@pytest.mark.parametrize("outcome", [Outcome.ASK, Outcome.DENY])
def test_a_policy_in_shadow_is_noted_wherever_it_would_decide_otherwise(outcome: Outcome) -> None:
    other = Policy("p2", (Rule("other", outcome, "No."),), shadow=True)
    _, effects = advance(FLOW, run(), Entered(), with_rules(ALONE, shadow=other))
    [noted] = of_kind(effects, Shadowed)
    assert noted.would.outcome is outcome
    assert of_kind(effects, Call)


def test_what_is_denied_but_would_have_run_is_noted_too() -> None:
    other = Policy("p2", (ALONE,), shadow=True)
    after, effects = advance(FLOW, run(), Entered(), with_rules(replace(TRIED, shadow=False), shadow=other))
    assert after.status == "failed"
    [noted] = of_kind(effects, Shadowed)
    assert noted.would.outcome is Outcome.ALONE


def test_whoever_decides_for_another_reason_hears_of_the_weakest_field_too() -> None:
    doubt = Doubt("items", "a couple", "2 × Cola", "quantity")
    large = Verdict(Outcome.ASK, "large", "$96.00 is at or above the limit.")

    told = policy_scene._with_doubt(large, 0.62, doubt).because

    assert told == f"$96.00 is at or above the limit. {doubt.unsure}"
    assert doubt.unsure == "I am not sure about “quantity”: “a couple”. I took it to mean 2 × Cola."
    assert policy_scene._with_doubt(large, 0.95, doubt) == large
    assert policy_scene._with_doubt(replace(large, because=told), 0.62, doubt).because == told


def test_which_part_of_a_line_is_weak_is_told_where_it_can_be() -> None:
    sure = {"Large Cola": {"confidence": 0.6, "words": "x"}}
    assert policy_scene._part("a couple of colas", "Large Cola", sure) == "quantity"
    assert policy_scene._part("that fizzy thing", "Large Cola", sure) == "item"
    assert policy_scene._part("two large cola", "Large Cola", sure) == ""
    assert policy_scene._part("fifty", "budget", sure) == ""


@pytest.mark.parametrize("words", ["I am only {confidence} sure that {doubt}.", "{unsure}"])
def test_what_is_not_known_is_said_and_no_place_stands_open(words: str) -> None:
    rule = Rule("unsure", Outcome.ASK, words, confidence_below=0.75)
    said = policy_words.because(rule, Case("t", "write"), Doubt("items", "a couple"))

    assert said == "It is not known how sure I am that I understood “a couple” right (items)."
