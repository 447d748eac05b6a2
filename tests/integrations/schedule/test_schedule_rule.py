"""The next time, where the person is: through both changes of the clocks, short months and leap years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.schedule.rule import EVERY_DAY, LAST, WEEKDAYS, Rule, next_after

ZONES = st.sampled_from(
    [
        "UTC", "Europe/Berlin", "Europe/Lisbon", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata",
        "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "Africa/Casablanca", "Asia/Kathmandu",
    ]
)  # fmt: skip
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
RULES = st.builds(
    Rule,
    days=st.sets(st.integers(0, 6), min_size=1).map(lambda found: tuple(sorted(found))),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
) | st.builds(
    Rule,
    month_day=st.sampled_from([LAST, 1, 2, 15, 28, 29, 30, 31]),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
)


def first(rule: Rule, after: str, zone: str) -> str:
    found = next_after(rule, datetime.fromisoformat(after).replace(tzinfo=ZoneInfo(zone)), zone)
    return found.astimezone(ZoneInfo(zone)).isoformat()


@given(RULES, MOMENTS, ZONES)
def test_the_next_time_is_later_on_a_day_that_fits_at_the_time_that_was_said(
    rule: Rule, moment: datetime, zone: str
) -> None:
    found = next_after(rule, moment, zone)
    there = found.astimezone(ZoneInfo(zone))

    assert found > moment
    as_said = there.replace(hour=rule.hour, minute=rule.minute, fold=0, tzinfo=None)
    exists = as_said.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone))
    if exists.replace(tzinfo=None) == as_said:
        assert (there.hour, there.minute) == (rule.hour, rule.minute)
        assert rule.fits(there.date())
    else:
        # The clocks leave this time out: it comes later by as much, a day later at most.
        assert (
            timedelta(0) < there.replace(tzinfo=None) - as_said <= timedelta(days=1) or zone == "Pacific/Apia"
        )


@given(RULES, MOMENTS, ZONES)
def test_none_is_left_out_and_none_comes_twice(rule: Rule, moment: datetime, zone: str) -> None:
    """Whoever asks at any moment before the next time is told the same next time."""
    times = [moment]
    for _ in range(6):
        times.append(next_after(rule, times[-1], zone))

    for before, after in pairwise(times[1:]):
        middle = before + (after - before) / 2
        assert next_after(rule, middle, zone) == after
        assert after - before >= timedelta(hours=21), "two on one day"


@given(MOMENTS, ZONES)
def test_daily_is_once_on_every_day_there_is(moment: datetime, zone: str) -> None:
    rule = Rule(EVERY_DAY, 0, 12, 0)
    times = [next_after(rule, moment, zone)]
    for _ in range(400):
        times.append(next_after(rule, times[-1], zone))
    days = [each.astimezone(ZoneInfo(zone)).date() for each in times]

    assert len(set(days)) == len(days)


def test_when_the_clocks_go_forward_what_they_leave_out_comes_an_hour_later() -> None:
    rule = Rule(EVERY_DAY, 0, 2, 30)

    assert first(rule, "2026-03-28T12:00", "Europe/Berlin") == "2026-03-29T03:30:00+02:00"
    assert first(rule, "2026-03-29T12:00", "Europe/Berlin") == "2026-03-30T02:30:00+02:00"


def test_when_the_clocks_go_back_what_comes_twice_is_the_first() -> None:
    rule = Rule(EVERY_DAY, 0, 2, 30)

    assert first(rule, "2026-10-24T12:00", "Europe/Berlin") == "2026-10-25T02:30:00+02:00"
    found = next_after(rule, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Europe/Berlin")
    assert found == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("after", ["2026-03-26T10:00", "2026-10-22T10:00"])
def test_nine_in_the_morning_stays_nine_in_the_morning(after: str) -> None:
    assert "T09:00:00" in first(Rule((0,), 0, 9, 0), after, "Europe/Berlin")


@pytest.mark.parametrize(
    ("rule", "after", "expected"),
    [
        (Rule((0,), 0, 9, 0), "2026-11-23T08:59", "2026-11-23T09:00"),
        (Rule((0,), 0, 9, 0), "2026-11-23T09:00", "2026-11-30T09:00"),
        (Rule(WEEKDAYS, 0, 17, 30), "2026-11-20T17:30", "2026-11-23T17:30"),
        (Rule((), 1, 9, 0), "2026-11-22T09:00", "2026-12-01T09:00"),
        (Rule((), 31, 9, 0), "2026-11-22T09:00", "2026-11-30T09:00"),
        (Rule((), 30, 9, 0), "2027-02-01T09:00", "2027-02-28T09:00"),
        (Rule((), 29, 9, 0), "2028-02-01T09:00", "2028-02-29T09:00"),
        (Rule((), LAST, 9, 0), "2026-12-31T09:00", "2027-01-31T09:00"),
        (Rule((0,), 1, 9, 0), "2026-11-22T09:00", "2026-12-07T09:00"),
        (Rule((4,), LAST, 9, 0), "2026-11-01T09:00", "2026-11-27T09:00"),
    ],
)
def test_the_day_that_a_person_would_take_it_to_be(rule: Rule, after: str, expected: str) -> None:
    assert first(rule, after, "UTC").startswith(expected)


def test_a_zone_that_there_is_not_is_utc() -> None:
    found = next_after(Rule((0,), 0, 9, 0), datetime(2026, 11, 22, tzinfo=UTC), "Mars/Olympus")

    assert found == datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_a_rule_without_days_never_comes_and_says_so() -> None:
    with pytest.raises(ValueError, match="never comes"):
        next_after(Rule(), datetime(2026, 11, 22, tzinfo=UTC), "UTC")
