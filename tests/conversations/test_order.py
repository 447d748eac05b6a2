"""Whole orders in Slack, from a signed webhook to what was posted and what was charged."""

from __future__ import annotations

from bot.workbench.seen import Message
from tests.stack import Stack

LARGE = "order six large margheritas and two colas"
SMALL = "order two margheritas and a cola"


async def ordered(stack: Stack, text: str, who: str = "ada") -> tuple[Message, Message]:
    """Said in #orders; the thread's root and the card to be confirmed."""
    said = await stack.world.slack.say(who, "orders", f"@Countersign {text}")
    card = await stack.world.slack.wait_for("Confirm your cart", thread=said, button="Yes, order it")
    return said, card


async def asked(stack: Stack, text: str = LARGE) -> tuple[Message, Message]:
    """Ordered and confirmed; the thread's root and the approval card in #approvals."""
    slack = stack.world.slack
    before = slack.messages("approvals")
    said, card = await ordered(stack, text)
    await slack.press("ada", card, "Yes, order it")
    ask = await slack.wait_for(
        "Approve?", channel="approvals", button="Approve", after=before[-1] if before else None
    )
    return said, ask


async def test_an_order_is_approved_by_a_second_person_and_charged_once(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())

    said, ask = await asked(stack)
    await slack.press("grace", ask, "Approve")
    await slack.wait_for("Receipt", thread=said)

    assert len(await stack.charges()) == before + 1
    done = await slack.wait_until(ask, "Approved by Grace Okafor and carried out")
    assert done.buttons == []


async def test_a_small_order_needs_no_approval(stack: Stack) -> None:
    before = len(await stack.charges())
    said, card = await ordered(stack, SMALL)

    await stack.world.slack.press("ada", card, "Yes, order it")
    receipt = await stack.world.slack.wait_for("Receipt", thread=said)

    assert "$27.00" in receipt.words
    assert len(await stack.charges()) == before + 1


async def test_the_list_is_changed_in_plain_words_before_it_is_confirmed(stack: Stack) -> None:
    slack = stack.world.slack
    said, first = await ordered(stack, SMALL)

    await slack.say("ada", "orders", "make it three", thread=said)
    second = await slack.wait_for("3 × Cola", thread=said, button="Yes, order it", after=first)
    await slack.say("ada", "orders", "drop the cola", thread=said)
    third = await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it", after=second)

    assert "Cola" not in third.words
    assert slack.now(first).buttons == []


async def test_yes_typed_in_the_thread_confirms_without_a_new_mention(stack: Stack) -> None:
    said, _ = await ordered(stack, SMALL)

    await stack.world.slack.say("ada", "orders", "yes please", thread=said)

    await stack.world.slack.wait_for("Receipt", thread=said)


async def test_cancel_ends_it_at_any_point(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, card = await ordered(stack, SMALL)

    await slack.say("ada", "orders", "cancel", thread=said)
    await slack.wait_for("Cancelled. Nothing was ordered or charged.", thread=said)
    await slack.press("ada", card, "Yes, order it")

    await slack.wait_for("finished already", who="ada")
    assert len(await stack.charges()) == before


async def test_a_bystander_cannot_confirm_somebody_elses_order(stack: Stack) -> None:
    _, card = await ordered(stack, SMALL)

    await stack.world.slack.press("omar", card, "Yes, order it")

    await stack.world.slack.wait_for("Only Ada Reyes can answer this.", who="omar")


async def test_a_slash_command_opens_a_thread_and_goes_on_there(stack: Stack) -> None:
    slack = stack.world.slack
    before = slack.messages("orders")

    await slack.command("ada", "orders", "/order two margheritas and a cola")
    card = await slack.wait_for("Confirm your cart", channel="orders", after=before[-1] if before else None)

    assert card.thread_ts
    await slack.press("ada", card, "Yes, order it")
    await slack.wait_for("Receipt", thread=card.thread)


async def test_help_says_what_there_is(stack: Stack) -> None:
    await stack.world.slack.command("omar", "general", "/help")

    await stack.world.slack.wait_for("/order", who="omar", channel="general")


async def test_a_command_that_is_not_set_up_is_answered(stack: Stack) -> None:
    before = stack.world.slack.messages("general")
    await stack.world.slack.say("omar", "general", "@Countersign /lunch for everybody")

    after = before[-1] if before else None
    await stack.world.slack.wait_for("not set up here", channel="general", after=after)


async def test_two_orders_in_two_threads_run_side_by_side(stack: Stack) -> None:
    slack = stack.world.slack
    first, one = await ordered(stack, SMALL)
    second, two = await ordered(stack, "order three waters")

    await slack.press("ada", two, "Yes, order it")
    await slack.press("ada", one, "Yes, order it")

    assert "Water" in (await slack.wait_for("Receipt", thread=second)).words
    assert "Margherita" in (await slack.wait_for("Receipt", thread=first)).words


async def test_an_event_that_is_delivered_twice_changes_nothing(stack: Stack) -> None:
    slack = stack.world.slack
    said, _ = await ordered(stack, SMALL)
    row = next(row for row in reversed(stack.world.wire) if row["title"].startswith("app_mention"))

    await stack.world.resend(row)
    await stack.world.settled()
    await slack.say("ada", "orders", "cancel", thread=said)
    await slack.wait_for("Cancelled", thread=said)

    assert len([m for m in slack.messages(thread=said) if "Confirm your cart" in m.words]) == 1


async def test_talk_that_is_not_for_the_bot_is_left_alone(stack: Stack) -> None:
    slack = stack.world.slack
    said = await slack.say("omar", "general", "who orders lunch today?")
    await stack.world.settled()
    await slack.say("omar", "general", "@Countersign thanks")
    await slack.wait_for("You are welcome", channel="general")

    assert [m for m in slack.messages(thread=said) if m.bot] == []


async def test_hostile_text_is_text_and_pings_nobody(stack: Stack) -> None:
    slack = stack.world.slack
    said = await slack.say(
        "omar", "general", "@Countersign <!channel> {{ 7*7 }} <b>bold</b> \u202eabc order <@U0GRACE> *x*"
    )
    answer = await slack.wait_for(None, thread=said)

    assert "<!channel>" not in answer.text
    assert "49" not in answer.words


async def test_home_shows_open_runs_and_what_waits_for_me(stack: Stack) -> None:
    slack = stack.world.slack
    _, ask = await asked(stack)
    await slack.open_home("grace")
    home = await slack.home("grace")

    assert "Approve" in str(home)
    await slack.press("grace", ask, "Reject")
    modal = await slack.modal("grace")
    await slack.submit("grace", modal, reason="no budget")
    await slack.wait_until(ask, "Rejected by Grace Okafor")
