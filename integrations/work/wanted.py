"""What "/summarize PAY last 7 days" asks for. Pure: words in, a description out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from integrations.models.offline.words import word_set
from integrations.work.models import LONGEST_REQUEST, NAMES, SERVICES, Service

USUAL_DAYS = 7
MOST_DAYS = 3650
LONGEST_WORDS = 150

_COMMAND = re.compile(
    r"^\s*(?:please\s+)?(?:(?:can|could|would) you (?:please )?)?"
    r"/?(?:summari[sz]e|summary|sum up|give me (?:a|the) summary)\b[\s:,]*",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“”\"]([^“”\"]{1,150})[“”\"]")
_REPOSITORY = re.compile(r"(?<![\w/.:-])([A-Za-z0-9-]{1,100}/[A-Za-z0-9._-]{0,99}[A-Za-z0-9_-])(?![\w/])")
_LABEL = re.compile(
    r"(?:\blabel(?:l?ed)?(?:\s*[:=]\s*|\s+)|(?<!\S)#)(?:(?:as|with)\s+)?([\w][\w./-]{0,49})", re.IGNORECASE
)
_COUNTS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
_NUMBERS = {word: number for number, word in enumerate(_COUNTS, 1)}
_UNITS = {"day": 1, "week": 7, "fortnight": 14, "month": 31, "quarter": 92, "year": 366}
_SPAN = re.compile(
    r"\b(?:(?:in|over|for|from|during|of)\s+)?(?:the\s+)?(?:last|past|previous)\s+"
    rf"(?:(\d{{1,4}}|{'|'.join(_NUMBERS)})\s+)?({'|'.join(_UNITS)})s?\b",
    re.IGNORECASE,
)
_SHORT_SPAN = re.compile(r"(?<![\w-])(\d{1,4})\s*(d|w|days?|weeks?|months?)(?![\w-])", re.IGNORECASE)
_NAMED_SPAN = re.compile(
    r"\b(?:since\s+|from\s+)?(today|yesterday|this week|this month|this year)\b", re.IGNORECASE
)
_NAMED_DAYS = {"today": 1, "yesterday": 2, "this week": 7, "this month": 31, "this year": 366}
_EVER = re.compile(r"\b(?:ever|of all time|since the beginning)\b", re.IGNORECASE)
_SERVICE = re.compile(r"\b(?:(?:in|on|at|from)\s+)?(?:the\s+)?(jira|github|notion)\b", re.IGNORECASE)
_NAMED_PROJECT = re.compile(r"\bproject\s*[:=]?\s+?([A-Za-z][A-Za-z0-9_]{0,30})\b", re.IGNORECASE)
_KEY = re.compile(r"(?<![\w#/.-])([A-Z][A-Z0-9_]{1,9})(?![\w/-])")
_FILLER = word_set("""
    a an the of for in on at from about all any everything anything what whats is was are has have
    happened changed going went tickets ticket issues issue pages page pull requests work things stuff please
    and with to me us our my since repo repository project projects status update updates last weeks ever
""")


@dataclass(frozen=True, slots=True)
class Wanted:
    """`days` 0: however old. `services` are those that were named; none: all there are."""

    project: str = ""
    repository: str = ""
    labels: tuple[str, ...] = ()
    days: int = 0
    words: str = ""
    services: tuple[Service, ...] = ()


def wanted(request: str) -> Wanted:
    """Every text is understood as something: what has no other meaning is looked for as words.

    Where nothing says which, it is what changed in the last seven days.
    """
    text = _COMMAND.sub("", " ".join(request[:LONGEST_REQUEST].split()))
    quoted, text = _taken(_QUOTED, text)
    labels, text = _taken(_LABEL, text)
    repositories, text = _taken(_REPOSITORY, text)
    days, text = _span(text)
    services, text = _taken(_SERVICE, text)
    projects, text = _taken(_NAMED_PROJECT, text)
    if not projects:
        projects, text = _taken(_KEY, text)
    found = [*quoted, *(word for word in _words(text) if word.lower() not in _FILLER)]
    # One ticket system asks by one project: the others named are looked for as words.
    found += projects[1:]
    named = {each.lower() for each in services}
    words = " ".join(found)[:LONGEST_WORDS].strip()
    bounded = bool(days or _EVER.search(request) or words or projects or repositories or labels)
    return Wanted(
        project=projects[0].upper() if projects else "",
        repository=repositories[0] if repositories else "",
        labels=tuple(dict.fromkeys(labels))[:5],
        days=min(days, MOST_DAYS) if bounded else USUAL_DAYS,
        words="" if _EVER.fullmatch(words) else words,
        services=tuple(each for each in SERVICES if each in named),
    )


def in_words(asked: Wanted) -> str:
    """As it was understood, for the person to see: "project PAY, the last 7 days"."""
    parts = []
    if asked.project:
        parts.append(f"project {asked.project}")
    if asked.repository:
        parts.append(f"repository {asked.repository}")
    if asked.labels:
        parts.append(f"label {', '.join(asked.labels)}")
    if asked.words:
        parts.append(f"“{asked.words}”")
    if asked.services:
        parts.append(f"in {' and '.join(NAMES[each] for each in asked.services)}")
    if asked.days:
        parts.append("the last day" if asked.days == 1 else f"the last {asked.days} days")
    return ", ".join(parts) or "everything, however old"


def _span(text: str) -> tuple[int, str]:
    if match := _SPAN.search(text):
        count, unit = (match[1] or "1").lower(), match[2].lower()
        number = _NUMBERS.get(count) or int(count)
        return max(1, number * _UNITS[unit]), _without(text, match)
    if match := _SHORT_SPAN.search(text):
        return max(1, int(match[1]) * {"d": 1, "w": 7, "m": 31}[match[2][0].lower()]), _without(text, match)
    if match := _NAMED_SPAN.search(text):
        return _NAMED_DAYS[match[1].lower()], _without(text, match)
    return 0, text


def _taken(pattern: re.Pattern[str], text: str) -> tuple[list[str], str]:
    """What the pattern names, and the text without it."""
    return [match[1] for match in pattern.finditer(text)], pattern.sub(" ", text)


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}"


def _words(text: str) -> list[str]:
    found = [word.strip(".,;:!?()[]{}'’") for word in text.split()]
    return [word for word in found if any(each.isalnum() for each in word)]
