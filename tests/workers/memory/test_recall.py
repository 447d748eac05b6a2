"""What is found again, of whom and where: nothing of anybody else, nothing private in public."""

from __future__ import annotations

import random
from dataclasses import replace
from uuid import UUID

import pytest

from bot.turn import Place
from flows.memory_words import Again
from integrations.models.base import ModelUnavailable
from integrations.models.embedding_offline import NAME, vector
from tests.workers.knowledge.shelf import Model
from tests.workers.memory.kept import ORDERS, OTHER, PRIVATE, TEAMS, TWO, desk, keep, person
from workers.knowledge.embedders import Embedders
from workers.memory import scope
from workers.memory.desk import Desk
from workers.memory.keeper import MemoryKeeper
from workers.store import memories, tenants
from workers.store.door import Database

USUAL = Again("the usual", "", usual=True)
SAME = Again("same again", "", vague=True)
PLACES = (PRIVATE, ORDERS, OTHER, TEAMS)


async def bodies(db: Database, tenant: UUID, who: UUID, place: Place, text: str) -> list[str]:
    return [each.body for each in await desk(db).recalled(tenant, who, place, text)]


async def test_the_three_that_have_most_to_do_with_it_are_found_the_nearest_first(
    db: Database, tenant: UUID
) -> None:
    ada = await person(db, tenant)
    for body in ("order: 2 × Margherita", "order: 1 × Cola", "escalate: title the printer is broken",
                 "summarize: project PAY", "order: 3 × Margherita (large)"):  # fmt: skip
        await keep(db, tenant, ada, body)
    found = await bodies(db, tenant, ada, ORDERS, "the margherita order")
    assert {"order: 2 × Margherita", "order: 3 × Margherita (large)"} <= set(found[:2])
    assert len(found) <= 3
    assert (await bodies(db, tenant, ada, ORDERS, "is the printer broken?"))[0].startswith("escalate")


async def test_what_has_no_vector_yet_is_found_by_its_words(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    await keep(db, tenant, ada, "escalate: title the printer is broken", embedded=False)
    await keep(db, tenant, ada, "order: 1 × Cola")
    assert (await bodies(db, tenant, ada, ORDERS, "printer broken"))[0].startswith("escalate")


async def test_while_the_model_cannot_be_asked_words_have_to_do(db: Database, tenant: UUID) -> None:
    class Away(Model):
        async def embed(self, texts: object) -> list[list[float]]:
            raise ModelUnavailable("down")

    ada = await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita")
    found = await desk(db, Embedders({}, Away())).recalled(tenant, ada, ORDERS, "margherita order")
    assert [each.body for each in found] == ["order: 2 × Margherita"]


async def test_nothing_in_common_is_nothing_found(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita")
    assert await bodies(db, tenant, ada, ORDERS, "zzz qqq xxyy") == []


# ── whose, and where ─────────────────────────────────────────────────────────────────────


async def test_what_is_anothers_is_never_found(db: Database, tenant: UUID) -> None:
    ada, eve = await person(db, tenant), await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita")
    for place in PLACES:
        assert await bodies(db, tenant, eve, place, "margherita") == []
        assert await desk(db).pointed_at(tenant, eve, place, ORDERS.conversation, USUAL) is None


async def test_what_is_another_tenants_is_never_found_though_it_be_the_same_person_by_id(
    db: Database, tenant: UUID
) -> None:
    other = await tenants.create(db, "Another")
    ada = await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita")
    async with db.tenant(other) as c:
        await c.execute("insert into people (tenant_id, id, name) values ($1, $2, 'Ada')", other, ada)
    assert await bodies(db, other, ada, PRIVATE, "margherita") == []
    assert await desk(db).pointed_at(other, ada, PRIVATE, "x", USUAL) is None
    assert len(await bodies(db, tenant, ada, PRIVATE, "margherita")) == 1


@pytest.mark.parametrize("made", PLACES)
@pytest.mark.parametrize("asked", PLACES)
async def test_in_a_channel_only_what_was_made_in_it_and_in_private_all_of_ones_own(
    db: Database, tenant: UUID, made: Place, asked: Place
) -> None:
    ada = await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita", made)
    wanted = asked.private or made == asked
    assert bool(await bodies(db, tenant, ada, asked, "margherita")) is wanted
    assert bool(await desk(db).pointed_at(tenant, ada, asked, "x", USUAL)) is wanted
    async with db.tenant(tenant) as c:
        assert bool(await memories.listed(c, tenant, ada, scope.seen_from(asked), 10)) is wanted


async def test_another_thread_of_a_channel_is_the_same_channel(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    for place in (ORDERS, TEAMS):
        await keep(db, tenant, ada, f"order: 2 × Margherita of {place.platform}", place)
    assert await bodies(db, tenant, ada, replace(ORDERS, thread="99.9"), "margherita of slack")
    assert await bodies(
        db, tenant, ada, replace(TEAMS, channel="19:a@thread;messageid=9"), "margherita teams"
    )
    assert not await bodies(db, tenant, ada, replace(ORDERS, workspace="T2"), "margherita")


@pytest.mark.twin
async def test_without_the_scope_what_was_said_in_private_is_read_out_in_a_channel(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita", PRIVATE)
    monkeypatch.setattr(scope, "seen_from", lambda place: None)
    assert await bodies(db, tenant, ada, ORDERS, "margherita") == ["order: 2 × Margherita"]


@pytest.mark.twin
async def test_without_the_person_in_the_query_anybody_would_meet_it(db: Database, tenant: UUID) -> None:
    ada, eve = await person(db, tenant), await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita", PRIVATE)
    async with db.tenant(tenant) as c:
        careless = await c.fetch("select person_id, body from memories where tenant_id = $1", tenant)
    assert [row["body"] for row in careless if row["person_id"] != eve] == ["order: 2 × Margherita"]


@pytest.mark.parametrize("seed", range(6))
async def test_over_random_sets_nothing_is_found_that_a_plain_rule_forbids(db: Database, seed: int) -> None:
    """Two tenants, three people, four places: what comes is one's own, made there or all in private, and
    the nearest of those as exact reckoning has it."""
    chance = random.Random(seed)
    two = [await tenants.create(db, f"Random {seed}.{n}") for n in range(2)]
    people = {tenant: [await person(db, tenant) for _ in range(3)] for tenant in two}
    words = ["pizza", "cola", "printer", "broken", "urgent", "water", "lunch", "salad"]
    kept = []
    for number in range(60):
        tenant = chance.choice(two)
        who, place = chance.choice(people[tenant]), chance.choice(PLACES)
        body = f"order: {' '.join(chance.sample(words, 3))} {number}"
        await keep(db, tenant, who, body, place, embedded=chance.random() < 0.7)
        kept.append((tenant, who, scope.made_in(place), body))
    for _ in range(25):
        tenant = chance.choice(two)
        who, place, asked = (
            chance.choice(people[tenant]),
            chance.choice(PLACES),
            " ".join(chance.sample(words, 2)),
        )
        allowed = [
            b
            for t, w, s, b in kept
            if (t, w) == (tenant, who) and (place.private or s == scope.made_in(place))
        ]
        found = await desk(db).recalled(tenant, who, place, asked)
        assert {each.body for each in found} <= set(allowed)
        exact = sorted(
            (sum(a * b for a, b in zip(vector(asked), vector(b), strict=True)) for b in allowed), reverse=True
        )
        near = [each for each in exact[:3] if each >= 0.085]
        assert [each.near for each in found][: len(near)] == pytest.approx(near, abs=0.005)


async def test_where_some_places_words_must_not_leave_a_model_hears_of_no_other_place(
    db: Database, tenant: UUID
) -> None:
    ada = await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita", ORDERS)
    apart = Desk(db, Embedders({}), None, 30, apart=True)
    assert await apart.recalled(tenant, ada, PRIVATE, "margherita") == []
    assert len(await apart.recalled(tenant, ada, ORDERS, "margherita")) == 1


@pytest.mark.twin
async def test_without_that_the_words_of_a_private_place_would_go_out_with_a_question_elsewhere(
    db: Database, tenant: UUID
) -> None:
    ada = await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita", ORDERS)
    assert len(await desk(db).recalled(tenant, ada, PRIVATE, "margherita")) == 1


# ── which one is meant ───────────────────────────────────────────────────────────────────


async def test_same_again_is_of_this_conversation_first(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    cola = {"items": [{"name": "Cola", "quantity": 1, "options": []}]}
    await keep(db, tenant, ada, "order: 2 × Margherita", conversation="here")
    await keep(db, tenant, ada, "order: 1 × Cola", slots=cola, conversation="there")
    here = await desk(db).pointed_at(tenant, ada, ORDERS, "here", SAME)
    elsewhere = await desk(db).pointed_at(tenant, ada, ORDERS, "nowhere", SAME)
    assert here is not None
    assert elsewhere is not None
    assert (here.slots, elsewhere.slots) == (TWO, cola)


async def test_a_flow_that_is_under_way_hears_of_its_own_kind_only(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    await keep(db, tenant, ada, "escalate: title it broke", flow="escalate", slots={"title": "it broke"})
    assert await desk(db).pointed_at(tenant, ada, ORDERS, "x", USUAL, "order") is None
    found = await desk(db).pointed_at(tenant, ada, ORDERS, "x", USUAL, "escalate")
    assert found is not None
    assert found.day


# ── wanted or not ────────────────────────────────────────────────────────────────────────


async def test_off_nothing_is_written_and_nothing_used_and_on_it_is_there_again(
    db: Database, tenant: UUID
) -> None:
    ada = await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita")
    async with db.tenant(tenant) as c:
        await memories.choose(c, tenant, ada, off=True)
    assert await keep(db, tenant, ada, "order: 1 × Cola") is None
    assert await bodies(db, tenant, ada, PRIVATE, "margherita") == []
    assert await desk(db).pointed_at(tenant, ada, PRIVATE, "x", USUAL) is None
    async with db.tenant(tenant) as c:
        assert await memories.count(c, tenant, ada, None) == 1  # it can still be listed, and forgotten
        await memories.choose(c, tenant, ada, off=False)
    assert await bodies(db, tenant, ada, PRIVATE, "margherita") == ["order: 2 × Margherita"]


@pytest.mark.twin
async def test_without_the_clause_whoever_said_off_would_be_remembered(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await person(db, tenant)
    async with db.tenant(tenant) as c:
        await memories.choose(c, tenant, ada, off=True)
    monkeypatch.setattr(memories, "WANTED", "")
    assert await keep(db, tenant, ada, "order: 1 × Cola") is not None


async def test_a_tenant_that_keeps_nothing_has_nothing_remembered(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    assert await keep(db, tenant, ada, "order: 1 × Cola", days=0) is None
    async with db.tenant(tenant) as c:
        await c.execute(
            "update tenants set settings = coalesce(settings, '{}') || '{\"retention_days\": 0}'"
            " where tenant_id = $1",
            tenant,
        )
    assert await keep(db, tenant, ada, "order: 1 × Cola") is None
    assert not await desk(db).keeps(tenant)


# ── the keeper ───────────────────────────────────────────────────────────────────────────


async def models(db: Database, tenant: UUID) -> list[str]:
    async with db.tenant(tenant) as c:
        rows = await c.fetch("select model from memory_vectors where tenant_id = $1 order by 1", tenant)
    return [row["model"] for row in rows]


async def test_vectors_are_made_in_the_background_and_once(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    for number in range(5):
        await keep(db, tenant, ada, f"order: {number} × Cola", embedded=False)
    keeping = MemoryKeeper(db, Embedders({}), 30)
    assert await keeping.embed(tenant) == 5
    assert await keeping.embed(tenant) == 0
    assert await models(db, tenant) == [NAME] * 5


async def test_another_model_replaces_the_vectors_and_until_then_all_is_found(
    db: Database, tenant: UUID
) -> None:
    ada = await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita")
    another = Embedders({}, Model())
    assert [each.body for each in await desk(db, another).recalled(tenant, ada, ORDERS, "margherita order")]
    assert await MemoryKeeper(db, another, 30).embed(tenant) == 1
    assert await models(db, tenant) == [another.current.name]
    assert [each.body for each in await desk(db, another).recalled(tenant, ada, ORDERS, "margherita order")]


async def test_a_server_that_is_down_leaves_the_old_vectors_in_use(db: Database, tenant: UUID) -> None:
    class Down(Model):
        async def embed(self, texts: object) -> list[list[float]]:
            raise ModelUnavailable("down")

    ada = await person(db, tenant)
    await keep(db, tenant, ada, "order: 2 × Margherita")
    with pytest.raises(ModelUnavailable):
        await MemoryKeeper(db, Embedders({}, Down()), 30).embed(tenant)
    assert await models(db, tenant) == [NAME]


async def test_what_is_older_than_things_are_kept_goes_with_its_vector(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    old, new = [await keep(db, tenant, ada, f"order: {n} × Cola") for n in range(2)]
    async with db.tenant(tenant) as c:
        await c.execute(
            "update memories set made_at = now() - interval '31 days' where tenant_id = $1 and id = $2",
            tenant,
            old,
        )
    assert await MemoryKeeper(db, Embedders({}), 30).drop(tenant) == 1
    async with db.tenant(tenant) as c:
        assert [each.id for each in await memories.listed(c, tenant, ada, None, 10)] == [new]
    assert await models(db, tenant) == [NAME]


async def test_of_somebody_with_too_many_the_oldest_go(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    ids = [await keep(db, tenant, ada, f"order: {n} × Cola") for n in range(6)]
    async with db.tenant(tenant) as c:
        assert await memories.drop_beyond(c, tenant, ada, 4) == 2
        assert {each.id for each in await memories.listed(c, tenant, ada, None, 10)} == set(ids[2:])


# ── forgetting ───────────────────────────────────────────────────────────────────────────


async def test_nobody_forgets_for_somebody_else(db: Database, tenant: UUID) -> None:
    ada, eve = await person(db, tenant), await person(db, tenant)
    mine = await keep(db, tenant, ada, "order: 1 × Cola")
    assert mine is not None
    async with db.tenant(tenant) as c:
        assert await memories.forget(c, tenant, eve, mine) is None
        assert await memories.forget_all(c, tenant, eve) == 0
        assert await memories.count(c, tenant, ada, None) == 1
        assert await memories.forget(c, tenant, ada, mine) is not None
    assert await models(db, tenant) == []
