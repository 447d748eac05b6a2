"""When: on which days, at what time of day where somebody is. Pure: a moment in, the next one out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAYS = (0, 1, 2, 3, 4)
EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
LAST = -1
# Two months that are short of a 31st stand side by side at most; a fifth Friday is rarer.
FURTHEST = 400


@dataclass(frozen=True, slots=True)
class Rule:
    """On these days of the week, or on this day of each month (`LAST`: its last one).

    With both, on the so-manieth such day of the month: `days=(0,), month_day=1` is the first Monday.
    """

    days: tuple[int, ...] = ()
    month_day: int = 0
    hour: int = 9
    minute: int = 0

    def fits(self, day: date) -> bool:
        if not self.month_day:
            return day.weekday() in self.days
        if not self.days:
            last = (day + timedelta(days=1)).month != day.month
            # The 31st of a short month is its last day: nobody means that it be left out.
            return (
                last
                if self.month_day == LAST
                else day.day == self.month_day or (last and day.day < self.month_day)
            )
        if day.weekday() not in self.days:
            return False
        if self.month_day == LAST:
            return (day + timedelta(days=7)).month != day.month
        return (day.day - 1) // 7 + 1 == self.month_day


def next_after(rule: Rule, moment: datetime, zone: str) -> datetime:
    """The first time after `moment` (not at it), in UTC.

    A time that the clocks leave out comes as much later; one that comes twice is the first of both.
    """
    there = zone_of(zone)
    day = moment.astimezone(there).date() - timedelta(days=1)
    for _ in range(FURTHEST):
        if rule.fits(day):
            found = datetime.combine(day, time(rule.hour, rule.minute), tzinfo=there).astimezone(UTC)
            if found > moment:
                return found
        day += timedelta(days=1)
    raise ValueError("this never comes")


def zone_of(name: str) -> tzinfo:
    """UTC where there is no such zone."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return UTC


def in_words(rule: Rule) -> str:
    """As a person says it; what it says is read as the same rule again."""
    return f"every {_days(rule)} at {rule.hour}:{rule.minute:02}"


def _days(rule: Rule) -> str:
    if rule.month_day and not rule.days:
        return f"{ordinal(rule.month_day)} {'day ' if rule.month_day == LAST else ''}of the month"
    if rule.days == EVERY_DAY:
        return "day"
    if rule.days == WEEKDAYS and not rule.month_day:
        return "weekday"
    names = [DAYS[day] for day in rule.days]
    said = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{ordinal(rule.month_day)} {said} of the month" if rule.month_day else said


def ordinal(number: int) -> str:
    if number == LAST:
        return "last"
    named = {1: "first", 2: "second", 3: "third", 4: "fourth"}.get(number)
    if named:
        return named
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number not in (11, 12, 13) else "th"
    return f"{number}{ending}"
