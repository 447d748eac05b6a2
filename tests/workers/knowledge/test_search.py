"""What is found first: all words count, common ones too; and what only one way knows is judged by both."""

from __future__ import annotations

import random
from collections.abc import Mapping
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.knowledge.shelf import EVERYONE, Model, offline, read_in, titles
from workers.knowledge import search
from workers.knowledge.embedders import Embedders
from workers.knowledge.search import fused, ordered, telling_most
from workers.store import chunks, documents
from workers.store.door import Database

SCORES = st.dictionaries(st.integers(1, 40), st.floats(0, 1), max_size=20)


def pages(count: int = 60, seed: int = 5) -> dict[str, str]:
    """Each of a few common words and two rare ones, which a handful of pages share."""
    chance = random.Random(seed)
    common = [f"{letter}ommon" for letter in "bcdfgh"]
    rare = [f"{letter}are{end}" for letter in "kmnprt" for end in "xyz"]
    return {
        f"p{at}.md": f"# Page {at}\n\n{' '.join(chance.sample(common, 3) + chance.sample(rare, 2))}"
        for at in range(count)
    }


@given(first=SCORES, then=SCORES)
def test_every_candidate_of_either_way_has_a_place_in_both(
    first: Mapping[int, float], then: Mapping[int, float]
) -> None:
    mine, other = ordered(first, then), ordered(then, first)
    assert set(mine) == set(other) == first.keys() | then.keys()
    assert mine[: len(first)] == sorted(first, key=lambda id: (-first[id], -then.get(id, -1.0), id))


def test_what_stands_high_in_both_comes_first() -> None:
    assert [id for id, _ in fused([([1, 2, 3, 4], 1.0), ([4, 2, 1, 3], 1.0)], 2)] == [1, 4]
    assert [id for id, _ in fused([([1, 2, 3, 4], 1.0), ([4, 2, 1, 3], 0.3)], 2)] == [1, 2]
    assert [id for id, _ in fused([([7], 1.0), ([7], 1.0)], 5)] == [7]


@given(
    st.lists(st.tuples(st.lists(st.integers(1, 30), unique=True), st.sampled_from([0.3, 1.0])), max_size=2),
    st.integers(2, 6),
)
def test_the_best_of_each_way_that_counts_in_full_is_among_them(
    rankings: list[tuple[list[int], float]], most: int
) -> None:
    found = [id for id, _ in fused(rankings, most)]
    assert len(found) == min(most, len({id for ranking, _ in rankings for id in ranking}))
    assert {ranking[0] for ranking, weight in rankings if ranking and weight >= 1} <= set(found)
    assert found == [id for id, _ in fused(rankings, 60) if id in found]


def test_the_rarest_words_are_looked_through_and_enough_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LOOKED_THROUGH", 200)
    assert telling_most({"often": 900, "seldom": 90, "rare": 80}) == ["rare", "seldom"]
    assert telling_most({"often": 900, "oftener": 901}) == ["often"]
    assert telling_most({"often": 900, "oftener": 901, "asap": 1}) == ["asap", "often"]  # one is no choice


async def test_a_common_word_decides_between_those_that_hold_the_rare_one(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "LOOKED_THROUGH", 2)
    monkeypatch.setattr(search, "SAYING", 2)
    common = {f"n{at}.md": f"# N{at}\n\nrefund" for at in range(8)}
    await read_in(db, tenant, {**common, "a.md": "# A\n\nzeppelin", "b.md": "# B\n\nzeppelin refund"})
    async with db.tenant(tenant) as c:
        rare = await chunks.rarity(c, tenant, ["zeppelin", "refund"])
        assert telling_most(rare) == ["zeppelin"]
        found = await chunks.saying(c, {"zeppelin": 2.0, "refund": 0.1}, ["zeppelin"], EVERYONE, 10, 10)
    assert sorted(found.values()) == [2.0, 2.1]
    assert (await titles(db, tenant, "refund for a zeppelin"))[:2] == ["B", "A"]


async def test_looking_through_few_finds_the_same_as_looking_at_every_piece(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nearly: how much gets lost among 100,000 is measured by `make bench knowledge`."""
    monkeypatch.setattr(search, "LOOKED_THROUGH", 15)
    monkeypatch.setattr(search, "SAYING", 12)
    monkeypatch.setattr(search, "EXACT_UP_TO", 0)
    there = pages()
    await read_in(db, tenant, there)
    chance, kept = random.Random(9), []
    for _ in range(30):
        words = chance.choice(list(there.values())).split()[3:]
        question = " ".join(chance.sample(words, 4))
        some = await search.search(db, tenant, offline(), question, EVERYONE)
        every = await search.search(db, tenant, offline(), question, EVERYONE, exact=True)
        wanted = {each.shown.id for each in every.passages}
        kept.append(len(wanted & {each.shown.id for each in some.passages}) / len(wanted))
    assert sum(kept) / len(kept) >= 0.95


@pytest.mark.twin
async def test_twin_without_the_common_words_much_of_it_is_lost(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = chunks.saying

    async def narrow(c, weights, any_of, *given):  # type: ignore[no-untyped-def]
        return await real(c, {word: weights[word] for word in any_of}, any_of, *given)

    monkeypatch.setattr(chunks, "saying", narrow)
    with pytest.raises(AssertionError):
        await test_a_common_word_decides_between_those_that_hold_the_rare_one(db, tenant, monkeypatch)


async def test_what_one_way_alone_brought_is_judged_by_the_other_too(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words bring one page, vectors the rest: by the words, the long page comes before the short one."""
    monkeypatch.setattr(search, "SAYING", 1)
    monkeypatch.setattr(search, "LITTLE", 1e-6)
    filler = " ".join(f"filler{at}" for at in range(80))
    there = {"a.md": "# A\n\nzeppelin refund station", "b.md": f"# B\n\nzeppelin refund {filler}"}
    await read_in(db, tenant, {**there, "c.md": "# C\n\nzeppelin", "d.md": "# D\n\nnothing of it"})
    assert (await titles(db, tenant, "zeppelin refund station"))[:3] == ["A", "B", "C"]

    monkeypatch.setattr(search, "SAYING", 50)
    monkeypatch.setattr(search, "NEAR_OFFLINE", 1)
    found = await search.search(db, tenant, offline(), "zeppelin refund station", EVERYONE)
    assert [each.shown.title for each in found.passages] == ["A", "B", "C"]
    nearness = [each.near for each in found.passages]
    assert None not in nearness
    assert nearness[2] > nearness[1]  # type: ignore[operator]


async def test_what_says_it_in_other_words_is_found_by_its_vector_alone(db: Database, tenant: UUID) -> None:
    """A model of meaning: the question is near to one page, which shares no word with it."""

    class Meaning(Model):
        async def embed(self, texts):  # type: ignore[no-untyped-def]
            return [[1.0, 0.0] if "automobile" in text or "car" in text else [0.0, 1.0] for text in texts]

    model = Meaning("server:meaning", 2)
    embedders = Embedders({}, model)
    other = {f"n{at}.md": f"# N{at}\n\nWhere to park a bicycle number {at}." for at in range(12)}
    await read_in(db, tenant, {**other, "garage.md": "# Garage\n\nEvery automobile stands underground."})
    async with db.tenant(tenant) as c:
        pieces = await chunks.without_vector(c, tenant, model.name, 100)
        vectors = await model.embed([f"{where} {text}" for _, where, text in pieces])
        ids = [id for id, _, _ in pieces]
        await chunks.add_vectors(c, tenant, model.name, list(zip(ids, vectors, strict=True)))
        await documents.switch(c, tenant, model.name)
    found = await titles(db, tenant, "where do I park my car", embedders=embedders)
    assert "Garage" in found[:5]
