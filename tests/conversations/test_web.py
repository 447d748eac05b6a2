"""Conversations on the web: ordered there and approved elsewhere, and the other way round."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.conversations.test_order import LARGE, SMALL, asked
from tests.stack import Stack
from tests.web_driver import Browser, Json, browser, buttons, token_of
from workers.store import web_keys
from workers.web import NEWS, revoked


async def card_on_page(there: Browser, value: str) -> tuple[Json, Json]:
    """The approval on one's own page, and its Approve."""
    await there.send("home")

    def found() -> Json | None:
        for frame in reversed(there.frames):
            if frame["type"] == "home":
                for each in buttons(frame):
                    if each.get("value") == value and each["label"] == "Approve":
                        return {"page": frame, "button": each}
        return None

    both = await there.until(found, f"Approve on the own page for {value}")
    return both["page"], both["button"]


async def newest_approval(stack: Stack) -> str:
    rows = await stack.fetch(
        "select id from approvals where state = 'pending' order by created_at desc limit 1"
    )
    return str(rows[0]["id"])


async def ordered(there: Browser, text: str) -> Json:
    await there.say(text)
    card = await there.wait_for("Confirm your cart", button="Yes, order it")
    await there.press(card, "Yes, order it")
    return card


async def test_an_order_on_the_web_is_approved_in_slack_and_the_receipt_comes_by_itself(stack: Stack) -> None:
    slack, before = stack.world.slack, len(await stack.charges())
    older = slack.messages("approvals")
    async with browser(stack, await token_of(stack, "ada@example.com"), "first") as ada:
        card = await ordered(ada, LARGE)
        ask = await slack.wait_for("Approve?", channel="approvals", button="Approve",
                                   after=older[-1] if older else None)  # fmt: skip
        await slack.press("grace", ask, "Approve")
        receipt = await ada.wait_for("Receipt")

        assert buttons(ada.messages[card["id"]]) == []
        assert receipt["sequence"] > card["sequence"]
    assert len(await stack.charges()) == before + 1


async def test_an_order_in_slack_is_approved_on_the_web_and_charged_once(stack: Stack) -> None:
    slack, before = stack.world.slack, len(await stack.charges())
    said, ask = await asked(stack)
    approval = await newest_approval(stack)
    async with browser(stack, await token_of(stack, "grace@example.com"), "desk") as grace:
        page, button = await card_on_page(grace, approval)
        id = await grace.send("press", action=button["action"], value=button["value"], message=page["id"])
        answer = await grace.frame("answer", to=id)

        assert "Approved by Grace" in str(answer["message"])
    await slack.wait_for("Receipt", thread=said)
    await slack.wait_until(ask, "Approved by Grace Okafor and carried out")
    assert len(await stack.charges()) == before + 1


async def test_twenty_presses_on_the_web_charge_once_and_each_is_answered(stack: Stack) -> None:
    slack, before = stack.world.slack, len(await stack.charges())
    said, _ = await asked(stack)
    approval = await newest_approval(stack)
    token = await token_of(stack, "grace@example.com")
    url = f"{stack.world.bot_url}/chat"

    async def press(session: aiohttp.ClientSession) -> str:
        body = {"action": "approval.approve", "value": approval}
        async with session.post(url, json=body, headers={"Authorization": f"Bearer {token}"}) as answer:
            assert answer.status == 200
            return str((await answer.json())["answer"])

    async with aiohttp.ClientSession() as session:
        answers = await asyncio.gather(*(press(session) for _ in range(20)))
    await slack.wait_for("Receipt", thread=said)

    assert len(await stack.charges()) == before + 1
    assert all("pproved" in each or "pending" in each for each in answers)


async def test_whoever_ordered_in_slack_is_the_same_human_on_the_web_and_does_not_approve_it(
    stack: Stack,
) -> None:
    slack, before = stack.world.slack, len(await stack.charges())
    _, ask = await asked(stack)
    approval = await newest_approval(stack)
    async with browser(stack, await token_of(stack, "ada@example.com"), "second") as ada:
        id = await ada.send("press", action="approval.approve", value=approval)
        answer = await ada.frame("answer", to=id)

        assert "omebody else has to decide" in str(answer)
    assert "Approve" in slack.now(ask).buttons
    assert len(await stack.charges()) == before


async def test_a_bystander_on_the_web_changes_nothing_and_is_told_why(stack: Stack) -> None:
    slack = stack.world.slack
    _, ask = await asked(stack)
    async with browser(stack, await token_of(stack, "omar@example.com")) as omar:
        id = await omar.send("press", action="approval.approve", value=await newest_approval(stack))
        assert "Only the named approvers can decide this." in str(await omar.frame("answer", to=id))
    assert "Approve" in slack.now(ask).buttons


async def test_a_rejection_on_the_web_takes_its_reason_and_reaches_the_requester(stack: Stack) -> None:
    slack, before = stack.world.slack, len(await stack.charges())
    said, ask = await asked(stack)
    async with browser(stack, await token_of(stack, "grace@example.com"), "reasons") as grace:
        id = await grace.send("press", action="approval.reject", value=await newest_approval(stack))
        form = (await grace.frame("answer", to=id))["form"]
        answers = {each["name"]: "over budget this month" for each in form["fields"] if not each["options"]}
        await grace.send("submit", form=form["form"], value=form["value"], answers=answers)

        await slack.wait_for("over budget this month", thread=said)
    await slack.wait_until(ask, "Rejected by Grace Okafor")
    assert len(await stack.charges()) == before


async def test_what_happened_while_nobody_looked_is_there_when_they_come_back(stack: Stack) -> None:
    slack = stack.world.slack
    older = slack.messages("approvals")
    token = await token_of(stack, "ada@example.com")
    async with browser(stack, token, "away") as ada:
        card = await ordered(ada, LARGE)
        ask = await slack.wait_for("Approve?", channel="approvals", button="Approve",
                                   after=older[-1] if older else None)  # fmt: skip
        seen = ada.sequence
    await slack.press("grace", ask, "Approve")
    await slack.wait_until(ask, "carried out")
    async with browser(stack, token, "away", after=seen) as ada:
        await ada.wait_for("Receipt")
        assert all(frame["sequence"] > seen for frame in ada.frames
                   if frame.get("conversation") == "away" and "sequence" in frame)  # fmt: skip
        assert card["id"] not in ada.messages or ada.messages[card["id"]]["type"] == "update"


async def test_a_program_orders_with_two_posts_and_reads_what_was_said(stack: Stack) -> None:
    before = len(await stack.charges())
    headers = {"Authorization": f"Bearer {await token_of(stack, 'ada@example.com')}"}
    url = f"{stack.world.bot_url}/chat?wait=10"
    async with aiohttp.ClientSession(headers=headers) as session:
        first = await posted(session, url, {"text": SMALL, "conversation": "program", "id": "p1"})
        every = [button for each in first["messages"] for button in buttons(each)]  # perhaps a habit's too
        yes = next(each for each in every if each["label"] == "Yes, order it")
        press = {"action": yes["action"], "value": yes["value"], "conversation": "program", "id": "p2"}
        said = await posted(session, url, press)
        words, after = str(said["messages"]), said["sequence"]
        async with asyncio.timeout(20):
            while "Receipt" not in words:
                again = await posted(session, url, {**press, "after": after})
                words, after = words + str(again["messages"]), again["sequence"]
                assert again["new"] is False
                await asyncio.sleep(0.3)
    assert len(await stack.charges()) == before + 1


async def posted(session: aiohttp.ClientSession, url: str, body: Json) -> Any:
    async with session.post(url, json=body) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def test_conversations_of_one_person_go_on_side_by_side(stack: Stack) -> None:
    token = await token_of(stack, "ada@example.com")
    async with browser(stack, token, "left") as left, browser(stack, token, "right") as right:
        await asyncio.gather(left.say(SMALL), right.say("order one cola"))
        mine, other = await asyncio.gather(left.wait_for("2 × Margherita"), right.wait_for("1 × Cola"))
        assert "Margherita" not in str(other)
        assert mine["id"] not in right.messages


async def test_a_token_that_is_revoked_ends_what_is_open_and_opens_nothing(stack: Stack) -> None:
    token = await token_of(stack, "omar@example.com")
    async with browser(stack, token) as omar:
        id = token.split("_")[2]
        async with stack.db.tenant(stack.tenant) as c:
            assert await web_keys.revoke(c, stack.tenant, id) == "token"
        await stack.engine._hints.tell(NEWS, revoked(str(stack.tenant), f"token:{id}"))
        assert await omar.closed() == 4001
    with pytest.raises(AssertionError, match="4001"):
        async with browser(stack, token):
            pass
