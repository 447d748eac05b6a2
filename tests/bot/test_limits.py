"""Gates and buckets: how many, and how fast."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from bot.limits import Buckets, Gate, Limits


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_gate_lets_in_as_many_as_it_holds_and_one_more_when_one_leaves() -> None:
    gate = Gate(2)
    assert [gate.enter(), gate.enter(), gate.enter()] == [True, True, False]
    gate.leave()
    assert gate.enter()
    assert not Gate(10).enter(11)


def test_a_burst_is_allowed_and_then_the_rate() -> None:
    clock = Clock()
    buckets = Buckets(rate=2, burst=3, clock=clock)
    assert [buckets.take("a") for _ in range(4)] == [True, True, True, False]
    clock.now = 0.5
    assert [buckets.take("a"), buckets.take("a")] == [True, False]
    clock.now = 1000
    assert [buckets.take("a") for _ in range(4)] == [True, True, True, False]


def test_one_tenants_flood_is_not_anothers_problem() -> None:
    buckets = Buckets(rate=1, burst=1, clock=Clock())
    assert buckets.take("loud")
    assert not buckets.take("loud")
    assert buckets.take("quiet")


def test_buckets_are_forgotten_beyond_a_number() -> None:
    buckets = Buckets(rate=0, burst=1, keys=10, clock=Clock())
    for number in range(1000):
        assert buckets.take(str(number))
    assert not buckets.take("999")
    assert buckets.take("0")


@given(st.lists(st.floats(0, 10), max_size=100))
def test_no_more_than_burst_and_rate_together_are_ever_allowed(pauses: list[float]) -> None:
    clock = Clock()
    buckets = Buckets(rate=3, burst=5, clock=clock)
    allowed = 0
    for pause in pauses:
        clock.now += pause
        allowed += buckets.take("a")
    assert allowed <= 5 + 3 * clock.now + 1e-6


def test_the_defaults_answer_before_slack_gives_up() -> None:
    assert Limits().store_seconds < 3
    assert Limits().answer_seconds < 3
