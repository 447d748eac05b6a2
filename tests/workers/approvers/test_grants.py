"""Standing grants in the database: who may make one, what runs alone under it, and all that ends it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from flows.effects import UnderGrant
from flows.grants import Limits, Scope, Wanted
from tests.workers.approvers.granted import (
    ASKS,
    NEVER,
    UNSURE,
    WANTED,
    Desk,
    alone,
    asked,
    desk,
    fixed,
    key_of,
    policy,
    refund,
)
from workers.approvers import grants as covering
from workers.approvers import grants_ended
from workers.commit import Commit
from workers.sealed import check
from workers.store import effects, grants
from workers.store.door import Database


@pytest.fixture
async def there(db: Database, tenant: UUID) -> Desk:
    return await desk(db, tenant, policy())


def of(amount: int, payment: str = "pi_1") -> Any:
    return fixed(refund(amount, payment), refund())


# ── what runs alone ──────────────────────────────────────────────────────────────────────


async def test_what_is_granted_runs_alone_and_the_call_names_the_grant(there: Desk) -> None:
    assert asked(await there.called())
    grant = await there.granted()

    step = await there.called()

    assert alone(step)
    [under] = [each for each in step.effects if isinstance(each, UnderGrant)]
    assert under == UnderGrant(key_of(step), "stripe.refund", str(grant.id))


async def test_before_enough_have_agreed_nothing_runs_alone(db: Database, tenant: UUID) -> None:
    there = await desk(db, tenant, policy(quorum=2))
    await there.proposed()
    said, _ = await there.presses("grace")
    assert said.text == "Your yes is counted."
    assert asked(await there.called())

    said, _ = await there.presses("omar")

    assert "may run alone now" in said.text
    assert alone(await there.called())


async def test_the_same_person_is_not_counted_twice(db: Database, tenant: UUID) -> None:
    there = await desk(db, tenant, policy(quorum=2))
    await there.proposed()
    await there.presses("grace")
    said, _ = await there.presses("grace")
    assert "each person counts once" in said.text
    assert (await there.newest()).state == "proposed"


async def test_a_bystander_can_agree_to_nothing(there: Desk) -> None:
    await there.proposed(by="mallory")
    said, commit = await there.presses("mallory")
    assert said.text == "Only the named approvers can decide this."
    assert [what for what, _ in commit.audit] == ["grant.refused"]
    assert asked(await there.called())


async def test_nobody_grants_to_themselves(there: Desk) -> None:
    mine = replace(WANTED, scope=Scope("stripe.refund", "grace@example.com"))
    await there.proposed(mine)
    said, _ = await there.presses("grace")
    assert "let yourself" in said.text
    assert (await there.newest()).state == "proposed"


async def test_whoever_agreed_is_never_covered_by_a_grant_for_everybody(there: Desk) -> None:
    await there.granted(replace(WANTED, scope=Scope("stripe.refund")))
    assert alone(await there.called())
    assert asked(await there.called(name="grace"))


async def test_a_grant_for_a_group_does_not_cover_the_member_who_agreed(there: Desk) -> None:
    await there.granted(replace(WANTED, scope=Scope("stripe.refund", "crew")))
    assert alone(await there.called())
    assert asked(await there.called(name="grace"))
    assert asked(await there.called(name="mallory"))


@pytest.mark.twin
async def test_without_asking_who_made_it_they_would_be_covered(
    there: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await there.granted(replace(WANTED, scope=Scope("stripe.refund", "crew")))

    async def anybody(*_: Any) -> bool:
        return True

    monkeypatch.setattr(covering, "made_by_those_who_may", anybody)
    assert alone(await there.called(name="grace"))


@pytest.mark.parametrize(
    "call", [of(3_001), of(2_000, "pi_2"), fixed(refund(2_000, currency="eur"), refund())]
)
async def test_what_is_outside_of_it_is_asked_about(there: Desk, call: Any) -> None:
    await there.granted()
    assert asked(await there.called(call))


async def test_somebody_else_s_request_is_asked_about(there: Desk) -> None:
    await there.granted()
    assert asked(await there.called(name="omar"))


async def test_a_rule_about_confidence_goes_on_asking(db: Database, tenant: UUID) -> None:
    there = await desk(db, tenant, policy(ASKS, UNSURE))
    await there.granted()
    assert asked(await there.called())


async def test_what_is_denied_stays_denied(db: Database, tenant: UUID) -> None:
    there = await desk(db, tenant, policy(ASKS, NEVER))
    await there.granted(replace(WANTED, limits=Limits(5, "day", 500_000, None, "usd")))
    step = await there.called(of(100_000))
    assert not alone(step)
    assert not asked(step)


async def test_where_the_rule_is_not_grantable_nothing_can_be_proposed(db: Database, tenant: UUID) -> None:
    there = await desk(db, tenant, policy(replace(ASKS, grantable=False)))
    said, commit = await there.proposed()
    assert "lets nobody grant" in said.text
    assert commit.messages == []


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (replace(WANTED, days=91), "within 90 days"),
        (replace(WANTED, until="2020-01-01"), "within 90 days"),
        (replace(WANTED, until="9999-12-31"), "within 90 days"),
        (Wanted(Scope("stripe.nothing"), Limits(1, "day")), "There is no tool"),
        (Wanted(Scope("flow.approve"), Limits(1, "day")), "There is no tool"),
        (Wanted(Scope("stripe.refund"), Limits(1, "day")), "how much each"),
        (replace(WANTED, scope=Scope("stripe.refund", "nobody-knows")), "no group"),
    ],
)
async def test_what_cannot_be_granted_is_said_at_once(there: Desk, wanted: Wanted, told: str) -> None:
    said, commit = await there.proposed(wanted)
    assert told in said.text
    assert commit.messages == []
    assert commit.timers == []


# ── limits ───────────────────────────────────────────────────────────────────────────────


async def test_up_to_its_limits_and_not_beyond(there: Desk) -> None:
    await there.granted(replace(WANTED, limits=Limits(2, "day", 3_000, None, "usd")))
    assert [alone(await there.called()) for _ in range(4)] == [True, True, False, False]


async def test_the_sum_counts_too(there: Desk) -> None:
    await there.granted(replace(WANTED, limits=Limits(9, "day", 3_000, 6_000, "usd")))
    assert [alone(await there.called(of(2_500))) for _ in range(3)] == [True, True, False]
    assert alone(await there.called(of(1_000)))


async def at_once(there: Desk) -> int:
    await there.granted(replace(WANTED, limits=Limits(3, "day", 3_000, None, "usd")))
    steps = await asyncio.gather(*(there.called() for _ in range(6)))
    return sum(alone(step) for step in steps)


async def test_of_six_at_once_only_so_many_run_alone_as_the_grant_has_room_for(there: Desk) -> None:
    assert await at_once(there) == 3


@pytest.mark.twin
async def test_without_counting_again_where_it_is_written_more_slip_under_it(
    there: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = await there.granted(replace(WANTED, limits=Limits(1, "day", 3_000, None, "usd")))
    first, second = await there.decided(), await there.decided()
    assert await there.wrote(first)
    assert not await there.wrote(second)

    async def not_held(*_: Any) -> None:
        return None

    monkeypatch.setattr("workers.past.hold", not_held)
    assert await there.wrote(second)
    async with there.db.tenant(there.tenant) as c:
        assert (await grants.used(c, there.tenant, grant, ""))[1] == 2


# ── what ends it ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("state", ["failed", "unknown", "dead"])
async def test_after_the_first_failure_it_covers_nothing_before_anybody_was_told(
    there: Desk, state: str
) -> None:
    await there.granted()
    await there.settled(await there.called(), state)
    assert asked(await there.called())


async def test_what_went_well_leaves_it_alone(there: Desk) -> None:
    await there.granted()
    await there.settled(await there.called(), "done")
    assert alone(await there.called())


async def test_a_failure_revokes_it_and_tells_those_who_made_it(there: Desk) -> None:
    grant = await there.granted()
    step, commit = await there.called(), Commit()
    async with there.db.tenant(there.tenant) as c:
        assert await grants_ended.failed(c, there.tenant, commit, key_of(step), "It failed.")
        assert not await grants_ended.failed(c, there.tenant, commit, key_of(step), "It failed.")
        [(to, _, event)] = commit.events
        heard = Commit()
        await grants_ended.told(c, there.tenant, heard, to, event)
    assert (await there.newest()).state == "revoked"
    assert to == grant.conversation
    texts = [message.content.text for message in heard.messages]
    assert any("was revoked: It failed." in text for text in texts)
    assert [event["person"] for _, _, event in heard.events] == [str(there.people["grace"].id)]


async def test_the_first_refund_or_dispute_revokes_it(there: Desk) -> None:
    for kind in ("refunded", "disputed"):
        await there.granted()
        step, commit = await there.called(), Commit()
        async with there.db.tenant(there.tenant) as c:
            mark = key_of(step)
            await grants_ended.happened(c, there.tenant, commit, "stripe", "closed", "", mark)
            assert (await there.newest()).state == "active"
            await grants_ended.happened(c, there.tenant, commit, "stripe", kind, "", mark)
        assert (await there.newest()).state == "revoked"


async def test_at_its_end_it_is_over_and_that_is_told(there: Desk) -> None:
    grant = await there.granted()
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update grants set ends = now()")
    assert asked(await there.called())
    commit = Commit()
    async with there.db.tenant(there.tenant) as c:
        await grants_ended.over(c, there.tenant, commit, grant.id)
    assert (await there.newest()).state == "over"
    assert len(commit.events) == 1


async def test_a_changed_policy_ends_it_for_good(there: Desk) -> None:
    await there.granted()
    before, there.policy = there.policy, replace(there.policy, version="p2")
    assert asked(await there.called())
    commit = Commit()
    async with there.db.tenant(there.tenant) as c:
        await grants_ended.sweep(c, there.tenant, commit, there.world(), there.rules)
    there.policy = before
    assert (await there.newest()).state == "revoked"
    assert asked(await there.called())


async def test_a_changed_step_ends_it(there: Desk) -> None:
    await there.granted()
    changed = refund(1_999)
    assert asked(await there.called(changed))
    there.flow, commit = changed, Commit()
    async with there.db.tenant(there.tenant) as c:
        await grants_ended.sweep(c, there.tenant, commit, there.world(), there.rules)
    assert "step of the flow" in ((await there.newest()).why or "")


async def test_other_words_of_the_flow_leave_it_alone(there: Desk) -> None:
    await there.granted()
    assert alone(await there.called(refund(description="Give money back")))


async def test_a_tool_that_means_something_else_now_ends_it(
    there: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await there.granted()
    monkeypatch.setattr(covering, "tool_print", lambda _: "another")
    assert asked(await there.called())


async def test_whoever_may_not_decide_any_more_takes_it_along(there: Desk) -> None:
    await there.granted()
    async with there.db.tenant(there.tenant) as c:
        await c.execute("delete from accounts where person_id = $1", there.people["grace"].id)
    assert asked(await there.called())


async def test_an_approver_revokes_it_and_it_is_over_at_once(there: Desk) -> None:
    await there.granted()
    said, _ = await there.presses("omar", "grant.revoke")
    assert "ended" in said.text
    assert asked(await there.called())
    said, _ = await there.presses("grace")
    assert "over already" in said.text


async def test_a_bystander_revokes_nothing(there: Desk) -> None:
    await there.granted()
    said, _ = await there.presses("mallory", "grant.revoke")
    assert "Only the named approvers" in said.text
    assert alone(await there.called())


# ── the claim ────────────────────────────────────────────────────────────────────────────


async def claimed(there: Desk, step: Any, account: str = "") -> str:
    """What the worker is told when it is about to call."""
    async with there.db.tenant(there.tenant) as c:
        took = await effects.claim(c, there.tenant, key_of(step), 30.0)
        assert took is not None
        grant = await grants.of_effect(c, there.tenant, key_of(step))
        assert grant is not None
        mine = account or grant.scope.account
        return await check(c, there.tenant, took, step.after, there.policy, there.rules, mine)


async def test_what_is_still_granted_is_claimed(there: Desk) -> None:
    await there.granted()
    assert await claimed(there, await there.called()) == ""


async def test_revoked_in_between_nothing_runs(there: Desk) -> None:
    await there.granted()
    step = await there.called()
    await there.presses("omar", "grant.revoke")
    assert await claimed(there, step) == covering.NOT_NOW


async def test_after_another_failed_in_between_nothing_runs(there: Desk) -> None:
    await there.granted()
    first, second = await there.called(), await there.called()
    await there.settled(first, "failed")
    assert await claimed(there, second) == covering.NOT_NOW


async def test_with_another_account_nothing_runs(there: Desk) -> None:
    await there.granted()
    assert await claimed(there, await there.called(), "acct_other") == covering.NOT_NOW


async def test_arguments_changed_since_it_was_written_do_not_run_under_it(there: Desk) -> None:
    await there.granted()
    step = await there.called()
    async with there.db.tenant(there.tenant) as c:
        await c.execute(
            "update effects set arguments = $2 where key = $1", key_of(step),
            b'{"amount":90000,"currency":"usd","payment_intent":"pi_1"}',
        )  # fmt: skip
    assert await claimed(there, step) == covering.NOT_NOW


@pytest.mark.twin
async def test_without_the_second_look_it_would_run_though_revoked(
    there: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await there.granted()
    step = await there.called()
    await there.presses("omar", "grant.revoke")

    async def nothing(*_: Any) -> str:
        return ""

    monkeypatch.setattr(covering, "at_claim", nothing)
    assert await claimed(there, step) == ""
