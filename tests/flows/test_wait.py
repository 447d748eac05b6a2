"""Nothing happens for a while: a timer wakes it, words can end it, cancel works."""

from __future__ import annotations

import pytest

from flows import dates, durations
from flows.effects import CancelTimer, SetTimer
from flows.errors import TemplateError
from flows.events import Fired
from tests.flows.chat import Chat

NAP = """
- {id: nap, type: wait, for: 2 days, text: Later., if_heard: early}
- {id: woke, type: message, text: Awake.}
- {id: done, type: end}
- {id: early, type: message, text: "Early: {{ heard }}", next: done}
"""
PLAIN = "- {id: nap, type: wait, for: 1 hour}\n- {id: done, type: end}\n"


def test_a_timer_is_set_and_wakes_it() -> None:
    chat = Chat(NAP)
    assert (chat.first, chat.timers) == (["Later."], [SetTimer("r1:nap:1", 172_800.0)])
    assert chat.wake() == ["Awake."]
    assert chat.timers[1:] == []


def test_a_message_that_comes_earlier_leads_where_the_flow_says_and_the_timer_is_taken_back() -> None:
    chat = Chat(NAP)
    assert chat.say("are you there?") == ["Early: are you there?"]
    assert chat.timers[1:] == [CancelTimer("r1:nap:1")]


def test_without_such_a_step_nobody_is_left_without_an_answer() -> None:
    chat = Chat(PLAIN)
    assert chat.say("hm") == ["I am waiting for 1 hour before I go on. Say “cancel” to stop it."]
    assert chat.say("what was the question?") == ["I am waiting for 1 hour before I go on."]


def test_cancel_works_while_it_waits() -> None:
    chat = Chat(PLAIN)
    assert chat.say("cancel") == ["Cancelled. Nothing was done."]
    assert chat.timers[-1] == CancelTimer("r1:nap:1")
    assert chat.happen(Fired("r1:nap:1")) == []


def test_a_timer_of_another_wait_wakes_nothing() -> None:
    chat = Chat(PLAIN)
    assert chat.happen(Fired("r1:nap:2")) == []
    assert chat.run.step == "nap"


UNTIL = """
- {id: look, type: tool, call: desk.look, save: found}
- {id: nap, type: wait, until: found.day, on_error: {no_time: odd}}
- {id: done, type: end}
- {id: odd, type: message, text: "{{ error.sentence }}", next: done}
"""


@pytest.mark.parametrize(
    "day", ["2026-12-24", "2026-12-24T10:30", "2026-12-24T10:30:00+01:00", "2026-12-24T10:30Z"]
)
def test_it_waits_until_a_day_or_a_time(day: str) -> None:
    assert Chat(UNTIL, {"desk.look": {"day": day}}).timers == [SetTimer("r1:nap:1", until=day)]


@pytest.mark.parametrize("day", [None, 7, "soon", "2026-02-30", "2026-12-24Tx", {"a": 1}])
def test_what_is_no_day_is_an_error_of_the_step(day: object) -> None:
    chat = Chat(UNTIL, {"desk.look": {"day": day}})
    assert chat.first[0].startswith("I cannot wait until")
    assert chat.timers == []


@pytest.mark.parametrize(
    ("text", "length"), [("2 days", 172_800), ("1 Hour", 3_600), ("90 minutes", 5_400), ("30 seconds", 30)]
)
def test_a_duration_is_read_as_people_write_it(text: str, length: int) -> None:
    assert durations.seconds(text) == length


@pytest.mark.parametrize("text", ["", "2", "days", "0 days", "400 days", "-1 day", "2 years", "1.5 hours"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        durations.seconds(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-02-28", True),
        ("2026-02-29", False),
        ("2028-02-29", True),
        ("2026-13-01", False),
        ("26-1-1", False),
    ],
)
def test_only_days_that_there_are_are_dates(text: str, day: bool) -> None:
    assert (dates.day_of(text) is not None) == day


def test_days_are_counted_as_a_calendar_counts_them() -> None:
    assert dates.bound("today + 1", "2026-12-31") == dates.day_of("2027-01-01")
    assert dates.bound("today - 1", "2028-03-01") == dates.day_of("2028-02-29")
    assert dates.bound("today", "nonsense") is None
