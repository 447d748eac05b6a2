"""What a run that ends leaves behind: in its transaction, once, and what its person wants again and again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from bot.turn import PersonId, Place
from flows.events import Edited
from flows.run import Requester, Run
from tests.flows.orders import FLOW
from tests.flows.test_memory_habits import TICKET
from tests.workers.memory.kept import ORDERS, PRIVATE, desk, person
from workers.memory import scope
from workers.memory.desk import Desk
from workers.store import habits, memories
from workers.store.door import Database
from workers.store.habits import ENOUGH, Habit
from workers.store.runs import Stored


def over(who: UUID, *options: str, status: Any = "done", name: str = "Margherita") -> Run:
    items = [{"name": name, "quantity": 1, "options": list(options)}]
    requester = Requester(PersonId(str(who)), "Ada")
    return Run(uuid4().hex, "order", FLOW.version, requester, status=status, slots={"items": items})


def stored(run: Run, place: Place = ORDERS) -> Stored:
    return Stored(replace(run, status="waiting"), place.conversation, place, 1)


async def end(db: Database, tenant: UUID, run: Run, place: Place = ORDERS, at: Desk | None = None) -> None:
    async with db.tenant(tenant) as c:
        await (at or desk(db)).remember(c, tenant, stored(run, place), FLOW, run)


async def wanted(db: Database, tenant: UUID, who: UUID, place: Place = ORDERS) -> list[Habit]:
    return await desk(db).habits(tenant, who, place, "order")


async def count(db: Database, tenant: UUID, who: UUID) -> int:
    async with db.tenant(tenant) as c:
        return await memories.count(c, tenant, who, None)


async def test_it_is_written_with_the_run_and_not_without_it(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    run = over(ada)
    with suppress(RuntimeError):
        async with db.tenant(tenant) as c:
            await desk(db).remember(c, tenant, stored(run), FLOW, run)
            raise RuntimeError("the commit failed")
    assert await count(db, tenant, ada) == 0
    await end(db, tenant, run)
    assert await count(db, tenant, ada) == 1


async def test_a_run_that_ends_twice_is_remembered_once_and_counts_once(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    run = over(ada, "large")
    for _ in range(5):
        await end(db, tenant, run)
    assert await count(db, tenant, ada) == 1
    assert await wanted(db, tenant, ada) == []


async def test_three_times_in_a_row_is_a_habit_and_two_are_none(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    for number in range(ENOUGH):
        assert await wanted(db, tenant, ada) == [], number
        await end(db, tenant, over(ada, "large"))
    [habit] = await wanted(db, tenant, ada)
    assert (habit.about, habit.wish, habit.times, habit.via) == ("Margherita", "large", ENOUGH, habits.SAID)


async def test_once_without_it_the_row_has_ended(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    for _ in range(ENOUGH):
        await end(db, tenant, over(ada, "large"))
    await end(db, tenant, over(ada, "small", name="Cola"))  # another product says nothing of it
    assert len(await wanted(db, tenant, ada)) == 1
    await end(db, tenant, over(ada))
    assert await wanted(db, tenant, ada) == []


async def test_what_failed_or_was_cancelled_is_no_habit(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    for status in ("failed", "cancelled", "failed"):
        await end(db, tenant, over(ada, "large", status=status))
    assert await wanted(db, tenant, ada) == []


async def test_a_habit_of_private_orders_is_not_proposed_in_a_channel(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    for _ in range(ENOUGH):
        await end(db, tenant, over(ada, "large"), PRIVATE)
    assert await wanted(db, tenant, ada, ORDERS) == []
    [habit] = await wanted(db, tenant, ada, PRIVATE)
    async with db.tenant(tenant) as c:
        assert await habits.by_id(c, tenant, ada, scope.seen_from(ORDERS), habit.id) is None
        assert await habits.by_id(c, tenant, ada, scope.seen_from(PRIVATE), habit.id) == habit


async def test_of_somebody_who_is_not_remembered_there_are_no_habits(db: Database, tenant: UUID) -> None:
    ada, eve = await person(db, tenant), await person(db, tenant)
    for _ in range(ENOUGH):
        await end(db, tenant, over(eve, "large"))
    async with db.tenant(tenant) as c:
        for who in (ada, eve):
            await memories.choose(c, tenant, who, off=True)
    for _ in range(ENOUGH):
        await end(db, tenant, over(ada, "large"))
    assert await wanted(db, tenant, eve) == []  # what is there is not used
    async with db.tenant(tenant) as c:
        assert await habits.listed(c, tenant, ada, None, 10) == []
        assert len(await habits.listed(c, tenant, eve, None, 10)) == 1  # and can be forgotten


async def test_nobody_forgets_the_habit_of_somebody_else(db: Database, tenant: UUID) -> None:
    ada, eve = await person(db, tenant), await person(db, tenant)
    for _ in range(ENOUGH):
        await end(db, tenant, over(ada, "large"))
    [habit] = await wanted(db, tenant, ada)
    async with db.tenant(tenant) as c:
        assert not await habits.forget(c, tenant, eve, habit.id)
        assert await habits.by_id(c, tenant, eve, None, habit.id) is None
        assert await habits.forget(c, tenant, ada, habit.id)
    assert await wanted(db, tenant, ada) == []


async def test_what_approvers_change_three_times_is_learned_and_what_it_costs_never(
    db: Database, tenant: UUID
) -> None:
    ada = await person(db, tenant)
    requester = Requester(PersonId(str(ada)), "Ada")
    changed = Edited("a", "r:write:1", "Grace", "b", (("Severity", "low", "high"), ("Amount", "1", "100")))
    for _ in range(ENOUGH):
        run = Run(uuid4().hex, "demo", TICKET.version, requester, step="write")
        async with db.tenant(tenant) as c:
            await desk(db).learn(c, tenant, stored(run), TICKET, changed.changes)
    [habit] = await desk(db).habits(tenant, ada, ORDERS, "demo")
    assert (habit.about, habit.wish, habit.via) == ("severity", "high", habits.EDITED)


async def test_a_tenant_that_keeps_nothing_learns_nothing(db: Database, tenant: UUID) -> None:
    ada = await person(db, tenant)
    nothing = Desk(db, desk(db)._embedders, None, 0)
    for _ in range(ENOUGH):
        await end(db, tenant, over(ada, "large"), at=nothing)
    assert await count(db, tenant, ada) == 0
    assert await wanted(db, tenant, ada) == []
