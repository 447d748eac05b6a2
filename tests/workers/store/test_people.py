"""One human is one person, on every platform and however many look at once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from bot.platforms.base import Profile
from bot.turn import Account, Place
from workers.store import people, tenants
from workers.store.door import Database
from workers.store.people import Person

SLACK = Account("slack", "T1", "U1")
TEAMS = Account("teams", "tenant", "object")


async def remember(db: Database, tenant: UUID, account: Account, profile: Profile) -> Person:
    async with db.tenant(tenant) as c:
        return await people.remember(c, tenant, account, profile)


async def how_many(db: Database, tenant: UUID) -> int:
    async with db.tenant(tenant) as c:
        count: int = await c.fetchval("select count(*) from people")
        return count


async def test_the_same_verified_e_mail_is_the_same_person_on_every_platform(
    db: Database, tenant: UUID
) -> None:
    one = await remember(db, tenant, SLACK, Profile("Ada", "Ada@Example.com "))
    other = await remember(db, tenant, TEAMS, Profile("Ada Lovelace", "ada@example.com"))
    assert one.id == other.id
    assert other == Person(one.id, "Ada Lovelace", "ada@example.com", "UTC")


async def test_without_an_e_mail_two_accounts_are_two_people(db: Database, tenant: UUID) -> None:
    one = await remember(db, tenant, SLACK, Profile("Ada"))
    other = await remember(db, tenant, TEAMS, Profile("Ada"))
    assert one.id != other.id


async def test_the_same_e_mail_at_two_tenants_is_two_people(db: Database, tenant: UUID) -> None:
    elsewhere = await tenants.create(db, "Elsewhere")
    one = await remember(db, tenant, SLACK, Profile("Ada", "ada@example.com"))
    other = await remember(db, elsewhere, SLACK, Profile("Ada", "ada@example.com"))
    assert one.id != other.id


@pytest.mark.parametrize("email", ["", "ada@example.com"])
async def test_an_account_met_by_many_at_once_becomes_one_person(
    db: Database, tenant: UUID, email: str
) -> None:
    met = await asyncio.gather(*(remember(db, tenant, SLACK, Profile("Ada", email)) for _ in range(20)))
    assert len({person.id for person in met}) == 1
    assert await how_many(db, tenant) == 1


async def test_two_accounts_of_one_e_mail_met_at_once_become_one_person(db: Database, tenant: UUID) -> None:
    profile = Profile("Ada", "ada@example.com")
    met = await asyncio.gather(*(remember(db, tenant, (SLACK, TEAMS)[n % 2], profile) for n in range(20)))
    assert len({person.id for person in met}) == 1


@pytest.mark.twin
async def test_without_taking_turns_one_account_becomes_two_people_who_could_approve_each_other(
    db: Database, tenant: UUID
) -> None:
    class Careless:
        """Leaves the lock out, and looks while the other has not written yet."""

        def __init__(self, c: Any) -> None:
            self.c = c

        async def execute(self, query: str, *arguments: Any) -> Any:
            return None if "advisory" in query else await self.c.execute(query, *arguments)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.c, name)

    async with db.tenant(tenant) as first, db.tenant(tenant) as second:
        one = await people.remember(Careless(first), tenant, SLACK, Profile("Ada"))
        slower = asyncio.create_task(people.remember(Careless(second), tenant, SLACK, Profile("Ada")))
        while not await db.dispatch(
            "select 1 from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0"
        ):
            await asyncio.sleep(0.005)
        await first.execute("commit; begin")
        other = await slower
    assert one.id != other.id


async def test_an_account_that_turns_out_to_be_somebody_known_becomes_theirs(
    db: Database, tenant: UUID
) -> None:
    known = await remember(db, tenant, TEAMS, Profile("Ada", "ada@example.com"))
    unknown = await remember(db, tenant, SLACK, Profile("Ada"))
    assert unknown.id != known.id
    assert await remember(db, tenant, SLACK, Profile("Ada", "ada@example.com")) == known
    async with db.tenant(tenant) as c:
        assert await people.reachable(c, tenant, known.id)
        assert not await people.reachable(c, tenant, unknown.id)


async def test_an_e_mail_that_is_not_told_this_time_is_not_forgotten(db: Database, tenant: UUID) -> None:
    known = await remember(db, tenant, SLACK, Profile("Ada", "ada@example.com"))
    assert await remember(db, tenant, SLACK, Profile("Ada")) == known


async def test_a_person_is_known_only_while_the_look_up_is_fresh(db: Database, tenant: UUID) -> None:
    known = await remember(db, tenant, SLACK, Profile("Ada", "ada@example.com", "Europe/London"))
    async with db.tenant(tenant) as c:
        assert await people.of_account(c, tenant, SLACK, 60.0) == known
        assert await people.by_id(c, tenant, known.id) == known
        await c.execute("update accounts set seen_at = now() - interval '2 minutes'")
        assert await people.of_account(c, tenant, SLACK, 60.0) is None
        assert await people.of_account(c, tenant, TEAMS, 60.0) is None


async def test_where_somebody_can_be_reached_in_private_is_kept(db: Database, tenant: UUID) -> None:
    await remember(db, tenant, SLACK, Profile("Ada"))
    async with db.tenant(tenant) as c:
        await people.keep_direct(c, tenant, SLACK, Place("slack", "T1", "D1", private=True))
        assert "D1" in await c.fetchval("select direct from accounts")
