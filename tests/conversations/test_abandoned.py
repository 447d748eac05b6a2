"""What nobody finishes is closed after a month, which is said once; what others have in hand is not."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from tests.conversations.test_order import SMALL, asked, ordered
from tests.stack import Stack
from workers import abandoned
from workers.retention import Keeper

SAID = "I have heard nothing here for 30 days, so I closed this: nothing was ordered or charged."


async def newest(stack: Stack) -> tuple[str, str]:
    """The run that was begun last, which is ours, and its conversation."""
    [row] = await stack.fetch("select id, conversation from runs order by started_at desc limit 1")
    return row["id"], row["conversation"]


async def a_month_goes_by(stack: Stack, run: str, conversation: str) -> None:
    """For this one; what others have left open in the same bot is none of our business."""
    await stack.fetch("update runs set updated_at = now() - interval '31 days' where id = $1", run)
    await stack.fetch(
        "update outbox set created_at = now() - interval '31 days' where conversation = $1", conversation
    )


async def sweep(stack: Stack, conversation: str, days: int = 30) -> None:
    """As the keeper does; and whatever it found is dealt with."""
    await Keeper(stack.db, 30, days)._tenant(stack.tenant)
    async with asyncio.timeout(10):
        while await stack.fetch("select 1 from inbox where state = 0 and conversation = $1", conversation):
            await asyncio.sleep(0.02)


async def test_an_order_that_nobody_finishes_is_closed_and_that_is_said_once(stack: Stack) -> None:
    slack = stack.world.slack
    said, card = await ordered(stack, SMALL)
    run, conversation = await newest(stack)
    await a_month_goes_by(stack, run, conversation)

    await sweep(stack, conversation)
    await slack.wait_for(SAID, thread=said)
    closed = await slack.wait_until(card, "Closed.")
    assert closed.buttons == []
    await a_month_goes_by(stack, run, conversation)
    await sweep(stack, conversation)

    rows = await stack.fetch("select entry from audit where position($1::bytea in entry) > 0", run.encode())
    [noted] = [entry for row in rows if (entry := orjson.loads(row["entry"]))["what"] == "run.abandoned"]
    assert (noted["flow"], noted["days"]) == ("order", 30)
    told = await stack.fetch(
        "select count(*) from outbox where content->>'text' = $1 and conversation = $2", SAID, conversation
    )
    assert told[0][0] == 1
    kept = await stack.fetch(
        "select status from history where run_id = $1 and event like $2", run, b'%"events.Abandoned"%'
    )
    assert [row["status"] for row in kept] == ["cancelled"]


async def test_a_press_on_what_was_closed_is_answered(stack: Stack) -> None:
    slack = stack.world.slack
    said, card = await ordered(stack, SMALL)
    run, conversation = await newest(stack)
    await a_month_goes_by(stack, run, conversation)
    await sweep(stack, conversation)
    await slack.wait_for(SAID, thread=said)

    await slack.press("ada", card, "Yes, order it")
    await slack.wait_for("finished already", who="ada", channel="orders")


async def test_who_speaks_just_before_is_heard_and_nothing_is_closed(stack: Stack) -> None:
    slack = stack.world.slack
    said, _ = await ordered(stack, SMALL)
    _, key = await newest(stack)
    # Found by the keeper while it was idle; moved since.
    async with stack.db.tenant(stack.tenant) as c:
        event = {"_": abandoned.ABANDONED, "days": 30}
        await abandoned.add_event(c, stack.tenant, key, "abandoned:of a test", event)
    await sweep(stack, key)

    await slack.say("ada", "orders", "cancel", thread=said)
    await slack.wait_for("Cancelled.", thread=said)


async def test_while_an_approver_is_asked_it_waits_for_them(stack: Stack) -> None:
    slack = stack.world.slack
    said, ask = await asked(stack)
    run, conversation = await newest(stack)
    await a_month_goes_by(stack, run, conversation)
    await sweep(stack, conversation)

    await slack.press("grace", ask, "Approve")
    await slack.wait_for("Receipt", thread=said, timeout=15)


async def test_zero_days_are_for_ever(stack: Stack) -> None:
    slack = stack.world.slack
    said, _ = await ordered(stack, SMALL)
    run, conversation = await newest(stack)
    await a_month_goes_by(stack, run, conversation)
    await sweep(stack, conversation, 0)

    await slack.say("ada", "orders", "cancel", thread=said)
    await slack.wait_for("Cancelled.", thread=said)


@pytest.mark.twin
async def test_without_looking_again_an_order_is_closed_under_the_hands_of_who_just_spoke(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def always(*_: object) -> bool:
        return True

    monkeypatch.setattr("workers.store.idle.still", always)
    slack = stack.world.slack
    said, _ = await ordered(stack, SMALL)
    _, key = await newest(stack)
    async with stack.db.tenant(stack.tenant) as c:
        event = {"_": abandoned.ABANDONED, "days": 30}
        await abandoned.add_event(c, stack.tenant, key, "abandoned:of a twin", event)
    await slack.wait_for(SAID, thread=said)
