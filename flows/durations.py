"""How long something takes, as people write it: "2 days", "90 minutes"."""

from __future__ import annotations

import re

from flows.errors import TemplateError

UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
MOST = 366 * UNITS["day"]
_SHAPE = re.compile(r"([0-9]{1,6}) ?(second|minute|hour|day|week)s?\Z")


def seconds(text: str) -> int:
    """Raises `TemplateError` for what is no duration, or longer than a year."""
    found = _SHAPE.match(text.strip().lower())
    if found is None:
        raise TemplateError(f"{text[:40]!r} is no duration")
    length = int(found[1]) * UNITS[found[2]]
    if not 0 < length <= MOST:
        raise TemplateError(f"{text[:40]!r} must be longer than nothing and at most 366 days")
    return length


def in_words(length: int) -> str:
    """In the largest unit that fits without a rest."""
    unit = next(name for name in reversed(UNITS) if length % UNITS[name] == 0)
    number = length // UNITS[unit]
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
