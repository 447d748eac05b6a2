"""Finds the pieces that answer a question: by their words and by their vectors, put together by rank.

Each way brings its candidates, and every candidate is then judged by both: what one of them alone knows
of has a place in the other's ranking too. So it matters little that an index of vectors misses some of
the far ones, which would only move others by a place. What either way holds to be the best is among what
is found, however low the other thinks of it: other words may mean the same.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from integrations.models.base import ModelUnavailable
from workers.knowledge.embedders import Embedders
from workers.knowledge.words import asked, telling
from workers.store import chunks, documents
from workers.store.chunks import Shown
from workers.store.door import Database

log = structlog.get_logger()

SAYING = 50  # candidates by words
NEAR, FULL = 50, 1.0  # candidates by vectors, and how much their ranking counts beside that of the words
NEAR_OFFLINE, LITTLE = 10, 0.3  # of a model that knows words only: they tell nothing that words do not
LATE = 60.0  # how little the difference between neighbouring ranks counts
LOOKED_THROUGH = 4_000  # pieces that hold a word, of the rarer words together
EACH = 20_000  # and of one word
EXACT_UP_TO = 20_000  # chunks of a tenant: below, looking at all of them is fast, and finds everything
LONGEST = 2_000  # characters of a question


@dataclass(frozen=True, slots=True)
class Passage:
    """`covered`: the share of what the question's words weigh that stands in it, 0 to 1.
    `near`: how near its vector is; None where that was not found out."""

    shown: Shown
    score: float
    covered: float
    near: float | None


@dataclass(frozen=True, slots=True)
class Found:
    """`model`: by which vectors it was found; empty where by words alone."""

    passages: tuple[Passage, ...]
    model: str


async def search(
    db: Database,
    tenant: UUID,
    embedders: Embedders,
    question: str,
    access: Sequence[str],
    most: int = 5,
    *,
    exact: bool = False,
) -> Found:
    """`exact` leaves no piece out, however long it takes: what the figures are measured against."""
    question = question[:LONGEST]
    words = asked(question)
    async with db.tenant(tenant) as c:
        model, count = await documents.model(c, tenant)
        rare = await chunks.rarity(c, tenant, words)
    if not count:
        return Found((), "")
    weights = weighed(words, rare, count)
    said, (vector, near) = await asyncio.gather(
        _said(db, tenant, weights, rare, access, exact=exact),
        _near(db, tenant, embedders, model, question, access, exact=exact or count <= EXACT_UP_TO),
    )
    async with db.tenant(tenant) as c:
        said |= await chunks.weighing(c, tenant, weights, near.keys() - said.keys())
        if vector is not None:
            near |= await chunks.nearness(c, tenant, model, vector, said.keys() - near.keys())
        rankings = [(ordered(said, near), FULL)]
        if near:
            rankings.append((ordered(near, said), LITTLE if knows_words_only(model) else FULL))
        ranked = fused(rankings, most)
        shown = await chunks.shown(c, tenant, [id for id, _ in ranked], access)
    scores = dict(ranked)
    passages = tuple(
        Passage(each, scores[each.id], covered(each, weights), near.get(each.id)) for each in shown
    )
    return Found(passages, model if vector is not None else "")


async def _near(
    db: Database,
    tenant: UUID,
    embedders: Embedders,
    model: str,
    question: str,
    access: Sequence[str],
    *,
    exact: bool,
) -> tuple[list[float] | None, dict[int, float]]:
    vector = await _vector(embedders, model, question)
    if vector is None:
        return None, {}
    most = NEAR_OFFLINE if knows_words_only(model) else NEAR
    async with db.tenant(tenant) as c:
        return vector, await chunks.near(c, tenant, model, vector, access, most, exact=exact)


async def _vector(embedders: Embedders, model: str, question: str) -> list[float] | None:
    """None where the model cannot be asked: then words have to do."""
    embedder = embedders.named(model)
    if embedder is None:
        return None
    try:
        return (await embedder.embed([question]))[0]
    except ModelUnavailable as problem:
        log.warning("knowledge.no_vector", model=model, problem=str(problem)[:200])
        return None


async def _said(
    db: Database,
    tenant: UUID,
    weights: Mapping[str, float],
    rare: Mapping[str, int],
    access: Sequence[str],
    *,
    exact: bool,
) -> dict[int, float]:
    if not rare:
        return {}
    any_of = list(rare) if exact else telling_most(rare)
    there = {word: weights[word] for word in rare}
    async with db.tenant(tenant) as c:
        return await chunks.saying(c, there, any_of, access, None if exact else EACH, SAYING)


def telling_most(rare: Mapping[str, int]) -> list[str]:
    """The rarest words: as many as can be looked through quickly, and as bring enough candidates."""
    chosen: list[str] = []
    there = 0
    for word, count in sorted(rare.items(), key=lambda pair: (pair[1], pair[0])):
        if there >= SAYING and there + count > LOOKED_THROUGH:
            break
        chosen.append(word)
        there += count
    return chosen


def weighed(words: Sequence[str], rare: Mapping[str, int], count: int) -> dict[str, float]:
    """What is in few pieces tells more; what is in none, as much as what is in one."""
    return {
        word: math.log(1 + (count - seen + 0.5) / (seen + 0.5))
        for word in words
        for seen in (min(max(rare.get(word, 0), 1), max(count, 1)),)
    }


def covered(shown: Shown, weights: Mapping[str, float]) -> float:
    whole = sum(weights.values())
    if whole <= 0:
        return 0.0
    there = telling(f"{shown.title} {shown.path} {shown.body}")
    return sum(weight for word, weight in weights.items() if word in there) / whole


def ordered(first: Mapping[int, float], then: Mapping[int, float]) -> list[int]:
    """All of both, the highest in `first` before others; what is equal there, or not there, as in `then`."""
    return sorted(first.keys() | then.keys(), key=lambda id: (-first.get(id, -1.0), -then.get(id, -1.0), id))


def fused(rankings: Sequence[tuple[Sequence[int], float]], most: int) -> list[tuple[int, float]]:
    """By reciprocal rank: what stands high in both comes first; no scale of scores is needed. The best of
    each that counts in full is among them."""
    scores: dict[int, float] = {}
    for ranking, weight in rankings:
        for place, id in enumerate(ranking, 1):
            scores[id] = scores.get(id, 0.0) + weight / (LATE + place)
    best = {ranking[0] for ranking, weight in rankings if ranking and weight >= FULL}
    found = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    kept = sorted(found, key=lambda pair: pair[0] not in best)[:most]
    return sorted(kept, key=lambda pair: (-pair[1], pair[0]))


def knows_words_only(model: str) -> bool:
    """Its vectors are made of the words; a piece that shares none with the question is not near for them."""
    return model.startswith("offline:")
