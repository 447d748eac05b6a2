""" "/summarize PAY every Monday 9:00", "stop", "list": what is meant, in English. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from integrations.schedule.rule import DAYS, EVERY_DAY, LAST, WEEKDAYS, Rule

LONGEST = 500
MORNING = (9, 0)

UNCLEAR = (
    "I did not understand when. Say for example “every Monday at 9:00”, “every weekday at 17:30” or"
    " “every first of the month”."
)
TOO_OFTEN = "Once a day is as often as I can do this by myself. Say for example “every weekday at 9:00”."

_COMMAND = re.compile(r"^\s*(?:please\s+)?/?(?:summari[sz]e|summary)\b[\s:,]*", re.IGNORECASE)
_LIST = re.compile(
    r"(?:(?:list|show)(?: (?:me )?(?:all |my |the |your )*schedules?)?|(?:my |the )?schedules?)[.?!]*",
    re.IGNORECASE,
)
_STOP = re.compile(
    r"(?:(?:stop|unschedule)\b|(?:cancel|end|delete|remove) (?:all |my |the |this )*schedules?\b)\s*(.*)",
    re.IGNORECASE,
)
_OFTEN = re.compile(
    r"\b(?:every|each)\s+(?:\d+\s+|few\s+|other\s+)?(?:hours?|minutes?|seconds?)\b(?!\s+(?:of|in|day|mon|tue|wed|thu|fri|sat|sun))|\bhourly\b",
    re.IGNORECASE,
)
_NUMBERED = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "last": LAST, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4,
}  # fmt: skip
_DAY = "|".join(
    f"{day[:3]}(?:{day[3:]})?s?"
    if day[:3] not in ("Tue", "Wed", "Thu")
    else {"Tue": "tue(?:s(?:day)?s?)?", "Wed": "wed(?:nesday)?s?", "Thu": "thu(?:r(?:s(?:day)?)?)?s?"}[
        day[:3]
    ]
    for day in DAYS
)
_DAYS = rf"(?:{_DAY})(?:\s*(?:,|and|&|,\s*and)\s*(?:{_DAY}))*"
_NTH = r"first|second|third|fourth|last|\d{1,2}(?:st|nd|rd|th)|1"
_OF_MONTH = r"(?:\s+(?:of|in)\s+(?:the|each|every|a)\s+month|\s+of\s+the\s+month)"
_EACH = r"(?:every|each)"
_TIME = (
    r"(?P<named>noon|midday|midnight)|(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?\s*(?P<half>[ap]\.?m\b\.?)?"
)
_AT = rf"(?:\s*,?\s*(?P<at>(?:at|around|by)\s+|@\s*)?(?:{_TIME})(?:\s*o'?clock)?(?![\w:/#-]))?"
_WHENS = (
    ("nth_day", rf"(?:on\s+)?(?:{_EACH}\s+|the\s+)(?P<nth>{_NTH})\s+(?P<days>{_DAYS}){_OF_MONTH}"),
    ("month_day", rf"(?:on\s+)?(?:{_EACH}\s+|the\s+)(?P<nth>{_NTH})(?:\s+day)?{_OF_MONTH}"),
    ("month_day", rf"(?:{_EACH}\s+month|monthly)(?:\s+on\s+the\s+(?P<nth>{_NTH})(?:\s+day)?)?"),
    ("days", rf"(?:{_EACH}\s+|weekly\s+(?:on\s+)?|{_EACH}\s+week\s+on\s+|on\s+)(?P<days>{_DAYS})"),
    ("weekday", rf"(?:{_EACH}\s+(?:weekday|work(?:ing)?\s?day|business day)s?|on weekdays|weekdays)"),
    ("weekend", rf"(?:{_EACH}\s+weekend)"),
    ("day", rf"(?:{_EACH}\s+(?:single\s+)?(?P<part>day|morning|evening|afternoon|night)|daily)"),
    ("week", rf"(?:{_EACH}\s+week|weekly)"),
)  # fmt: skip
_PATTERNS = tuple(
    (kind, re.compile(rf"(?<!\w){pattern}(?!\w){_AT}", re.IGNORECASE)) for kind, pattern in _WHENS
)
_PARTS = {"evening": (18, 0), "afternoon": (14, 0), "night": (20, 0)}
_ASKS = re.compile(r"\b(?:every|each|daily|weekly|monthly|hourly|weekdays|schedule)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Now:
    """Nothing is to be repeated: do it once, at once."""

    request: str


@dataclass(frozen=True, slots=True)
class Add:
    request: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class Stop:
    """`which`: a number of the list, some of its words, "all", or nothing."""

    which: str


@dataclass(frozen=True, slots=True)
class List:
    pass


@dataclass(frozen=True, slots=True)
class Unclear:
    sentence: str


Meant = Now | Add | Stop | List | Unclear


def meant(text: str) -> Meant:
    """Words in quotation marks are never a time: they are looked for."""
    said = _COMMAND.sub("", " ".join(text[:LONGEST].split())).strip()
    if _LIST.fullmatch(said):
        return List()
    if stop := _STOP.fullmatch(said):
        return Stop(stop[1].strip(" .!"))
    bare = re.sub(r"[“\"][^“”\"]*[”\"]", lambda quoted: "\0" * len(quoted[0]), said)
    if not _ASKS.search(bare) and not re.search(rf"(?<!\w)on\s+(?:{_DAY})s\b", bare, re.IGNORECASE):
        return Now(said)
    if _OFTEN.search(bare):
        return Unclear(TOO_OFTEN)
    for kind, pattern in _PATTERNS:
        if found := pattern.search(bare):
            rule = _rule(kind, found)
            if rule is None:
                return Unclear(UNCLEAR)
            rest = f"{said[: found.start()]} {said[found.end() :]}"
            rest = re.sub(r"^\s*(?:and|this|it|,)\s+|\s+(?:and|this|it|,)\s*$|\s*,\s*$", " ", f" {rest} ")
            return Add(" ".join(rest.split()), rule)
    return Unclear(UNCLEAR)


def rule_of(words: str) -> Rule:
    """What `in_words` made. Raises ValueError for anything else."""
    match meant(words):
        case Add(request="", rule=rule):
            return rule
    raise ValueError("this is no time that comes again and again")


def _rule(kind: str, found: re.Match[str]) -> Rule | None:
    """None where there is no such time or day."""
    named = found.groupdict()
    clock = _time(named, _PARTS.get((named.get("part") or "").lower(), MORNING))
    if clock is None:
        return None
    hour, minute = clock
    nth = _nth(named.get("nth"))
    match kind:
        case "nth_day":
            wanted = nth if nth is not None and nth <= 4 else None
            return Rule(_days(named["days"]), wanted, hour, minute) if wanted else None
        case "month_day":
            nth = 1 if nth is None and not named.get("nth") else nth
            return Rule((), nth, hour, minute) if nth and nth <= 31 else None
        case "days":
            return Rule(_days(named["days"]), 0, hour, minute)
        case "weekday":
            return Rule(WEEKDAYS, 0, hour, minute)
        case "weekend":
            return Rule((5,), 0, hour, minute)
        case "day":
            return Rule(EVERY_DAY, 0, hour, minute)
    return Rule((0,), 0, hour, minute)


def _nth(word: str | None) -> int | None:
    if word is None:
        return None
    if (known := _NUMBERED.get(word.lower())) is not None:
        return known
    number = int(re.sub(r"\D", "", word))
    return number or None


def _days(text: str) -> tuple[int, ...]:
    starts = [day[:3].lower() for day in DAYS]
    return tuple(sorted({starts.index(each[:3].lower()) for each in re.findall(_DAY, text, re.IGNORECASE)}))


def _time(named: dict[str, str | None], usual: tuple[int, int]) -> tuple[int, int] | None:
    match (named.get("named") or "").lower():
        case "noon" | "midday":
            return 12, 0
        case "midnight":
            return 0, 0
    if not named.get("hour"):
        return usual
    hour, minute = int(named["hour"] or 0), int(named.get("minute") or 0)
    half = (named.get("half") or "").lower()[:1]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return (hour, minute) if hour < 24 and minute < 60 else None
