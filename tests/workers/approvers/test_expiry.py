"""No answer is a no: whatever came to an approval before, and however the clock jumps, nothing runs late."""

from __future__ import annotations

import ast
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.reply import Form, Reply
from flows.approval_stages import Stage
from flows.policy import Policy
from tests.workers.approvers.asked import email, met, policy, presses, released, state, told
from tests.workers.approvers.test_beside import edits, held_for
from tests.workers.approvers.test_handing_on import hands
from tests.workers.store.conftest import There
from workers.approvers import ending, press
from workers.commit import Commit
from workers.store import approval_terms, approvals, delegations
from workers.store.approvals import Approval
from workers.store.people import Person

ONE = policy(Stage((email("grace"), email("omar"))))
TWO = policy(Stage((email("grace"), email("omar")), 2))
STAGES = policy(Stage((email("grace"),), name="first"), Stage((email("omar"),), name="second"))
CHAIN = policy(Stage((email("grace"),)), escalate=(email("omar"),))
ROOT = Path(__file__).parents[3]

Before = Callable[[There, Approval, Person, Person], Awaitable[None]]


async def nothing(there: There, approval: Approval, grace: Person, omar: Person) -> None:
    """Nobody has said anything."""


async def one_has_agreed(there: There, approval: Approval, grace: Person, omar: Person) -> None:
    await presses(there, TWO, approval, grace)


async def the_first_stage_has_agreed(there: There, approval: Approval, grace: Person, omar: Person) -> None:
    await presses(there, STAGES, approval, grace)


async def it_was_escalated(there: There, approval: Approval, grace: Person, omar: Person) -> None:
    async with there.db.tenant(there.tenant) as c:
        assert await approval_terms.escalate(c, there.tenant, approval.id, 1)


async def somebody_stands_in(there: There, approval: Approval, grace: Person, omar: Person) -> None:
    linus = await met(there, "linus")
    async with there.db.tenant(there.tenant) as c:
        now = await c.fetchval("select now()")
        await delegations.add(c, there.tenant, grace.id, linus.id, now, now + timedelta(days=9))


async def it_was_handed_on(there: There, approval: Approval, grace: Person, omar: Person) -> None:
    assert isinstance(await hands(there, ONE, approval, grace, await met(there, "linus")), Reply)


async def it_was_refused_to_somebody(there: There, approval: Approval, grace: Person, omar: Person) -> None:
    await presses(there, ONE, approval, await met(there, "linus"))


BEFORE: list[tuple[Before, Policy]] = [
    (nothing, ONE),
    (one_has_agreed, TWO),
    (the_first_stage_has_agreed, STAGES),
    (it_was_escalated, CHAIN),
    (somebody_stands_in, ONE),
    (it_was_handed_on, ONE),
    (it_was_refused_to_somebody, ONE),
]
IDS = [before.__name__ for before, _ in BEFORE]


async def clock_jumps(there: There, approval: Approval, by: str) -> None:
    """As seen from the approval: the database's clock, which alone is asked, is later by so much."""
    await there.fetch("update approvals set expires_at = expires_at - $2::text::interval where id = $1",
                      approval.id, by)  # fmt: skip


async def expires(there: There, approval: Approval) -> Commit:
    """What its timer does."""
    commit = Commit()
    async with there.db.tenant(there.tenant) as c:
        await ending.expire(c, there.tenant, commit, approval.id)
    return commit


async def late(there: There, rules: Policy, approval: Approval) -> list[str]:
    """What each hears who tries whatever there is to try. Nothing of it may let the run go on."""
    heard = []
    for name in ("grace", "omar", "linus"):
        person = await met(there, name)
        for action in ("approval.approve", "approval.reject"):
            answer, commit = await presses(there, rules, approval, person, action)
            assert released(commit) == []
            heard.append(told(answer))
        changed, commit = await edits(there, rules, approval, person, amount="40.00", reason="duplicate")
        assert commit.events == []
        assert not isinstance(changed, Form)
        heard.append(changed.text if isinstance(changed, Reply) else changed)
        handed = await hands(there, rules, approval, person, await met(there, "ada"))
        assert isinstance(handed, str)
        heard.append(handed)
    async with there.db.tenant(there.tenant) as c:
        assert not await approvals.use(c, there.tenant, approval.id)
    return heard


@pytest.mark.parametrize(("before", "rules"), BEFORE, ids=IDS)
async def test_whatever_came_before_once_its_time_is_over_nothing_runs_and_it_is_called_expired(
    there: There, before: Before, rules: Policy
) -> None:
    grace, omar = await met(there, "grace"), await met(there, "omar")
    approval = await held_for(there, rules)
    await before(there, approval, grace, omar)

    await clock_jumps(there, approval, "2 hours")
    untold = await late(there, rules, approval)
    commit = await expires(there, approval)
    after = await late(there, rules, approval)

    assert await state(there, approval) == "expired"
    assert commit.withdrawals == [approval.effect_key]
    for heard in (untold, after):
        assert "This expired before you decided, so nothing was done." in heard
        assert not any("faster" in each or "rejected" in each for each in heard)


@pytest.mark.parametrize(("before", "rules"), BEFORE, ids=IDS)
async def test_a_clock_that_jumps_back_revives_nothing(there: There, before: Before, rules: Policy) -> None:
    grace, omar = await met(there, "grace"), await met(there, "omar")
    approval = await held_for(there, rules)
    await before(there, approval, grace, omar)
    await clock_jumps(there, approval, "2 hours")
    await expires(there, approval)

    await clock_jumps(there, approval, "-3 hours")
    await late(there, rules, approval)

    assert await state(there, approval) == "expired"


async def test_a_clock_that_is_set_back_after_the_timer_fired_does_not_forget_it(there: There) -> None:
    """As where another database takes over whose clock is behind."""
    grace = await met(there, "grace")
    approval = await held_for(there, ONE)

    early = await expires(there, approval)
    [(name, at, event)] = early.timers
    assert await state(there, approval) == "pending"
    assert name != f"{approval.id}:expiry"
    assert (at, event) == (approval.expires_at, {"_": "expire", "approval": approval.id})
    assert early.withdrawals == []

    await clock_jumps(there, approval, "2 hours")
    assert (await expires(there, approval)).withdrawals == [approval.effect_key]
    assert released((await presses(there, ONE, approval, grace))[1]) == []


@pytest.mark.parametrize("ended", ["approved", "used", "rejected", "withdrawn", "void", "changed", "expired"])
async def test_what_has_ended_does_not_expire_as_well(there: There, ended: str) -> None:
    approval = await held_for(there, ONE)
    await there.fetch("update approvals set state = $2 where id = $1", approval.id, ended)
    await clock_jumps(there, approval, "2 hours")

    commit = await expires(there, approval)

    assert await state(there, approval) == ended
    assert (commit.withdrawals, commit.messages, commit.timers) == ([], [], [])


async def test_who_pressed_in_time_and_who_came_a_moment_too_late_are_told_apart(there: There) -> None:
    grace, omar = await met(there, "grace"), await met(there, "omar")
    approval = await held_for(there, ONE)

    assert released((await presses(there, ONE, approval, grace))[1]) == ["events.Approved"]
    await clock_jumps(there, approval, "2 hours")

    assert told((await presses(there, ONE, approval, omar))[0]) == (
        "Grace was faster: this is approved already."
    )


async def test_a_yes_that_is_too_late_stands_nowhere_and_the_next_is_told_that_it_expired(
    there: There,
) -> None:
    """Between the end of its time and the timer that says so, it is pending still."""
    grace, omar = await met(there, "grace"), await met(there, "omar")
    approval = await held_for(there, ONE)
    await clock_jumps(there, approval, "2 hours")

    for person in (grace, omar, grace):
        assert told((await presses(there, ONE, approval, person))[0]).startswith("This expired before")
    async with there.db.tenant(there.tenant) as c:
        assert await approval_terms.votes(c, there.tenant, approval.id) == []


def test_no_clock_but_the_databases_is_asked_about_time() -> None:
    """A process whose clock is wrong is wrong about nobody's time."""
    named = {"time.time", "datetime.now", "datetime.utcnow", "date.today", "time.monotonic"}
    store = ROOT / "workers" / "store"
    files = [*(ROOT / "workers" / "approvers").glob("*.py"), *store.glob("approval*.py")]
    files += [ROOT / "workers" / "sealed.py", store / "timers.py"]
    found = {
        path.name
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in named
    }
    assert found <= {
        "editing.py"
    }  # which limits are over, for what is changed, and not whether it is in time


@pytest.mark.twin
async def test_twin_without_the_time_in_the_update_a_late_yes_lets_it_run(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def careless(c: Any, tenant: Any, id: str, verdict: str, person: Any, reason: str) -> bool:
        sql = (
            "update approvals set state = $2, decided_by = $3 where id = $1 and state = 'pending' returning 1"
        )
        return bool(await c.fetchval(sql, id, verdict, person))

    async def always(_c: Any, approval: Approval) -> bool:
        return approval.state == "pending"

    monkeypatch.setattr(press.approvals, "decide", careless)
    monkeypatch.setattr(press.approvals, "is_open", always)
    grace = await met(there, "grace")
    approval = await held_for(there, ONE)
    await clock_jumps(there, approval, "2 hours")

    assert released((await presses(there, ONE, approval, grace))[1]) == ["events.Approved"]
