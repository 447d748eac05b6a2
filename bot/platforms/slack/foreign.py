"""Words from outside, made safe to look at: what cannot be seen is shown, what imitates is marked."""

from __future__ import annotations

import re
import unicodedata

MIXED = "⟨mixed alphabets⟩"
MAX_MARKS = 20

_LINE = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_WORD = re.compile(r"[^\W\d_]{3,}+(?!⟨mixed)")
_ALPHABETS = {
    "Latin": re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a]"),
    "Greek": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "Cyrillic": re.compile("[\u0400-\u052f]"),
    "Armenian": re.compile("[\u0530-\u058f]"),
    "Cherokee": re.compile("[\u13a0-\u13ff\uab70-\uabbf]"),
}


def shown(text: str) -> str:
    """The same words, with nothing invisible in them. Safe to apply twice.

    Right-to-left letters and composed emoji stay; controls that reorder or hide text become
    ⟨U+202E⟩; a word that mixes look-alike alphabets is followed by a mark.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _LINE.sub("\n", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", _few_marks(text))
    text = _HIDDEN.sub(_reveal, text)
    return text if text.isascii() else _WORD.sub(_mark, text)


def _few_marks(text: str) -> str:
    """No letter carries more than twenty marks: piles of them take normalising quadratic time."""
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= MAX_MARKS:
            kept.append(char)
        elif run == MAX_MARKS + 1:
            kept.append("⟨more marks⟩")
    return "".join(kept)


def _reveal(found: re.Match[str]) -> str:
    run = found.group()
    if len(run) <= 2 and _belongs(
        found.string[max(0, found.start() - 1) : found.start()],
        run,
        found.string[found.end() : found.end() + 1],
    ):
        return run
    if len(run) > 3:
        return f"⟨{len(run)} hidden characters⟩"
    return "".join(f"⟨U+{ord(char):04X}⟩" for char in run)


def _belongs(before: str, run: str, after: str) -> bool:
    """Joiners within emoji and within Arabic or Indic words, and the emoji form of a symbol."""
    match run:
        case "\ufe0f" | "\ufe0e":
            return _pictured(before) or after == "\u20e3"
        case "\u200d" | "\ufe0f\u200d":
            return (_pictured(before) and _pictured(after)) or (_joins(before) and _joins(after))
        case "\u200c":
            return _joins(before) and _joins(after)
        case _:
            return False


def _pictured(char: str) -> bool:
    return bool(char) and (unicodedata.category(char) in ("So", "Sk") or char in "‼⁉↔")


def _joins(char: str) -> bool:
    return bool(char) and 0x0600 <= ord(char) <= 0x0DFF


def _mark(found: re.Match[str]) -> str:
    word = found.group()
    if word.isascii():
        return word
    alphabets = sum(1 for letters in _ALPHABETS.values() if letters.search(word))
    return word + MIXED if alphabets > 1 else word
