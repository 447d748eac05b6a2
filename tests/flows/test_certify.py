"""The bounds are exact, and a certificate is wrong no more often than it says."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest

from flows.certify import Seen, at_most, certify, incomplete_beta, lower, numbers, price, upper
from tests.flows.approvers import decided, peeking, pool, true_error, violations

CONFIDENCE = 0.9


def exact(wrong: int, of: int, error: float) -> float:
    """By adding up fractions, which rounds nowhere."""
    top, bottom = Fraction(error).as_integer_ratio()
    parts = sum(comb(of, at) * top**at * (bottom - top) ** (of - at) for at in range(wrong + 1))
    return float(Fraction(parts, bottom**of))


# ── the bounds ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("of", [1, 2, 3, 7, 20, 45, 114, 230])
@pytest.mark.parametrize("error", [0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.99])
def test_the_chance_of_so_few_wrong_is_exact_to_ten_places(of: int, error: float) -> None:
    for wrong in sorted({0, 1, of // 3, of // 2, of - 1}):
        assert at_most(wrong, of, error) == pytest.approx(exact(wrong, of, error), abs=1e-10)


@pytest.mark.parametrize(("x", "a", "b", "value"), [
    (0.5, 1, 1, 0.5), (0.25, 1, 1, 0.25), (0.5, 2, 2, 0.5), (0.3, 2, 1, 0.09), (0.3, 1, 2, 0.51),
    (0.5, 5, 5, 0.5), (0.2, 3, 3, 0.05792), (0.9, 2, 3, 0.9963), (0.0, 2, 3, 0.0), (1.0, 2, 3, 1.0),
])  # fmt: skip
def test_the_regularised_beta_has_the_values_that_are_known(
    x: float, a: float, b: float, value: float
) -> None:
    assert incomplete_beta(x, a, b) == pytest.approx(value, abs=1e-10)


@pytest.mark.parametrize("x", [0.01, 0.1, 0.37, 0.5, 0.81, 0.999])
@pytest.mark.parametrize(("a", "b"), [(1, 2), (2, 300), (300, 2), (40, 41), (0.5, 0.5), (1000, 1000)])
def test_both_ends_of_the_beta_make_one(x: float, a: float, b: float) -> None:
    assert incomplete_beta(x, a, b) + incomplete_beta(1 - x, b, a) == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize(("error", "decisions"), [(0.05, 45), (0.02, 114), (0.01, 230), (0.005, 460)])
def test_without_a_mistake_a_promise_at_ninety_percent_costs_so_many_decisions(
    error: float, decisions: int
) -> None:
    assert price(error, CONFIDENCE) == decisions


@pytest.mark.parametrize(("error", "decisions"), [(0.05, 59), (0.02, 149), (0.01, 299), (0.005, 598)])
def test_and_so_many_at_ninety_five(error: float, decisions: int) -> None:
    assert price(error, 0.95) == decisions


@pytest.mark.parametrize("wrong", range(6))
@pytest.mark.parametrize("error", [0.005, 0.01, 0.02, 0.05, 0.2])
def test_a_price_is_the_first_number_for_which_the_bound_holds(error: float, wrong: int) -> None:
    number = price(error, CONFIDENCE, wrong)
    assert upper(wrong, number, CONFIDENCE) <= error < upper(wrong, number - 1, CONFIDENCE)


@pytest.mark.parametrize(("wrong", "of"), [(0, 10), (1, 10), (3, 50), (10, 230), (229, 230)])
@pytest.mark.parametrize("confidence", [0.8, 0.9, 0.99])
def test_the_bounds_are_where_the_chance_is_what_is_left_to_it(
    wrong: int, of: int, confidence: float
) -> None:
    assert at_most(wrong, of, upper(wrong, of, confidence)) == pytest.approx(1 - confidence, abs=1e-9)
    below = lower(wrong, of, confidence)
    if wrong:
        assert 1 - at_most(wrong - 1, of, below) == pytest.approx(1 - confidence, abs=1e-9)
    assert below <= wrong / of <= upper(wrong, of, confidence)


def test_where_all_is_wrong_or_nothing_was_seen_nothing_is_promised() -> None:
    assert upper(5, 5, CONFIDENCE) == 1.0
    assert upper(0, 0, CONFIDENCE) == 1.0
    assert lower(0, 10, CONFIDENCE) == 0.0
    assert lower(0, 0, CONFIDENCE) == 0.0


# ── the walk ─────────────────────────────────────────────────────────────────────────────


def seen(*labels: bool) -> list[Seen]:
    """The surest first."""
    return [Seen(1 - at / 10_000, right) for at, right in enumerate(labels)]


def test_too_few_decisions_are_no_certificate() -> None:
    assert certify(seen(*[True] * 229), 0.01, CONFIDENCE) is None


def test_as_many_as_it_costs_are_one() -> None:
    found = certify(seen(*[True] * 230), 0.01, CONFIDENCE)
    assert found is not None
    assert (found.of, found.wrong) == (230, 0)
    assert found.bound <= 0.01


@pytest.mark.parametrize("at", [0, 100, 229])
def test_one_mistake_among_so_few_is_too_many(at: int) -> None:
    labels = [True] * 230
    labels[at] = False
    assert certify(seen(*labels), 0.01, CONFIDENCE) is None


def test_the_cut_is_above_where_the_mistakes_begin() -> None:
    found = certify(seen(*[True] * 600, *[False, True] * 200), 0.01, CONFIDENCE)
    assert found is not None
    assert 300 <= found.of <= 640
    assert found.cut >= 1 - 640 / 10_000


def test_after_a_cut_that_fails_no_looser_one_is_looked_at() -> None:
    """Mistakes in the middle, and so many right ones after them that the bound would hold again."""
    labels = [True] * 500 + [False] * 12 + [True] * 1_500
    found = certify(seen(*labels), 0.01, CONFIDENCE)
    assert found is None or found.of <= 700
    assert peeking(seen(*labels), 0.01, CONFIDENCE) is not None
    assert peeking(seen(*labels), 0.01, CONFIDENCE).of > 1_500  # type: ignore[union-attr]  # asserted above


def test_equal_scores_are_never_torn_apart() -> None:
    same = [Seen(0.9, True)] * 300 + [Seen(0.5, True)] * 100
    assert set(numbers([each.score for each in same], 0.01, CONFIDENCE)) == {300, 400}


def test_which_cuts_are_looked_at_follows_from_scores_and_not_from_labels() -> None:
    scores = [1 - at / 1_000 for at in range(1_000)]
    found = list(numbers(scores, 0.01, CONFIDENCE))
    assert found[0] == 334
    assert found[-1] == 1_000
    assert found == sorted(set(found))


def test_the_order_in_which_decisions_came_does_not_matter() -> None:
    random = np.random.default_rng(5)
    these = decided(random, pool(random, 3_000, 0.001, 0.05), 1_000)
    other = [these[at] for at in random.permutation(len(these))]
    assert certify(these, 0.02, CONFIDENCE) == certify(other, 0.02, CONFIDENCE)


@pytest.mark.parametrize("error", [0.01, 0.02, 0.05])
@pytest.mark.parametrize("number", [50, 120, 231, 500])
def test_a_certificate_always_keeps_its_own_bound(error: float, number: int) -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        found = certify(decided(random, pool(random, 2_000, 0.0, 0.1), number), error, CONFIDENCE)
        if found is not None:
            assert found.bound <= error + 1e-12
            assert upper(found.wrong, found.of, CONFIDENCE) == pytest.approx(found.bound)


# ── how often it is wrong ────────────────────────────────────────────────────────────────

JUST_TOO_MANY = {"best": 0.0204, "worst": 0.0204}  # wherever one cuts, slightly more than 2 %


@pytest.mark.parametrize("worst", [0.03, 0.12])
def test_of_300_resplits_at_most_one_in_ten_promises_too_much(worst: float) -> None:
    found = violations(1, 300, 0.02, CONFIDENCE, worst=worst)
    assert found.certified >= 200
    assert found.share <= 0.1


def test_neither_where_every_cut_is_slightly_too_bad() -> None:
    assert violations(2, 300, 0.02, CONFIDENCE, **JUST_TOO_MANY).share <= 0.1


@pytest.mark.twin
def test_whoever_looks_at_every_cut_and_takes_the_loosest_promises_too_much_much_more_often() -> None:
    assert violations(2, 300, 0.02, CONFIDENCE, way=peeking, **JUST_TOO_MANY).share > 0.2


def test_approvers_who_reject_what_is_right_cost_certificates_and_never_safety() -> None:
    clean = violations(3, 100, 0.02, CONFIDENCE)
    noisy = violations(3, 100, 0.02, CONFIDENCE, false_alarms=0.01)
    assert noisy.certified < clean.certified
    assert noisy.share <= 0.1


def test_approvers_who_wave_through_one_in_four_wrong_ones_promise_for_themselves_and_not_for_the_truth() -> (
    None
):
    """What is certified is how often approvers say no. With misses the truth is worse by that share."""
    random = np.random.default_rng(4)
    calls = pool(random, 6_000, 0.001, 0.12)
    over, beyond = 0, 0
    for _ in range(100):
        judged = (random.random(6_000) < calls.chance) & (random.random(6_000) >= 0.25)
        found = certify(decided(random, calls, 1_500, judged), 0.02, CONFIDENCE)
        true = true_error(calls, found.cut) if found else 0.0
        over += true > 0.02
        beyond += true > 0.02 / 0.75
    assert over > 10
    assert beyond <= 10
