"""How much people are asked in an hour, what comes first, and that this costs less than asking them all."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.errors import FlowError
from flows.load import HOUR, Load, expected_cost, free_at, in_order, latest, stake
from flows.money import exponent
from flows.policy_file import stored_policy

NOW = 1_000_000.0


def test_without_a_budget_everything_is_shown_at_once() -> None:
    assert free_at(Load(), {"grace": [NOW] * 500}, 1, NOW) == NOW


def test_within_the_budget_it_is_shown_at_once_and_beyond_it_later() -> None:
    shown = [NOW - 600, NOW - 300]
    assert free_at(Load(3), {"grace": shown}, 1, NOW) == NOW
    assert free_at(Load(2), {"grace": shown}, 1, NOW) == NOW - 600 + HOUR


def test_one_who_has_room_is_enough_for_a_quorum_of_one_and_not_of_two() -> None:
    shown = {"grace": [NOW - 10] * 5, "omar": []}
    assert free_at(Load(5), shown, 1, NOW) == NOW
    assert free_at(Load(5), shown, 2, NOW) > NOW


@given(st.lists(st.floats(0, 2 * HOUR), max_size=60), st.integers(1, 20))
def test_whenever_it_is_shown_nobody_saw_more_than_their_budget_in_that_hour(
    ages: list[float], per_hour: int
) -> None:
    times = [NOW - age for age in ages]
    at = free_at(Load(per_hour), {"grace": times}, 1, NOW)
    seen = [each for each in times if at - HOUR + 1e-3 < each]
    assert at >= NOW
    assert len(seen) < per_hour or (at == NOW and len([t for t in times if t > NOW - HOUR]) < per_hour)


@given(
    st.floats(60, 86_400), st.sampled_from(["read", "write", "money", "destructive"]),
    st.none() | st.floats(30, 86_400),
)  # fmt: skip
def test_nothing_is_held_back_until_it_is_over_or_escalated(lasts: float, risk: str, escalates: Any) -> None:
    over = None if escalates is None else NOW + escalates
    held = latest(NOW, NOW + lasts, risk, over)
    assert NOW <= held <= NOW + lasts / 2 + 1e-6
    assert over is None or held < over
    if risk in ("money", "destructive"):
        assert held <= NOW + lasts * 0.1 + 1e-6


def test_what_a_mistake_would_cost_most_comes_first_and_of_equals_who_waits_longer() -> None:
    waiting = [("old", 0.9, 1_000), ("likely wrong", 0.5, 1_000), ("large", 0.9, 90_000), ("new", 0.9, 1_000)]
    ordered = in_order(waiting, lambda each: expected_cost(each[1], each[2]))
    assert [name for name, *_ in ordered] == ["large", "likely wrong", "old", "new"]


def test_what_was_learned_takes_the_place_of_the_confidence() -> None:
    assert expected_cost(0.9, 1_000) == pytest.approx(100)
    assert expected_cost(0.9, 1_000, lambda _: 0.4) == 400
    assert expected_cost(None, 1_000) == 500


def test_yen_and_dollars_stand_in_one_line() -> None:
    assert stake("money", (2_000, "usd"), exponent) == 2_000
    assert stake("money", (20, "jpy"), exponent) == 2_000
    assert stake("money", (20_000, "kwd"), exponent) == 2_000
    assert (
        stake("destructive", None, exponent) > stake("write", None, exponent) > stake("read", None, exponent)
    )


@pytest.mark.parametrize(
    "raw", [0, 20, {"per_hour": 0}, {"per_hour": 1001}, {"per_hour": True}, {"each": 3}, {}]
)
def test_a_budget_that_is_none_is_refused(raw: Any) -> None:
    with pytest.raises(FlowError, match="load"):
        policy(raw)


def policy(load: Any) -> Any:
    rule = {"name": "r", "outcome": "ask", "because": "x"}
    return stored_policy({"rules": [rule], "approvers": {"load": load}})


def test_a_budget_is_read() -> None:
    assert policy({"per_hour": 20}).approvers.load == Load(20)


# ── reviewers who tire: a simulation with known truth ────────────────────────────────────

HOURS, REQUESTS, BUDGET = 100, 60, 12
FRESH, TIRES = 0.95, 0.035  # how often a mistake is seen, and how much less often with each more in an hour


@dataclass(frozen=True)
class Request:
    sure: float
    amount: int
    wrong: bool


def hour(chance: random.Random) -> list[Request]:
    """Mostly small and sure; P(wrong) is what the confidence says, as a calibrated one does."""
    found = []
    for _ in range(REQUESTS):
        sure = min(0.995, max(0.3, chance.betavariate(9, 1.2)))
        found.append(Request(sure, int(chance.lognormvariate(7, 1.3)), chance.random() > sure))
    return found


def lost(reviewed: list[Request], requests: list[Request]) -> float:
    """What goes through though it is wrong: what nobody looks at, and of what is looked at as much as tired
    eyes miss."""
    seen = {id(each) for each in reviewed}
    missed = float(sum(each.amount for each in requests if each.wrong and id(each) not in seen))
    for number, each in enumerate(reviewed):
        if each.wrong:
            missed += each.amount * (1 - max(0.2, FRESH - TIRES * number))
    return missed


def simulated(seed: int) -> dict[str, float]:
    """The loss of three ways, on the same requests. The fixed bar and the budget cost equal minutes."""
    chance = random.Random(seed)
    hours = [hour(chance) for _ in range(HOURS)]
    every = sorted(each.sure for requests in hours for each in requests)
    bar = every[HOURS * BUDGET]  # as many below it as the budget lets people look at
    found = {"all": 0.0, "bar": 0.0, "budget": 0.0}
    for requests in hours:
        costly = in_order(requests, lambda each: expected_cost(each.sure, each.amount))[:BUDGET]
        below = [each for each in requests if each.sure < bar]
        for way, reviewed in (("all", requests), ("bar", below), ("budget", costly)):
            found[way] += lost(reviewed, requests)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_with_a_budget_less_is_lost_than_by_sending_everything_or_by_a_fixed_bar(seed: int) -> None:
    found = simulated(seed)
    assert found["budget"] < found["all"]
    assert found["budget"] < found["bar"]


def caught(requests: list[Request], known_bad: list[Request], chance: random.Random) -> float:
    """The share of the known-bad that is seen, where people look at the costly ones within their budget."""
    looked = in_order([*requests, *known_bad], lambda each: expected_cost(each.sure, each.amount))[:BUDGET]
    seen = sum(
        each in known_bad and chance.random() < FRESH - TIRES * number for number, each in enumerate(looked)
    )
    return seen / len(known_bad)


def test_a_flood_of_harmless_requests_costs_no_vigilance() -> None:
    bad = [Request(0.5, 20_000 + number, True) for number in range(3)]
    harmless = [Request(0.97, 500, False) for _ in range(500)]
    quiet = sum(caught(hour(random.Random(n)), bad, random.Random(n)) for n in range(200)) / 200
    flood = sum(caught(hour(random.Random(n)) + harmless, bad, random.Random(n)) for n in range(200)) / 200
    assert flood > quiet - 0.05


@pytest.mark.twin
def test_in_order_of_arrival_the_flood_would_drown_them() -> None:
    bad = [Request(0.5, 20_000 + number, True) for number in range(3)]
    harmless = [Request(0.97, 500, False) for _ in range(500)]
    looked = [*harmless, *bad][:BUDGET]
    assert not any(each in bad for each in looked)
