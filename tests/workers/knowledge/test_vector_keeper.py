"""Another model: questions go on by the old one until the new one is complete, then change at once."""

from __future__ import annotations

from uuid import UUID

import pytest

from integrations.models.base import ModelUnavailable
from integrations.models.embedding_offline import NAME
from tests.workers.knowledge.shelf import EVERYONE, PAGES, Model, Pages, offline, read_in, titles
from workers.knowledge import keeper, search
from workers.knowledge.embedders import Embedders
from workers.knowledge.ingest import ingest
from workers.knowledge.keeper import VectorKeeper
from workers.store import documents
from workers.store.door import Database


async def model_of(db: Database, tenant: UUID) -> str:
    async with db.tenant(tenant) as c:
        return (await documents.model(c, tenant))[0]


async def vectors(db: Database, tenant: UUID) -> dict[str, int]:
    async with db.tenant(tenant) as c:
        rows = await c.fetch(
            "select model, count(*) as many from chunk_vectors where tenant_id = $1 group by 1", tenant
        )
    return {row["model"]: row["many"] for row in rows}


async def all_of(keeping: VectorKeeper, tenant: UUID) -> int:
    bites = 0
    while await keeping.bite(tenant):
        bites += 1
    return bites


async def test_a_question_in_between_is_answered_by_the_old_model_and_then_by_the_new(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "BITE", 1)
    await read_in(db, tenant, PAGES)
    another = Embedders({}, Model())
    keeping = VectorKeeper(db, another)
    used = []
    while await keeping.bite(tenant):
        found = await search.search(db, tenant, another, "How long does a refund take?", EVERYONE)
        assert found.passages[0].shown.title == "Refunds"
        assert found.passages[0].near is not None
        used.append(found.model)
    assert used[0] == NAME
    assert used == sorted(used)  # it changed once, and not back
    assert await model_of(db, tenant) == "server:test"
    found = await search.search(db, tenant, another, "How long does a refund take?", EVERYONE)
    assert (found.model, found.passages[0].shown.title) == ("server:test", "Refunds")
    assert set(await vectors(db, tenant)) == {"server:test"}  # the old ones are gone


async def test_what_is_read_in_in_between_gets_vectors_of_both(db: Database, tenant: UUID) -> None:
    await read_in(db, tenant, PAGES)
    another = Embedders({}, Model())
    await ingest(
        db, tenant, another, Pages({"new.md": "# Parking\n\nThe garage opens at six."}, "two"), EVERYONE
    )
    assert await model_of(db, tenant) == NAME
    assert (await vectors(db, tenant))["server:test"] == 1
    found = await search.search(db, tenant, another, "garage parking", EVERYONE)
    assert (found.model, found.passages[0].shown.title) == (NAME, "Parking")
    await all_of(VectorKeeper(db, another), tenant)
    found = await search.search(db, tenant, another, "garage parking", EVERYONE)
    assert (found.model, found.passages[0].shown.title) == ("server:test", "Parking")


async def test_a_model_that_is_down_changes_nothing_and_is_tried_again(db: Database, tenant: UUID) -> None:
    await read_in(db, tenant, PAGES)
    model = Model()
    model.down = True
    keeping = VectorKeeper(db, Embedders({}, model))
    with pytest.raises(ModelUnavailable):
        await keeping.bite(tenant)
    assert await model_of(db, tenant) == NAME
    model.down = False
    await all_of(keeping, tenant)
    assert await model_of(db, tenant) == "server:test"


async def test_vectors_of_another_dimension_take_their_place(db: Database, tenant: UUID) -> None:
    await read_in(db, tenant, PAGES)
    small = Embedders({}, Model("server:small", 100))
    await all_of(VectorKeeper(db, small), tenant)
    assert (await titles(db, tenant, "refund card", embedders=small))[0] == "Refunds"


async def test_where_the_old_model_cannot_be_asked_any_more_words_have_to_do(
    db: Database, tenant: UUID
) -> None:
    first = Embedders({}, Model("server:gone"))
    await ingest(db, tenant, first, Pages(PAGES), EVERYONE)
    found = await search.search(db, tenant, offline(), "refund", EVERYONE)
    assert (found.model, found.passages[0].shown.title) == ("", "Refunds")


async def test_two_keepers_at_once_make_each_vector_once(db: Database, tenant: UUID) -> None:
    import asyncio

    await read_in(db, tenant, PAGES)
    both = [VectorKeeper(db, Embedders({}, Model())) for _ in range(2)]
    await asyncio.gather(*(all_of(each, tenant) for each in both))
    assert len(await vectors(db, tenant)) == 1


async def test_nothing_is_done_where_nothing_was_read_in(db: Database, tenant: UUID) -> None:
    assert await VectorKeeper(db, Embedders({}, Model())).bite(tenant) == 0


@pytest.mark.twin
async def test_twin_if_it_changed_before_it_is_complete_questions_would_be_searched_half(
    db: Database, tenant: UUID
) -> None:
    await read_in(db, tenant, PAGES)
    another = Embedders({}, Model())
    async with db.tenant(tenant) as c:
        await documents.switch(c, tenant, "server:test")
    found = await search.search(db, tenant, another, "refund", EVERYONE)
    assert all(each.near is None for each in found.passages)  # by words alone: no vector was there to compare


@pytest.mark.parametrize(
    ("settings", "name", "there"),
    [
        ({}, "offline:words-1", True),
        ({}, "openai:text-embedding-3-small", False),
        ({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "https://x/v1"}, "openai:text-embedding-3-small", True),
        ({"EMBEDDINGS_URL": "http://127.0.0.1:9/v1"}, "server:bge", True),
        ({}, "server:bge", False),
        ({}, "offline:words-0", False),
        ({}, "", False),
    ],
)
async def test_an_old_model_can_be_asked_while_its_settings_are_there(
    settings: dict[str, str], name: str, there: bool
) -> None:
    made = Embedders(settings)
    found = made.named(name)
    assert (found is not None and found.name == name) is there
    await made.close()
