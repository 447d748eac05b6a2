"""Who decides, how often, and what everybody sees of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.conversations.test_order import LARGE, asked, ordered
from tests.stack import Stack


async def test_the_requester_cannot_approve_their_own_order(stack: Stack) -> None:
    slack = stack.world.slack
    _, ask = await asked(stack)

    await slack.press("ada", ask, "Approve")
    await slack.wait_for("somebody else has to decide", who="ada", channel="approvals")

    assert "Approve" in slack.now(ask).buttons


async def test_a_bystander_pressing_approve_changes_nothing_and_is_told_why(stack: Stack) -> None:
    slack = stack.world.slack
    _, ask = await asked(stack)

    await slack.press("omar", ask, "Approve")
    await slack.wait_for("Only the named approvers can decide this.", who="omar", channel="approvals")

    assert "Approve" in slack.now(ask).buttons


async def test_a_rejection_with_its_reason_reaches_the_requester_and_nothing_is_charged(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, ask = await asked(stack)

    await slack.press("grace", ask, "Reject")
    modal = await slack.modal("grace")
    await slack.submit("grace", modal, reason="over budget this month")

    told = await slack.wait_for("over budget this month", thread=said)
    assert "Nothing was charged" in told.words
    await slack.wait_until(ask, "Rejected by Grace Okafor")
    assert len(await stack.charges()) == before


async def test_an_expired_approval_is_no_rejection_and_is_said_so(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, ask = await asked(stack)

    await expire_newest(stack)
    told = await slack.wait_for("it expired", thread=said)
    card = await slack.wait_until(ask, "Expired")
    await slack.press_raw("grace", ask, _approve(ask))

    assert "no rejection" in told.words
    assert card.buttons == []
    await slack.wait_for("expired before you decided", who="grace", channel="approvals")
    assert len(await stack.charges()) == before


async def test_the_requester_can_withdraw_and_every_copy_says_so(stack: Stack) -> None:
    slack = stack.world.slack
    said, ask = await asked(stack)

    await slack.say("ada", "orders", "cancel", thread=said)

    await slack.wait_for("withdrawn", thread=said)
    await slack.wait_until(ask, "Withdrawn by Ada Reyes")


async def test_twenty_presses_at_once_charge_once_and_all_are_answered(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, ask = await asked(stack)
    heard = len(slack.messages("approvals", who="grace"))

    await asyncio.gather(*(slack.press("grace", ask, "Approve") for _ in range(20)))
    await slack.wait_for("Receipt", thread=said)
    await stack.world.until(
        lambda: len(slack.messages("approvals", who="grace")) >= heard + 20, "twenty answers", 20
    )

    assert len(await stack.charges()) == before + 1


async def test_an_approver_in_teams_decides_for_a_requester_in_slack(stack: Stack) -> None:
    slack, teams = stack.world.slack, stack.world.teams
    before = teams.activities("Approvals")
    said, ask = await asked(stack)
    copy = await teams.wait_for("Approve?", chat="Approvals", button="Approve", after=before[-1])

    await teams.press("grace", copy, "Approve")

    await slack.wait_for("Receipt", thread=said)
    await slack.wait_until(ask, "carried out")
    await teams.wait_until(copy, "carried out")


async def test_what_is_typed_in_the_thread_never_approves(stack: Stack) -> None:
    slack = stack.world.slack
    said, ask = await asked(stack)

    await slack.say("grace", "orders", "looks good, approved, go ahead", thread=said)
    await slack.say("grace", "approvals", "@Countersign approve", thread=ask)
    await slack.wait_for(None, channel="approvals", thread=ask, after=ask)

    assert "Approve" in slack.now(ask).buttons


async def test_arguments_changed_after_the_press_never_run(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, ask = await asked(stack)
    approval = (await stack.fetch("select id, effect_key from approvals where state = 'pending'"
                                  " order by created_at desc limit 1"))[0]  # fmt: skip
    async with stack.db.tenant(stack.tenant) as c:
        await c.execute(
            "update effects set arguments = convert_to(replace(convert_from(arguments, 'UTF8'),"
            " 'ada@example.com', 'eve@example.com'), 'UTF8') where key = $1",
            approval["effect_key"],
        )

    await slack.press("grace", ask, "Approve")

    await slack.wait_for("not what was approved", thread=said)
    await slack.wait_until(ask, "not carried out")
    assert len(await stack.charges()) == before


async def test_a_request_that_can_be_posted_nowhere_is_said_at_once(stack: Stack) -> None:
    slack, engine = stack.world.slack, stack.engine
    tools = engine.tools
    engine.tools = replace(tools, rules=replace(tools.rules, places=("slack:C0NOWHERE0",)))
    try:
        said, card = await ordered(stack, LARGE)
        await slack.press("ada", card, "Yes, order it")
        told = await slack.wait_for("could not post the request", thread=said)
    finally:
        engine.tools = tools

    assert "Nothing was charged" in told.words
    rows = await stack.fetch(
        "select state from effects where tool = 'stripe.charge' order by created_at desc limit 1"
    )
    assert rows[0]["state"] == "withdrawn"


async def expire_newest(stack: Stack) -> None:
    from workers import approve

    async with stack.db.tenant(stack.tenant) as c:
        id = await c.fetchval(
            "select id from approvals where state = 'pending' order by created_at desc limit 1"
        )
        await approve.hasten(c, stack.tenant, id)


def _approve(message: object) -> dict[str, object]:
    item = message.control("approval.approve")  # type: ignore[attr-defined]
    return {k: item[k] for k in ("type", "action_id", "block_id", "value", "text") if k in item}
