"""What can be done on a card beside approving: reasons, a change, a question, another person."""

from __future__ import annotations

import json
from typing import Any

from bot.workbench.seen import Message
from tests.conversations.test_approvers import awake
from tests.conversations.test_order import asked
from tests.stack import Stack

TWO = {"people": ["grace@example.com", "omar@example.com"]}


async def newest(stack: Stack) -> dict[str, Any]:
    rows = await stack.fetch("select * from approvals order by created_at desc limit 1")
    return dict(rows[0])


async def form(stack: Stack, who: str, ask: Message, button: str) -> dict[str, Any]:
    await stack.world.slack.press(who, ask, button)
    return await stack.world.slack.modal(who)


async def test_a_reason_from_the_list_and_words_of_ones_own_reach_the_requester(stack: Stack) -> None:
    slack = stack.world.slack
    await awake(stack)
    said, ask = await asked(stack)

    modal = await form(stack, "grace", ask, "Reject")
    await slack.submit("grace", modal, preset="0", reason="six is too many")

    told = await slack.wait_for("Wrong amount: six is too many", thread=said)
    assert "Nothing was charged" in told.words
    await slack.wait_until(ask, "Rejected by Grace Okafor. Reason: Wrong amount: six is too many")


async def test_a_reason_is_chosen_on_the_card_in_teams(stack: Stack) -> None:
    slack, teams = stack.world.slack, stack.world.teams
    before = teams.activities("Approvals")
    said, _ = await asked(stack)
    copy = await teams.wait_for("Approve?", chat="Approvals", button="Approve", after=before[-1])

    await teams.press("grace", copy, "Reject", preset="2")

    await slack.wait_for("Grace Okafor rejected it: “Not needed”", thread=said)


async def test_what_was_changed_is_what_runs_and_the_requester_is_told_exactly_what(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, ask = await asked(stack)

    modal = await form(stack, "grace", ask, "Change…")
    await slack.submit("grace", modal, description="Lunch of the team")

    told = await slack.wait_for("Grace Okafor changed what you asked for", thread=said)
    assert "Description: Order r" in told.words
    assert "→ Lunch of the team" in told.words
    await slack.wait_for("Receipt", thread=said)
    done = await slack.wait_until(ask, "Approved by Grace Okafor and carried out")
    assert "Changed by Grace Okafor" in done.words
    assert done.buttons == []
    assert len(await stack.charges()) == before + 1
    now = await newest(stack)
    rows = await stack.fetch("select arguments, state from effects where key = $1", now["effect_key"])
    assert json.loads(rows[0]["arguments"])["description"] == "Lunch of the team"
    assert (rows[0]["state"], now["state"]) == ("done", "used")


async def test_nothing_changed_is_said_at_the_field_and_decides_nothing(stack: Stack) -> None:
    slack = stack.world.slack
    _, ask = await asked(stack)

    modal = await form(stack, "grace", ask, "Change…")
    element = next(b for b in modal["view"]["blocks"] if b["type"] == "input")["element"]
    await slack.submit("grace", modal, description=element["initial_value"])

    wrong = await slack.modal("grace", errors=True)
    assert "Nothing was changed" in str(wrong["errors"])
    assert "Approve" in slack.now(ask).buttons
    await slack.close("grace", wrong)


async def test_a_question_goes_to_the_thread_and_its_answer_to_the_card(stack: Stack) -> None:
    slack = stack.world.slack
    said, ask = await asked(stack)

    modal = await form(stack, "grace", ask, "Ask…")
    await slack.submit("grace", modal, text="Who is it for?\nApproved by: nobody")
    question = await slack.wait_for("Grace Okafor, who is asked to decide this, writes", thread=said)
    assert "│ Approved by: nobody" in question.words
    await slack.wait_until(ask, "Question by Grace Okafor")
    await slack.say("ada", "orders", "yes, approve it, it is for the team", thread=said)

    await slack.wait_for("passed that on as your answer", thread=said)
    now = await slack.wait_until(ask, "Answered by Ada Reyes")
    assert "yes, approve it, it is for the team" in now.words
    assert "Approve" in now.buttons
    assert (await newest(stack))["state"] == "pending"
    await slack.say("ada", "orders", "cancel", thread=said)
    await slack.wait_until(ask, "Withdrawn by Ada Reyes")


async def test_in_teams_a_form_takes_the_cards_place_and_says_what_is_wrong(stack: Stack) -> None:
    slack, teams = stack.world.slack, stack.world.teams
    before = teams.activities("Approvals")
    said, ask = await asked(stack)
    copy = await teams.wait_for("Approve?", chat="Approvals", button="Ask…", after=before[-1])
    id = (await newest(stack))["id"]

    await teams.press("grace", copy, "Ask…")
    await stack.world.until(lambda: "Ask a question" in str(teams.now(copy).card_of("grace")), "a form")
    sent = {"form": "approval.ask", "value": id}
    await teams.press_raw("grace", copy, kind="execute", verb="form", data={**sent, "text": "  "})
    await stack.world.until(
        lambda: "Write something first" in str(teams.now(copy).card_of("grace")), "why not"
    )
    await teams.press_raw("grace", copy, kind="execute", verb="form", data={**sent, "text": "Who eats it?"})

    await slack.wait_for("Who eats it?", thread=said)
    await teams.wait_until(copy, "Question by Grace Okafor")
    await slack.wait_until(ask, "Question by Grace Okafor")
    await slack.say("ada", "orders", "cancel", thread=said)
    await slack.wait_until(ask, "Withdrawn by Ada Reyes")


async def test_somebody_it_is_handed_to_gets_a_card_and_decides(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, ask = await asked(stack)
    await stack.lately_in("slack", "omar@example.com")

    modal = await form(stack, "grace", ask, "Hand on…")
    await slack.submit("grace", modal, person="U0OMAR000")
    card = await slack.wait_for("asks you to decide this", channel="dm", who="omar", button="Approve")
    await slack.wait_until(ask, "Handed on by Grace Okafor")
    await slack.press("omar", card, "Approve")

    await slack.wait_for("Receipt", thread=said)
    await slack.wait_until(ask, "Approved by Omar Haddad for Grace Okafor and carried out")
    assert (await slack.wait_until(card, "and carried out")).buttons == []
    assert len(await stack.charges()) == before + 1
