"""Messages under fire: in order, once, whatever the platform says to the first try."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from bot.reply import Reply
from bot.turn import Place
from tests.faults.events import channel_of
from tests.faults.invariants import new_problems
from tests.faults.rig import Rig
from tests.faults.stub import TEAM, marker
from workers.store import conversations, enqueue
from workers.store.outbox import Message

pytestmark = pytest.mark.processes


async def say_parts(rig: Rig, count: int) -> list[str]:
    """A long message in several parts, as the outbox keeps it; their ids in order."""
    thread = rig.ts()
    place = Place("slack", TEAM, channel_of(thread), thread)
    messages = [
        Message(f"long:{thread}.part{n}", "post", place, Reply(f"part {n} of {thread}")) for n in range(count)
    ]
    async with rig.db.tenant(rig.tenant) as c:
        await conversations.wake(c, rig.tenant, place.conversation)
        await enqueue.add(c, rig.tenant, place.conversation, messages)
    return [message.id for message in messages]


async def until_said(rig: Rig, ids: list[str]) -> list[str]:
    """The markers of these messages, in the order in which they came to be."""

    def found() -> list[str]:
        return [marker(m) for m in rig.stub.messages if marker(m) in ids]

    await rig.stub.until(lambda: len(set(found())) == len(ids), f"{len(ids)} parts")
    await rig.settled()
    return found()


@pytest.mark.parametrize("part", [1, 2, 3])
async def test_f34_killed_after_a_part_of_a_long_message_the_rest_follows_in_order(
    rig: Rig, part: int
) -> None:
    rig.arm(f"F32:{part}:kill")

    ids = await say_parts(rig, 3)

    assert await until_said(rig, ids) == ids
    assert rig.struck()
    assert await new_problems(rig) == []


async def test_f36_a_message_that_has_to_wait_is_not_overtaken(rig: Rig) -> None:
    rig.stub.limited = 1
    began = time.monotonic()

    ids = await say_parts(rig, 3)

    assert await until_said(rig, ids) == ids
    assert time.monotonic() - began >= 1.0, "Slack asked for a second"
    assert await new_problems(rig) == []


async def test_f36_killed_while_it_waits_it_still_goes_first(rig: Rig) -> None:
    rig.stub.limited = 2
    ids = await say_parts(rig, 3)
    await rig.stub.until(lambda: rig.stub.limited < 2, "the first refusal")
    rig.replace([member for member in rig.members.values() if member.name.startswith("engine")])

    assert await until_said(rig, ids) == ids
    assert await new_problems(rig) == []


async def test_a_post_whose_answer_is_lost_is_looked_up_and_not_said_again(rig: Rig) -> None:
    left = [1]

    async def lose(method: str, _asked: Mapping[str, Any]) -> None:
        if method == "chat.postMessage" and left:
            left.clear()
            raise ConnectionResetError

    looked = rig.stub.calls["conversations.replies"]
    rig.stub.after = lose
    ids = await say_parts(rig, 2)

    assert await until_said(rig, ids) == ids
    assert rig.stub.calls["conversations.replies"] == looked + 1
    assert await new_problems(rig) == []
