"""What grows is seen to grow, what only wavers is not, and a few odd samples change nothing."""

from __future__ import annotations

import random

import pytest

from tests.bench.trend import Sample, after, trend


def line(per_hour: float, noise: float = 0.0, seed: int = 1) -> list[Sample]:
    """Ten minutes, a sample every ten seconds."""
    chance = random.Random(seed)
    return [(at, 80 + per_hour * at / 3600 + chance.gauss(0, noise)) for at in range(0, 600, 10)]


def test_a_straight_line_is_its_own_slope() -> None:
    found = trend(line(12.0))

    assert found.slope == pytest.approx(12.0)
    assert found.low == pytest.approx(12.0)
    assert found.high == pytest.approx(12.0)


def test_what_stays_does_not_grow() -> None:
    assert trend(line(0.0)).slope == 0


@pytest.mark.parametrize("seed", range(20))
def test_what_only_wavers_is_never_certain_to_grow_by_two_an_hour(seed: int) -> None:
    assert trend(line(0.0, 0.3, seed)).low < 2.0


@pytest.mark.parametrize("seed", range(20))
def test_a_leak_of_a_small_dict_an_event_is_certain(seed: int) -> None:
    assert trend(line(72_000 * 300 / (1 << 20), 0.3, seed)).low > 2.0


def test_a_few_odd_samples_do_not_bend_it() -> None:
    samples = line(5.0, 0.05)
    for at in (3, 17, 40, 58):
        samples[at] = (samples[at][0], 500.0)

    assert trend(samples).slope == pytest.approx(5.0, abs=1.0)


def test_a_single_step_is_no_growth_that_goes_on() -> None:
    samples = [(at, value + (4.0 if at >= 550 else 0.0)) for at, value in line(0.0, 0.1)]

    assert trend(samples).low < 2.0


def test_the_first_minutes_do_not_count() -> None:
    assert after(line(1.0), 120)[0][0] == 120


@pytest.mark.parametrize("samples", [[], [(0.0, 1.0)], [(0.0, 1.0), (1.0, 2.0)], [(0.0, 1.0)] * 9])
def test_too_few_samples_are_no_trend(samples: list[Sample]) -> None:
    with pytest.raises(ValueError, match="too few"):
        trend(samples)
