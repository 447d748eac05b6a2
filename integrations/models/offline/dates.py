"""A date as people say it: "tomorrow", "next Friday", "24 December", "in three days", "24.12."."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = {name.lower(): at for at, name in enumerate(calendar.month_name) if name}
MONTHS |= {name.lower(): at for at, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
DAYS = {name.lower(): at for at, name in enumerate(calendar.day_name)}
DAYS |= {name.lower(): at for at, name in enumerate(calendar.day_abbr)} | {"tues": 1, "thur": 3, "thurs": 3}
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
           "eight": 8, "nine": 9, "ten": 10, "twelve": 12, "fourteen": 14}  # fmt: skip
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY = "|".join(sorted(DAYS, key=len, reverse=True))
_COUNT = "|".join(_COUNTS)


@dataclass(frozen=True, slots=True)
class Found:
    """One date in a text, with the words that say it and how surely they do."""

    day: date
    words: str
    confidence: float


def find(text: str, today: str) -> Found | None:
    """The one date of the text; of two different ones, the first, hardly believed."""
    try:
        here = date.fromisoformat(today)
    except ValueError:
        return None
    found = list(_all(text[:500].lower(), text, here))
    if not found:
        return None
    if len({each.day for each in found}) > 1:
        return Found(found[0].day, found[0].words, 0.3)
    return found[0]


def _all(low: str, text: str, today: date) -> Iterator[Found]:
    taken: list[tuple[int, int]] = []
    for pattern, read in _FORMS:
        for match in pattern.finditer(low):
            if any(match.start() < end and start < match.end() for start, end in taken):
                continue
            try:
                result = read(match, today)
            except (ValueError, OverflowError):
                continue
            if result is None:
                continue
            taken.append(match.span())
            yield Found(result[0], text[match.start() : match.end()], result[1])


Read = Callable[["re.Match[str]", date], tuple[date, float] | None]


def _iso(match: re.Match[str], today: date) -> tuple[date, float]:
    return date(int(match[1]), int(match[2]), int(match[3])), 0.99


def _dotted(match: re.Match[str], today: date) -> tuple[date, float]:
    return _dated(int(match[1]), int(match[2]), match[3], today), 0.95


def _slashed(match: re.Match[str], today: date) -> tuple[date, float]:
    first, second = int(match[1]), int(match[2])
    if first > 12:
        return _dated(first, second, match[3], today), 0.95
    return _dated(second, first, match[3], today), 0.95 if second > 12 or first == second else 0.5


def _day_month(match: re.Match[str], today: date) -> tuple[date, float]:
    return _dated(int(match[1]), MONTHS[match[2]], match[3], today), 0.95


def _month_day(match: re.Match[str], today: date) -> tuple[date, float]:
    return _dated(int(match[2]), MONTHS[match[1]], match[3], today), 0.95


def _dated(day: int, month: int, year: str | None, today: date) -> date:
    """Without a year, the next time that it comes."""
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    for after in range(5):
        try:
            found = date(today.year + after, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    raise ValueError("there is no such day")


def _near(match: re.Match[str], today: date) -> tuple[date, float]:
    days = {"today": 0, "tonight": 0, "tomorrow": 1, "yesterday": -1}
    return today + timedelta(days=days.get(match[0], 2)), 0.97


def _ahead(match: re.Match[str], today: date) -> tuple[date, float] | None:
    counted = match[1] or match[3]
    unit = match[2] or match[4]
    number = _COUNTS.get(counted) or (int(counted) if counted.isdecimal() else 0)
    if not 0 < number <= 3_660:
        return None
    if unit.startswith("month"):
        return _months(today, number), 0.93
    return today + timedelta(days=number * (7 if unit.startswith("week") else 1)), 0.95


def _months(today: date, number: int) -> date:
    years, month = divmod(today.month - 1 + number, 12)
    year = today.year + years
    return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))


def _end(match: re.Match[str], today: date) -> tuple[date, float]:
    if match[1] == "month":
        return date(today.year, today.month, calendar.monthrange(today.year, today.month)[1]), 0.9
    if match[1] == "year":
        return date(today.year, 12, 31), 0.9
    return today + timedelta(days=(4 - today.weekday()) % 7), 0.75


def _next(match: re.Match[str], today: date) -> tuple[date, float]:
    if match[1] == "week":
        return today + timedelta(days=7 - today.weekday()), 0.7
    return _months(today.replace(day=1), 1), 0.65


def _weekday(match: re.Match[str], today: date) -> tuple[date, float]:
    ahead = (DAYS[match[2]] - today.weekday()) % 7 or 7
    if match[1] == "next" and today.weekday() + ahead < 7:
        return today + timedelta(days=ahead + 7), 0.7  # the one of the week after
    return today + timedelta(days=ahead), 0.7 if match[1] == "next" else 0.9


def _ordinal(match: re.Match[str], today: date) -> tuple[date, float] | None:
    day = int(match[1])
    for after in range(3):
        month = _months(today.replace(day=1), after) if after else today.replace(day=1)
        try:
            found = month.replace(day=day)
        except ValueError:
            continue
        if found >= today:
            return found, 0.85
    return None


_FORMS: tuple[tuple[re.Pattern[str], Read], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b", _iso),
        (r"\b(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})?(?!\d)", _dotted),
        (r"\b(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?(?![\d/])", _slashed),
        (rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})\b\.?(?:,? (\d{{4}}))?", _day_month),
        (rf"\b({_MONTH})\.? (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (\d{{4}}))?", _month_day),
        (r"\bthe day after tomorrow\b|\bday after tomorrow\b", _near),
        (r"\b(?:today|tonight|tomorrow|yesterday)\b", _near),
        (
            rf"\bin (\d{{1,4}}|{_COUNT}) (days?|weeks?|months?)\b"
            rf"|\b(\d{{1,4}}|{_COUNT}) (days?|weeks?|months?) from (?:now|today)\b",
            _ahead,
        ),
        (r"\bend of (?:the |this )?(week|month|year)\b", _end),
        (r"\bnext (week|month)\b", _next),
        (rf"\b(?:(next|this|on|by|until|coming) )?({_DAY})\b", _weekday),
        (r"\bthe (\d{1,2})(?:st|nd|rd|th)\b", _ordinal),
    )
)
