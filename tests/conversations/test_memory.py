"""What is remembered from one conversation to the next, in Slack and Teams: used, shown, forgotten, left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from bot.workbench.seen import Message
from tests.stack import Stack
from workers.store import memories

CART = "2 × Margherita"


@pytest.fixture
async def fresh(stack: Stack) -> AsyncIterator[Stack]:
    """Nothing is known of Ada, before and after."""
    await _clean(stack)
    yield stack
    await _clean(stack)


async def _ada(stack: Stack) -> UUID | None:
    rows = await stack.fetch("select id from people where email = 'ada@example.com'")
    return rows[0]["id"] if rows else None


async def _clean(stack: Stack) -> None:
    person = await _ada(stack)
    if person is not None:
        async with stack.db.tenant(stack.tenant) as c:
            await memories.forget_all(c, stack.tenant, person)
            await memories.choose(c, stack.tenant, person, off=False)


async def ordered(stack: Stack, text: str, channel: str = "general") -> Message:
    """To the receipt; the thread's root."""
    slack = stack.world.slack
    said = await slack.say("ada", channel, f"@Countersign {text}")
    card = await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it", timeout=40)
    await slack.press("ada", card, "Yes, order it")
    await slack.wait_for("Receipt", thread=said, timeout=40)
    return said


async def test_the_usual_fills_the_cart_and_waits_for_a_yes(fresh: Stack) -> None:
    slack = fresh.world.slack
    await ordered(fresh, "order two margheritas")
    before = len(await fresh.charges())

    said = await slack.say("ada", "general", "@Countersign the usual")
    card = await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it")

    assert CART in card.words
    await slack.wait_for("The usual, as on", thread=said)
    assert len(await fresh.charges()) == before


async def test_what_is_said_beside_it_is_done_to_it(fresh: Stack) -> None:
    slack = fresh.world.slack
    await ordered(fresh, "order two margheritas")

    said = await slack.say("ada", "general", "@Countersign order the usual and a cola")
    card = await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it")

    assert CART in card.words
    assert "1 × Cola" in card.words


async def test_what_was_ordered_in_private_is_known_in_private_and_in_no_channel(fresh: Stack) -> None:
    slack = fresh.world.slack
    await ordered(fresh, "order two margheritas", "dm")

    said = await slack.say("ada", "general", "@Countersign the usual")
    told = await slack.wait_for("I remember nothing", thread=said)
    assert "Margherita" not in told.words

    said = await slack.say("ada", "dm", "the usual")
    card = await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it")
    assert CART in card.words


async def test_one_sees_what_is_remembered_and_forgets_it_by_a_press(fresh: Stack) -> None:
    slack = fresh.world.slack
    await ordered(fresh, "order two margheritas")

    await slack.say("ada", "general", "@Countersign what do you remember about me?")
    listed = await slack.wait_for("I remember one thing about you", who="ada", button="Forget this")
    assert CART in listed.words
    await slack.press("ada", listed, "Forget this")
    await slack.wait_for("Forgotten: order", who="ada")

    said = await slack.say("ada", "general", "@Countersign the usual")
    await slack.wait_for("I remember nothing", thread=said)


async def test_forgetting_everything_is_asked_back_first(fresh: Stack) -> None:
    slack = fresh.world.slack
    await ordered(fresh, "order two margheritas")

    await slack.say("ada", "general", "@Countersign forget everything about me")
    asked = await slack.wait_for("Shall I forget all one thing", who="ada", button="Forget everything")
    person = await _ada(fresh)
    assert person is not None
    async with fresh.db.tenant(fresh.tenant) as c:
        assert await memories.count(c, fresh.tenant, person, None) == 1
    await slack.press("ada", asked, "Forget everything")
    await slack.wait_for("I remember nothing about you now", who="ada")
    async with fresh.db.tenant(fresh.tenant) as c:
        assert await memories.count(c, fresh.tenant, person, None) == 0


async def test_switched_off_nothing_is_written_and_nothing_used(fresh: Stack) -> None:
    slack = fresh.world.slack
    await ordered(fresh, "order two margheritas")
    await slack.command("ada", "general", "/memory off")
    await slack.wait_for("I remember nothing new about you", who="ada")

    said = await slack.say("ada", "general", "@Countersign the usual")
    await slack.wait_for("I remember nothing of yours", thread=said)
    await ordered(fresh, "order a cola")
    person = await _ada(fresh)
    assert person is not None
    async with fresh.db.tenant(fresh.tenant) as c:
        assert await memories.count(c, fresh.tenant, person, None) == 1

    await slack.command("ada", "general", "/memory on")
    await slack.wait_for("I remember from now on", who="ada")
    said = await slack.say("ada", "general", "@Countersign the usual")
    assert CART in (await slack.wait_for("Confirm your cart", thread=said)).words


async def test_what_was_large_three_times_is_proposed_and_done_only_after_a_yes(fresh: Stack) -> None:
    slack = fresh.world.slack
    for _ in range(3):
        await ordered(fresh, "order one large margherita")

    said = await slack.say("ada", "general", "@Countersign order one margherita")
    first = await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it")
    asked = await slack.wait_for("as usual?", thread=said, button="No, not any more")
    assert "large" not in first.words.lower()
    await slack.press("ada", asked, "Yes")
    card = await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it", after=first)
    assert "large" in card.words.lower()


async def test_somebody_else_cannot_take_up_my_habit_or_forget_for_me(fresh: Stack) -> None:
    slack = fresh.world.slack
    for _ in range(3):
        await ordered(fresh, "order one large margherita")
    said = await slack.say("ada", "general", "@Countersign order one margherita")
    asked = await slack.wait_for("as usual?", thread=said, button="No, not any more")
    await slack.press("omar", asked, "No, not any more")
    await slack.wait_for("That is forgotten already", who="omar")
    await slack.press("omar", asked, "Yes")
    await slack.wait_for("Only the person whose order it is", who="omar")
    rows = await fresh.fetch("select times from memory_habits where person_id = $1", await _ada(fresh))
    assert [row["times"] for row in rows] == [3]


async def test_home_says_whether_memory_is_on_and_switches_it(fresh: Stack) -> None:
    slack = fresh.world.slack
    await ordered(fresh, "order two margheritas")
    await slack.open_home("ada")
    shown = await fresh.world.until(
        lambda: "Memory is on" in str(fresh.world.homes.get("ada", "")) and fresh.world.homes["ada"],
        "Ada's home",
    )
    assert "One thing. Memory is on." in str(shown)


async def test_on_teams_it_is_the_same(fresh: Stack) -> None:
    teams = fresh.world.teams
    before = await teams.say("ada", "personal", "order two margheritas")
    card = await teams.wait_for("Confirm your cart", chat="personal", who="ada", after=before)
    await teams.press("ada", card, "Yes, order it")
    receipt = await teams.wait_for("Receipt", chat="personal", who="ada", after=card, timeout=30)

    await teams.say("ada", "personal", "the usual")
    card = await teams.wait_for("Confirm your cart", chat="personal", who="ada", after=receipt)
    assert CART in card.words
    await teams.say("ada", "personal", "cancel")
    await teams.wait_for("cancelled", chat="personal", who="ada", after=card)

    await teams.say("ada", "personal", "memory")
    listed = await teams.wait_for("I remember one thing about you", chat="personal", who="ada", after=card)
    assert "Forget this" in str(listed.raw)


async def test_what_somebody_tells_us_to_remember_is_kept_shown_and_taken_back(fresh: Stack) -> None:
    slack = fresh.world.slack
    said = await slack.say("ada", "dm", "I always want my pizzas without onions, remember that")
    noted = await slack.wait_for("I remember: I always want my pizzas without onions", thread=said)
    assert "no language model here" in noted.words
    asked = await slack.say("ada", "dm", "what do you remember about me?")
    await slack.wait_for("in private, told", thread=asked)
    said = await slack.say("ada", "dm", "the usual")
    none = await slack.wait_for("", thread=said, who="ada", after=said)
    assert "onions" not in none.words
    said = await slack.say("ada", "dm", "forget that")
    await slack.wait_for("Forgotten: I always want my pizzas without onions", thread=said)
    asked = await slack.say("ada", "dm", "what do you remember about me?")
    await slack.wait_for("I remember 0 things", thread=asked)


async def test_what_is_secret_or_unwanted_is_not_kept_and_it_is_said(fresh: Stack) -> None:
    slack = fresh.world.slack
    said = await slack.say("ada", "dm", "remember that my card is 4242 4242 4242 4242")
    await slack.wait_for("Nothing was remembered", thread=said)
    said = await slack.say("ada", "dm", "remember that I eat no nuts")
    await slack.wait_for("I remember: I eat no nuts", thread=said)
    off = await slack.say("ada", "dm", "stop remembering me")
    await slack.wait_for("I remember nothing new", thread=off)
    said = await slack.say("ada", "dm", "remember that I work from Berlin")
    await slack.wait_for("Memory is off, so I remember none of that", thread=said)
    rows = await fresh.fetch("select body from memories where outcome = 'told'")
    assert [row["body"] for row in rows] == ["I eat no nuts"]


async def test_what_was_told_in_private_is_not_shown_in_a_channel(fresh: Stack) -> None:
    slack = fresh.world.slack
    said = await slack.say("ada", "dm", "remember that I eat no nuts")
    await slack.wait_for("I remember: I eat no nuts", thread=said)
    await slack.say("ada", "general", "@Countersign what do you remember about me?")
    told = await slack.wait_for("I remember 0 things about you here", who="ada", channel="general")
    assert "nuts" not in told.words
