"""What is to be said is kept once and said in order."""

from __future__ import annotations

import asyncio

from bot.reply import Form, Reply
from bot.turn import Account, Place, Said, Turn, TurnId
from tests.workers.store import steps
from tests.workers.store.conftest import There
from workers.store import conversations, enqueue, outbox
from workers.store.outbox import Message, Waiting

PLACE = Place("slack", "T1", "C1", "17.1")
ADA = Account("slack", "T1", "U1")


def message(id: str, text: str = "", **more: object) -> Message:
    return Message(id, "post", PLACE, Reply(text or id), **more)  # type: ignore[arg-type]  # a test's shorthand


async def add(there: There, *messages: Message) -> None:
    async with there.db.tenant(there.tenant) as c:
        await conversations.lock(c, there.tenant, [there.conversation])
        await enqueue.add(c, there.tenant, there.conversation, list(messages))


async def head(there: There) -> Waiting | None:
    async with there.db.tenant(there.tenant) as c:
        return await outbox.next_waiting(c, there.tenant, there.conversation)


async def said(there: There) -> list[str]:
    """All that waits, sent one after the other."""
    found = []
    while waiting := await head(there):
        found.append(waiting.message.id)
        async with there.db.tenant(there.tenant) as c:
            await outbox.sending(c, there.tenant, waiting.message.id)
            await steps.sent(c, there.tenant, there.conversation, waiting.message.id, "17.2", "17.1")
    return found


async def test_messages_are_said_in_the_order_in_which_they_were_added(there: There) -> None:
    await add(there, message("b"), message("a"))
    await add(there, message("c"))
    assert await said(there) == ["b", "a", "c"]


async def test_a_message_whose_id_is_there_already_is_left_alone(there: There) -> None:
    await add(there, message("one", "as it was"))
    await add(there, message("one", "otherwise"), message("two"))
    waiting = await head(there)
    assert waiting is not None
    assert waiting.message.content == Reply("as it was")
    assert await said(there) == ["one", "two"]
    await add(there, message("one"))
    assert await said(there) == []


async def test_who_adds_at_the_same_time_gets_one_order_without_gaps_in_between(there: There) -> None:
    await asyncio.gather(*(add(there, message(f"{n}:1"), message(f"{n}:2")) for n in range(20)))
    found = await said(there)
    assert len(found) == 40
    assert all(
        found[at + 1] == each.replace(":1", ":2") for at, each in enumerate(found) if each.endswith(":1")
    )


async def test_a_message_that_has_to_wait_holds_up_those_behind_it(there: There) -> None:
    await add(there, message("one"), message("two"))
    async with there.db.tenant(there.tenant) as c:
        await outbox.sending(c, there.tenant, "one")
        await outbox.later(c, there.tenant, "one", 60.0, "slow down", definite=True)
    waiting = await head(there)
    assert waiting is not None
    assert (waiting.message.id, waiting.due, waiting.state, waiting.attempts) == ("one", False, "queued", 1)


async def test_a_doubtful_try_stays_marked_so_that_it_is_looked_up_first(there: There) -> None:
    await add(there, message("one"))
    async with there.db.tenant(there.tenant) as c:
        await outbox.sending(c, there.tenant, "one")
        await outbox.later(c, there.tenant, "one", 0.0, "no answer", definite=False)
    waiting = await head(there)
    assert waiting is not None
    assert waiting.state == "sending"
    assert waiting.tried_at is not None


async def test_what_is_given_up_no_longer_holds_up_the_others(there: There) -> None:
    await add(there, message("one"), message("two"))
    async with there.db.tenant(there.tenant) as c:
        await outbox.give_up(c, there.tenant, "one", "failed", "tried too often")
    assert await said(there) == ["two"]


async def test_an_update_knows_the_message_that_it_replaces(there: There) -> None:
    await add(there, message("card"))
    assert await said(there) == ["card"]
    await add(there, Message("card:1", "update", PLACE, Reply("Approved"), target="card"))
    waiting = await head(there)
    assert waiting is not None
    assert (waiting.target_external, waiting.target_thread, waiting.target_state) == ("17.2", "17.1", "sent")


async def test_everything_about_a_message_comes_back_as_it_was(there: There) -> None:
    turn = Turn(TurnId("t"), PLACE, ADA, Said("two colas", mentioned=True))
    form = Message("form", "form", PLACE, Form("reject", "a", "Why?", ()), ADA, None, "trigger", turn, 3.0)
    await add(there, form)
    waiting = await head(there)
    assert waiting is not None
    assert waiting.message == Message(
        "form", "form", PLACE, Form("reject", "a", "Why?", ()), ADA, None, "trigger", turn
    )
    assert not waiting.expired
    await there.fetch("update outbox set expires_at = now() - interval '1 second'")
    waiting = await head(there)
    assert waiting is not None
    assert waiting.expired


APPROVERS = Place("slack", "T1", "C2")


async def test_a_channel_that_has_to_wait_holds_up_no_other(there: There) -> None:
    cards = [Message(f"card {n}", "post", APPROVERS, Reply("Charge?")) for n in range(2)]
    await add(there, cards[0], message("one"), cards[1], message("two"))
    async with there.db.tenant(there.tenant) as c:
        await outbox.sending(c, there.tenant, "card 0")
        await outbox.later(c, there.tenant, "card 0", 60.0, "slow down", definite=True)
    found = []
    while (waiting := await head(there)) and waiting.due:
        found.append(waiting.message.id)
        async with there.db.tenant(there.tenant) as c:
            await steps.sent(c, there.tenant, there.conversation, waiting.message.id, "17.2", None)
    assert found == ["one", "two"]
    assert waiting is not None
    assert waiting.message.id == "card 0"


async def test_a_conversation_with_messages_that_wait_is_due_when_the_first_of_them_is(there: There) -> None:
    await add(there, message("late"), Message("soon", "post", APPROVERS, Reply("Charge?")))
    mine = await there.claimed()
    async with there.db.tenant(there.tenant) as c:
        await outbox.hold(c, there.tenant, "late", 600.0)
        await outbox.hold(c, there.tenant, "soon", 60.0)
    await conversations.release(there.db, mine)
    first = "(select not_before from outbox where id = 'soon')"
    ready = f"select ready_at = {first} from conversations where key = $1"
    assert await there.value(ready, there.conversation)


async def test_a_refusal_for_a_while_is_no_attempt(there: There) -> None:
    await add(there, message("one"))
    for _ in range(30):
        async with there.db.tenant(there.tenant) as c:
            await outbox.sending(c, there.tenant, "one")
            await outbox.refused(c, there.tenant, "one", 0.0, "slow down")
    waiting = await head(there)
    assert waiting is not None
    assert (waiting.attempts, waiting.state, waiting.due) == (0, "queued", True)
