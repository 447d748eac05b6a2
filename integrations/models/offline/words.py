"""Words: a sentence as tokens that remember where they stood, and how two words are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

MAX_CHARACTERS = 2_000
MAX_TOKENS = 160
MAX_WORD = 40

_TOKEN = re.compile(
    r":[a-z0-9_+'-]{1,40}:"  # an emoji's short code
    r"|\d+(?:[.,]\d+)?"
    r"|[^\W\d_]+(?:['’ʼ`][^\W\d_]+)*"
    r"|\n|[^\w\s]|_"
)
_APOSTROPHES = str.maketrans("", "", "'’ʼ`")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or mark. `norm` is what is compared; `start` and `end` slice the person's text."""

    norm: str
    stem: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        return self.norm[:1].isalnum()


@dataclass(frozen=True, slots=True)
class Sentence:
    """The part of a text that is read. `unread` is how many characters were left alone."""

    text: str
    tokens: tuple[Token, ...]
    unread: int

    def words(self, first: int, last: int) -> str:
        """The person's own words from one token up to, not including, another."""
        if first >= last:
            return ""
        return self.text[self.tokens[first].start : self.tokens[last - 1].end]


def split(text: str) -> Sentence:
    """Linear in what is read, and what is read is bounded."""
    kept = text[:MAX_CHARACTERS]
    tokens: list[Token] = []
    end = len(kept)
    for found in _TOKEN.finditer(kept):
        if len(tokens) == MAX_TOKENS:
            end = found.start()
            break
        norm = normal(found.group()[:MAX_WORD])
        if norm:
            tokens.append(Token(norm, stem(norm), found.start(), found.end()))
    return Sentence(kept, tuple(tokens), len(text) - end if len(text) > end else 0)


def normal(word: str) -> str:
    """Case, width, accents and apostrophes do not matter: "Don’t" is "dont"."""
    if word.isascii():
        return word.lower().translate(_APOSTROPHES) or word
    plain = unicodedata.normalize("NFKD", word.translate(_APOSTROPHES))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def phrase_set(text: str) -> frozenset[tuple[str, ...]]:
    """Phrases between bars, each as its words."""
    return frozenset(tuple(phrase.split()) for phrase in text.split("|"))


NUMBER_NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_DIGITS = {name: str(value) for value, name in enumerate(NUMBER_NAMES)}


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Singular and plural are one, and so are "seven" and "7"."""
    if word in _DIGITS:
        return _DIGITS[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word[:-1] if word == "ups" else word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "oes")):
        return word[:-2]
    return word[:-1]


def stems(text: str) -> tuple[str, ...]:
    return tuple(token.stem for token in split(text).tokens if token.is_word)


def distance(one: str, other: str, most: int) -> int:
    """How many typing slips (wrong, missing, extra or swapped letters) lie between; `most` + 1 if more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, last, row = row, before, [i] + [0] * len(other)
        for j, b in enumerate(other, 1):
            row[j] = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                row[j] = min(row[j], last[j - 2] + 1)
        if min(row) > most:
            return most + 1
    return row[-1]


def near(word: str, vocabulary: Sequence[str]) -> tuple[str, int] | None:
    """The one word it was probably meant to be, with the slips; None when none or several are as near."""
    if not 4 <= len(word) <= 24:
        return None
    most = 2 if len(word) >= 7 else 1
    found: list[tuple[int, str]] = []
    for known in vocabulary:
        if len(known) >= 4 and _could_begin(word, known):
            slips = distance(word, known, most if len(known) >= 7 else 1)
            if slips <= most and (slips < 2 or len(known) >= 7):
                found.append((slips, known))
    if not found:
        return None
    found.sort()
    if len(found) > 1 and found[0][0] == found[1][0]:
        return None
    return found[0][1], found[0][0]


def _could_begin(word: str, known: str) -> bool:
    return word[0] == known[0] or word[:2] == known[1::-1]


def windows(tokens: Sequence[Token], at: int, longest: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Phrases that begin here, longest first, as (end, norms). A mark ends one, a hyphen does not."""
    norms: list[str] = []
    ends: list[int] = []
    for index in range(at, len(tokens)):
        token = tokens[index]
        if token.is_word:
            norms.append(token.norm)
            ends.append(index + 1)
        elif not (norms and is_hyphen(tokens, index)):
            break
        if len(norms) == longest:
            break
    for length in range(len(norms), 0, -1):
        yield ends[length - 1], tuple(norms[:length])


def is_hyphen(tokens: Sequence[Token], at: int) -> bool:
    """A dash with no space on either side joins two words."""
    return (
        tokens[at].norm in {"-", "‐", "‑", "/"}
        and 0 < at < len(tokens) - 1
        and tokens[at - 1].end == tokens[at].start
        and tokens[at].end == tokens[at + 1].start
        and tokens[at - 1].is_word
        and tokens[at + 1].is_word
    )
