"""The value of one slot: a text, a number, or one of several choices."""

from __future__ import annotations

from collections.abc import Sequence

from ..base import Value
from .lexicon import POSITIONS
from .numbers import number_at
from .words import Sentence, near, split

TEXT_CONFIDENCE = 0.9
_ARTICLES = frozenset({"a", "the", "an", "of", "in"})


def text_value(slot: str, text: str) -> Value | None:
    """The whole answer as given; nothing of it is read."""
    given = text.strip()
    return Value(slot, given, given, TEXT_CONFIDENCE) if given else None


def number_value(slot: str, sentence: Sentence) -> Value | None:
    """The one number of the sentence. Two of them, or one that cannot be a count, are not believed."""
    found: list[tuple[int, str, float]] = []
    at = 0
    while at < len(sentence.tokens):
        number = number_at(sentence.tokens, at)
        if number is None or not number.exact:
            at += 1
            continue
        found.append((number.value, sentence.words(at, number.end), number.trust))
        at = number.end
    if not found:
        return None
    value, words, trust = found[0]
    others = len(sentence.tokens) - 1
    sure = trust * (0.97 if others < 8 else 0.7)
    return Value(slot, str(value), words, sure if len(found) == 1 else min(sure, 0.3))


def choice_value(slot: str, sentence: Sentence, choices: Sequence[str]) -> Value | None:
    """By its label, by words that only it has, by a prefix of one, or by its place ("the second")."""
    said = " ".join(token.norm for token in sentence.tokens if token.is_word)
    whole = sentence.words(0, len(sentence.tokens))
    labels = [_words(choice) for choice in choices]
    for choice, label in zip(choices, labels, strict=True):
        if said == " ".join(label):
            return Value(slot, choice, whole, 0.99)
    scores = [_score(sentence, label, labels) for label in labels]
    best = max((score for score, _ in scores), default=0.0)
    winners = [at for at, (score, _) in enumerate(scores) if score == best]
    if best > 0 and len(winners) == 1:
        sure = min(best, 0.95)
        return Value(slot, choices[winners[0]], scores[winners[0]][1], sure)
    placed = _by_place(sentence, choices)
    if placed is not None and best == 0:
        at, words = placed
        return Value(slot, choices[at], words, 0.93)
    if best > 0:
        return Value(slot, choices[winners[0]], scores[winners[0]][1], 0.3)
    return None


def _words(choice: str) -> list[str]:
    return [token.norm for token in split(choice[:200]).tokens if token.is_word]


def _score(sentence: Sentence, label: list[str], labels: Sequence[list[str]]) -> tuple[float, str]:
    """The best single piece of evidence for this label, and its words."""
    best, words = 0.0, ""
    for at, token in enumerate(sentence.tokens):
        if token.norm in _ARTICLES or not token.is_word:
            continue
        for word in label:
            trust = _alike(token.norm, word) / sum(word in other for other in labels)
            trust = trust if trust > 0.5 else trust * 0.5
            if trust > best:
                best, words = trust, sentence.words(at, at + 1)
    return best, words


def _alike(said: str, word: str) -> float:
    if said == word:
        return 0.95
    if len(said) >= 3 and word.startswith(said):
        return 0.85
    if len(word) >= 4 and said.rstrip("s") == word.rstrip("s"):
        return 0.93
    return 0.75 if near(said, (word,)) else 0.0


def _by_place(sentence: Sentence, choices: Sequence[str]) -> tuple[int, str] | None:
    """ "the second", "number two", "3", "the last one". Two places are none."""
    found: list[tuple[int, str]] = []
    for at, token in enumerate(sentence.tokens):
        number = number_at(sentence.tokens, at)
        if token.norm in POSITIONS:
            found.append((POSITIONS[token.norm] % len(choices or "x"), sentence.words(at, at + 1)))
            if POSITIONS[token.norm] >= len(choices):
                return None
        elif number and number.exact and number.trust > 0.5 and token.norm != "one":
            found.append((number.value - 1, sentence.words(at, number.end)))
    if len(found) != 1 or not 0 <= found[0][0] < len(choices):
        return None
    return found[0]
