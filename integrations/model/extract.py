"""An extract: the most central sentences of several texts, in their own words, with where each stands.

No model: a sentence is central when it speaks of what most of the texts speak of. The same texts
give the same extract.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from integrations.models.offline.words import word_set

MOST_SENTENCES = 3_000
MOST_CHOSEN = 40
LONGEST_SENTENCE = 400
SHORTEST_SENTENCE = 20
_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_WORD = re.compile(r"[^\W\d_]{3,}")
_EMPTY = word_set("""
    the and for that this with from have has had are was were will would can could should not but you your
    our their they them its his her she who what when where which there here been being also than then into
    about over under more most some any all each other such only very just one two new use used
""")


@dataclass(frozen=True, slots=True)
class Piece:
    """One sentence: of which text, and at which place in it."""

    text: int
    place: int
    words: str
    terms: frozenset[str]


def extract(texts: Sequence[str], longest: int) -> tuple[Piece, ...]:
    """As many of the most central sentences as fit, in the order in which they stand."""
    pieces = _pieces(texts)
    spread: Counter[str] = Counter()
    for term in {(piece.text, term) for piece in pieces for term in piece.terms}:
        spread[term[1]] += 1
    often = Counter(term for piece in pieces for term in piece.terms)
    weight = {term: (often[term] - 0.7) * math.sqrt(spread[term]) for term in often}
    chosen: list[Piece] = []
    room = longest
    told: set[str] = set()
    # What is told already only makes a sentence worth less, so what it was worth before is a bound:
    # only those at the top are looked at again.
    left = [(-_worth(each, weight, told), each.text, each.place, each) for each in pieces if each.terms]
    heapify(left)
    while left and len(chosen) < MOST_CHOSEN and room >= SHORTEST_SENTENCE + 8:
        *_, best = heappop(left)
        now = (-_worth(best, weight, told), best.text, best.place, best)
        if left and left[0][:3] < now[:3]:
            heappush(left, now)
        elif now[0] >= 0:
            break
        elif len(best.words) + 8 <= room:
            chosen.append(best)
            told |= best.terms
            room -= len(best.words) + 8
    return tuple(sorted(chosen, key=lambda each: (each.text, each.place)))


def _worth(piece: Piece, weight: dict[str, float], told: set[str]) -> float:
    """What it adds to what is chosen already; long sentences are not better for being long."""
    fresh = sum(weight[term] * (0.25 if term in told else 1) for term in piece.terms)
    early = 1 / (1 + 0.03 * piece.place)
    return fresh * early / (len(piece.terms) + 2)


def _pieces(texts: Sequence[str]) -> list[Piece]:
    found: list[Piece] = []
    seen: set[str] = set()
    each = max(1, MOST_SENTENCES // max(len(texts), 1))
    for number, text in enumerate(texts):
        place = 0
        for part in _END.split(text):
            words = " ".join(part.split()).lstrip("•-*# ")
            if len(words) < SHORTEST_SENTENCE or words.casefold() in seen:
                continue
            seen.add(words.casefold())
            cut = words if len(words) <= LONGEST_SENTENCE else f"{words[:LONGEST_SENTENCE].rstrip()} …"
            terms = frozenset(_WORD.findall(words.lower())) - _EMPTY
            found.append(Piece(number, place, cut, frozenset(sorted(terms)[:60])))
            place += 1
            if place == each:
                break
    return found
