"""Words from outside as Slack shows them: `bot.text`, guarded against piles of accents.

Normalising sorts the accents of one letter in quadratic time: 40,000 of them take seconds.
"""

from __future__ import annotations

import unicodedata

from bot import text as safe

MAX_MARKS = 30  # Unicode's own bound for text that can be normalised as a stream
TOO_MANY = "⟨more marks⟩"


def shown(text: str) -> str:
    """What one reads is all there is. Safe to apply twice."""
    return safe.plain(few_marks(text))


def decided(text: str) -> str:
    """For values that somebody decides on: what might deceive is marked. Safe to apply twice."""
    return safe.for_card(few_marks(text))


def fallback(text: str) -> str:
    """For Slack's `text`: no mention and no link can form in it."""
    return safe.slack_fallback(few_marks(text))


def few_marks(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= MAX_MARKS:
            kept.append(char)
        elif run == MAX_MARKS + 1:
            kept.append(TOO_MANY)
    return "".join(kept)
