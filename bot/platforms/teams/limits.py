"""What fits into one message of Teams, and where a long text may be cut in two."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

# Teams refuses a message above 100 KB counted in UTF-16; a card well below that stays quick to draw.
MESSAGE_UTF16_BYTES = 100_000
CARD_BYTES = 25_000
# Room kept in each part for its number ("2/3") and our marker.
MARGIN = 600
# A row of buttons; Teams hides what comes after behind a menu.
BUTTONS_PER_ROW = 6
# Notifications show less than this of the summary anyway.
SUMMARY_CHARACTERS = 1_000
# More lines than this in one paragraph share an element.
LINES_OF_THEIR_OWN = 60
BUTTON_VALUE = 2_000

# How much of a long text is tried first, before twice as much.
FIRST_TRY = 512

_JOINER = "\u200d"


def cut(text: str, fits: Callable[[str], bool]) -> list[str]:
    """The text in pieces that fit, each as long as possible; joined they are the text again."""
    pieces = []
    while text and (len(text) > CARD_BYTES or not fits(text)):
        most = _longest(text, fits)
        at = _boundary(text, most)
        pieces.append(text[:at])
        text = text[at:]
    return [*pieces, text] if text or not pieces else pieces


def _longest(text: str, fits: Callable[[str], bool]) -> int:
    """At least one character, so that it always ends. Never tries much more than fits: trying costs."""
    most = min(CARD_BYTES, len(text) - 1)
    low, high = 1, min(FIRST_TRY, most)
    while high < most and fits(text[:high]):
        low, high = high, min(2 * high, most)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle]) else (low, middle - 1)
    return max(low, 1)


def _boundary(text: str, most: int) -> int:
    """After a line, else after a word, else between two whole characters."""
    for separator in ("\n", " "):
        at = text.rfind(separator, most // 2, most)
        if at >= 0:
            return at + 1
    for at in range(most, max(most - 64, 0), -1):
        if not _belongs_together(text[at - 1], text[at]):
            return at
    return most


def _belongs_together(before: str, after: str) -> bool:
    """An emoji made of several, a letter and its accent."""
    return (
        _JOINER in (before, after)
        or unicodedata.combining(after) != 0
        or unicodedata.category(after) in ("Mn", "Me")
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or ("\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff")
        or (before == "\r" and after == "\n")
    )


def shortened(text: str, most: int = SUMMARY_CHARACTERS) -> str:
    """For what only announces a message: the message itself is never shortened."""
    return text if len(text) <= most else text[: most - 1] + "…"
