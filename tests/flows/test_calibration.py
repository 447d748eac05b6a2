"""What counts as experience, how wrong things are in truth, and what a certificate hangs on."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from flows import calibration
from flows.calibration import Decision, Judged, audited, evidence_key, label_of, not_yet, weighted, what
from flows.calibration_rule import Learn
from flows.calibrator import MEANT, PLAIN, Calibrator, Decided, fit, from_json, to_json
from flows.features import NAMES, Before, Features, features, grounded
from flows.policy import Among, Outcome, Policy, Rule
from flows.run import Run
from tests.flows.builders import TOOLS, flow_of, run_of

LEARN = Learn(0.01, 0.9)
REFUNDS = Rule("refunds", Outcome.ASK, "It does not come back.", tool="desk.pay", learn=LEARN)
LARGE = Rule("large", Outcome.ASK, "Much.", risk=frozenset({"money", "write"}), at_least="50.00")
STEPS = """
- id: ask
  type: tool
  call: desk.write
  save: found
- id: pay
  type: tool
  call: desk.pay
  with: {amount: 100, currency: usd}
- id: end
  type: end
"""
FLOW = flow_of(STEPS)

# ── labels ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("decision", "label"), [
    (Decision("approved", 30.0), True),
    (Decision("used", 30.0), True),
    (Decision("rejected", 30.0), False),
    (Decision("approved", 30.0, edited=("amount",)), False),
    (Decision("expired", 30.0), None),
    (Decision("changed", None), False),
    (Decision("changed", 30.0, edited=("amount",)), False),
    (Decision("changed", 30.0, bulk=True), None),
    (Decision("expired", 30.0, edited=("amount",)), None),
    (Decision("withdrawn", 30.0), None),
    (Decision("void", 30.0), None),
    (Decision("pending", 30.0), None),
    (Decision("approved", 30.0, bulk=True), None),
    (Decision("rejected", 30.0, bulk=True), None),
    (Decision("approved", 1.9), None),
    (Decision("rejected", 1.9), None),
    (Decision("used", 0.0), None),
    (Decision("approved", -5.0), None),
    (Decision("approved", None), None),
    (Decision("approved", 2.0), True),
])  # fmt: skip
def test_what_was_judged_by_nobody_is_no_label(decision: Decision, label: bool | None) -> None:
    assert label_of(decision) is label


@pytest.mark.twin
def test_counting_instant_presses_too_certifies_what_nobody_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calibration, "GLANCE", float("-inf"))
    assert label_of(Decision("approved", 0.1)) is True


# ── audits, and the error of everything ─────────────────────────────────────────────────


@pytest.mark.parametrize("cut", [0.0, 0.3, 0.9, 0.999, 1.0])
@pytest.mark.parametrize("beyond", [0.0, 0.1, 0.5, 1.0])
def test_some_of_what_runs_alone_is_always_looked_at(cut: float, beyond: float) -> None:
    assert audited(cut + beyond * (1 - cut), cut) >= calibration.AUDITED > 0


def test_more_is_looked_at_just_above_the_bar() -> None:
    assert audited(0.91, 0.9) == calibration.AUDITED_NEAR > audited(0.99, 0.9) == calibration.AUDITED


@cache
def stream(seed: int, number: int = 5_000) -> tuple[list[Judged], float]:
    """What is asked about is judged always and wrong often; what ran alone seldom and seldom."""
    random = np.random.default_rng(seed)
    alone = random.random(number) < 0.8
    wrong = random.random(number) < np.where(alone, 0.005, 0.12)
    chance = np.where(alone, np.where(random.random(number) < 0.2, 0.3, 0.1), 1.0)
    judged = random.random(number) < chance
    found = [
        Judged(float(each), not bad if looked else None)
        for each, bad, looked in zip(chance, wrong, judged, strict=True)
    ]
    return found, float(wrong.mean())


def naive(judged: list[Judged]) -> float:
    labels = [each.right for each in judged if each.right is not None]
    return sum(not right for right in labels) / len(labels)


def test_the_weighted_error_is_within_half_a_point_of_the_truth_where_the_naive_is_off_by_more_than_two() -> (
    None
):
    off, plain = [], []
    for seed in range(40):
        judged, truth = stream(seed)
        estimate = weighted(judged)
        assert estimate is not None
        off.append(abs(estimate.error - truth))
        plain.append(abs(naive(judged) - truth))
    assert np.quantile(off, 0.9) <= 0.005
    assert np.mean(off) <= 0.0025
    assert min(plain) > 0.02


@pytest.mark.twin
def test_without_the_logged_chances_the_estimate_is_off_by_more_than_two_points() -> None:
    judged, truth = stream(1)
    estimate = weighted([replace(each, chance=1.0) for each in judged if each.right is not None])
    assert estimate is not None
    assert abs(estimate.error - truth) > 0.02


def test_the_spread_says_how_far_off_it_is() -> None:
    misses = 0
    for seed in range(40):
        judged, truth = stream(seed)
        estimate = weighted(judged)
        assert estimate is not None
        misses += abs(estimate.error - truth) > 3 * estimate.spread
    assert misses <= 3


def test_audits_that_nobody_answers_do_not_make_it_smaller() -> None:
    judged, truth = stream(3)
    random = np.random.default_rng(3)
    silent = [
        replace(each, right=None) if each.chance < 1 and random.random() < 0.5 else each for each in judged
    ]
    estimate = weighted(silent)
    assert estimate is not None
    assert abs(estimate.error - truth) < 0.01


def test_of_nothing_judged_nothing_is_estimated() -> None:
    assert weighted([Judged(0.1, None)]) is None
    assert weighted([]) is None


# ── what a certificate hangs on ─────────────────────────────────────────────────────────

RULES = (REFUNDS, LARGE)


def key(**changed: Any) -> str:
    parts: dict[str, Any] = {
        "model": "offline", "prompt": "p", "tool": "desk.pay 1", "flow": FLOW, "step": "pay", "rules": RULES,
    }  # fmt: skip
    return evidence_key(**{**parts, **changed})


@pytest.mark.parametrize("changed", [
    {"model": "openai:other"},
    {"prompt": "another"},
    {"tool": "desk.pay 2"},
    {"flow": flow_of(STEPS.replace("amount: 100", "amount: 200"))},
    {"step": "ask"},
    {"rules": (REFUNDS,)},
    {"rules": (REFUNDS, replace(LARGE, at_least="500.00"))},
    {"rules": (replace(REFUNDS, tool="desk.*"), LARGE)},
    {"rules": (replace(REFUNDS, recipient=Among(("a",))), LARGE)},
], ids=["model", "prompt", "tool", "flow", "step", "fewer", "amount", "pattern", "recipient"])  # fmt: skip
def test_a_change_of_model_prompt_tool_step_or_rules_is_other_evidence(changed: dict[str, Any]) -> None:
    assert key(**changed) != key()


@pytest.mark.parametrize("changed", [
    {},
    {"flow": flow_of(STEPS.replace("save: found", "save: other"))},
    {"rules": (replace(REFUNDS, because="Other words."), LARGE)},
    {"rules": (replace(REFUNDS, learn=Learn(0.02, 0.95)), LARGE)},
], ids=["nothing", "another step", "words", "what is promised"])  # fmt: skip
def test_other_words_and_other_steps_leave_the_evidence_as_it_is(changed: dict[str, Any]) -> None:
    assert key(**changed) == key()


def test_the_key_does_not_hang_on_the_order_in_which_a_set_is_walked() -> None:
    one = replace(LARGE, risk=frozenset(["money", "write"]))
    other = replace(LARGE, risk=frozenset(["write", "money"]))
    assert key(rules=(one,)) == key(rules=(other,))
    assert "frozenset" not in str(calibration._spelled({"risk": one.risk}))


# ── in words ─────────────────────────────────────────────────────────────────────────────


def test_it_is_said_up_to_which_amount() -> None:
    policy = Policy("p", (LARGE, replace(LARGE, name="huge", at_least="500.00"), REFUNDS))
    assert what(policy, REFUNDS, "desk.pay", "money") == "refunds under $50.00"


def test_without_another_rule_about_amounts_none_is_said() -> None:
    assert what(Policy("p", (REFUNDS,)), REFUNDS, "desk.pay", "money") == "refunds"
    banded = replace(LARGE, requester=Among(("x",)))
    assert what(Policy("p", (REFUNDS, banded)), REFUNDS, "desk.pay", "money") == "refunds"


def test_how_far_it_is_counts_what_was_wrong() -> None:
    assert not_yet("refunds", 37, 0, LEARN) == "refunds: 37 of about 230 decisions"
    assert not_yet("refunds", 37, 1, LEARN) == "refunds: 37 of about 388 decisions"
    assert "12 of them wrong (3 %)" in not_yet("refunds", 400, 12, LEARN) or "of about" in not_yet(
        "refunds", 400, 12, LEARN
    )


def test_the_promise_is_said_as_it_was_wanted() -> None:
    assert LEARN.words == "error ≤ 1 % with 90 % confidence"


# ── features ─────────────────────────────────────────────────────────────────────────────


def run(**fields: Any) -> Run:
    return replace(run_of(FLOW), **fields)


def seen(run: Run, arguments: dict[str, Any], confidence: float | None = 0.9, **before: Any) -> Features:
    return features(FLOW, run, arguments, confidence, Before(**before), readable=True)


def test_values_that_the_person_said_or_a_service_named_are_grounded() -> None:
    said = run(
        route_words="refund order 17",
        slots={"sure_order": {"17": {"words": "order 17", "confidence": 1}}, "found": {"customer": "cus_9"}},
    )
    assert seen(said, {"order": "17", "customer": "cus_9"}).grounded == 1.0
    assert seen(said, {"order": "17", "customer": "cus_evil"}).grounded == 0.5
    assert seen(said, {"order": "1"}).grounded == 0.0


def test_a_slot_that_no_tool_filled_grounds_nothing() -> None:
    assert seen(run(slots={"guess": "cus_9"}), {"customer": "cus_9"}).grounded == 0.0


def test_what_has_no_values_is_grounded() -> None:
    assert grounded({}, "") == 1.0
    assert grounded({"a": ""}, "") == 1.0


@pytest.mark.parametrize(("changed", "name"), [
    ({"route_confidence": 0.2}, "route"),
    ({"entries": {"ask": 3, "pay": 1}}, "straight"),
    ({"trouble": 2}, "straight"),
    ({"trouble": 2}, "in_scope"),
])  # fmt: skip
def test_less_to_rely_on_is_less_of_a_feature(changed: dict[str, Any], name: str) -> None:
    assert getattr(seen(run(**changed), {}), name) < getattr(seen(run(), {}), name)


def test_not_knowing_how_sure_it_is_is_as_unsure_as_can_be() -> None:
    assert seen(run(), {}, None).weakest == 0.0


def test_what_was_decided_before_about_a_person_is_drawn_to_the_middle() -> None:
    assert seen(run(), {}).history == 0.5
    assert seen(run(), {}, right=8).history == 0.9
    assert seen(run(), {}, wrong=8).history == 0.1
    assert seen(run(), {}, new_recipient=True).familiar == 0.0


def test_every_feature_is_between_nothing_and_one() -> None:
    odd = run(route_confidence=7.0, entries={"a": 1_000}, trouble=99)
    values = seen(odd, {"deep": [{"x": [1, 2, {"y": "z"}]}] * 400}, -3.0).values
    assert len(values) == len(NAMES)
    assert all(0 <= value <= 1 for value in values)


# ── the calibrator ───────────────────────────────────────────────────────────────────────


def decisions(
    seed: int, number: int, tool: str = "a", *, weight: float = 4.0, base: float = 0.0
) -> list[Decided]:
    random = np.random.default_rng(seed)
    rows = random.random((number, len(NAMES)))
    chance = 1 / (1 + np.exp(-(base + weight * (rows[:, 1] - 0.5))))
    right = random.random(number) < chance
    return [Decided(tool, tuple(map(float, row)), bool(each)) for row, each in zip(rows, right, strict=True)]


def test_it_finds_the_feature_that_matters() -> None:
    found = fit(decisions(1, 1_500))
    weights = found.tools["a"][1:]
    assert NAMES[max(range(len(weights)), key=weights.__getitem__)] == "weakest"
    assert weights[1] == pytest.approx(4.0, abs=0.8)


def test_what_it_says_is_what_comes_true() -> None:
    found = fit(decisions(2, 2_000))
    fresh = decisions(3, 2_000)
    scores = np.array([found.score("a", each.values) for each in fresh])
    right = np.array([each.right for each in fresh])
    for low in (0.1, 0.3, 0.5, 0.7):
        inside = (scores >= low) & (scores < low + 0.2)
        assert abs(scores[inside].mean() - right[inside].mean()) < 0.08


def test_eight_decisions_about_a_tool_do_not_give_it_slopes_of_its_own() -> None:
    found = fit([*decisions(4, 1_200), *decisions(5, 8, "b", weight=-9.0)])
    pooled, own = np.array(found.pooled[1:]), np.array(found.tools["b"][1:])
    assert np.abs(own - pooled).max() < 0.25


@pytest.mark.twin
def test_without_the_pull_eight_decisions_would_turn_the_slopes_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("flows.calibrator.PULL", 0.01)
    found = fit([*decisions(4, 1_200), *decisions(5, 8, "b", weight=-9.0)])
    assert np.abs(np.array(found.tools["b"][1:]) - np.array(found.pooled[1:])).max() > 2


def test_many_decisions_about_a_tool_do() -> None:
    found = fit([*decisions(4, 900), *decisions(5, 900, "b", weight=-4.0)])
    assert found.tools["a"][2] > 1
    assert found.tools["b"][2] < -1


def test_of_a_tool_that_nothing_is_known_of_the_others_are_told() -> None:
    found = fit(decisions(6, 500))
    values = (0.5,) * len(NAMES)
    assert found.score("new", values) == Calibrator(found.pooled).score("a", values)


def test_the_same_decisions_make_the_same_weights() -> None:
    assert fit(decisions(7, 300)) == fit(decisions(7, 300))


@pytest.mark.parametrize("right", [True, False])
def test_where_all_were_alike_it_stays_finite(right: bool) -> None:
    rows = [Decided("a", (1.0,) * len(NAMES), right)] * 400
    score = fit(rows).score("a", (1.0,) * len(NAMES))
    assert (score > 0.9) if right else (score < 0.1)


def test_before_anything_is_known_less_doubt_is_a_higher_score() -> None:
    assert fit([]) is PLAIN
    one, other = (1.0,) * len(NAMES), (0.5, *(1.0,) * (len(NAMES) - 1))
    assert PLAIN.score("a", one) > PLAIN.score("a", other)
    assert PLAIN.doubted("a", other) == "route"


def test_it_is_the_same_after_it_was_kept() -> None:
    found = fit(decisions(8, 200))
    assert from_json(to_json(found)) == found


@pytest.mark.parametrize("raw", [{}, {"pooled": [1.0]}, {"pooled": list(MEANT), "tools": {"a": [1.0, 2.0]}}])
def test_weights_of_an_older_version_count_for_nothing(raw: dict[str, Any]) -> None:
    assert from_json(raw) == PLAIN


def test_the_tools_of_these_tests_are_there() -> None:
    assert {"desk.pay", "desk.write"} <= set(TOOLS)
