"""Text as a person reads it, without what is invisible, and the way back to where each letter stood."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

LONGEST = 400_000


def plain(text: str) -> tuple[str, tuple[int, ...] | None]:
    """The text, and for each of its characters the place in the original; None where nothing changed."""
    if text.isascii():
        return text, None
    found: list[str] = []
    places: list[int] = []
    for at, each in enumerate(text):
        for seen in each if each.isascii() else _seen(each):
            found.append(seen)
            places.append(at)
    return "".join(found), tuple(places)


@lru_cache(maxsize=8192)
def _seen(each: str) -> str:
    category = unicodedata.category(each)
    if category in ("Cf", "Mn", "Me") or each in "\u034f\u115f\u1160\u3164":
        return ""
    if category == "Pd" or each in "\u2212\u2044":
        return "-"
    if category == "Zs":
        return " "
    digit = unicodedata.digit(each, None)
    if digit is not None:
        return str(digit)
    return unicodedata.normalize("NFKC", each)
