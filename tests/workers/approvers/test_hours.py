"""Working time and days, by the clock on the wall where people are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flows.approval_stages import Hours, Stage, Terms, Times
from flows.duty import DAYS
from workers.approvers import calendar
from workers.approvers.hours import MOST_DAYS, add_working, is_working, next_working
from workers.approvers.reminding import Reminding, Someone, remind
from workers.approvers.until import Delegating, Ending, Listing, Unclear, understood

WEEKDAYS = frozenset(DAYS[:5])
OFFICE = Hours(WEEKDAYS, (9 * 60, 17 * 60), "Europe/Berlin")
FRIDAY = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 16:00 in Berlin


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_two_hours_from_friday_at_four_are_monday_at_ten() -> None:
    assert add_working(FRIDAY, 7200, OFFICE) == at("2026-11-23 09:00")


def test_the_clock_runs_on_where_no_hours_are_set() -> None:
    assert add_working(FRIDAY, 7200, Hours()) == FRIDAY + timedelta(hours=2)


def test_a_day_on_which_the_clock_is_put_forward_begins_at_nine_all_the_same() -> None:
    hours = Hours(frozenset(DAYS), (9 * 60, 17 * 60), "Europe/Berlin")
    assert next_working(at("2026-03-29 00:00"), hours, "Europe/Berlin") == at("2026-03-29 07:00")
    assert next_working(at("2026-03-28 17:00"), hours, "Europe/Berlin") == at("2026-03-29 07:00")


def test_everybody_s_morning_is_their_own() -> None:
    night = at("2026-11-24 03:00")
    assert next_working(night, OFFICE, "Europe/Berlin") == at("2026-11-24 08:00")
    assert next_working(night, OFFICE, "Asia/Tokyo") == night
    assert next_working(night, OFFICE, "no/such zone") == at("2026-11-24 09:00")


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(
    lambda each: each.replace(tzinfo=UTC)
)
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
spans = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda span: span[0] < span[1])
some_hours = st.builds(Hours, st.frozensets(st.sampled_from(DAYS), min_size=1), spans, zones)


@given(moments, some_hours, zones)
def test_the_next_moment_of_work_is_one_and_none_is_before_it(
    when: datetime, hours: Hours, zone: str
) -> None:
    found = next_working(when, hours, zone)
    assert found >= when
    if found > when:
        assert not is_working(when, hours, zone)
        assert is_working(found, hours, zone)


@given(moments, some_hours, st.floats(60, 40 * 3600), st.floats(60, 40 * 3600))
def test_time_that_is_given_in_two_parts_is_as_long_as_in_one(
    when: datetime, hours: Hours, first: float, second: float
) -> None:
    whole = add_working(when, first + second, hours)
    assume(whole < when + timedelta(days=MOST_DAYS - 31))  # nobody looks further ahead
    assert abs(add_working(add_working(when, first, hours), second, hours) - whole) < timedelta(
        milliseconds=1
    )


@given(moments, some_hours, st.floats(1, 100 * 3600))
def test_working_time_is_never_shorter_than_time(when: datetime, hours: Hours, seconds: float) -> None:
    assert add_working(when, seconds, hours) >= when + timedelta(seconds=seconds) - timedelta(milliseconds=1)


# ── reminders ────────────────────────────────────────────────────────────────────────────

GRACE, KENJI = Someone("grace", "Europe/Berlin"), Someone("kenji", "Asia/Tokyo")


def test_whoever_is_not_at_work_hears_of_it_when_they_are() -> None:
    night = at("2026-11-24 03:00")
    found = remind((GRACE, KENJI), OFFICE, night, night + timedelta(days=1))
    assert found == Reminding(("kenji",), ("grace",), at("2026-11-24 08:00"))


def test_nobody_is_reminded_of_what_is_over_before_their_day_begins() -> None:
    night = at("2026-11-24 03:00")
    assert remind((GRACE,), OFFICE, night, night + timedelta(hours=1)) == Reminding((), (), None)


def test_after_a_downtime_only_the_newest_reminder_comes() -> None:
    times = Times(remind=(25, 50, 75))
    approval = _approval(FRIDAY + timedelta(hours=4))
    found = calendar.timers(approval, Terms(), times, FRIDAY, 4 * 3600)
    assert [due - FRIDAY for _, due, _ in found] == [timedelta(hours=n) for n in (1, 2, 3)]
    late = FRIDAY + timedelta(hours=3, minutes=5)
    came = [
        remind((KENJI,), Hours(), late, datetime.fromisoformat(event["over"])).now for _, _, event in found
    ]
    assert came == [(), (), ("kenji",)]


def test_each_who_it_is_escalated_to_has_as_much_time_as_those_before() -> None:
    terms = Terms((Stage(("a@x.com",)),), ("directors", "ceo@x.com"))
    approval = _approval(FRIDAY + timedelta(hours=3))
    found = calendar.timers(approval, terms, Times(), FRIDAY, 3600)
    assert [(event["tier"], due - FRIDAY) for _, due, event in found] == [
        (1, timedelta(hours=1)),
        (2, timedelta(hours=2)),
    ]


def test_where_the_clock_stops_reminders_and_escalation_wait_too() -> None:
    times = Times((50,), OFFICE, clock_stops=True)
    expires = add_working(FRIDAY, 4 * 3600, OFFICE)
    found = calendar.timers(_approval(expires), Terms((Stage(),), ("boss@x.com",)), times, FRIDAY, 2 * 3600)
    dues = {event["_"]: due for _, due, event in found}
    assert dues == {
        "approval.escalate": at("2026-11-23 09:00"),
        "approval.remind": at("2026-11-20 16:00"),
    } or dues["approval.remind"] == at("2026-11-23 08:00")


def test_every_timer_that_is_set_at_first_is_called_off_by_name() -> None:
    terms, times = Terms((Stage(),), ("a", "b", "c", "d", "e")), Times((10, 20, 30, 40, 50))
    found = calendar.timers(_approval(FRIDAY + timedelta(hours=6)), terms, times, FRIDAY, 3600)
    assert {name for name, _, _ in found} <= set(calendar.names("id"))


def _approval(expires: datetime) -> object:
    from types import SimpleNamespace

    return SimpleNamespace(id="id", expires_at=expires)


# ── until when ───────────────────────────────────────────────────────────────────────────

TODAY = date(2026, 11, 22)  # a Sunday


@pytest.mark.parametrize(
    ("said", "to", "last"),
    [
        ("to grace until Friday", "grace", date(2026, 11, 27)),
        ("grace until fri", "grace", date(2026, 11, 27)),
        ("to @Grace Okafor until tomorrow.", "Grace Okafor", date(2026, 11, 23)),
        ("to grace@example.com for 3 days", "grace@example.com", date(2026, 11, 24)),
        ("to grace for a week", "grace", date(2026, 11, 28)),
        ("to grace until 2026-12-24", "grace", date(2026, 12, 24)),
        ("to grace till sunday", "grace", TODAY),
        ("to grace until next monday", "grace", date(2026, 11, 30)),
    ],
)
def test_to_whom_and_until_when_is_understood(said: str, to: str, last: date) -> None:
    assert understood(said, TODAY) == Delegating(to, last)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("to grace", "Say “/delegate"),
        ("until Friday", "Say “/delegate"),
        ("to grace until the cows come home", "which day"),
        ("to grace until 2026-02-30", "which day"),
        ("to grace for 0 days", "which day"),
        ("to grace until 2026-11-01", "over"),
        ("to grace until 2099-01-01", "longer than"),
        ("to " + "x" * 5000 + " until friday", "Say “/delegate"),
    ],
)
def test_what_is_unclear_is_asked_back(said: str, words: str) -> None:
    found = understood(said, TODAY)
    assert isinstance(found, Unclear)
    assert words in found.because


def test_alone_it_lists_and_stop_ends_it() -> None:
    assert understood("", TODAY) == Listing()
    assert understood(" Stop ", TODAY) == Ending()


@given(st.text(max_size=300))
def test_no_words_do_more_than_be_unclear(text: str) -> None:
    assert understood(text, TODAY) is not None
