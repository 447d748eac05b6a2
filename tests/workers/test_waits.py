"""When: a person's own day, and the moment until which a flow waits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from workers.waits import LAST, day, moment, zone_of


@pytest.mark.parametrize(
    ("zone", "date"),
    [("UTC", "2026-11-22"), ("Pacific/Auckland", "2026-11-22"), ("America/Los_Angeles", "2026-11-21")],
)
def test_the_day_is_that_of_the_person(zone: str, date: str) -> None:
    assert day(datetime(2026, 11, 22, 5, tzinfo=UTC).timestamp(), zone) == date


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../../etc/passwd", "x" * 500])
def test_a_zone_that_there_is_not_is_utc(zone: str) -> None:
    assert zone_of(zone) is UTC


@pytest.mark.parametrize(
    ("until", "utc"),
    [
        ("2026-12-24", "2026-12-24T08:00:00+00:00"),
        ("2026-12-24T10:30", "2026-12-24T09:30:00+00:00"),
        ("2026-12-24T10:30:00+00:00", "2026-12-24T10:30:00+00:00"),
        ("2026-12-24T10:30Z", "2026-12-24T10:30:00+00:00"),
    ],
)
def test_a_date_is_nine_in_the_morning_there_and_a_time_is_of_there(until: str, utc: str) -> None:
    assert moment(until, "Europe/Berlin").astimezone(UTC).isoformat() == utc


@pytest.mark.parametrize(
    "until", ["9999-12-31", "9999-12-31T23:59:59-12:00", "0001-01-01", "0001-01-01T00:00+14:00"]
)
def test_what_no_database_can_hold_is_kept_within_what_it_can(until: str) -> None:
    assert datetime(1970, 1, 1, tzinfo=UTC) < moment(until, "Asia/Tokyo") <= LAST
