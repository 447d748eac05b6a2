"""Escalation and what everybody sees of a yes that was not the last, in the database."""

from __future__ import annotations

from typing import Any

from flows.approval_stages import Stage
from tests.workers.approvers.asked import RULES, asks, email, met, policy, presses, released, state, told
from tests.workers.store.conftest import There
from workers.approvers import calendar, clock
from workers.approvers.press import CHANGED
from workers.commit import Commit
from workers.store import approval_terms, approvals
from workers.store.approvals import Approval

RULED = policy(Stage((email("grace"),)), escalate=("directors",), directors=("olive",))


async def hears(there: There, policy: Any, approval: Approval, raw: dict[str, Any]) -> Commit:
    """The event, as the engine hears it in the run's conversation."""
    commit = Commit()
    async with there.db.tenant(there.tenant) as c:
        fresh = await approvals.by_id(c, there.tenant, approval.id, lock=True)
        assert fresh is not None
        terms = RULES.terms(policy, frozenset())
        await clock._heard(c, there.tenant, commit, fresh, terms, policy, raw)
    return commit


def escalate(approval: Approval, tier: int = 1) -> dict[str, Any]:
    return {"_": calendar.ESCALATE, "approval": approval.id, "tier": tier}


async def test_who_comes_next_decides_only_once_it_was_escalated_to_them(there: There) -> None:
    ada, olive = await met(there, "ada"), await met(there, "olive")
    approval = await asks(there, RULED, ada)
    assert "Only the named" in told((await presses(there, RULED, approval, olive))[0])

    commit = await hears(there, RULED, approval, escalate(approval))

    assert any("directors may decide this now too" in str(each.content) for each in commit.messages)
    assert released((await presses(there, RULED, approval, olive))[1]) == ["events.Approved"]


async def test_whoever_was_asked_first_may_decide_still(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, RULED, ada)
    await hears(there, RULED, approval, escalate(approval))
    assert released((await presses(there, RULED, approval, grace))[1]) == ["events.Approved"]


async def test_an_escalation_that_comes_twice_is_one(there: There) -> None:
    approval = await asks(there, RULED, await met(there, "ada"))
    first = await hears(there, RULED, approval, escalate(approval))
    again = await hears(there, RULED, approval, escalate(approval))
    assert (bool(first.messages), bool(again.messages)) == (True, False)


async def test_what_is_decided_is_not_escalated(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, RULED, ada)
    await presses(there, RULED, approval, grace)
    async with there.db.tenant(there.tenant) as c:
        assert not await approval_terms.escalate(c, there.tenant, approval.id, 1)
    assert await state(there, approval) == "approved"


async def test_every_copy_and_the_requester_see_who_has_agreed_and_who_must_still(there: There) -> None:
    two = policy(Stage((email("grace"), email("omar")), 2))
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, two, ada)
    _, pressed = await presses(there, two, approval, grace)
    [(_, _, event)] = pressed.events
    assert event["_"] == CHANGED

    commit = await hears(there, two, approval, event)

    [card] = [each for each in commit.messages if each.kind == "update"]
    assert card.target == f"{approval.id}:0"
    assert "1 of 2: Grace, still needed: 1 of" in str(card.content)
