"""Vectors without a model: words and pieces of words, hashed. Lexical, and says so in its name.

It finds what uses the same words, in other forms too ("refunds", "refunded"), and knows nothing of
what they mean: "car" and "automobile" are strangers to it. The same text gives the same vector on
every machine, for ever; whoever changes how it is reckoned gives it another name.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

NAME = "offline:words-1"
DIMENSION = 384
LONGEST = 20_000  # characters of a text that count
_WORD = re.compile(r"[^\W_]+")
_PIECES = 0.6  # the length of a word's pieces together; the word's own is 1
_LIGHT = 0.12  # of a word that is in every text
_LIGHT_WORDS = frozenset(
    word
    for line in (
        "a an the and or but if of to in on at by for from with without as is are was were be been being am",
        "do does did done have has had having it its this that these those i me my we us our you your he she",
        "they them his her their what which who whom how when where why can could shall should will would",
        "may might must not no so than then there here also any all some into out up about please just get",
        "got let",
    )
    for word in line.split()
)
_ENDINGS = (("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("ss", "ss"), ("s", ""))


class OfflineEmbedder:
    name = NAME
    dimension = DIMENSION

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [vector(text) for text in texts]

    async def close(self) -> None:
        """There is nothing to close."""


def vector(text: str) -> list[float]:
    """Of length one. A text without a word has one all the same, far from every other."""
    found = [0.0] * DIMENSION
    for word, count in Counter(words(text[:LONGEST])).items():
        often = 1.0 + math.log(count)
        for place, weight in _places(word):
            found[place] += often * weight
    length = math.sqrt(sum(each * each for each in found))
    if length < 1e-9:
        found[0] = length = 1.0
    return [each / length for each in found]


def words(text: str) -> list[str]:
    """Without case, accents and marks; other scripts as they are."""
    plain = text.lower() if text.isascii() else _plain(text)
    return [word[:40] for word in _WORD.findall(plain)]


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))


@lru_cache(maxsize=50_000)
def _places(word: str) -> tuple[tuple[int, float], ...]:
    """Where a word and its pieces fall, each with a sign, so that what falls together cancels out."""
    if word in _LIGHT_WORDS:
        return (_place(word, _LIGHT),)
    if len(word) < 3:
        return (_place(word, 1.0),)
    edged = f"<{word}>"
    pieces = {edged[at : at + size] for size in (3, 4) for at in range(len(edged) - size + 1)}
    each = _PIECES / math.sqrt(len(pieces))
    return (_place(stem(word), 1.0), *(_place(f"#{piece}", each) for piece in sorted(pieces)))


def is_light(word: str) -> bool:
    return word in _LIGHT_WORDS


def stem(word: str) -> str:
    """Without the commonest English endings; so rough that nothing but its sameness matters."""
    if len(word) < 4 or not word.isascii():
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)] + instead
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiousl":
        word = word[:-1]  # planned, planning: plan
    return word[:-1] if len(word) > 4 and word[-1] == "e" else word


def _place(feature: str, weight: float) -> tuple[int, float]:
    number = int.from_bytes(blake2b(feature.encode(), digest_size=8).digest(), "big")
    return number % DIMENSION, weight if number >> 63 else -weight
