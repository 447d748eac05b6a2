"""What ends it by itself, what counts as a label, and what is said of it, in a real database."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.turn import Place
from flows import calibration
from flows.calibration_rule import Learn
from flows.policy import Policy
from tests.workers.learned import (
    ENOUGH,
    LARGE,
    LEARN,
    MAY,
    POLICY,
    AnotherReader,
    There,
    alone,
    asked,
    refund,
    there,
)
from workers import learning, learning_cli, learning_heard, learning_keeper, learning_turn, past
from workers.commit import Commit
from workers.learning_keeper import Keeper
from workers.store import definitions, effects, runs
from workers.store import learning as kept
from workers.store.runs import Stored

__all__ = ["there"]

# ── withdrawn by itself ──────────────────────────────────────────────────────────────────


async def test_after_the_step_changed_nothing_runs_alone_until_it_is_earned_again(there: There) -> None:
    await there.earned()
    changed = refund(reason="requested_by_customer")
    assert [alone((await there.called(changed))[0]) for _ in range(5)] == [False] * 5
    assert alone((await there.proposed())[0])


async def test_after_another_model_nothing_runs_alone_until_it_is_earned_again(there: There) -> None:
    await there.earned()
    there.reader = AnotherReader()
    assert [alone((await there.called())[0]) for _ in range(5)] == [False] * 5
    await there.earned()
    assert alone((await there.called())[0])


async def test_after_what_the_model_is_told_changed_nothing_runs_alone(there: There) -> None:
    await there.earned()
    flow = refund()
    reworded = replace(flow, description="Give all of it back", version="v2")
    assert not alone((await there.proposed(reworded))[0])


async def test_after_the_rules_about_the_tool_changed_nothing_runs_alone(there: There) -> None:
    await there.earned()
    wider = Policy("p3", (MAY, replace(LARGE, at_least="500.00")))
    assert not alone((await there.proposed(policy=wider))[0])


async def test_a_rule_that_wants_more_than_was_shown_is_not_let_go(there: There) -> None:
    await there.earned()
    stricter = replace(MAY, learn=Learn(0.005, 0.9))
    assert not alone((await there.proposed(policy=Policy("p1", (stricter, LARGE))))[0])


@pytest.mark.twin
async def test_twin_with_a_key_that_does_not_name_the_model_old_evidence_would_count(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "model_of", lambda reader: "any")
    await there.earned()
    there.reader = AnotherReader()
    assert alone((await there.proposed())[0])


async def test_switched_off_between_deciding_and_writing_it_is_decided_again(there: There) -> None:
    await there.earned()
    _, proposals = await there.proposed()
    await there.switched(False)
    with pytest.raises(past.Moved):
        await there.wrote(proposals)


@pytest.mark.twin
async def test_twin_without_looking_again_it_would_run_after_it_was_switched_off(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def always(*_: Any) -> bool:
        return True

    await there.earned()
    _, proposals = await there.proposed()
    await there.switched(False)
    monkeypatch.setattr(learning_turn.bars, "still", always)
    await there.wrote(proposals)


async def run_alone(there: There, number: int) -> list[str]:
    return [(await there.called())[1].action.key for _ in range(number)]


async def judged(there: There, key: str, right: bool) -> Commit:
    """As an audit card is answered."""
    commit, nowhere = Commit(), cast(Any, SimpleNamespace(where=lambda policy: ()))
    async with there.db.tenant(there.tenant) as c:
        await kept.settle(c, there.tenant, key, right, "audit", again=True)
        action = await kept.by_key(c, there.tenant, key)
        assert action is not None
        await learning_turn.judge(c, there.tenant, commit, action.evidence, POLICY, nowhere)
    return commit


async def test_audits_that_find_too_many_wrong_stop_it_and_evidence_counts_anew(there: There) -> None:
    evidence = await there.earned()
    keys = await run_alone(there, 3)
    commit = await judged(there, keys[0], right=False)

    assert [what for what, _ in commit.audit] == ["learning.stopped"]
    assert (await there.bar(evidence)).stands is False
    assert not alone((await there.called())[0])
    await Keeper(there.db).tenant(there.tenant)
    assert (await there.bar(evidence)).stands is False
    await there.earned()
    assert (await there.bar(evidence)).stands is True


async def test_audits_that_find_it_right_leave_it(there: There) -> None:
    evidence = await there.earned()
    for key in await run_alone(there, 3):
        assert (await judged(there, key, right=True)).audit == []
    assert (await there.bar(evidence)).stands is True


async def test_what_the_service_refuses_speaks_against_it_and_what_could_not_be_reached_does_not(
    there: There,
) -> None:
    evidence = await there.earned()
    keys, nowhere = await run_alone(there, 2), cast(Any, SimpleNamespace(where=lambda policy: ()))
    for key, code, stands in ((keys[0], "not_reached", True), (keys[1], "refused", False)):
        async with there.db.tenant(there.tenant) as c:
            await learning_turn.failed(c, there.tenant, Commit(), key, code, POLICY, nowhere)
        assert (await there.bar(evidence)).stands is stands


async def test_a_change_of_what_is_asked_for_stops_it_before_any_error_is_seen(there: There) -> None:
    evidence = await there.fill(ENOUGH, in_scope=1.0)
    await Keeper(there.db).tenant(there.tenant)
    await there.switched(True)
    await there.fill(60, in_scope=0.0)
    step, [proposal] = await there.proposed()
    commit = await there.wrote([proposal])

    assert not alone(step)
    assert "requests out of scope have become more" in asked(step)
    assert [details["why"] for what, details in commit.audit if what == "learning.stopped"] == ["drift"]
    assert (await there.bar(evidence)).stands is False


async def test_the_alarm_is_the_same_once_the_keeper_has_looked_on(there: There) -> None:
    await there.fill(ENOUGH, in_scope=1.0)
    await Keeper(there.db).tenant(there.tenant)
    await there.switched(True)
    evidence = await there.fill(60, in_scope=0.0)
    await Keeper(there.db).tenant(there.tenant)
    assert (await there.bar(evidence)).watched > 0
    assert "have become more" in asked((await there.proposed())[0])


# ── labels ───────────────────────────────────────────────────────────────────────────────


async def decided(there: There, state: str, seconds: float = 30.0, *notes: tuple[str, dict[str, Any]]) -> Any:
    """A call that was asked about, and how its approval ended: verdict and why."""
    step, proposal = await there.called()
    key = proposal.action.key
    async with there.db.tenant(there.tenant) as c:
        where = f"slack:T:{key}"
        await c.execute("insert into conversations (tenant_id, key) values ($1, $2)", there.tenant, where)
        await definitions.keep_flow(c, there.tenant, step.flow.id, step.flow.version, step.flow.source)
        await runs.save(
            c, there.tenant, Stored(step.before, where, Place("slack", "T", "C", "1"), 0), step.after
        )
        [call] = past.calls_of(step.effects)
        await effects.intend(c, there.tenant, where, step.before.id, call, "p1", "money", "held")
        await c.execute(
            "insert into approvals (tenant_id, id, effect_key, run_id, conversation, step, tool, requester,"
            " account, flow_version, policy_version, digest, code, rule, because, words, card, expires_at,"
            " state, created_at, decided_at) values ($1, $2, $3, $8, $4, 'pay', 'stripe.refund', $5, '',"
            " 'v', 'p1', '', '', 'refunds', '', '', '{}', now(), $6, now(),"
            " now() + make_interval(secs => $7))",
            there.tenant, f"{key}:approval", key, where, there.person, state, seconds, step.before.id,
        )  # fmt: skip
        told = [(what, {"approval": f"{key}:approval", **details}) for what, details in notes]
        await learning_heard.overhear(c, there.tenant, told)
    await Keeper(there.db).tenant(there.tenant)
    async with there.db.tenant(there.tenant) as c:
        query = "select verdict, why from learned_actions where tenant_id = $1 and effect_key = $2"
        return tuple(await c.fetchrow(query, there.tenant, key))


@pytest.mark.parametrize(("state", "seconds", "notes", "found"), [
    ("approved", 30.0, (), (True, "approved")),
    ("used", 30.0, (), (True, "used")),
    ("rejected", 30.0, (), (False, "rejected")),
    ("changed", 30.0, (("approval.edited", {"fields": ["amount"]}),), (False, "edited")),
    ("expired", 30.0, (), (None, "expired")),
    ("withdrawn", 30.0, (), (None, "withdrawn")),
    ("approved", 1.5, (), (None, "glance")),
    ("approved", 30.0, (("approval.edited", {"fields": ["amount"]}),), (False, "edited")),
    ("approved", 30.0, (("approval.decided", {"batch": "b1"}),), (None, "bulk")),
    ("approved", 30.0, (("approval.counted", {"batch": "b1"}),), (None, "bulk")),
    ("approved", 30.0, (("approval.decided", {"verdict": "approved"}),), (True, "approved")),
    ("pending", 30.0, (), (None, "")),
])  # fmt: skip
async def test_how_an_approval_ended_is_its_label(
    there: There, state: str, seconds: float, notes: Any, found: Any
) -> None:
    assert await decided(there, state, seconds, *notes) == found


async def test_what_was_settled_is_not_settled_again(there: There) -> None:
    _, proposal = await there.called()
    async with there.db.tenant(there.tenant) as c:
        first = await kept.settle(c, there.tenant, proposal.action.key, True, "audit")
        second = await kept.settle(c, there.tenant, proposal.action.key, False, "audit")
    assert (first, second) == (True, False)


async def test_only_so_many_calls_are_kept(there: There) -> None:
    evidence = await there.fill(30)
    async with there.db.tenant(there.tenant) as c:
        await kept.drop(c, there.tenant, evidence, 10)
        number = await c.fetchval("select count(*) from learned_actions where tenant_id = $1", there.tenant)
    assert number == 10


async def test_with_plenty_it_fits_on_the_oldest_third_and_certifies_on_the_rest(there: There) -> None:
    evidence = await there.fill(480)
    await there.fill(20, right=False, route=0.0, straight=0.0)
    await there.fill(220)
    async with there.db.tenant(there.tenant) as c:
        rows = await kept.labelled(c, there.tenant, evidence, 0, calibration.LATEST)
    scores, certificate = learning_keeper.reckon(rows, [], LEARN)
    assert certificate is not None
    assert certificate.of <= 720 - 240
    bad = [row for row in rows if not row.right]
    assert scores.score(bad[0].tool, bad[0].features) < certificate.cut


# ── in words ─────────────────────────────────────────────────────────────────────────────


async def lines(there: There) -> list[str]:
    async with there.db.tenant(there.tenant) as c:
        return [
            line for each in await learning_cli.every(c, there.tenant) for line in learning_cli.in_lines(each)
        ]


async def test_bars_say_what_runs_alone_and_what_came_of_it(there: There) -> None:
    await there.earned()
    await run_alone(there, 2)
    first, second, third, _ = await lines(there)
    assert first == "refunds under $50.00 run alone: 240 decisions, error ≤ 1 % with 90 % confidence"
    assert second == "  stripe.refund [money], step pay of back"
    assert third.startswith("  2 ran alone since, 0 of them were looked at: 0 wrong; 0 were refused")


async def test_bars_say_why_it_is_asked_about_again(there: There) -> None:
    await there.earned()
    await judged(there, (await run_alone(there, 1))[0], right=False)
    assert any(
        "asked about again since" in line and "1 of 1 that were looked at" in line
        for line in await lines(there)
    )


async def test_of_an_older_step_nothing_is_said(there: There) -> None:
    await there.earned()
    await there.called(refund(reason="duplicate"))
    found = await lines(there)
    assert sum("step pay of back" in line for line in found) == 1
    assert "0 of about 230 decisions" in found[0]
