"""Two stages, one by somebody who stands in, a reminder in private: from the first press to the receipt."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from bot.platforms.base import Profile
from bot.turn import Account
from bot.workbench.cast import TEAM
from bot.workbench.seen import Message
from flows.policy_file import stored_policy
from tests.conversations.test_order import LARGE, asked
from tests.stack import Stack
from workers.approvers import standins
from workers.commit import Commit
from workers.store import definitions, people, tenants, timers

POLICY = Path(__file__).resolve().parents[2] / "flows" / "policy.yaml"
TWO_STAGES = {
    "stages": [
        {"name": "finance", "any_of": ["linus@example.com"]},
        {"name": "owner", "any_of": ["grace@example.com", "omar@example.com"]},
    ],
    "remind": [50],
}


@asynccontextmanager
async def deciding(stack: Stack, approvers: dict[str, Any]) -> AsyncIterator[None]:
    """With these approvers in the policy, for as long as it lasts."""
    document = {**yaml.safe_load(POLICY.read_text()), "approvers": approvers}
    async with stack.db.tenant(stack.tenant) as c:
        before = await tenants.policy_version(c, stack.tenant)
        await definitions.keep_policy(c, stack.tenant, stored_policy(document).version, document)
    try:
        yield
    finally:
        async with stack.db.tenant(stack.tenant) as c:
            await c.execute("update tenants set policy_version = $1", before)


async def remind(stack: Stack) -> None:
    async with stack.db.tenant(stack.tenant) as c:
        id = await c.fetchval(
            "select id from approvals where state = 'pending' order by created_at desc limit 1"
        )
        await timers.hasten(c, stack.tenant, f"{id}:remind:1")


async def awake(stack: Stack) -> None:
    """The worker takes a while to start on a busy machine."""
    said = await stack.world.slack.say("ada", "orders", "@Countersign order a cola")
    await stack.world.slack.wait_for("Confirm your cart", thread=said, timeout=60)


async def stands_in(stack: Stack) -> None:
    """Linus, whom nobody sees here, has let Grace decide for him."""
    account = Account("slack", TEAM, "U0LINUS00")
    async with stack.db.tenant(stack.tenant) as c:
        linus = await people.remember(c, stack.tenant, account, Profile("Linus Berg", "linus@example.com"))
        said = "to grace@example.com until tomorrow"
        answer, _ = await standins.said(c, stack.tenant, Commit(), linus, account, said)
    assert "Grace Okafor may decide in your stead" in answer


async def test_a_code_is_whispered_and_typed_in_the_other_platform_it_is_understood(stack: Stack) -> None:
    """Both of Grace's accounts have the same verified address here, so there is nothing left to join."""
    slack, teams = stack.world.slack, stack.world.teams
    await slack.say("grace", "orders", "@Countersign /link")
    offered = await slack.wait_for("Your code is", who="grace", channel="orders")
    code = offered.words.partition("/link ")[2][:8]

    await teams.say("grace", "personal", f"/link {code}")

    await teams.wait_for("yours already")


async def test_the_requester_takes_it_back_by_a_button_and_nobody_else_does(stack: Stack) -> None:
    slack = stack.world.slack
    await awake(stack)
    said, ask = await asked(stack)
    waiting: Message = await slack.wait_for("you can take it back", thread=said, button="Withdraw")

    await slack.press("omar", waiting, "Withdraw")
    await slack.wait_for("Only whoever asked", who="omar", channel="orders")
    await slack.press("ada", waiting, "Withdraw")

    await slack.wait_for("the request for approval is withdrawn", thread=said)
    await slack.wait_until(ask, "Withdrawn by Ada Reyes")
    assert (await slack.wait_until(waiting, "Taken back")).buttons == []


async def test_where_nobody_is_left_the_requester_hears_it_at_once(stack: Stack) -> None:
    slack = stack.world.slack
    await awake(stack)
    async with deciding(stack, {"any_of": ["ada@example.com", "grace@example.com"], "quorum": 2}):
        before = slack.messages("approvals")
        said = await slack.say("ada", "orders", f"@Countersign {LARGE}")
        card = await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it")
        await slack.press("ada", card, "Yes, order it")
        told = await slack.wait_for("are not 2 people left who may decide this", thread=said)

    assert "Nothing was" in told.words
    assert slack.messages("approvals") == before


async def test_two_stages_one_by_a_stand_in_and_one_after_a_reminder(stack: Stack) -> None:
    slack = stack.world.slack
    await awake(stack)
    before = len(await stack.charges())
    for who in ("grace", "omar"):
        heard = await slack.say(who, "orders", "@Countersign help")
        await slack.wait_for("I can do this", thread=heard)
    await stack.lately_in("slack", "grace@example.com", "omar@example.com")
    await stands_in(stack)
    async with deciding(stack, TWO_STAGES):
        said, ask = await asked(stack, LARGE)
        assert "0 of 1, still needed: 1 of linus@example.com" in ask.words
        assert "0 of 1, after finance" in ask.words

        await slack.press("omar", ask, "Approve")
        await slack.wait_for("not your turn yet: first finance", who="omar", channel="approvals")
        await slack.press("grace", ask, "Approve")
        await slack.wait_until(ask, "1 of 1: Grace Okafor for Linus Berg")
        await slack.wait_for("Still needed: 1 of grace@example.com, omar@example.com", thread=said)
        await slack.press("grace", ask, "Approve")
        await slack.wait_for("each person counts once", who="grace", channel="approvals")
        assert len(await stack.charges()) == before

        await remind(stack)
        reminder = await slack.wait_for("Reminder", channel="dm", who="omar", button="Approve")
        await slack.press("omar", reminder, "Approve")

        await slack.wait_for("Receipt", thread=said)
        await slack.wait_until(ask, "Approved by Grace Okafor for Linus Berg and Omar Haddad and carried out")
        assert (await slack.wait_until(reminder, "and carried out")).buttons == []
    assert len(await stack.charges()) == before + 1
