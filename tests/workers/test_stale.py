"""Between the decision and the claim the world changes: what is no longer so does not run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.platforms.base import Profile
from bot.turn import Account
from tests.workers import sealed_case
from tests.workers.sealed_case import (
    POLICY,
    Case,
    after,
    agree,
    approved,
    asked,
    claim,
    other_policy,
    settled,
)
from tests.workers.store.conftest import There
from workers import sealed
from workers.known import Library
from workers.store import approvals, effects, people
from workers.store.people import Person

RACES = 1_000
AT_ONCE = 50


@pytest.fixture
async def library(there: There) -> Library:
    return await settled(there)


@pytest.fixture
async def case(there: There, library: Library) -> Case:
    found = await asked(there, library)
    await approved(found)
    return found


@pytest.mark.parametrize(
    "change",
    [
        {"approvers": {"people": ["omar@example.com"]}},
        {"approvers": {"any_of": ["grace@example.com", "omar@example.com"], "quorum": 2}},
        {"rules": [{**POLICY["rules"][0], "outcome": "deny"}]},
        {"rules": [{**POLICY["rules"][0], "at_least": "10.00"}]},
    ],
    ids=["who may decide", "how many", "whether at all", "from which amount"],
)
async def test_rules_changed_between_decision_and_claim_let_nothing_run(
    case: Case, change: dict[str, Any]
) -> None:
    async with case.there.db.tenant(case.there.tenant) as c:
        assert await other_policy(c, case, {**POLICY, **change})


@pytest.mark.parametrize(
    "statement",
    [
        "update approvals set state = 'withdrawn' where id = $1",
        "update approvals set state = 'expired' where id = $1",
        "update approvals set state = 'rejected' where id = $1",
        "update approvals set state = 'pending' where id = $1",
        "update approvals set state = 'void' where id = $1",
        "update approvals set state = 'used' where id = $1",
        "update approvals set decided_by = null where id = $1",
        "update approvals set decided_by = requester where id = $1",
    ],
)
async def test_what_is_not_approved_any_more_does_not_run(case: Case, statement: str) -> None:
    async with case.there.db.tenant(case.there.tenant) as c:
        await c.execute("savepoint changed")
        await c.execute(statement, case.approval.id)
        assert await claim(c, case)
        await c.execute("rollback to savepoint changed")
        assert await after(c, case, "") == ""


async def test_a_paused_tenant_claims_nothing_and_goes_on_where_it_was(case: Case) -> None:
    async with case.there.db.tenant(case.there.tenant) as c:
        assert await after(c, case, "update tenants set paused = true") is None
        assert await after(c, case, "") == ""


async def race(case: Case, grace: Person) -> tuple[bool, bool, str | None]:
    """Grace agrees, Ada takes it back and a worker looks, all at once; then a worker looks once more."""
    there, tenant = case.there, case.there.tenant

    async def press() -> bool:
        async with there.db.tenant(tenant) as c:
            return await agree(c, case, grace.id)

    async def take_back() -> bool:
        async with there.db.tenant(tenant) as c:
            done = await approvals.decide(c, tenant, case.approval.id, "withdrawn", there.person, "")
            if done:
                await effects.withdraw(c, tenant, case.key)
            return done

    async def look() -> str | None:
        async with there.db.tenant(tenant) as c:
            return await claim(c, case)

    agreed, withdrawn, ran = await asyncio.gather(press(), take_back(), look())
    return agreed, withdrawn, ran if ran is not None else await look()


async def test_of_a_thousand_that_are_agreed_to_and_withdrawn_at_once_none_runs_that_was_withdrawn(
    there: There, library: Library
) -> None:
    async with there.db.tenant(there.tenant) as c:
        grace = await people.remember(
            c, there.tenant, Account("slack", "T1", "UGRACE"), Profile("Grace", "grace@example.com")
        )
    found = []
    for _ in range(RACES // AT_ONCE):
        cases = [await asked(there, library) for _ in range(AT_ONCE)]
        found += await asyncio.gather(*(race(each, grace) for each in cases))

    assert len(found) == RACES
    assert all(agreed != withdrawn for agreed, withdrawn, _ in found)
    assert all((ran == "") == agreed for agreed, _, ran in found)


@pytest.mark.twin
async def test_twin_without_the_look_at_the_claim_a_decision_that_is_over_would_run(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def always(*_: Any) -> bool:
        return True

    monkeypatch.setattr(sealed, "entitled_still", always)
    monkeypatch.setattr(approvals, "use", always)
    async with case.there.db.tenant(case.there.tenant) as c:
        await c.execute("update approvals set state = 'withdrawn' where id = $1", case.approval.id)
        assert await sealed_case.claim(c, case) == ""
