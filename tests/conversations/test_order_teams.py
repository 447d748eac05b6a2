"""Whole orders in Teams: personal chat, group chat and channel."""

from __future__ import annotations

from tests.stack import Stack

LARGE = "order six large margheritas and two colas"


async def test_an_order_in_a_channel_is_approved_in_slack_and_charged_once(stack: Stack) -> None:
    slack, teams = stack.world.slack, stack.world.teams
    before = len(await stack.charges())
    newest = slack.messages("approvals")
    said = await teams.say("ada", "Orders", f"@Countersign {LARGE}")
    card = await teams.wait_for("Confirm your cart", thread=said, button="Yes, order it")

    await teams.press("ada", card, "Yes, order it")
    ask = await slack.wait_for("Approve?", channel="approvals", button="Approve",
                               after=newest[-1] if newest else None)  # fmt: skip
    await slack.press("grace", ask, "Approve")
    await teams.wait_for("Receipt", thread=said)

    assert len(await stack.charges()) == before + 1
    assert teams.now(card).buttons == []


async def test_a_personal_chat_needs_no_mention_and_takes_a_slash(stack: Stack) -> None:
    teams = stack.world.teams
    await teams.say("ada", "personal", "/order two margheritas and a cola")
    card = await teams.wait_for("Confirm your cart", chat="personal", who="ada", button="Yes, order it")

    note = await teams.press("ada", card, "Yes, order it")
    receipt = await teams.wait_for("Receipt", after=card)

    assert "$27.00" in receipt.words
    assert note == "" or "Confirmed" in note


async def test_the_presser_sees_the_card_change_at_once(stack: Stack) -> None:
    teams = stack.world.teams
    said = await teams.say("ada", "Orders", "@Countersign order two margheritas and a cola")
    card = await teams.wait_for("Confirm your cart", thread=said, button="Yes, order it")

    await teams.press("ada", card, "Cancel")

    await teams.wait_until(card, "Cancelled")
    await teams.wait_for("Nothing was ordered or charged", thread=said)


async def test_a_bystander_in_teams_is_told_why_not(stack: Stack) -> None:
    teams = stack.world.teams
    before = teams.activities("Approvals")
    said = await teams.say("ada", "Orders", f"@Countersign {LARGE}")
    card = await teams.wait_for("Confirm your cart", thread=said, button="Yes, order it")
    await teams.press("ada", card, "Yes, order it")
    ask = await teams.wait_for("Approve?", chat="Approvals", button="Approve", after=before[-1])

    note = await teams.press("omar", ask, "Approve")
    own = await teams.press("ada", ask, "Approve")

    assert "Only the named approvers" in note
    assert "somebody else has to decide" in own


async def test_a_rejection_typed_on_the_card_reaches_the_requester(stack: Stack) -> None:
    teams = stack.world.teams
    before = teams.activities("Approvals")
    said = await teams.say("ada", "Orders", f"@Countersign {LARGE}")
    card = await teams.wait_for("Confirm your cart", thread=said, button="Yes, order it")
    await teams.press("ada", card, "Yes, order it")
    ask = await teams.wait_for("Approve?", chat="Approvals", button="Approve", after=before[-1])

    await teams.press("grace", ask, "Reject", reason="ask me on Monday")

    await teams.wait_for("ask me on Monday", thread=said)
    await teams.wait_until(ask, "Rejected by Grace Okafor")


async def test_installing_says_hello_once(stack: Stack) -> None:
    teams = stack.world.teams
    await teams.install("omar")

    hello = await teams.wait_for("I am Countersign", chat="personal", who="omar")

    assert "/order" in hello.words
