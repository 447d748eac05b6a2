"""What was wrong though it ran alone ends the grants that would let the same run again, and no others."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from bot.turn import Account, Place, Pressed, Turn, TurnId
from flows.effects import Call
from flows.events import Failed
from flows.grants import Scope
from tests.workers.approvers.granted import Desk, desk, key_of, policy, refund
from workers import learning_audit, past
from workers.approvers import grants_ended
from workers.commit import Commit
from workers.store import doubts
from workers.store.door import Database
from workers.store.learning import Action, by_key, note
from workers.store.runs import Stored

WHY = "It was wrong."


@pytest.fixture
async def there(db: Database, tenant: UUID) -> Desk:
    return await desk(db, tenant, policy())


async def called(there: Desk, **more: Any) -> past.Step:
    """A call like what is granted, which ran alone by experience and not under any grant."""
    step = await there.called(refund(**more))
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update effects set state = 'done' where run_id = $1", step.before.id)
        await note(c, there.tenant, Action(key_of(step), "e1", "stripe.refund", (), 0.9, 1.0, True, True))
    return step


async def ended(there: Desk, step: past.Step) -> int:
    call = past.calls_of(step.effects)[0]
    async with there.db.tenant(there.tenant) as c:
        return await grants_ended.wrong(
            c, there.tenant, Commit(), step.after, call, there.world(), there.rules, WHY
        )


async def test_a_grant_that_would_let_the_same_run_again_ends(there: Desk) -> None:
    step = await called(there)
    grant = await there.granted()

    assert await ended(there, step) == 1
    found = await there.newest()
    assert (found.id, found.state, found.why) == (grant.id, "revoked", WHY)
    assert await ended(there, step) == 0, "and nobody is told twice"


@pytest.mark.parametrize(
    "scope",
    [
        {"recipient": "pi_2"},
        {"requester": "omar@example.com"},
        {"account": "another"},
    ],
    ids=lambda each: next(iter(each)),
)
async def test_one_about_something_else_goes_on(there: Desk, scope: dict[str, str]) -> None:
    step = await called(there)
    call, wanted = past.calls_of(step.effects)[0], Scope("stripe.refund", "ada@example.com", "pi_1")
    await there.granted()
    grant = replace(await there.newest(), scope=replace(wanted, **scope))
    async with there.db.tenant(there.tenant) as c:
        known = there.world().known
        assert not await grants_ended.would_let_run(
            c, there.tenant, grant, step.after, call, known, there.rules
        )


async def test_one_for_less_money_goes_on(there: Desk) -> None:
    step = await called(there, amount=9_000)
    await there.granted()
    assert await ended(there, step) == 0
    assert (await there.newest()).state == "active"


async def test_a_call_that_nobody_can_read_ends_none(there: Desk) -> None:
    step = await called(there)
    await there.granted()
    odd = Call(key_of(step), "stripe.refund", {"nothing": "that fits"}, "pay")
    async with there.db.tenant(there.tenant) as c:
        done = await grants_ended.wrong(
            c, there.tenant, Commit(), step.after, odd, there.world(), there.rules, WHY
        )
    assert done == 0


# ── as it comes about ────────────────────────────────────────────────────────────────────


def stored(step: past.Step) -> Stored:
    return Stored(step.after, f"slack:T:{step.before.id}", Place("slack", "T", "C", "1"), 1)


async def audited(there: Desk, step: past.Step, action: str) -> str:
    """Grace answers the audit's card."""
    tools: Any = SimpleNamespace(rules=there.rules)
    turn = Turn(TurnId("t"), Place("slack", "T1", "CAPPROVE"), Account("slack", "T1", "U-grace-slack"),
                Pressed(action, key_of(step)))  # fmt: skip
    async with there.db.tenant(there.tenant) as c:
        kept, effect = (
            await by_key(c, there.tenant, key_of(step)),
            await doubts.by_key(c, there.tenant, key_of(step)),
        )
        assert kept is not None
        assert effect is not None
        said = await learning_audit._judged(
            tools, c, there.tenant, Commit(), kept, effect, turn, there.people["grace"], there.world()
        )
    return said.text


async def test_after_an_audit_that_was_rejected_it_ends(there: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    step = await called(there)
    await there.granted()
    monkeypatch.setattr(learning_audit, "_refusal", lambda *_: "")

    assert "it was wrong" in await audited(there, step, learning_audit.WRONG)
    found = await there.newest()
    assert found.state == "revoked"
    assert found.why == "Grace said that what ran alone, and was like what it lets run, was wrong."


async def test_after_an_audit_that_was_right_it_goes_on(there: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    step = await called(there)
    await there.granted()
    monkeypatch.setattr(learning_audit, "_refusal", lambda *_: "")

    assert "it was right" in await audited(there, step, learning_audit.RIGHT)
    assert (await there.newest()).state == "active"


@pytest.mark.parametrize(("code", "state"), [("declined", "revoked"), ("not_reached", "active")])
async def test_after_it_was_refused_for_certain_it_ends(there: Desk, code: str, state: str) -> None:
    step = await called(there)
    await there.granted()
    failed = Failed(key_of(step), code, "No.")
    async with there.db.tenant(there.tenant) as c:
        await learning_audit.after(
            c, there.tenant, Commit(), failed, stored(step), there.world(), there.rules
        )
    assert (await there.newest()).state == state
