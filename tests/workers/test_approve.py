"""Who may decide, when people turn out to be other people than we thought."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from bot.platforms.base import Profile
from bot.reply import Reply
from bot.turn import Account, Place, Pressed, Turn, TurnId
from flows.policy import Approvers, Policy
from workers import sealed
from workers.approve import Rules
from workers.approvers import press
from workers.services import Services
from workers.store import people
from workers.store.approvals import Approval
from workers.store.door import Database
from workers.store.people import Person

SLACK, TEAMS = Account("slack", "T1", "U1"), Account("teams", "tenant", "object")
GRACE = Account("slack", "T1", "U2")
RULES = Rules((), (), Services({}))
POLICY = Policy("p1", (), Approvers(people=("ada@example.com", "grace@example.com")))
PLACE = Place("slack", "T1", "C1")


def asked_by(requester: UUID) -> Approval:
    return Approval(
        id="a",
        effect_key="run:charge:1",
        run_id="run",
        conversation="c",
        step="charge",
        tool="stripe.charge",
        requester=requester,
        account="acct_1",
        flow_version="v1",
        policy_version="p1",
        digest=b"",
        code="ABC123",
        rule="money",
        because="",
        words="",
        card=Reply("Charge?"),
        state="pending",
        expires_at=datetime(2030, 1, 1, tzinfo=UTC),
    )


async def met(db: Database, tenant: UUID, account: Account, email: str = "") -> Person:
    async with db.tenant(tenant) as c:
        return await people.remember(c, tenant, account, Profile("Somebody", email))


async def refusal(db: Database, tenant: UUID, approval: Approval, person: Person, by: Account) -> str:
    turn = Turn(TurnId("t"), PLACE, by, Pressed("approve", "a"))
    async with db.tenant(tenant) as c:
        return await press.refusal(c, tenant, approval, turn, person, POLICY, RULES)


async def still(db: Database, tenant: UUID, approval: Approval) -> bool:
    async with db.tenant(tenant) as c:
        return await sealed.entitled_still(c, tenant, approval, POLICY, RULES)


async def test_another_named_person_may_decide_and_the_requester_may_not(db: Database, tenant: UUID) -> None:
    ada = await met(db, tenant, SLACK, "ada@example.com")
    grace = await met(db, tenant, GRACE, "grace@example.com")
    approval = asked_by(ada.id)
    assert await refusal(db, tenant, approval, grace, GRACE) == ""
    assert "asked for this yourself" in await refusal(db, tenant, approval, ada, SLACK)
    assert await still(db, tenant, replace(approval, decided_by=grace.id))
    assert not await still(db, tenant, replace(approval, decided_by=ada.id))


async def test_the_requesters_other_account_may_not_decide(db: Database, tenant: UUID) -> None:
    ada = await met(db, tenant, SLACK, "ada@example.com")
    again = await met(db, tenant, TEAMS, "Ada@example.com")
    assert "asked for this yourself" in await refusal(db, tenant, asked_by(ada.id), again, TEAMS)


async def became_ada(db: Database, tenant: UUID) -> tuple[Person, Person]:
    """Who asked, before Slack told their e-mail; and who that turned out to be."""
    ada = await met(db, tenant, TEAMS, "ada@example.com")
    unknown = await met(db, tenant, SLACK)
    assert await met(db, tenant, SLACK, "ada@example.com") == ada
    return unknown, ada


async def test_who_asked_before_we_knew_them_may_not_approve_as_whom_we_know(
    db: Database, tenant: UUID
) -> None:
    unknown, ada = await became_ada(db, tenant)
    approval = asked_by(unknown.id)
    for account in (SLACK, TEAMS):
        assert "asked for again" in await refusal(db, tenant, approval, ada, account)
    assert not await still(db, tenant, replace(approval, decided_by=ada.id))


async def test_who_approved_before_we_knew_them_may_not_have_been_the_requester(
    db: Database, tenant: UUID
) -> None:
    unknown, ada = await became_ada(db, tenant)
    assert not await still(db, tenant, replace(asked_by(ada.id), decided_by=unknown.id))


@pytest.mark.twin
async def test_without_that_look_one_person_asks_and_approves(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def careless(*_: Any) -> bool:
        return True

    monkeypatch.setattr(people, "reachable", careless)
    unknown, ada = await became_ada(db, tenant)
    approval = asked_by(unknown.id)
    assert await refusal(db, tenant, approval, ada, SLACK) == ""
    assert await still(db, tenant, replace(approval, decided_by=ada.id))
