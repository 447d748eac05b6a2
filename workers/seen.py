"""What dealing with a turn needs, what was read for it, and the one way it is written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bot.errors import PlatformError
from bot.platforms.base import Client, Door
from bot.reply import Reply
from bot.turn import Ignored, Immediate, Turn
from flows.flow import Flow
from integrations.models.base import Reader
from workers.approve import Rules
from workers.commit import Commit, write
from workers.extensions import Extensions
from workers.known import Library, World
from workers.pacing import Pacer
from workers.store import outbox
from workers.store.conversations import Claimed
from workers.store.door import Connection, Database
from workers.store.inbox import Row
from workers.store.outbox import Message, Waiting
from workers.store.people import Person
from workers.store.runs import Stored


@dataclass(frozen=True, slots=True)
class Tools:
    """All that dealing with a turn needs. `lease` in seconds."""

    db: Database
    library: Library
    doors: Mapping[str, Door]
    clients: Mapping[str, Client]
    reader: Reader
    rules: Rules
    lease: float
    pacer: Pacer = field(default_factory=Pacer)
    extensions: Extensions | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read before deciding. `person`: whose turn it is, where that is known already."""

    row: Row
    world: World
    stored: Stored | None
    flow: Flow | None
    engaged: bool
    turn: Turn | Ignored | Immediate | None = None
    person: Person | None = None


def tell(commit: Commit, turn: Turn, reply: Reply) -> None:
    """Only the person who acted hears it: in the response where the platform shows it, else by a whisper."""
    if turn.wants_answer:
        commit.answer = reply
    else:
        commit.messages.append(
            Message(f"tell:{turn.id}:{len(commit.messages)}", "whisper", turn.place, reply, turn.account)
        )


async def finish(tools: Tools, claimed: Claimed, seen: Seen, commit: Commit) -> Commit:
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def write_all(tools: Tools, c: Connection, claimed: Claimed, seen: Seen, commit: Commit) -> None:
    """Long messages become several here, where it is known which platform they go to."""
    whole: list[Message] = []
    for message in commit.messages:
        client = tools.clients.get(message.place.platform)
        whole += split(client, message) if client else [message]
    commit.messages = whole
    await write(c, claimed.tenant, claimed.key, seen.row.id, commit)
    commit.head = await next_to_send(tools, c, claimed)
    commit.written = True


async def next_to_send(tools: Tools, c: Connection, claimed: Claimed) -> Waiting | None:
    """The next message; one that may go at once is marked as being sent in the same transaction."""
    waiting = await outbox.next_waiting(c, claimed.tenant, claimed.key)
    if waiting is None or not waiting.due or waiting.expired or waiting.state != "queued":
        return waiting
    message = waiting.message
    # What is shown at most once is marked just before it is shown, or a crash would lose it.
    if message.kind in ("whisper", "form") or message.place.platform not in tools.clients:
        return waiting
    if waiting.attempts >= outbox.MOST_ATTEMPTS or tools.pacer.wait(message) > 0:
        return waiting
    marked_at = time.monotonic()
    await outbox.sending(c, claimed.tenant, message.id)
    return replace(waiting, marked_at=marked_at)


def split(client: Client, message: Message) -> list[Message]:
    """A post that is too long for the platform, as several; the last keeps the id and the buttons."""
    if message.kind != "post" or not isinstance(message.content, Reply):
        return [message]
    *before, last = client.parts(message.content)
    parts = [
        replace(message, id=f"{message.id}.part{at}", content=part, then_turn=None)
        for at, part in enumerate(before)
    ]
    return [*parts, replace(message, content=last)]


_showing: set[asyncio.Task[None]] = set()


def show_working(tools: Tools, turn: Turn) -> None:
    """Lets the person see that an answer is coming; never waited for, and never in the answer's way."""

    async def show() -> None:
        with suppress(PlatformError):
            await tools.clients[turn.place.platform].working(turn.place, turn.account)

    task = asyncio.create_task(show())
    _showing.add(task)
    task.add_done_callback(_showing.discard)
