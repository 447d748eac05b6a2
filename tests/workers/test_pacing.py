"""How long messages wait for their channel, before a platform refuses and after it did."""

from __future__ import annotations

import pytest

from bot.reply import Reply
from bot.turn import Account, Place
from workers import pacing
from workers.pacing import LIMITS, Pacer, next_slot
from workers.store.outbox import Message


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def message(id: str, channel: str = "C1", platform: str = "slack", kind: str = "post") -> Message:
    place = Place(platform, "W1", channel, None)
    return Message(id, kind, place, Reply(id), Account(platform, "W1", "U1"))  # type: ignore[arg-type]


def sent_at(pacer: Pacer, clock: Clock, messages: list[Message]) -> list[float]:
    """When each of them goes, all asking again as soon as they may."""
    began, waiting, times = clock.now, list(messages), []
    while waiting:
        pauses = {each.id: pacer.wait(each) for each in waiting}
        times += [clock.now - began for each in waiting if not pauses[each.id]]
        waiting = [each for each in waiting if pauses[each.id]]
        clock.now += min((pauses[each.id] for each in waiting), default=0)
    return times


def most_within(times: list[float], seconds: float) -> int:
    return max(sum(at <= other < at + seconds - 0.001 for other in times) for at in times)


def test_a_short_burst_goes_at_once_and_then_one_a_second(clock: Clock) -> None:
    times = sent_at(Pacer(clock=clock), clock, [message(str(n)) for n in range(20)])
    assert times[:4] == [0, 0, 0, 0]
    assert most_within(times, 4.0) == 4
    assert times[-1] <= 20


def test_teams_gets_no_more_than_it_takes_in_a_second_and_in_half_a_minute(clock: Clock) -> None:
    times = sent_at(Pacer(clock=clock), clock, [message(str(n), platform="teams") for n in range(150)])
    assert most_within(times, 1.0) == 7
    assert most_within(times, 30.0) == 60


@pytest.mark.twin
def test_without_limits_a_channel_would_be_flooded(clock: Clock) -> None:
    times = sent_at(Pacer({}, clock=clock), clock, [message(str(n), platform="teams") for n in range(150)])
    assert most_within(times, 1.0) == 150


def test_channels_never_wait_for_each_other(clock: Clock) -> None:
    pacer = Pacer(clock=clock)
    for n in range(50):
        pacer.wait(message(f"busy {n}"))
    pacer.refused(message("busy"), 60.0)
    assert pacer.wait(message("elsewhere", "C2")) == 0
    assert pacer.wait(message("the same name on Teams", "C1", "teams")) == 0


def test_after_a_refusal_everything_for_that_channel_waits_as_long_as_it_asked(clock: Clock) -> None:
    pacer = Pacer({}, clock=clock)
    assert pacer.refused(message("one"), 30.0) == 30.0
    assert pacer.wait(message("two")) == 30.0
    assert pacer.wait(message("an update", kind="update")) == 0  # another method of Slack's
    clock.now += 30
    assert pacer.wait(message("two")) == 0


def test_on_teams_a_refusal_holds_the_whole_conversation_and_nobody_comes_back_together(clock: Clock) -> None:
    pacer = Pacer(clock=clock, chance=lambda: 0.5)
    assert pacer.refused(message("one", platform="teams"), 8.0) == 9.0
    assert pacer.wait(message("an update", platform="teams", kind="update")) == 9.0
    assert pacer.again(message("one", platform="teams"), 2, None) == 1.125


def test_those_who_waited_for_a_refusal_to_end_go_one_after_the_other(clock: Clock) -> None:
    pacer = Pacer(clock=clock)
    waiting = [message(str(n)) for n in range(12)]
    for each in waiting:
        pacer.wait(each)
    pacer.refused(waiting[0], 10.0)
    times = sent_at(pacer, clock, waiting)
    assert times[0] == 10.0
    assert most_within(times, 4.0) == 4


def test_a_refusal_without_a_time_waits_longer_each_time_until_something_is_taken(clock: Clock) -> None:
    pacer = Pacer({}, clock=clock)
    pauses = []
    for _ in range(4):
        pauses.append(pacer.refused(message("one"), None))
        clock.now += pauses[-1]
    assert pauses == [0.5, 1.0, 2.0, 4.0]
    pacer.went(message("one"))
    assert pacer.refused(message("one"), None) == 0.5


def test_a_place_in_the_queue_is_kept_however_often_one_asks(clock: Clock) -> None:
    pacer = Pacer(clock=clock)
    for n in range(4):
        pacer.wait(message(str(n)))
    first = pacer.wait(message("fifth"))
    assert pacer.wait(message("fifth")) == first
    assert pacer.wait(message("sixth")) == first


def test_a_form_never_waits_since_it_could_not_be_opened_later(clock: Clock) -> None:
    pacer = Pacer(clock=clock)
    assert all(pacer.wait(message(str(n), kind="form")) == 0 for n in range(50))


def test_the_memory_does_not_grow_with_the_number_of_channels(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "MOST_LANES", 50)
    pacer = Pacer(clock=clock)
    for n in range(500):
        pacer.wait(message(str(n), f"C{n}"))
        clock.now += 10
    assert len(pacer._taken) <= 50


def test_a_slot_keeps_every_limit() -> None:
    assert next_slot([], LIMITS["teams"], 5.0) == 5.0
    assert next_slot([1.0] * 7, LIMITS["teams"], 1.0) == 2.0
    assert next_slot([float(n) for n in range(60)], LIMITS["teams"], 29.0) == 59.0
