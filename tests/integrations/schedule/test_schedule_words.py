"""What people say when something is to come again and again, and what they only seem to say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.schedule.rule import EVERY_DAY, LAST, WEEKDAYS, Rule, in_words
from integrations.schedule.words import TOO_OFTEN, Add, List, Now, Stop, Unclear, meant, rule_of

rules = (
    st.builds(
        Rule,
        days=st.one_of(
            st.just(EVERY_DAY),
            st.sets(st.integers(0, 6), min_size=1, max_size=6).map(lambda found: tuple(sorted(found))),
        ),
        hour=st.integers(0, 23),
        minute=st.integers(0, 59),
    )
    | st.builds(
        Rule,
        days=st.one_of(st.just(()), st.integers(0, 6).map(lambda day: (day,))),
        month_day=st.sampled_from([LAST, 1, 2, 3, 4]),
        hour=st.integers(0, 23),
        minute=st.integers(0, 59),
    )
    | st.builds(Rule, month_day=st.integers(5, 31), hour=st.integers(0, 23), minute=st.integers(0, 59))
)


@given(rules)
def test_every_rule_is_said_in_words_that_mean_the_same_rule(rule: Rule) -> None:
    assert rule_of(in_words(rule)) == rule


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("every Monday 9:00", Rule((0,), 0, 9, 0)),
        ("every monday at 9", Rule((0,), 0, 9, 0)),
        ("each Monday at 9am", Rule((0,), 0, 9, 0)),
        ("every Monday at 9:30 pm", Rule((0,), 0, 21, 30)),
        ("every Monday at 12 am", Rule((0,), 0, 0, 0)),
        ("every Monday at 12 pm", Rule((0,), 0, 12, 0)),
        ("every Monday at noon", Rule((0,), 0, 12, 0)),
        ("every Monday at midnight", Rule((0,), 0, 0, 0)),
        ("every Monday @ 17.45", Rule((0,), 0, 17, 45)),
        ("every Monday at 17h05", Rule((0,), 0, 17, 5)),
        ("every mon", Rule((0,), 0, 9, 0)),
        ("every Tuesday and Thursday at 8:15", Rule((1, 3), 0, 8, 15)),
        ("every tue, thu and sat", Rule((1, 3, 5), 0, 9, 0)),
        ("weekly on Fridays", Rule((4,), 0, 9, 0)),
        ("on Fridays at 16:00", Rule((4,), 0, 16, 0)),
        ("every week on Wednesday", Rule((2,), 0, 9, 0)),
        ("every week", Rule((0,), 0, 9, 0)),
        ("weekly", Rule((0,), 0, 9, 0)),
        ("every weekday at 17:30", Rule(WEEKDAYS, 0, 17, 30)),
        ("every working day", Rule(WEEKDAYS, 0, 9, 0)),
        ("on weekdays at 8", Rule(WEEKDAYS, 0, 8, 0)),
        ("every weekend", Rule((5,), 0, 9, 0)),
        ("every day at 7", Rule(EVERY_DAY, 0, 7, 0)),
        ("daily", Rule(EVERY_DAY, 0, 9, 0)),
        ("every morning", Rule(EVERY_DAY, 0, 9, 0)),
        ("every evening", Rule(EVERY_DAY, 0, 18, 0)),
        ("every first of the month", Rule((), 1, 9, 0)),
        ("every 1st of the month at 8:30", Rule((), 1, 8, 30)),
        ("on the 15th of every month", Rule((), 15, 9, 0)),
        ("every last day of the month", Rule((), LAST, 9, 0)),
        ("monthly", Rule((), 1, 9, 0)),
        ("monthly on the 3rd", Rule((), 3, 9, 0)),
        ("every month", Rule((), 1, 9, 0)),
        ("every first Monday of the month at 10", Rule((0,), 1, 10, 0)),
        ("every last Friday of the month", Rule((4,), LAST, 9, 0)),
    ],
)
def test_a_time_that_comes_again_is_understood(said: str, rule: Rule) -> None:
    assert meant(f"/summarize {said}") == Add("", rule)
    assert meant(f"/summarize PAY last 7 days {said}") == Add("PAY last 7 days", rule)
    assert meant(f"/summarize {said.upper()}") == Add("", rule)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "PAY",
        "PAY last 7 days",
        "last 7 days",
        "this week",
        "since Monday",
        "what happened on Monday",
        "the monday meeting",
        '"every monday" last 3 days',
        "“every weekday at 17:30”",
        "everything",
        "label:standup",
    ],
)
def test_what_is_to_be_done_now_is_done_now(said: str) -> None:
    assert meant(f"/summarize {said}") == Now(said)


@pytest.mark.parametrize(
    "said",
    [
        "every Monday at 25:00",
        "every Monday at 9:75",
        "every Monday at 13 pm",
        "every 32nd of the month",
        "every 5th Monday of the month",
        "every so often",
        "every other week",
        "every 2 weeks",
    ],
)
def test_a_time_that_there_is_not_is_asked_about_and_never_guessed(said: str) -> None:
    assert isinstance(meant(f"/summarize {said}"), Unclear)


@pytest.mark.parametrize(
    "said", ["every 5 minutes", "every hour", "hourly", "PAY each minute", "every 30 seconds"]
)
def test_more_often_than_daily_is_refused_with_what_would_do(said: str) -> None:
    assert meant(said) == Unclear(TOO_OFTEN)


@pytest.mark.parametrize(
    "said", ["list", "/summarize list", "show my schedules", "schedules", "List schedules."]
)
def test_the_list_is_asked_for_in_several_ways(said: str) -> None:
    assert meant(said) == List()


@pytest.mark.parametrize(
    ("said", "which"),
    [
        ("stop", ""),
        ("/summarize stop", ""),
        ("stop 2", "2"),
        ("stop all", "all"),
        ("stop PAY.", "PAY"),
        ("cancel my schedule", ""),
        ("unschedule every Monday", "every Monday"),
        ("delete the schedule 3", "3"),
    ],
)
def test_stopping_names_which(said: str, which: str) -> None:
    assert meant(said) == Stop(which)


@given(st.text(max_size=700))
def test_every_text_means_something_and_none_breaks_it(text: str) -> None:
    found = meant(text)

    if isinstance(found, Add):
        assert rule_of(in_words(found.rule)) == found.rule


@pytest.mark.parametrize(
    "text", ["every " * 400, "9:" * 400, "every Monday and " * 60, "“" * 500, "on the " * 100]
)
def test_long_and_crooked_texts_are_read_at_once(text: str) -> None:
    meant(text)


@pytest.mark.parametrize("words", ["", "now", "PAY every Monday at 9:00", "every minute", "stop"])
def test_what_is_no_rule_is_none(words: str) -> None:
    with pytest.raises(ValueError, match="no time"):
        rule_of(words)
