"""A card that reaches no approver would wait for ever: whoever asked for it hears so, once."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from bot.reply import Reply
from bot.turn import PersonId, Place
from flows.run import Requester, Run, to_json
from tests.workers.store.conftest import There
from tests.workers.store.test_doubts import by_person, doubted
from workers import unreached as unreaching
from workers.store import codec, doubts, enqueue, outbox
from workers.store.doubts import Doubt
from workers.store.outbox import Message
from workers.unreached import NOBODY_LOOKS, unreached

APPROVERS = Place("slack", "T1", "C-approvers", None)
THREAD = Place("slack", "T1", "C1", "17.1")
STATE = orjson.dumps(to_json(Run("r", "order", "v", Requester(PersonId("x"), "Ada")))).decode()


async def asked(there: There, copies: int = 2) -> Doubt:
    """A question that was put to approvers, each copy waiting to be posted."""
    doubt = await doubted(there)
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update runs set state = $1, place = $2", STATE, codec.dumps(THREAD))
        posts = [Message(id, "post", APPROVERS, Reply("?")) for id in doubts.copies(doubt)[:copies]]
        await enqueue.add(c, there.tenant, there.conversation, posts)
    return doubt


async def gives_up(there: There, *ids: str) -> list[Message]:
    """As the engine does when the platform has refused for good; what it says in the thread then."""
    for id in ids:
        async with there.db.tenant(there.tenant) as c:
            await outbox.give_up(c, there.tenant, id, "failed", "not_in_channel")
            await unreached(c, there.tenant, id)
    rows = await there.fetch("select id, place, content from outbox where id like '%:unasked:%'")
    return [
        Message(row["id"], "post", codec.loads(row["place"]), codec.loads(row["content"])) for row in rows
    ]


async def test_a_question_that_reaches_no_approver_is_told_the_requester_once(there: There) -> None:
    doubt = await asked(there)
    said = await gives_up(there, *doubts.copies(doubt)[:2])

    [message] = said
    assert message.content == Reply(NOBODY_LOOKS.format(key=doubt.key))
    assert message.place == THREAD


async def test_while_one_copy_may_still_arrive_nothing_is_said(there: There) -> None:
    doubt = await asked(there)
    assert await gives_up(there, doubts.copies(doubt)[0]) == []


async def test_one_that_was_posted_is_enough(there: There) -> None:
    doubt = await asked(there)
    async with there.db.tenant(there.tenant) as c:
        await c.execute("update outbox set state = 'sent' where id = $1", doubts.copies(doubt)[1])
    assert await gives_up(there, doubts.copies(doubt)[0]) == []


async def test_what_is_settled_by_then_is_not_complained_of(there: There) -> None:
    doubt = await asked(there, 1)
    assert await by_person(there, doubt)
    assert await gives_up(there, doubts.copies(doubt)[0]) == []


@pytest.mark.parametrize("id", ["x", "a:doubt:1:0", "a:doubt:1:0.part0", ":doubt::", "a:doubt:9:0:settled"])
async def test_any_other_message_that_is_given_up_says_nothing(there: There, id: str) -> None:
    assert await gives_up(there, id) == []


@pytest.mark.twin
async def test_without_it_a_question_that_reaches_nobody_is_never_heard_of(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: Any) -> None: ...

    monkeypatch.setattr(unreaching, "_doubt_unreached", nothing)
    doubt = await asked(there)
    assert await gives_up(there, *doubts.copies(doubt)[:2]) == []
