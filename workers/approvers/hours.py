"""Working time, as arithmetic: no clock in here, the moments are handed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from flows.approval_stages import Hours
from flows.duty import DAYS
from workers.waits import zone_of

MOST_DAYS = 3_660  # of looking ahead, however few hours there are


def is_working(at: datetime, hours: Hours, zone: str) -> bool:
    here = at.astimezone(zone_of(zone))
    begins, ends = hours.hours
    return DAYS[here.weekday()] in hours.days and begins <= here.hour * 60 + here.minute < ends


def next_working(at: datetime, hours: Hours, zone: str) -> datetime:
    """This moment where it is one of working, else the first that is."""
    if hours.always or is_working(at, hours, zone):
        return at
    there = zone_of(zone)
    day = at.astimezone(there).date()
    for ahead in range(MOST_DAYS):
        begins, _ = _span(day + timedelta(days=ahead), hours, there)
        if begins > at and is_working(begins, hours, zone):
            return begins
    return at


def add_working(at: datetime, seconds: float, hours: Hours) -> datetime:
    """So much later, where only working time counts, in the zone of the hours."""
    if hours.always:
        return at + timedelta(seconds=seconds)
    there, left = zone_of(hours.time_zone), timedelta(seconds=seconds)
    day = at.astimezone(there).date()
    for ahead in range(MOST_DAYS):
        today = day + timedelta(days=ahead)
        if DAYS[today.weekday()] not in hours.days:
            continue
        begins, ends = _span(today, hours, there)
        begins = max(begins, at.astimezone(UTC))
        if begins >= ends:
            continue
        if begins + left <= ends:
            return (begins + left).astimezone(at.tzinfo)
        left -= ends - begins
    return at + timedelta(days=MOST_DAYS)


def _span(day: object, hours: Hours, there: tzinfo) -> tuple[datetime, datetime]:
    """When work begins and ends on a day, by the world's clock: an hour that a day lacks is not worked."""
    midnight = datetime.fromisoformat(str(day)).replace(tzinfo=there)
    begins, ends = (_at(midnight, minutes) for minutes in hours.hours)
    return begins, ends


def _at(midnight: datetime, minutes: int) -> datetime:
    """By the clock on the wall there: nine o'clock is nine o'clock on a day of 23 hours too."""
    days, rest = divmod(minutes, 24 * 60)
    wall = (midnight + timedelta(days=days)).replace(hour=rest // 60, minute=rest % 60)
    return wall.astimezone(UTC)
