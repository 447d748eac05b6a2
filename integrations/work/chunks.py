"""Sources in portions that a model can read at once, and no more portions than it is to be asked for."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.models.writing import Text
from integrations.work.models import NAMES, GivenSource

MOST_TOKENS = 6_000
MOST_CHUNKS = 12
SHORTEST = 40  # characters of a text that is still worth showing


def tokens(text: str) -> int:
    """About how many, rather too many: four letters of English are one, other writing is counted singly."""
    wide = sum(each > "\u024f" for each in text)
    return (len(text) - wide + 2) // 3 + wide + 1


def chunks(sources: Sequence[GivenSource]) -> list[list[Text]]:
    """Every source is in one of them, numbered from 1. Where there is too much, each says less."""
    share = MOST_TOKENS * MOST_CHUNKS * 3 // max(len(sources), 1)
    longest = max(SHORTEST, share)
    while True:
        found = _packed([_text(number, each, longest) for number, each in enumerate(sources, 1)])
        if len(found) <= MOST_CHUNKS or longest <= SHORTEST:
            return found
        longest = max(SHORTEST, longest * 3 // 4)


def _text(number: int, source: GivenSource, longest: int) -> Text:
    people = f" People: {', '.join(source.people)}." if source.people else ""
    labels = f" Labels: {', '.join(source.labels)}." if source.labels else ""
    facts = f"State: {source.state or 'unknown'}. Changed: {source.updated[:10]}.{people}{labels}"
    return number, f"{NAMES[source.service]} {source.title}"[:200], f"{facts}\n{source.excerpt}"[:longest]


def _packed(texts: Sequence[Text]) -> list[list[Text]]:
    found: list[list[Text]] = [[]]
    room = MOST_TOKENS
    for text in texts:
        cost = tokens(text[1]) + tokens(text[2]) + 12
        if found[-1] and cost > room:
            found.append([])
            room = MOST_TOKENS
        found[-1].append(text)
        room -= cost
    return found
