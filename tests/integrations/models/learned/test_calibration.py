"""Confidence that means what it says, and the figures that tell how far it does."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.models.learned.calibration import (
    PLAIN,
    area_under,
    calibration_error,
    coverage_at,
    fitted_staircase,
    fitted_temperature,
    reliability,
    risk_coverage,
    softmax,
)

ANSWERS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200)


def _rash(number: int = 4_000) -> tuple[list[float], list[bool]]:
    """A model that states 0.95 and 0.7 and is right in 70 and 50 of a hundred."""
    chance = random.Random(4)
    stated = [chance.choice((0.95, 0.7)) for _ in range(number)]
    return stated, [chance.random() < (0.7 if each > 0.9 else 0.5) for each in stated]


def test_a_staircase_brings_a_rash_model_down_to_what_it_earns() -> None:
    stairs = fitted_staircase(*_rash())

    assert stairs(0.95) == pytest.approx(0.7, abs=0.03)
    assert stairs(0.7) == pytest.approx(0.5, abs=0.03)


def test_calibrated_answers_are_right_as_often_as_they_say() -> None:
    stated, right = _rash()
    stairs = fitted_staircase(stated, right)

    assert calibration_error(stated, right) > 0.2
    assert calibration_error([stairs(each) for each in stated], right) < 0.02


@given(ANSWERS, st.floats(0, 1), st.floats(0, 1))
def test_more_stated_never_comes_to_less_earned(
    answers: list[tuple[float, bool]], one: float, other: float
) -> None:
    stairs = fitted_staircase([stated for stated, _ in answers], [right for _, right in answers])

    assert stairs(min(one, other)) <= stairs(max(one, other)) + 1e-12
    assert 0 < stairs(one) < 1


def test_ten_of_ten_is_not_always() -> None:
    assert fitted_staircase([0.9] * 10, [True] * 10)(0.9) == pytest.approx(11 / 12)


def test_without_answers_nothing_is_changed() -> None:
    assert fitted_staircase([], []) == PLAIN
    assert PLAIN(0.37) == pytest.approx(0.37)
    assert fitted_temperature([], []) == 1.0


def test_a_temperature_undoes_the_factor_by_which_scores_were_too_large() -> None:
    chance = random.Random(2)
    scores, right = [], []
    for _ in range(2_000):
        row = [chance.gauss(0, 1.5) for _ in range(4)]
        at = chance.choices(range(4), softmax(row))[0]
        scores.append([3 * score for score in row])
        right.append(at)

    assert fitted_temperature(scores, right) == pytest.approx(3.0, rel=0.1)


def test_the_bins_hold_the_same_number_each() -> None:
    found = reliability([number / 100 for number in range(100)], [True] * 100)

    assert len(found) == 15
    assert {part.number for part in found} <= {6, 7}
    assert sum(part.number for part in found) == 100


def test_answers_of_the_same_confidence_are_never_sorted_by_their_outcome() -> None:
    assert calibration_error([0.5] * 100, [True, False] * 50) == pytest.approx(0.0)


def test_the_calibration_error_is_the_mean_distance_of_stated_and_right() -> None:
    stated = [0.9] * 15 + [0.1] * 15
    right = [True] * 15 + [False] * 15

    assert calibration_error(stated, right, bins=2) == pytest.approx(0.1)
    assert calibration_error([], []) == 0.0


def test_risk_rises_with_coverage_where_the_unsure_are_the_wrong() -> None:
    curve = risk_coverage([0.9, 0.8, 0.7, 0.6], [True, True, False, False])

    assert curve == [(0.25, 0.0), (0.5, 0.0), (0.75, pytest.approx(1 / 3)), (1.0, 0.5)]
    assert coverage_at(curve, 0.01) == 0.5
    assert area_under(curve) == pytest.approx((0.0 + 0.0 + 1 / 3 + 0.5) / 4)


def test_answers_of_equal_confidence_are_given_together() -> None:
    assert risk_coverage([0.5, 0.5], [True, False]) == [(1.0, 0.5)]


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=20), st.floats(0.05, 10))
def test_chances_add_up_to_one_whatever_the_scores(scores: list[float], heat: float) -> None:
    assert math.isclose(sum(softmax(scores, heat)), 1.0, rel_tol=1e-9)
