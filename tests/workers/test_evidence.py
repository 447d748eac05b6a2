"""What counts say stays true however often one looks: by arithmetic, and by thousands of experiments."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from math import exp, log, sqrt

import pytest

from workers import evidence
from workers.evidence import (
    ALPHA,
    Count,
    Interval,
    against_difference,
    against_no_rise,
    against_rate,
    difference_between,
    rate_between,
    rises,
)

EXPERIMENTS = 2000
PEOPLE = 200
BAR = -log(ALPHA)
SOME = [Count(0, 0), Count(0, 5), Count(5, 5), Count(3, 10), Count(40, 100), Count(90, 100), Count(450, 1000)]


def z_differs(arm: Count, control: Count) -> bool:
    """The usual 95 % interval for one look at a size that was fixed beforehand."""
    if min(arm.of, control.of) < 10:
        return False
    pooled = (arm.hits + control.hits) / (arm.of + control.of)
    spread = sqrt(pooled * (1 - pooled) * (1 / arm.of + 1 / control.of))
    return spread > 0 and abs(arm.rate - control.rate) > 1.96 * spread


@dataclass(frozen=True)
class Alarms:
    """In what share of the experiments something was ever found, though nothing differed."""

    differs: float
    rises: float
    fixed_size: float


@pytest.fixture(scope="module", params=[0.5])
def alarms(request: pytest.FixtureRequest) -> Alarms:
    """Two thousand experiments with two arms alike, looked at after every single person."""
    chance = random.Random(20_26)
    found = Counter[str]()
    for _ in range(EXPERIMENTS):
        hits, of, raised = [0, 0], [0, 0], set[str]()
        for _ in range(PEOPLE):
            arm = chance.random() < 0.5
            of[arm] += 1
            hits[arm] += chance.random() < request.param
            b, a = Count(hits[1], of[1]), Count(hits[0], of[0])
            if "rises" not in raised and rises(b, a):
                raised |= {"rises", "differs"}
            elif "differs" not in raised and rises(a, b):
                raised.add("differs")
            if "fixed_size" not in raised and z_differs(b, a):
                raised.add("fixed_size")
        found.update(raised)
    shares = Alarms(*(found[each] / EXPERIMENTS for each in ("differs", "rises", "fixed_size")))
    print(f"rate {request.param}, {EXPERIMENTS} experiments, a look after each of {PEOPLE} people: {shares}")
    return shares


def test_looked_at_after_every_person_at_most_one_experiment_in_twenty_finds_what_is_not_there(
    alarms: Alarms,
) -> None:
    assert alarms.differs <= ALPHA


def test_an_arm_that_does_no_harm_is_stopped_in_at_most_one_experiment_of_twenty(alarms: Alarms) -> None:
    assert alarms.rises <= ALPHA


@pytest.mark.twin
def test_twin_a_fixed_size_interval_looked_at_as_often_finds_what_is_not_there_again_and_again(
    alarms: Alarms,
) -> None:
    assert alarms.fixed_size > 3 * ALPHA


def test_an_arm_that_does_harm_is_stopped_soon() -> None:
    """Half of the people come to a bad end instead of one in ten: noticed within some fifty people."""
    chance = random.Random(7)
    needed = []
    for _ in range(100):
        hits, of = [0, 0], [0, 0]
        while not rises(Count(hits[1], of[1]), Count(hits[0], of[0])) and sum(of) < 1000:
            arm = chance.random() < 0.5
            of[arm] += 1
            hits[arm] += chance.random() < (0.5 if arm else 0.1)
        needed.append(sum(of))
    print(f"people until a harmful arm is stopped: {sorted(needed)[50]} in the middle, {max(needed)} at most")
    assert sorted(needed)[50] < 80
    assert max(needed) < 400


@pytest.mark.parametrize("rate", [0.02, 0.5])
def test_the_true_rate_is_within_the_sequence_at_every_look_of_nineteen_in_twenty(rate: float) -> None:
    chance = random.Random(11)
    missed = 0
    for _ in range(EXPERIMENTS):
        hits = 0
        for of in range(1, PEOPLE + 1):
            hits += chance.random() < rate
            if against_rate(Count(hits, of), rate) >= BAR:
                missed += 1
                break
    print(f"true rate {rate} outside at some look: {missed / EXPERIMENTS:.2%} of {EXPERIMENTS}")
    assert missed / EXPERIMENTS <= ALPHA


@pytest.mark.parametrize("difference", [-0.2, 0.0, 0.3])
def test_the_true_difference_is_within_the_sequence_at_every_look_of_nineteen_in_twenty(
    difference: float,
) -> None:
    chance = random.Random(13)
    missed = 0
    for _ in range(40):
        hits, of = [0, 0], [0, 0]
        for look in range(80):
            arm = look % 2
            of[arm] += 1
            hits[arm] += chance.random() < (0.4 + difference if arm else 0.4)
            if against_difference(Count(hits[1], of[1]), Count(hits[0], of[0]), difference) >= BAR:
                missed += 1
                break
    assert missed / 40 <= ALPHA


# ── arithmetic ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("hits", "of"), [(0, 3), (2, 3), (7, 20), (0, 0)])
def test_the_mixture_is_the_integral_that_it_claims_to_be(hits: int, of: int) -> None:
    steps = 20_000
    summed = sum(((i + 0.5) / steps) ** hits * (1 - (i + 0.5) / steps) ** (of - hits) for i in range(steps))
    assert exp(evidence._mixture(Count(hits, of))) == pytest.approx(summed / steps, rel=1e-4)


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.7])
def test_it_is_a_fair_game_at_every_step_for_whoever_bets_on_the_true_rate(rate: float) -> None:
    """What one has is, on average, what one will have: that makes it hold at every look."""
    for of in range(12):
        for hits in range(of + 1):
            now = exp(against_rate(Count(hits, of), rate))
            hit = exp(against_rate(Count(hits + 1, of + 1), rate))
            miss = exp(against_rate(Count(hits, of + 1), rate))
            assert rate * hit + (1 - rate) * miss == pytest.approx(now)


@pytest.mark.parametrize("count", SOME)
def test_the_ends_of_an_interval_are_where_the_evidence_reaches_its_bar(count: Count) -> None:
    found = rate_between(count)
    assert 0 <= found.low <= count.rate <= found.high <= 1
    for end in (found.low, found.high):
        assert end in (0.0, 1.0) or against_rate(count, end) == pytest.approx(BAR, abs=1e-6)


@pytest.mark.parametrize("arm", SOME[1:])
@pytest.mark.parametrize("control", SOME[1:])
def test_a_difference_that_is_surely_above_nothing_is_one_that_the_guardrail_sees(
    arm: Count, control: Count
) -> None:
    found = difference_between(arm, control)
    assert found.holds(arm.rate - control.rate)
    assert (found.low > 0) == rises(arm, control)


@pytest.mark.parametrize("arm", SOME[1:])
@pytest.mark.parametrize("control", SOME[1:])
def test_no_pair_of_rates_speaks_less_against_it_than_the_least_that_was_found(
    arm: Count, control: Count
) -> None:
    """The e-process is the least over its hypothesis: searched on a grid, no pair is below."""
    found = against_no_rise(arm, control)
    grid = [i / 40 for i in range(41)]
    pairs = [against_rate(arm, p) + against_rate(control, q) for p in grid for q in grid if p <= q]
    assert found <= min(pairs) + 1e-9
    for gap in (-0.25, 0.0, 0.5):
        rows = [against_rate(arm, q + gap) + against_rate(control, q) for q in grid if 0 <= q + gap <= 1]
        assert against_difference(arm, control, gap) <= min(rows) + 1e-9


def test_nobody_yet_means_anything_is_possible() -> None:
    assert rate_between(Count(0, 0)) == Interval(0.0, 1.0)
    assert difference_between(Count(0, 0), Count(0, 0)) == Interval(-1.0, 1.0)
    assert not rises(Count(3, 3), Count(0, 0))
    assert Count(0, 0).rate == 0.0


def test_more_people_say_more() -> None:
    widths = [rate_between(Count(n // 2, n)) for n in (10, 100, 1000, 10_000)]
    assert [each.high - each.low for each in widths] == sorted((e.high - e.low for e in widths), reverse=True)
    assert widths[-1].high - widths[-1].low < 0.05


def test_a_stricter_bar_gives_a_wider_interval() -> None:
    loose, strict = rate_between(Count(30, 100)), rate_between(Count(30, 100), ALPHA / 9)
    assert strict.low < loose.low
    assert strict.high > loose.high
