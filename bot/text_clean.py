"""Takes out or shows what a reader cannot see, and keeps what is ordinary writing."""

from __future__ import annotations

import re
import unicodedata

from bot.text_emoji import EMOJI
from bot.text_script import script

MOST_ACCENTS = 4  # on one letter; more is drawn over the neighbouring lines

# What NFC sorts within a run costs the square of the run's length; no script stacks this many.
MOST_SORTED = 30

_BREAKS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
# Characters that stand for themselves whatever is beside them: ASCII, most of Latin-1, a few marks in print.
_ORDINARY = re.compile(
    r"[\n\x20-\x7e\xa1-\xa8\xaa-\xac\xaf-\xff\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u20ac]*"
)

# Invisible, but found in honest text too: soft hyphens, joiners, selectors, marks of direction.
_INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u200b\u200c\u200d\u200e\u200f"
    "\u2060\u2061\u2062\u2063\u2064\u3164\ufeff\uffa0"
)
_JOINERS = frozenset("\u200c\u200d")
_JOINING = frozenset(
    {
        "ARABIC",
        "SYRIAC",
        "NKO",
        "MONGOLIAN",
        "DEVANAGARI",
        "BENGALI",
        "GURMUKHI",
        "GUJARATI",
        "ORIYA",
        "TAMIL",
    }
    | {"TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "MYANMAR", "KHMER", "TIBETAN"}
)
_BLANK = frozenset("\u2800")
_STRANGE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SORTED_INSIDE = frozenset("\u0f73\u0f75\u0f81")  # of class 0, and yet made of what is sorted


def clean(text: str, *, show_all: bool) -> str:
    """`show_all`: what is merely invisible is shown too, instead of taken out."""
    text = _BREAKS.sub("\n", text)
    if _ORDINARY.fullmatch(text):
        return text
    text = unicodedata.normalize("NFC", unstacked(text))
    parts: list[str] = []
    accents = 0
    end = 0
    for emoji in EMOJI.finditer(text):
        accents = _clean_into(parts, text, end, emoji.start(), accents, show_all)
        parts.append(emoji[0])
        accents = 0
        end = emoji.end()
    _clean_into(parts, text, end, len(text), accents, show_all)
    return unicodedata.normalize("NFC", "".join(parts))


def unstacked(text: str) -> str:
    """Runs of combining marks made short, and the rest of each counted: before any normalising."""
    combining = unicodedata.combining
    parts: list[str] = []
    run = 0
    for character in text:
        if character >= "\u0300" and (combining(character) or character in _SORTED_INSIDE):
            run += 1
            if run <= MOST_SORTED:
                parts.append(character)
            continue
        if run > MOST_SORTED:
            parts.append(_more(run))
        run = 0
        parts.append(character)
    if run > MOST_SORTED:
        parts.append(_more(run))
    return "".join(parts)


def _more(run: int) -> str:
    return f"⟨{run - MOST_SORTED} more marks⟩"


def code(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"


def _clean_into(parts: list[str], text: str, start: int, end: int, accents: int, show_all: bool) -> int:
    """Appends text[start:end], cleaned; returns how many accents the last letter carries."""
    for place in range(start, end):
        character = text[place]
        if " " <= character <= "~" or character == "\n":
            parts.append(character)
            accents = 0
            continue
        kind = unicodedata.category(character)
        if kind[0] == "M" and not _is_selector(character) and character not in _INVISIBLE:
            accents += 1
            based = bool(parts) and not parts[-1][-1:].isspace() and character != "\u20e0"
            struck = show_all and unicodedata.combining(character) == 1  # a stroke through what it stands on
            ordinary = based and accents <= MOST_ACCENTS and kind != "Me" and not struck
            parts.append(character if ordinary else code(character))
            continue
        if (
            character in _JOINERS
            and _is_inside_word(text, place)
            and "".join(parts[-1:])[-1:] == text[place - 1]
        ):
            parts.append(character)
            accents = 0
            continue
        kept = _seen(text, place, kind, show_all)
        if kept:
            parts.append(kept)
            accents = 0
    return accents


def _seen(text: str, place: int, kind: str, show_all: bool) -> str:
    """What is shown for one character outside ASCII that is no accent."""
    character = text[place]
    if character == "\t" or kind == "Zs" or character in _BLANK:
        return " "
    if character in _INVISIBLE or _is_selector(character):
        return code(character) if show_all else ""
    if kind in _STRANGE or character == "\ufffc":
        return code(character)
    return character


def _is_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _is_inside_word(text: str, place: int) -> bool:
    """Between two letters of one script whose spelling needs joiners (Persian, Hindi …)."""
    if not 0 < place < len(text) - 1:
        return False
    sides = text[place - 1], text[place + 1]
    kinds = [unicodedata.category(side)[0] for side in sides]
    if kinds[0] not in "LM" or kinds[1] != "L":
        return False  # what is no letter may itself be shown as a code
    before, after = (script(side) for side in sides)
    return before == after and before in _JOINING
