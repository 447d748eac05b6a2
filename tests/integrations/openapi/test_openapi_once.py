"""A call that changes something is sent once; what nobody knows, a person looks at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integrations.errors import OutcomeUnknown, RateLimited
from integrations.openapi import tools
from integrations.openapi.errors import NobodyKnows

from .conftest import Kennel, Stand, attempt

Make = Callable[..., Kennel]
READ, WRITE = ("dogs_get", {"id": "1"}), ("dogs_create", {"body": {"name": "Rex"}})


def test_a_write_whose_answer_was_lost_is_never_sent_again(kennel: Make, stand: Stand) -> None:
    made = kennel()
    stand.say(0)
    with pytest.raises(NobodyKnows):
        made.call(*WRITE)
    with pytest.raises(NobodyKnows, match="do not ask twice"):
        made.call(*WRITE, number=2)

    assert len(stand.seen) == 1
    assert NobodyKnows("kennel", "x").retryable is False
    assert isinstance(NobodyKnows("kennel", "x"), OutcomeUnknown)


def test_after_a_crash_another_process_does_not_send_it_either(kennel: Make, stand: Stand) -> None:
    with pytest.raises(NobodyKnows):
        kennel().call(*WRITE, number=2)
    assert stand.seen == []


@pytest.mark.twin
def test_twin_without_the_guard_two_dogs_are_taken_in(
    kennel: Make, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools.NeverLeft, "may_send", lambda self, attempt: True)
    made = kennel()
    stand.say(0)
    with pytest.raises(NobodyKnows):
        made.call(*WRITE)
    made.call(*WRITE, number=2)

    assert [seen.method for seen in stand.seen] == ["POST", "POST"]


def test_a_write_that_certainly_came_to_nothing_may_be_tried_again(kennel: Make, stand: Stand) -> None:
    made = kennel()
    stand.say(429, None)
    with pytest.raises(RateLimited):
        made.call(*WRITE)
    stand.say(201, {"id": 1})

    assert made.call(*WRITE, number=2).result["status"] == 201
    with pytest.raises(NobodyKnows):
        made.call(*WRITE, number=3)


def test_a_read_is_asked_as_often_as_needed(kennel: Make, stand: Stand) -> None:
    assert kennel().call(*READ, number=5).result["status"] == 200
    assert kennel(READS="dogs_search").call("dogs_search", {"body": {}}, number=2).result["status"] == 200


def test_with_a_header_for_it_every_try_carries_the_same_key(kennel: Make, stand: Stand) -> None:
    made = kennel(IDEMPOTENCY_HEADER="Idempotency-Key")
    stand.say(0)
    with pytest.raises(OutcomeUnknown) as caught:
        made.call(*WRITE, key="r9:call:1")
    assert caught.value.retryable
    made.call(*WRITE, key="r9:call:1", number=2)
    made.call(*READ)

    assert [seen.headers.get("Idempotency-Key") for seen in stand.seen] == ["r9:call:1", "r9:call:1", None]


def test_what_was_remembered_is_bounded() -> None:
    never = tools.NeverLeft()
    for number in range(tools.MOST_REMEMBERED + 10):
        never.note(attempt(key=f"r{number}"))

    assert not never.may_send(attempt(key="r0", number=2))
    assert never.may_send(attempt(key=f"r{tools.MOST_REMEMBERED}", number=2))
