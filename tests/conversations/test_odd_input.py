"""What nobody planned for: old buttons, long and hostile text, unknown people, switched-off money."""

from __future__ import annotations

import asyncio

import pytest

from bot.workbench.cast import PERSONS
from tests.conversations.test_approval import _approve
from tests.conversations.test_order import LARGE, SMALL, asked, ordered
from tests.stack import Stack


async def test_a_button_of_an_older_deployment_is_answered(stack: Stack) -> None:
    slack = stack.world.slack
    _, card = await ordered(stack, SMALL)
    item = {**card.control("Yes, order it"), "action_id": "legacy.pay_now", "value": "42"}
    known = {k: item[k] for k in ("type", "action_id", "block_id", "value", "text")}

    await slack.press_raw("ada", card, known)

    await slack.wait_for("older version of me", who="ada")


async def test_an_unknown_action_in_teams_is_answered(stack: Stack) -> None:
    teams = stack.world.teams
    said = await teams.say("ada", "Orders", f"@Countersign {SMALL}")
    card = await teams.wait_for("Confirm your cart", thread=said, button="Yes, order it")

    note = await teams.press_raw(
        "ada", card, kind="execute", verb="legacy.pay", data={"action": "legacy.pay", "value": "1"}
    )

    assert "older version of me" in note


async def test_an_approval_id_that_was_made_up_decides_nothing(stack: Stack) -> None:
    slack = stack.world.slack
    _, ask = await asked(stack)
    forged = {**_approve(ask), "value": "r1:charge:1:approval"}

    await slack.press_raw("grace", ask, forged)

    await slack.wait_for("do not know this request", who="grace", channel="approvals")
    assert "Approve" in slack.now(ask).buttons


async def test_forty_thousand_characters_get_an_answer(stack: Stack) -> None:
    slack = stack.world.slack
    said = await slack.say("omar", "general", "@Countersign " + "order a cola 🍕 مرحبا <b>{{7*7}}</b> " * 800)

    answer = await slack.wait_for(None, thread=said, timeout=20)

    assert "49" not in answer.text.replace("497", "")


async def test_a_message_shortcut_is_heard_in_the_messages_thread(stack: Stack) -> None:
    slack = stack.world.slack
    said = await slack.say("omar", "general", "we need three waters")

    await slack.shortcut("omar", said)

    card = await slack.wait_for("Confirm your cart", thread=said)
    assert "3 × Water" in card.words


async def test_somebody_else_mentioning_the_bot_in_the_thread_is_told_whose_it_is(stack: Stack) -> None:
    slack = stack.world.slack
    said, _ = await ordered(stack, SMALL)

    await slack.say("omar", "orders", "@Countersign add ten colas", thread=said)

    await slack.wait_for("This thread is Ada Reyes's", who="omar")


async def test_a_thousand_presses_charge_once_and_all_are_answered(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, ask = await asked(stack)
    counted = await stack.fetch("select count(*) as n from decisions")

    async def press(number: int) -> None:
        await slack.press(("ada", "grace", "omar")[number % 3], ask, "Approve")

    for start in range(0, 1000, 100):
        await asyncio.gather(*(press(n) for n in range(start, start + 100)))
    await slack.wait_for("Receipt", thread=said, timeout=60)
    async with asyncio.timeout(120):
        while True:
            rows = await stack.fetch("select count(*) as n from decisions")
            if rows[0]["n"] >= counted[0]["n"] + 1000:
                break
            await asyncio.sleep(0.2)

    outcomes = await stack.fetch(
        "select outcome, count(*) as n from decisions where approval_id ="
        " (select id from approvals order by created_at desc limit 1) group by outcome"
    )
    assert {row["outcome"]: row["n"] for row in outcomes}["counted"] == 1
    assert sum(row["n"] for row in outcomes) == 1000
    assert len(await stack.charges()) == before + 1


@pytest.mark.parametrize("who", ["ada", "grace", "omar"])
async def test_one_person_on_two_platforms_is_one_person(stack: Stack, who: str) -> None:
    await stack.world.slack.say(who, "dm", "hello")
    await stack.world.slack.wait_for("/order", channel="dm", who=who)
    await stack.world.teams.say(who, "personal", "hello")
    await stack.world.teams.wait_for("/order", chat="personal", who=who)

    rows = await stack.fetch(
        "select count(distinct person_id) as n, count(*) as accounts from accounts where user_id = any($1)",
        [PERSONS[who].slack, PERSONS[who].aad],
    )
    assert (rows[0]["n"], rows[0]["accounts"]) == (1, 2)


async def test_with_money_tools_switched_off_nothing_is_charged_and_it_is_said(stack: Stack) -> None:
    slack = stack.world.slack
    library = stack.engine.tools.library
    before = len(await stack.charges())
    said, card = await ordered(stack, SMALL)
    library._money_tools = False
    library._policies.clear()
    library._worlds.clear()
    try:
        await slack.press("ada", card, "Yes, order it")
        await slack.wait_for("switched off here", thread=said)
    finally:
        library._money_tools = True
        library._policies.clear()
        library._worlds.clear()

    assert len(await stack.charges()) == before


async def test_the_order_is_told_from_talk_about_orders(stack: Stack) -> None:
    slack = stack.world.slack
    said = await slack.say("omar", "general", "@Countersign what can you do?")
    await slack.wait_for("/order", thread=said)

    assert LARGE not in str(slack.messages(thread=said))
