"""`{tones: {plain: …, terse: …, playful: …}}` in a flow file: read, and held to say the same.

A text that is written in several ways shows the same values, numbers, codes and names in each; where
money or a decision is told (a failure's sentence, the words of an approval), there is one way only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from flows.tone_phrases import PHRASES
from flows.variants import Path, put

Problem = tuple[Path, str, str]
WAYS = ("plain", "terse", "playful")
RIGHT = 'text: {tones: {plain: "…", terse: "…", playful: "…"}}'
NOT_OURS = frozenset({"with"})  # data of a tool may well have a field of this name
# Where words may be put in several ways, by the type of the step.
FIELDS = {
    "message": ("text", "show"),
    "confirm": ("text", "confirmed"),
    "choice": ("text",),
    "input": ("ask", "gather"),
    "wait": ("text",),
    "end": ("text",),
}
SHOWN = ("heading", "paragraph", "note")
ASKED = ("ask", "refuse")
ONE_WAY = frozenset({"error"})  # a failure is told in its own words, whoever it is told to
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_NUMBER = re.compile(r"\S*\d\S*")
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")
_WEB = re.compile(r"\S*(?:://|@)\S+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_BEGINS = re.compile(r"(?:^|[.!?…:]\s+|\n\s*|[“\"(]\s*)$")


class Worded(str):
    """The plain words of a text as a file has it, and its other ways."""

    __slots__ = ("playful", "terse")

    terse: str
    playful: str

    def __new__(cls, plain: str, terse: str = "", playful: str = "") -> Worded:
        made = super().__new__(cls, plain)
        made.terse, made.playful = terse or plain, playful or plain
        return made


def usual(words: str) -> str:
    """What a step says where its file says nothing, in the ways that the engine knows of it."""
    return Worded(words, *PHRASES[words]) if words in PHRASES and "{" not in words else words


def read(kind: str, raw: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Problem]]:
    """The step with each text of several ways as one, and what is wrong with any."""
    problems: list[Problem] = []
    plain: Any = raw
    for path, value in _places(raw):
        found = _problem(value) or (
            None if _may(kind, path) else ("has tones, but is said alike to everybody", "one text")
        )
        if found:
            problems.append((path, *found))
        else:
            tones = value["tones"]
            words = Worded(tones["plain"], tones.get("terse", ""), tones.get("playful", ""))
            plain = put(plain, path, words)
    return plain, problems


def _places(raw: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    todo: list[tuple[Path, Any]] = [((name,), value) for name, value in raw.items() if name not in NOT_OURS]
    while todo:
        path, value = todo.pop(0)
        match value:
            case {"tones": _}:
                yield path, value
            case Mapping():
                todo[:0] = [((*path, key), inner) for key, inner in value.items()]
            case list():
                todo[:0] = [((*path, at), inner) for at, inner in enumerate(value)]


def _may(kind: str, path: Path) -> bool:
    """Whether words stand there that may be put in several ways; within a variant as without."""
    if path[:1] == ("variants",):
        path = path[2:]
    if len(path) > 2 and path[-2] == "variants":
        path = path[:-2]
    allowed = FIELDS.get(kind, ())
    match path:
        case (str(first),):
            return first in allowed and first not in ("show", "gather")
        case ("show", int(), str(last)):
            return "show" in allowed and last in SHOWN
        case ("gather", int(), str(last)):
            return "gather" in allowed and last in ASKED
    return False


def _problem(value: Mapping[str, Any]) -> tuple[str, str] | None:
    tones = value["tones"]
    if set(value) != {"tones"}:
        others = ", ".join(sorted(str(each)[:40] for each in value if each != "tones"))
        return f"has tones and {others} side by side", RIGHT
    if not isinstance(tones, Mapping) or "plain" not in tones or len(tones) < 2 or set(tones) - set(WAYS):
        return "must have plain, and terse or playful or both", RIGHT
    if not all(isinstance(each, str) and each.strip() for each in tones.values()):
        return "must have a text for each tone", RIGHT
    for way, form in tones.items():
        if differing := differs(tones["plain"], form):
            return f"says in {way} other than in plain: {differing[:80]}", "the same in other words"
        if any(re.search(rf"\b{name}\b", tag) for tag in _TAG.findall(form) for name in ONE_WAY):
            return "tells a failure, which is told alike to everybody", "one text"
    return None


def differs(plain: str, other: str) -> str:
    """A value, number, code, address, quotation or name that only one of the two has; empty: they agree.

    Where parts depend on a condition, the values stand in the same order too.
    """
    ours, theirs = _tags(plain), _tags(other)
    if any(tag.startswith("{%") for tag in (*ours, *theirs)) and ours != theirs:
        return next(
            (each for each in (*ours, *theirs) if ours.count(each) != theirs.count(each)), "the order"
        )
    for one, two in ((Counter(ours), Counter(theirs)), (facts(plain), facts(other))):
        if one != two:
            return next(iter((one - two) + (two - one)))
    bare, again = _TAG.sub(" ", plain), _TAG.sub(" ", other)
    missing = (names(bare) - set(_WORD.findall(again))) | (names(again) - set(_WORD.findall(bare)))
    return min(missing, default="")


def _tags(text: str) -> list[str]:
    return ["".join(tag.split()) for tag in _TAG.findall(text)]


def facts(text: str) -> Counter[str]:
    """What must not change, however it is put: whatever holds a digit, addresses, quotations, codes."""
    bare = _TAG.sub(" ", text)
    found = Counter(each.strip(".,;:!?()“”\"'") for each in _NUMBER.findall(bare))
    found.update(each.rstrip(".,;:!?)") for each in _WEB.findall(bare) if not _NUMBER.fullmatch(each))
    found.update(_QUOTED.findall(bare))
    found.update(word for word in _WORD.findall(bare) if len(word) > 1 and word.isupper())
    return found


def names(text: str) -> set[str]:
    """Words with a capital where no sentence begins."""
    return {
        found[0]
        for found in _WORD.finditer(text)
        if found[0][0].isupper()
        and found[0].partition("'")[0].partition("’")[0] != "I"
        and not _BEGINS.search(text[: found.start()])
    }
