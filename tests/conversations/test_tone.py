"""A tone that somebody sets is heard in the next sentence, wherever they talk; what is approved never is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conversations.test_order import asked
from tests.stack import Stack
from workers.store import preferences
from workers.store.preferences import Brand

PATIENCE = 40.0
TERSE, PLAIN, PLAYFUL = "Welcome.", "You are welcome.", "Any time, it was a pleasure!"


@pytest.fixture
async def dialled(stack: Stack) -> AsyncIterator[Stack]:
    """Whatever is set in this test is as ever afterwards."""
    yield stack
    async with stack.db.tenant(stack.tenant) as c:
        await c.execute("delete from preferences where tenant_id = $1", stack.tenant)
        await preferences.drop_brand(c, stack.tenant)
    stack.engine.tools.library.dials.forget(stack.tenant)


async def thanked(stack: Stack, who: str, words: str) -> None:
    thread = await stack.world.slack.say(who, "general", "@Countersign thanks")
    await stack.world.slack.wait_for(words, thread=thread)


async def test_a_tone_set_by_a_command_is_heard_at_once_and_by_nobody_else(dialled: Stack) -> None:
    slack = dialled.world.slack
    await slack.command("omar", "general", "/tone")
    card = await slack.wait_for("5 of 10, as ever", who="omar", channel="general")
    assert "It sounds like this" in card.words
    await slack.command("omar", "general", "/tone 10")
    await slack.wait_for("From now on: 10 of 10", who="omar", channel="general")

    await thanked(dialled, "omar", PLAYFUL)
    await thanked(dialled, "ada", PLAIN)
    await slack.command("omar", "general", "/tone 2")
    await slack.wait_for("From now on: 2 of 10", who="omar", channel="general")
    await thanked(dialled, "omar", TERSE)


async def test_what_is_no_tone_is_said_and_changes_nothing(dialled: Stack) -> None:
    slack = dialled.world.slack
    for words in ("11", "loud", "0", "3 please", "-1", "٣"):
        await slack.command("omar", "general", f"/tone {words}")
        await slack.wait_for("A tone is a whole number from 1", who="omar", channel="general")
    await thanked(dialled, "omar", PLAIN)


async def test_the_bots_own_page_has_the_dial_and_shows_what_was_chosen(dialled: Stack) -> None:
    slack, world = dialled.world.slack, dialled.world
    await slack.open_home("grace")

    def dial(home: object) -> dict[str, object] | None:
        found = [block["accessory"] for block in home if "accessory" in block]  # type: ignore[attr-defined]  # blocks
        return found[-1] if found else None

    menu = await world.until(lambda: dial(world.homes.get("grace") or []), "the dial")
    assert menu["initial_option"]["value"] == "5"  # type: ignore[index]  # an option
    option = next(each for each in menu["options"] if each["value"] == "9")  # type: ignore[attr-defined]  # options
    action = {
        "type": "static_select",
        "action_id": menu["action_id"],
        "block_id": "b",
        "selected_option": option,
    }
    await world.act("slack.press", as_="grace", action=action)

    def shows_nine() -> bool:
        now = dial(world.homes.get("grace") or [])
        return now is not None and now["initial_option"]["value"] == "9"  # type: ignore[index]  # an option

    await world.until(lambda: shows_nine() or None, "the dial at nine")
    await thanked(dialled, "grace", PLAYFUL)


async def test_the_word_alone_gives_a_card_in_teams_and_a_choice_on_it_counts(dialled: Stack) -> None:
    teams = dialled.world.teams
    await teams.say("ada", "personal", "tone")
    card = await teams.wait_for("5 of 10, as ever", who="ada", chat="personal")
    assert "Input.ChoiceSet" in str(card.raw)
    await teams.press("ada", card, "Choose", **{"choice:1": "1"})
    await teams.wait_until(card, "From now on: 1 of 10, telegraphic")
    await teams.say("ada", "personal", "thanks")
    await teams.wait_for(TERSE, who="ada", chat="personal")


async def test_a_playful_requesters_approval_card_is_that_of_everybody(dialled: Stack) -> None:
    slack = dialled.world.slack
    first = await slack.say("ada", "orders", "@Countersign order one cola")
    await slack.wait_for("Confirm your cart", thread=first, timeout=PATIENCE)  # the worker is awake by then
    _, usual = await asked(dialled)
    await slack.command("ada", "general", "/tone 10")
    await slack.wait_for("From now on: 10 of 10", who="ada", channel="general")
    _, playful = await asked(dialled)

    def told(message: object) -> list[str]:
        words = message.words  # type: ignore[attr-defined]  # a message
        return [line for line in words.splitlines() if "$" in line]

    assert told(playful) == told(usual)
    assert told(usual)


async def test_a_brand_says_what_it_is_called_and_stays_countersign_in_the_platform(dialled: Stack) -> None:
    slack = dialled.world.slack
    async with dialled.db.tenant(dialled.tenant) as c:
        await preferences.set_brand(c, dialled.tenant, Brand("Lemon Desk", "Crisp."))
    dialled.engine.tools.library.dials.forget(dialled.tenant)
    thread = await slack.say("omar", "general", "@Countersign hello")
    answer = await slack.wait_for("I am Lemon Desk.", thread=thread)
    assert answer.words.startswith("Hello Omar")


async def test_consent_is_off_until_somebody_gives_it_and_each_change_is_in_the_audit(dialled: Stack) -> None:
    slack = dialled.world.slack

    last = None

    async def said(words: str, expected: str) -> None:
        nonlocal last
        await slack.command("omar", "general", words)
        last = await slack.wait_for(expected, who="omar", channel="general", after=last)

    await said("/consent", "are not used to tune our model")
    await said("/consent tuning on", "may be used to tune our model")
    await said("/consent tuning on", "may be used to tune our model")
    await said("/consent everything", "Say “/consent tuning on”")
    await said("/consent tuning off", "are not used to tune our model")
    async with dialled.db.tenant(dialled.tenant) as c:
        rows = await c.fetch(
            "select convert_from(entry, 'utf8') as entry from audit where tenant_id = $1"
            " and convert_from(entry, 'utf8') like '%consent.tuning%' order by id",
            dialled.tenant,
        )
    assert ['"on":true' in row["entry"] for row in rows] == [True, False]
