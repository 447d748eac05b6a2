"""From calls that people decided to calls that run alone, in a real database."""

from __future__ import annotations

from dataclasses import replace

from flows import calibration
from flows.features import NAMES
from flows.policy import Policy
from tests.workers.learned import (
    LARGE,
    MAY,
    There,
    alone,
    asked,
    refund,
    there,
)
from workers.learning_keeper import Keeper
from workers.store import bars
from workers.store import learning as kept

__all__ = ["there"]

# ── before anything is known ─────────────────────────────────────────────────────────────


async def test_off_nothing_is_said_and_the_call_is_noted_all_the_same(there: There) -> None:
    step, proposal = await there.called()
    assert asked(step) == "It does not come back."
    async with there.db.tenant(there.tenant) as c:
        action = await kept.by_key(c, there.tenant, proposal.action.key)
    assert action is not None
    assert (action.alone, action.chance, action.settled) == (False, 1.0, False)
    assert len(action.features) == len(NAMES)


async def test_on_the_card_says_how_far_it_is(there: There) -> None:
    await there.fill(37)
    await Keeper(there.db).tenant(there.tenant)
    await there.switched(True)
    step, _ = await there.called()
    assert asked(step) == "It does not come back. (Refunds under $50.00: 37 of about 230 decisions.)"


async def test_what_another_rule_asks_about_is_not_even_noted(there: There) -> None:
    await there.earned()
    step, proposals = await there.proposed(refund(6_000))
    assert (alone(step), proposals) == (False, [])


async def test_a_policy_without_such_a_rule_costs_no_look(there: There) -> None:
    step, proposals = await there.proposed(policy=Policy("p2", (replace(MAY, learn=None), LARGE)))
    assert (alone(step), proposals) == (False, [])


# ── earned ───────────────────────────────────────────────────────────────────────────────


async def test_with_the_evidence_and_switched_on_it_runs_alone_and_says_by_what(there: There) -> None:
    evidence = await there.earned()
    step, [proposal] = await there.proposed()
    commit = await there.wrote([proposal])

    assert alone(step)
    assert (
        proposal.sentence == "refunds under $50.00 run alone: 240 decisions, error ≤ 1 % with 90 % confidence"
    )
    [noted] = [details for what, details in commit.audit if what == "learning.alone"]
    assert noted["evidence"] == evidence
    assert float(noted["chance"]) >= calibration.AUDITED
    assert step.known.facts.learned[proposal.action.key].alone


async def test_with_the_evidence_and_switched_off_it_does_not(there: There) -> None:
    await there.earned()
    await there.switched(False)
    step, _ = await there.called()
    assert asked(step) == "It does not come back."


async def test_one_decision_too_few_is_no_certificate(there: There) -> None:
    await there.fill(229)
    await Keeper(there.db).tenant(there.tenant)
    await there.switched(True)
    assert not alone((await there.called())[0])


async def test_a_call_that_is_less_sure_than_the_bar_is_asked_about_with_the_reason(there: There) -> None:
    evidence = await there.earned()
    async with there.db.tenant(there.tenant) as c:
        query = "update bars set cut = 0.9999 where tenant_id = $1 and evidence = $2"
        await c.execute(query, there.tenant, evidence)
    step, _ = await there.called()
    assert "of this one I am less sure" in asked(step)


async def test_reckoning_again_without_anything_new_changes_nothing(there: There) -> None:
    evidence = await there.earned()
    before = await there.bar(evidence)
    await Keeper(there.db).tenant(there.tenant)
    assert await there.bar(evidence) == before


async def test_only_the_first_call_that_runs_alone_is_told(there: There) -> None:
    evidence = await there.earned()
    async with there.db.tenant(there.tenant) as c:
        assert [await bars.told(c, there.tenant, evidence) for _ in range(3)] == [True, False, False]


async def test_some_are_drawn_for_an_audit_with_the_chance_that_was_logged(there: There) -> None:
    await there.earned()
    proposals = [(await there.proposed())[1][0] for _ in range(100)]
    chance = proposals[0].action.chance
    drawn = sum(each.action.drawn for each in proposals)
    assert {each.action.chance for each in proposals} == {chance}
    assert abs(drawn - 100 * chance) < 5 * (100 * chance * (1 - chance)) ** 0.5
