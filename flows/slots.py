"""A typed slot: what fits into it, and what to say of what does not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows import dates, patterns
from flows.matching import match
from flows.templates import Text

TYPES = ("text", "number", "integer", "date", "email", "yes_no", "choice", "list", "items")
LONGEST_TEXT = 2_000
LONGEST_ENTRY = 200
MOST_ENTRIES = 50
LARGEST = 10**15
EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+\Z")
_INTEGER = re.compile(r"[+-]?[0-9]{1,16}\Z")
_NUMBER = re.compile(r"[+-]?[0-9]{1,16}(?:\.[0-9]{1,9})?\Z")
_BETWEEN = re.compile(r"\s*(?:[,;\n•]|\band\b)\s*", re.IGNORECASE)
_YES = frozenset({"yes", "y", "true", "yep", "yeah", "sure", "ok", "of course"})
_NO = frozenset({"no", "n", "false", "nope", "not"})
EXAMPLES = {
    "text": "a sentence",
    "number": "a number such as 12.5",
    "integer": "a whole number such as 3",
    "date": "a date such as “24 December” or “2026-12-24”",
    "email": "an e-mail address such as ada@example.com",
    "yes_no": "yes or no",
    "list": "one or more, with commas between",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """`least` and `most` bound a number, the entries of a list, or (as text) a date; `options` are
    label and value of a choice. `refuse` is said in place of our own words for what does not fit."""

    name: str
    type: str
    ask: Text | None = None
    required: bool = True
    least: int | float | str | None = None
    most: int | float | str | None = None
    pattern: str = ""
    longest: int = LONGEST_TEXT
    options: tuple[tuple[str, Any], ...] = ()
    refuse: Text | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(label for label, _ in self.options)

    @property
    def called(self) -> str:
        """The name as one says it."""
        return self.name.replace("_", " ")

    @property
    def example(self) -> str:
        if self.type == "choice":
            return "one of " + ", ".join(self.labels[:12])
        return EXAMPLES[self.type]


@dataclass(frozen=True, slots=True)
class Fit:
    """The value, or what is wrong and what would be right. `places`: options that are all meant."""

    value: Any = None
    problem: str = ""
    places: tuple[int, ...] = ()
    confidence: float = 1.0


def fit(slot: Slot, said: str, today: str = "") -> Fit:
    """What the words are as this slot's type; never raises."""
    text = said.strip()
    quoted = f"“{text[:80]}{'…' if len(text) > 80 else ''}”"
    if not text:
        return Fit(problem=f"I need {slot.example}.")
    match slot.type:
        case "text":
            return _text(slot, text, quoted)
        case "integer" | "number":
            return _number(slot, text, quoted)
        case "date":
            return _date(slot, text, quoted, today)
        case "email":
            if len(text) <= 254 and EMAIL.match(text):
                return Fit(text.lower())
            return Fit(problem=f"{quoted} is no e-mail address. I need {slot.example}.")
        case "yes_no":
            plain = text.lower().rstrip(".!")
            if plain in _YES | _NO:
                return Fit(plain in _YES)
            return Fit(problem=f"I need {slot.example}, not {quoted}.")
        case "choice":
            return _choice(slot, text, quoted)
    return _list(slot, text)


def _text(slot: Slot, text: str, quoted: str) -> Fit:
    if len(text) > slot.longest:
        return Fit(
            problem=f"That is {len(text)} characters; at most {slot.longest} fit. Please say it shorter."
        )
    if slot.pattern and not patterns.fits(slot.pattern, text):
        return Fit(problem=f"{quoted} is not what I need for “{slot.called}”.")
    return Fit(text)


def _number(slot: Slot, text: str, quoted: str) -> Fit:
    whole = slot.type == "integer"
    if not (_INTEGER if whole else _NUMBER).match(text):
        return Fit(problem=f"I need {slot.example}, not {quoted}.")
    value: int | float = int(text) if _INTEGER.match(text) else float(text)
    if value == int(value):
        value = int(value)
    if abs(value) > LARGEST:
        return Fit(problem=f"{quoted} is more than I can count.")
    if isinstance(slot.least, int | float) and value < slot.least:
        return Fit(problem=f"{quoted} is too small: it must be at least {slot.least}.")
    if isinstance(slot.most, int | float) and value > slot.most:
        return Fit(problem=f"{quoted} is too large: it can be at most {slot.most}.")
    return Fit(value)


def _date(slot: Slot, text: str, quoted: str, today: str) -> Fit:
    day = dates.day_of(text)
    if day is None:
        return Fit(problem=f"{quoted} is no date that I can read. I need {slot.example}.")
    first = dates.bound(slot.least, today) if isinstance(slot.least, str) else None
    last = dates.bound(slot.most, today) if isinstance(slot.most, str) else None
    if first is not None and day < first:
        return Fit(problem=f"{text} is too early: it must be {_said(slot.least)} or later.")
    if last is not None and day > last:
        return Fit(problem=f"{text} is too late: it must be {_said(slot.most)} or earlier.")
    return Fit(text)


def _said(bound: Any) -> str:
    text = (
        " ".join(str(bound).replace("+", " + ").replace("-", " - ").split()) if "today" in str(bound) else ""
    )
    return text.replace("today + ", "today plus ").replace("today - ", "today less ") or str(bound)


def _choice(slot: Slot, text: str, quoted: str) -> Fit:
    for _, value in slot.options:
        if str(value) == text:
            return Fit(value)
    found = match(text, slot.labels)
    if len(found.at) == 1:
        return Fit(slot.options[found.at[0]][1], confidence=found.confidence)
    if found.at:
        return Fit(places=found.at[:5], confidence=found.confidence)
    return Fit(problem=f"{quoted} is none of these. I need {slot.example}.")


def _list(slot: Slot, text: str) -> Fit:
    entries = list(dict.fromkeys(part for part in _BETWEEN.split(text) if part))
    most = slot.most if isinstance(slot.most, int) else MOST_ENTRIES
    if isinstance(slot.least, int) and len(entries) < slot.least:
        return Fit(problem=f"I need at least {slot.least} of them, with commas between.")
    if not entries or len(entries) > most:
        return Fit(problem=f"I can take at most {most} of them, with commas between.")
    for entry in entries:
        if len(entry) > min(slot.longest, LONGEST_ENTRY):
            return Fit(problem=f"“{entry[:40]}…” is too long for one entry.")
        if slot.pattern and not patterns.fits(slot.pattern, entry):
            return Fit(problem=f"“{entry[:80]}” is not what I need for “{slot.called}”.")
    return Fit(entries)


def in_words(slot: Slot, value: Any) -> str:
    """The value as one says it back."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(str(each) for each in value)
        case Mapping():
            return "…"
    label = next((label for label, each in slot.options if each == value), None)
    return label if label is not None else str(value)[:200]
