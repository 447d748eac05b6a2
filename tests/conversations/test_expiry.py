"""The time is over while both platforms are away: nothing runs, and every copy says so once they are back."""

from __future__ import annotations

from tests.conversations.test_approvers import awake
from tests.conversations.test_order import asked
from tests.stack import Stack
from workers import approve


async def test_a_platform_that_is_down_at_expiry_lets_nothing_run_and_is_told_afterwards(
    stack: Stack,
) -> None:
    slack, teams = stack.world.slack, stack.world.teams
    await awake(stack)
    before = teams.activities("Approvals")
    said, ask = await asked(stack)
    copy = await teams.wait_for("Approve?", chat="Approvals", button="Approve", after=before[-1])
    id = ask.control("approval.approve")["value"]
    await stack.world.fault("slack", "500_before", "chat.update", times=2)
    await stack.world.fault("teams", "500_before", "updateActivity", times=2)
    async with stack.db.tenant(stack.tenant) as c:
        await approve.hasten(c, stack.tenant, id)

    await slack.press("grace", ask, "Approve")
    note = await teams.press("grace", copy, "Approve")

    told = await slack.wait_for("This expired before you decided", channel="approvals", who="grace")
    assert told.ephemeral_to
    assert "expired" in note or "Expired" in str(teams.now(copy).card_of("grace"))
    await slack.wait_for("expired. That is no rejection", thread=said)
    shown = await slack.wait_until(ask, "Expired: nobody decided in time", timeout=30)
    there = await teams.wait_until(copy, "Expired: nobody decided in time", timeout=30)
    assert shown.buttons == there.buttons == []
    rows = await stack.fetch(
        "select a.state, e.state as effect, e.attempts from approvals a join effects e"
        " on e.tenant_id = a.tenant_id and e.key = a.effect_key where a.id = $1",
        id,
    )
    assert [tuple(row.values()) for row in rows] == [("expired", "withdrawn", 0)]
