"""Which of several names a person means: the whole, a number, the beginning, a word, a slip of the pen."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

CLOSE = 0.74
LONGEST = 200
_WORDS = re.compile(r"\w+")
_NUMBER = re.compile(r"(?:number |no\.? |#)?([0-9]{1,3})[.)]?\Z")


@dataclass(frozen=True, slots=True)
class Match:
    """The places that may be meant; with one of them, how surely."""

    at: tuple[int, ...]
    confidence: float = 0.0


def match(said: str, labels: Sequence[str]) -> Match:
    """The best kind of likeness counts alone; several of that kind are candidates."""
    text = _plain(said)
    plain = [_plain(label) for label in labels]
    if not text:
        return Match(())
    if whole := [at for at, label in enumerate(plain) if label == text]:
        return Match(tuple(whole[:1]), 1.0)
    number = _NUMBER.match(said.strip().lower())
    if number and 1 <= int(number[1]) <= len(labels):
        return Match((int(number[1]) - 1,), 0.97)
    if starts := [at for at, label in enumerate(plain) if label.startswith(text)]:
        return Match(tuple(starts), 0.9)
    heard = set(text.split())
    if inside := [at for at, label in enumerate(plain) if label and f" {label} " in f" {text} "]:
        return Match(tuple(inside), 0.9)
    if words := [at for at, label in enumerate(plain) if heard <= set(label.split())]:
        return Match(tuple(words), 0.85)
    likeness = [difflib.SequenceMatcher(None, text, label).ratio() for label in plain]
    close = [at for at, each in enumerate(likeness) if each >= CLOSE]
    best = max(likeness, default=0.0)
    close = [at for at in close if likeness[at] >= best - 0.05]
    return Match(tuple(close), round(0.8 * best, 3))


def _plain(text: str) -> str:
    return " ".join(_WORDS.findall(text[:LONGEST].casefold()))
