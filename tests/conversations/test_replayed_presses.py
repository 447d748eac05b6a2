"""One press is one decision: the same request again, the button of a card that is over, a copy elsewhere."""

from __future__ import annotations

from typing import Any

import aiohttp

from tests.conversations.test_approvers import awake
from tests.conversations.test_order import asked
from tests.stack import Stack


async def decisions(stack: Stack, id: str) -> list[tuple[str, str]]:
    rows = await stack.fetch(
        "select verdict, outcome from decisions where approval_id = $1 order by 1, 2", id
    )
    return [tuple(row.values()) for row in rows]


async def tries(stack: Stack, id: str) -> list[tuple[str, int]]:
    rows = await stack.fetch(
        "select e.state, e.attempts from effects e join approvals a on a.tenant_id = e.tenant_id"
        " and a.effect_key = e.key where a.id = $1",
        id,
    )
    return [tuple(row.values()) for row in rows]


def wire(stack: Stack, title: str, id: str) -> dict[str, Any]:
    """What was sent to the bot for this press."""
    spelled = (id, id.replace(":", "%3A"))
    rows = (row for row in reversed(stack.world.wire) if row["title"].startswith(title))
    return next(row for row in rows if any(each in row["body"] for each in spelled))


async def test_the_same_press_from_slack_again_and_again_is_one_decision(stack: Stack) -> None:
    slack = stack.world.slack
    await awake(stack)
    said, ask = await asked(stack)
    id = ask.control("approval.approve")["value"]
    await slack.press("grace", ask, "Approve")
    await slack.wait_for("Receipt", thread=said)
    sent = wire(stack, "block_actions approval.approve", id)

    for _ in range(3):
        await stack.world.resend(sent)
    await stack.world.settled()

    assert await decisions(stack, id) == [("approved", "counted")]
    assert await tries(stack, id) == [("done", 1)]


async def test_a_press_that_was_changed_or_is_signed_by_somebody_else_is_not_heard(stack: Stack) -> None:
    """Whoever recorded it and has not the secret."""
    slack = stack.world.slack
    said, ask = await asked(stack)
    id = ask.control("approval.approve")["value"]
    await slack.press("omar", ask, "Approve")
    await slack.wait_for("Only the named approvers", channel="approvals", who="omar", after=ask)
    sent = wire(stack, "block_actions approval.approve", id)
    headers = {"Content-Type": "application/x-www-form-urlencoded",
               "X-Slack-Signature": "v0=" + "0" * 64, "X-Slack-Request-Timestamp": "1790000000"}  # fmt: skip
    async with aiohttp.ClientSession(trust_env=False) as session:
        for body in (sent["body"], sent["body"].replace("U0OMAR000", "U0GRACE00")):
            url = f"{stack.world.bot_url}/slack/events"
            async with session.post(url, data=body, headers=headers) as answer:
                assert answer.status == 401
    await stack.world.settled()

    assert await decisions(stack, id) == [("approved", "refused")]
    await slack.say("ada", "orders", "cancel", thread=said)
    await slack.wait_until(ask, "Withdrawn by Ada Reyes")


async def test_the_same_activity_of_teams_again_is_one_decision_with_the_same_answer(stack: Stack) -> None:
    slack, teams = stack.world.slack, stack.world.teams
    before = teams.activities("Approvals")
    said, ask = await asked(stack)
    copy = await teams.wait_for("Approve?", chat="Approvals", button="Approve", after=before[-1])
    id = ask.control("approval.approve")["value"]
    await teams.press("grace", copy, "Approve")
    await slack.wait_for("Receipt", thread=said)
    sent = wire(stack, "adaptiveCard/action approval.approve", id)

    for _ in range(3):
        await stack.world.resend(sent)
    await stack.world.settled()

    assert await decisions(stack, id) == [("approved", "counted")]
    assert await tries(stack, id) == [("done", 1)]


async def test_the_button_of_a_card_that_is_over_is_answered_and_decides_nothing(stack: Stack) -> None:
    slack = stack.world.slack
    said, ask = await asked(stack)
    button = ask.control("approval.approve")
    kept = {name: button[name] for name in ("type", "action_id", "block_id", "value", "text")}
    await slack.press("grace", ask, "Approve")
    done = await slack.wait_until(ask, "and carried out")
    assert done.buttons == []

    await slack.press_raw("grace", ask, kept)

    await slack.wait_for("Grace Okafor was faster", channel="approvals", who="grace", after=ask)
    await slack.wait_for("Receipt", thread=said)
    assert await decisions(stack, button["value"]) == [("approved", "counted"), ("approved", "too late")]
    assert await tries(stack, button["value"]) == [("done", 1)]


async def test_a_copy_of_the_button_elsewhere_lets_nobody_decide_who_may_not(stack: Stack) -> None:
    """As on a message that somebody forwarded, or that another app posted: the id is no secret."""
    slack = stack.world.slack
    said, ask = await asked(stack)
    button = ask.control("approval.approve")
    kept = {name: button[name] for name in ("type", "action_id", "block_id", "value", "text")}
    elsewhere = await slack.wait_for("Confirmed", thread=said)

    await slack.press_raw("omar", elsewhere, kept)
    await slack.press_raw("ada", elsewhere, kept)

    await slack.wait_for("Only the named approvers", channel="orders", who="omar", thread=said)
    await slack.wait_for("somebody else has to decide", channel="orders", who="ada", thread=said)
    assert await decisions(stack, button["value"]) == [("approved", "refused")] * 2
    assert "Approve" in slack.now(ask).buttons
    await slack.say("ada", "orders", "cancel", thread=said)
    await slack.wait_until(ask, "Withdrawn by Ada Reyes")
