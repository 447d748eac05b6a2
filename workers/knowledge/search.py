"""Finds the pieces that answer a question: by their words and by their vectors, put together by rank."""

from __future__ import annotations

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
from workers.store.door import Connection, Database

log = structlog.get_logger()

CANDIDATES = 50  # of each way
LATE = 60.0  # how little the difference between neighbouring ranks counts
LOOKED_THROUGH = 6_000  # pieces that hold a word, of all words together: common ones tell nothing
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
    vector = await _vector(embedders, model, question) if count else None
    async with db.tenant(tenant) as c:
        rare = await chunks.rarity(c, tenant, words)
        weights = weighed(words, rare, count)
        spoken = await _saying(c, weights, rare, access, exact=exact)
    near: list[tuple[int, float]] = []
    if vector is not None:
        async with db.tenant(tenant) as c:
            all_of_them = exact or count <= EXACT_UP_TO
            near = await chunks.near(c, tenant, model, vector, access, CANDIDATES, exact=all_of_them)
    ranked = fused([spoken, [id for id, _ in near]])[:most]
    async with db.tenant(tenant) as c:
        shown = await chunks.shown(c, tenant, [id for id, _ in ranked], access)
    scores, nearness = dict(ranked), dict(near)
    passages = tuple(
        Passage(each, scores[each.id], covered(each, weights), nearness.get(each.id)) for each in shown
    )
    return Found(passages, model if vector is not None else "")


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


async def _saying(
    c: Connection,
    weights: Mapping[str, float],
    rare: Mapping[str, int],
    access: Sequence[str],
    *,
    exact: bool,
) -> list[int]:
    chosen = telling_most(rare) if not exact else list(rare)
    if not chosen:
        return []
    each = 20_000 if exact else LOOKED_THROUGH
    return await chunks.saying(c, {word: weights[word] for word in chosen}, access, each, CANDIDATES)


def telling_most(rare: Mapping[str, int]) -> list[str]:
    """The rarest words, and as many as can be looked through quickly; one at least."""
    chosen: list[str] = []
    left = LOOKED_THROUGH
    for word, count in sorted(rare.items(), key=lambda pair: (pair[1], pair[0])):
        if chosen and count > left:
            break
        chosen.append(word)
        left -= count
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


def fused(rankings: Sequence[Sequence[int]]) -> list[tuple[int, float]]:
    """By reciprocal rank: what stands high in both comes first; no scale of scores is needed."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for place, id in enumerate(ranking, 1):
            scores[id] = scores.get(id, 0.0) + 1 / (LATE + place)
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
