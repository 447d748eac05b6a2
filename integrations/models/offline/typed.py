"""Values for typed slots: what is asked for, and what is said of another slot by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..base import Question, SlotKind, Value
from . import dates
from .numbers import number_at
from .values import choice_value, number_value, text_value
from .words import split

TYPED = frozenset({"integer", "date", "email", "list"})
MARKED, NAMED, FITTING = 0.95, 0.85, 0.8
# What tells that something said before is meant: "actually …", "change … to", "… instead".
_MARKER = re.compile(
    r"^(?:(?:oh|no|sorry|wait|hm+|ah|well|ok|oops|please|and|but)[\s,.!:;-]+)*"
    r"(?:actually|correction|i meant|i mean|rather|make (?:it|that)|make the|change|correct|set|update|switch"
    r"|let'?s make|can you (?:change|make|set)|could you (?:change|make|set)|it should be|that should be)\b"
    r"|\binstead(?: of [^,.]{1,60})?[\s.!]*$"
    r"|^(?:no|sorry|oops|wait)[\s,.!:;-]+(?=the\b|it\b|its\b|my\b)",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^[\s,.!:;-]*(?:(?:oh|no|sorry|wait|ah|well|ok|oops|please|and|but|actually|correction|i meant|i mean"
    r"|rather|make (?:it|that)|make|change (?:it|that) to|change|correct|set|it should be|that should be"
    r"|let'?s make it|it is|its|it's|to)\b[\s,.!:;-]*)*",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"^\s*(?:is now|is|should be|should read|must be|to be|to|as|are|was|=|:|-|–)\s+|^\s*[:=]\s*",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"(?:[\s,;.!]+|\b(?:instead(?: of .{1,60})?|please|thanks|and|but|with|the|my|its|a)\s*)+$", re.IGNORECASE
)
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_NUMBER = re.compile(
    r"(?<![\w.,])[+-]?\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?(?![\w])|(?<![\w.,])[+-]?\d{1,15}(?:\.\d{1,9})?(?![\w])"
)


@dataclass(frozen=True, slots=True)
class Said:
    """Values of slots by their names. `marked`: it was said that they correct something."""

    values: tuple[Value, ...]
    marked: bool


def typed_value(slot: str, kind: str, text: str, choices: Sequence[str], today: str) -> Value | None:
    """What the words are as that type, with the words that say it."""
    match kind:
        case "text":
            return text_value(slot, text)
        case "list":
            return text_value(slot, text)
        case "email":
            found = _EMAIL.findall(text[:2_000])
            sure = 0.98 if len(set(found)) == 1 else 0.3
            return Value(slot, found[0].rstrip("."), found[0], sure) if found else None
        case "date":
            day = dates.find(text, today)
            return Value(slot, day.day.isoformat(), day.words, day.confidence) if day else None
        case "number" | "integer":
            return _number(slot, kind, text)
        case "choice":
            return choice_value(slot, split(text), choices)
    return None


def _number(slot: str, kind: str, text: str) -> Value | None:
    """In digits, whatever its size; else in words."""
    found = [match.group() for match in _NUMBER.finditer(text[:2_000])]
    if not found:
        return number_value(slot, split(text))
    plain = found[0].replace(",", "").replace(" ", "").lstrip("+")
    sure = 0.97 if len(split(text).tokens) < 9 else 0.7
    if len(set(found)) > 1 or (kind == "integer" and "." in plain):
        sure = 0.3
    if re.search(r"\d\s*(?:-|–|to|or)\s*\d", text):
        sure = 0.3
    return Value(slot, plain, found[0], sure)


def named(question: Question) -> Said:
    """ "The title is …", "severity high instead", "make it three": which slots, and what they shall be."""
    text = question.text[:2_000]
    marked = _MARKER.search(text) is not None
    if question.expecting_type in ("text", "list") and not marked:
        return Said((), False)
    mentions = _mentions(text, question.slots)
    values: list[Value] = []
    for at, (start, end, slot) in enumerate(mentions):
        until = mentions[at + 1][0] if at + 1 < len(mentions) else len(text)
        words = _TAIL.sub("", _LINK.sub("", text[end:until], count=1)).strip(" ,;.!\n")
        since = mentions[at - 1][1] if at else 0
        before = _TAIL.sub("", _LEAD.sub("", text[since:start])).strip(" ,;.!\n")
        value = _of(slot, words, question.today) or _of(slot, before, question.today, strict=True)
        if value:
            values.append(_scaled(value, MARKED if marked else NAMED))
    if not values and marked and question.expecting_type not in ("text", "list", "items"):
        values = _unnamed(text, question)
    return Said(tuple({value.slot: value for value in values}.values()), marked)


def _mentions(text: str, slots: Sequence[SlotKind]) -> list[tuple[int, int, SlotKind]]:
    """Where slots are named, the longer name first, none inside another."""
    found: list[tuple[int, int, SlotKind]] = []
    for slot in sorted(slots, key=lambda each: -len(each.called)):
        for match in re.finditer(rf"\b{re.escape(slot.called)}\b", text, re.IGNORECASE):
            if not any(match.start() < end and start < match.end() for start, end, _ in found):
                found.append((match.start(), match.end(), slot))
                break
    return sorted(found, key=lambda each: each[0])


def _of(slot: SlotKind, words: str, today: str, strict: bool = False) -> Value | None:
    """`strict`: words before the name are only a value where they can be nothing else."""
    if not words or (strict and slot.type in ("text", "list")):
        return None
    if slot.type == "yes_no":
        plain = words.lower()
        return Value(slot.name, plain, words, 0.95) if plain in ("yes", "no") else None
    value = typed_value(slot.name, slot.type, words, slot.choices, today)
    return value if value and (not strict or value.confidence >= 0.7) else None


def _scaled(value: Value, sure: float) -> Value:
    return Value(value.slot, value.text, value.words, round(min(value.confidence, sure), 3))


def _unnamed(text: str, question: Question) -> list[Value]:
    """No slot is named: what is asked now, else the newest one that the words alone fit."""
    rest = _TAIL.sub("", _LEAD.sub("", text, count=1)).strip(" ,;.!")
    kind = question.expecting_type
    if kind and kind != "yes_no":
        value = typed_value(question.expecting, kind, rest, question.choices, question.today)
        if value and value.confidence >= 0.6:
            return [value]
    for slot in reversed(question.slots):
        if not slot.filled or slot.type in ("text", "list", "yes_no"):
            continue
        value = typed_value(slot.name, slot.type, rest, slot.choices, question.today)
        if value and value.confidence >= FITTING and _is_all(value, rest, slot.type):
            return [_scaled(value, FITTING)]
    return []


def _is_all(value: Value, rest: str, kind: str) -> bool:
    """A number among other words may be anything; a label, a date or an address is what it is."""
    if kind in ("number", "integer"):
        sentence = split(rest)
        number = number_at(sentence.tokens, 0) if sentence.tokens else None
        return value.words == rest or (number is not None and number.end == len(sentence.tokens))
    return True
