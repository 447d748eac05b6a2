"""Dates as ISO writes them, counted in days: no clock, no time zones."""

from __future__ import annotations

import re

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z")
_RELATIVE = re.compile(r"today(?: *([+-]) *([0-9]{1,5}))?\Z")
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def day_of(iso: str) -> int | None:
    """The day's number, counted from a day long ago; None for what is no date."""
    found = _ISO.match(iso)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups())
    if not (1 <= month <= 12 and 1 <= day <= _length(year, month)):
        return None
    before = year - 1
    return (
        before * 365
        + before // 4
        - before // 100
        + before // 400
        + sum(_length(year, each) for each in range(1, month))
        + day
    )


def bound(text: str, today: str) -> int | None:
    """A date, or `today`, `today + 30`, `today - 7`; None where it cannot be told."""
    found = _RELATIVE.match(text.strip())
    if found is None:
        return day_of(text.strip())
    here = day_of(today)
    if here is None or found[1] is None:
        return here
    return here + int(found[2]) if found[1] == "+" else here - int(found[2])


def is_bound(text: str) -> bool:
    """Whether a flow may write this as the first or last day."""
    return _RELATIVE.match(text.strip()) is not None or day_of(text.strip()) is not None


def _length(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else _LENGTHS[month - 1]
