"""What can be done on a card in Teams alone: a change, a question, another person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bot.platforms.teams.presses import input_id
from bot.workbench.seen import Activity
from tests.conversations.test_approvers import awake
from tests.conversations.test_on_the_card import newest
from tests.conversations.test_order_teams import LARGE
from tests.stack import Stack


async def asked_in_teams(stack: Stack) -> tuple[Activity, Activity]:
    """What was said in Teams, and the card in the approvers' channel there."""
    teams = stack.world.teams
    before = teams.activities("Approvals")
    said = await teams.say("ada", "Orders", f"@Countersign {LARGE}")
    card = await teams.wait_for("Confirm your cart", thread=said, button="Yes, order it", timeout=60)
    await teams.press("ada", card, "Yes, order it")
    return said, await teams.wait_for("Approve?", chat="Approvals", button="Approve", after=before[-1])


def actions(card: Any) -> Iterator[dict[str, Any]]:
    match card:
        case {"type": "Action.Execute"}:
            yield card
        case dict():
            for inner in card.values():
                yield from actions(inner)
        case list():
            for inner in card:
                yield from actions(inner)


async def opened(stack: Stack, who: str, copy: Activity, button: str, words: str) -> dict[str, Any]:
    """The form that takes the card's place for whoever pressed, by its own button."""
    teams = stack.world.teams
    await teams.press(who, copy, button)
    await stack.world.until(lambda: words in json.dumps(teams.now(copy).card_of(who)), f"the form {words!r}")
    return next(actions(teams.now(copy).card_of(who)))


async def sent(stack: Stack, who: str, copy: Activity, button: dict[str, Any], **typed: str) -> str:
    """The form with what was typed, as the client sends it: all of its inputs."""
    data = button["data"] | {input_id(name): value for name, value in typed.items()}
    return await stack.world.teams.press_raw(who, copy, kind="execute", verb=button["verb"], data=data)


async def test_in_teams_a_call_is_changed_and_runs_as_it_was_changed(stack: Stack) -> None:
    teams = stack.world.teams
    await awake(stack)
    said, copy = await asked_in_teams(stack)

    form = await opened(stack, "grace", copy, "Change…", "Change and approve")
    await sent(stack, "grace", copy, form, description="Lunch of the team")

    told = await teams.wait_for("Grace Okafor changed what you asked for", thread=said)
    assert "→ Lunch of the team" in told.words
    await teams.wait_for("Receipt", thread=said)
    done = await teams.wait_until(copy, "Approved by Grace Okafor and carried out")
    assert "Changed by Grace Okafor" in done.words
    assert done.buttons == []
    now = await newest(stack)
    rows = await stack.fetch("select arguments, state from effects where key = $1", now["effect_key"])
    assert json.loads(rows[0]["arguments"])["description"] == "Lunch of the team"
    assert (rows[0]["state"], now["state"]) == ("done", "used")


async def test_in_teams_a_form_that_was_changed_to_nothing_else_says_so_and_can_be_left(stack: Stack) -> None:
    teams = stack.world.teams
    said, copy = await asked_in_teams(stack)

    form = await opened(stack, "grace", copy, "Change…", "Change and approve")
    stays = {name: str(value) for name, value in values(teams.now(copy).card_of("grace"))}
    data = form["data"] | stays
    await teams.press_raw("grace", copy, kind="execute", verb=form["verb"], data=data)
    await stack.world.until(
        lambda: "Nothing was changed" in json.dumps(teams.now(copy).card_of("grace")), "why not"
    )

    assert (await newest(stack))["state"] == "pending"
    assert "Approve" in teams.now(copy).buttons
    await teams.say("ada", "Orders", "@Countersign cancel", thread=said)
    await teams.wait_until(copy, "Withdrawn by Ada Reyes")


def values(card: Any) -> Iterator[tuple[str, Any]]:
    match card:
        case {"type": str(kind), "id": str(name), **more} if kind.startswith("Input."):
            yield name, more.get("value", "")
        case dict():
            for inner in card.values():
                yield from values(inner)
        case list():
            for inner in card:
                yield from values(inner)


async def test_in_teams_a_question_is_answered_in_the_thread_and_stands_on_the_card(stack: Stack) -> None:
    teams = stack.world.teams
    said, copy = await asked_in_teams(stack)

    form = await opened(stack, "grace", copy, "Ask…", "Ask a question")
    await sent(stack, "grace", copy, form, text="Who is it for?")
    question = await teams.wait_for("Who is it for?", thread=said)
    assert "Grace Okafor, who is asked to decide this" in question.words
    await teams.wait_until(copy, "Question by Grace Okafor")
    await teams.say("ada", "Orders", "@Countersign it is for the team, go ahead", thread=said)

    now = await teams.wait_until(copy, "Answered by Ada Reyes")
    assert "it is for the team" in now.words
    assert "Approve" in now.buttons
    assert (await newest(stack))["state"] == "pending"
    await teams.press("grace", copy, "Approve")
    await teams.wait_for("Receipt", thread=said)


async def test_in_teams_it_is_handed_to_somebody_who_gets_a_card_of_their_own(stack: Stack) -> None:
    teams = stack.world.teams
    await teams.say("omar", "personal", "help")
    await teams.wait_for("I can do this", chat="personal", who="omar")
    await stack.lately_in("teams", "omar@example.com")
    said, copy = await asked_in_teams(stack)

    form = await opened(stack, "grace", copy, "Hand on…", "Hand on")
    await sent(stack, "grace", copy, form, person="omar@example.com")
    card = await teams.wait_for("Handed on by Grace Okafor", chat="personal", who="omar", button="Approve")
    await teams.wait_until(copy, "Handed on by Grace Okafor")
    await teams.press("omar", card, "Approve")

    await teams.wait_for("Receipt", thread=said)
    await teams.wait_until(copy, "Approved by Omar Haddad for Grace Okafor and carried out")
    assert (await teams.wait_until(card, "and carried out")).buttons == []
    assert (await newest(stack))["state"] == "used"


async def test_in_teams_a_bystander_gets_no_form_and_is_told_why(stack: Stack) -> None:
    teams = stack.world.teams
    said, copy = await asked_in_teams(stack)

    note = await teams.press("omar", copy, "Change…")

    assert "Only the named approvers" in note or "Only the named approvers" in json.dumps(
        teams.now(copy).card_of("omar")
    )
    assert (await newest(stack))["state"] == "pending"
    await teams.say("ada", "Orders", "@Countersign cancel", thread=said)
    await teams.wait_until(copy, "Withdrawn by Ada Reyes")
