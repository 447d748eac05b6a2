"""Quorum and stages in the database: who is counted, when it is settled, and that it is settled once."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from flows.approval_stages import Stage, Terms
from flows.policy import Approvers, Policy
from tests.workers.approvers.asked import (
    RULES,
    asks,
    email,
    met,
    policy,
    presses,
    rejects,
    released,
    state,
    still,
    told,
)
from tests.workers.store.conftest import There
from workers.approvers import press
from workers.store import approval_terms

TWO_OF = policy(Stage((email("grace"), email("omar"), email("linus")), 2))
STAGES = policy(
    Stage(("finance",), 1, "finance"), Stage((email("olive"),), 1, "owner"), finance=("grace", "omar")
)


async def test_the_first_of_two_is_counted_and_the_second_settles_it(there: There) -> None:
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    approval = await asks(there, TWO_OF, ada)

    answer, commit = await presses(there, TWO_OF, approval, grace)
    assert "Your yes is counted" in told(answer)
    assert "1 of" in told(answer)
    assert released(commit) == ["approval.changed"]
    assert await state(there, approval) == "pending"

    answer, commit = await presses(there, TWO_OF, approval, omar)
    assert released(commit) == ["events.Approved"]
    assert commit.events[0][2]["name"] == "Grace and Omar"
    assert await state(there, approval) == "approved"
    assert await still(there, TWO_OF, approval)


async def test_the_same_person_is_not_counted_twice(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    approval = await asks(there, TWO_OF, ada)
    await presses(there, TWO_OF, approval, grace)

    answer, commit = await presses(there, TWO_OF, approval, grace)

    assert "each person counts once" in told(answer)
    assert released(commit) == []
    assert await state(there, approval) == "pending"


async def test_stages_come_one_after_the_other(there: There) -> None:
    ada, grace, omar, olive = [await met(there, name) for name in ("ada", "grace", "omar", "olive")]
    approval = await asks(there, STAGES, ada)

    assert "not your turn yet: first finance" in told((await presses(there, STAGES, approval, olive))[0])
    assert "olive@example.com (owner)" in told((await presses(there, STAGES, approval, grace))[0])
    assert "finance has agreed already" in told((await presses(there, STAGES, approval, omar))[0])
    _, commit = await presses(there, STAGES, approval, olive)

    assert released(commit) == ["events.Approved"]
    assert await still(there, STAGES, approval)


async def test_a_rejection_at_any_stage_ends_it(there: There) -> None:
    ada, grace, olive = [await met(there, name) for name in ("ada", "grace", "olive")]
    approval = await asks(there, STAGES, ada)
    await presses(there, STAGES, approval, grace)

    _, commit = await rejects(there, STAGES, approval, olive)

    assert released(commit) == ["events.Rejected"]
    assert await state(there, approval) == "rejected"
    assert "faster" in told((await presses(there, STAGES, approval, olive))[0])


async def test_a_bystander_and_the_requester_are_told_why_and_change_nothing(there: There) -> None:
    ada, mallory = await met(there, "ada"), await met(there, "mallory")
    approval = await asks(there, TWO_OF, ada)

    assert (
        told((await presses(there, TWO_OF, approval, mallory))[0])
        == "Only the named approvers can decide this."
    )
    assert "asked for this yourself" in told((await presses(there, TWO_OF, approval, ada))[0])
    assert await there.value("select count(*) from approval_votes where approval_id = $1", approval.id) == 0


async def at_once(there: There, people: list[Any], count: int) -> tuple[Any, list[str]]:
    approval = await asks(there, TWO_OF, await met(there, "ada"))
    done = await asyncio.gather(
        *(presses(there, TWO_OF, approval, people[n % len(people)]) for n in range(count)),
        return_exceptions=True,
    )
    heard = [event for each in done if isinstance(each, tuple) for event in released(each[1])]
    return approval, heard


async def test_twenty_presses_at_once_release_it_once(there: There) -> None:
    people = [await met(there, name) for name in ("grace", "omar", "linus")]
    approval, heard = await at_once(there, people, 20)

    assert heard.count("events.Approved") == 1
    assert heard.count("approval.changed") == 1
    assert await there.value("select count(*) from approval_votes where approval_id = $1", approval.id) == 2


@pytest.mark.twin
async def test_without_the_row_held_those_who_press_at_once_all_count(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The votes are read before any is written, so a third counts, or nobody settles it."""
    real = press.approvals.by_id

    async def careless(c: Any, tenant: Any, id: str, *, lock: bool = False) -> Any:
        return await real(c, tenant, id)

    gate = asyncio.Barrier(3)
    judged = press.judge

    async def together(*args: Any) -> Any:
        found = await judged(*args)
        await gate.wait()
        return found

    monkeypatch.setattr(press.approvals, "by_id", careless)
    monkeypatch.setattr(press, "judge", together)
    people = [await met(there, name) for name in ("grace", "omar", "linus")]
    approval, heard = await at_once(there, people, 3)

    assert heard.count("events.Approved") != 1
    assert await there.value("select count(*) from approval_votes where approval_id = $1", approval.id) == 3


async def test_what_was_asked_before_terms_were_kept_is_decided_by_one_as_ever(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    old = Policy("p1", (), Approvers(people=(email("grace"),)))
    approval = await asks(there, old, ada, kept=False)

    _, commit = await presses(there, old, approval, grace)

    assert released(commit) == ["events.Approved"]
    assert await still(there, old, approval)


async def test_a_requirement_that_changed_since_is_not_met(there: There) -> None:
    ada, grace = await met(there, "ada"), await met(there, "grace")
    one = policy(Stage((email("grace"), email("omar"), email("linus")), 1))
    approval = await asks(there, one, ada)
    await presses(there, one, approval, grace)

    assert await still(there, one, approval)
    assert not await still(there, TWO_OF, approval)


async def test_a_vote_that_is_missing_or_a_quorum_made_smaller_is_noticed(there: There) -> None:
    ada, grace, omar = [await met(there, name) for name in ("ada", "grace", "omar")]
    approval = await asks(there, TWO_OF, ada)
    await presses(there, TWO_OF, approval, grace)
    await presses(there, TWO_OF, approval, omar)
    assert await still(there, TWO_OF, approval)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with there.db.tenant(there.tenant) as c:
            await c.execute("update approval_votes set stage = 1")
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update approval_terms set terms = jsonb_set(terms, '{stages,0,quorum}', '1')")
    assert not await still(there, TWO_OF, approval)


async def test_somebody_named_is_asked_where_a_group_cannot_be_told(there: There) -> None:
    ada, grace, mallory = [await met(there, name) for name in ("ada", "grace", "mallory")]
    rules = policy(Stage(("slack:@finance", email("grace"))))
    approval = await asks(there, rules, ada)

    answer, _ = await presses(there, rules, approval, mallory)
    assert "cannot tell just now who belongs to slack:@finance" in told(answer)
    _, commit = await presses(there, rules, approval, grace)
    assert released(commit) == ["events.Approved"]


async def test_terms_are_stored_as_they_were_asked(there: There) -> None:
    ada = await met(there, "ada")
    approval = await asks(there, STAGES, ada)
    async with there.db.tenant(there.tenant) as c:
        fresh = await press.approvals.by_id(c, there.tenant, approval.id)
        votes = await approval_terms.votes(c, there.tenant, approval.id)
    assert fresh is not None
    assert fresh.terms == RULES.terms(STAGES, frozenset()) != Terms()
    assert votes == []
