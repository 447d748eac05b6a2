"""What “/delegate to grace until Friday” says: to whom, and until which day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from flows.duty import DAYS

LONGEST_DAYS = 90
HOW = (
    "Say “/delegate to grace@example.com until Friday”, “… for 3 days” or “… until 2026-12-24”;"
    " “/delegate” alone tells what stands, “/delegate stop” ends it."
)
_DELEGATE = re.compile(
    r"(?:to\s+)?(?P<to>\S.{0,199}?)\s+(?:(?:until|till|through)\s+(?P<until>\S.{0,40})"
    r"|for\s+(?P<count>[0-9]{1,3}|a|one)\s+(?P<unit>days?|weeks?))\Z",
    re.IGNORECASE | re.DOTALL,
)
_ENDS = frozenset({"stop", "end", "off", "cancel"})


@dataclass(frozen=True, slots=True)
class Delegating:
    """`last` is the last day on which it stands, where the person is."""

    to: str
    last: date


@dataclass(frozen=True, slots=True)
class Ending:
    """All that is from or to this person."""


@dataclass(frozen=True, slots=True)
class Listing:
    pass


@dataclass(frozen=True, slots=True)
class Unclear:
    because: str


def understood(text: str, today: date) -> Delegating | Ending | Listing | Unclear:
    """`text` without the command itself; `today` is where the person is."""
    words = text.strip()
    if not words or words.lower() in ("list", "show"):
        return Listing()
    if words.lower() in _ENDS:
        return Ending()
    found = _DELEGATE.match(words)
    if found is None:
        return Unclear(HOW)
    last = _for(found, today) if found["unit"] else _until(found["until"], today)
    if last is None:
        return Unclear(f"I do not know which day is meant. {HOW}")
    if last < today:
        return Unclear("That day is over.")
    if last > today + timedelta(days=LONGEST_DAYS):
        return Unclear(f"That is longer than {LONGEST_DAYS} days; somebody should change the policy instead.")
    return Delegating(found["to"].strip().removeprefix("@").strip(), last)


def _for(found: re.Match[str], today: date) -> date | None:
    """Today counts: for one day is today."""
    count = 1 if found["count"].lower() in ("a", "one") else int(found["count"])
    days = count * (7 if found["unit"].lower().startswith("week") else 1)
    return today + timedelta(days=days - 1) if days else None


def _until(text: str, today: date) -> date | None:
    words = text.strip().lower().rstrip(".!")
    if words in ("today", "tonight"):
        return today
    if words == "tomorrow":
        return today + timedelta(days=1)
    day = words.removeprefix("next ")
    if len(day) >= 3 and any(_full(each).startswith(day) for each in DAYS):
        ahead = (DAYS.index(day[:3]) - today.weekday()) % 7
        return today + timedelta(days=ahead + (7 if words.startswith("next ") else 0))
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


def _full(day: str) -> str:
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return names[DAYS.index(day)]
