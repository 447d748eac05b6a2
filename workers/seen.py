"""What dealing with a turn needs, what was read for it, and the one way it is written."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot import faults
from bot.errors import PlatformError
from bot.platforms.base import Client, Door
from bot.reply import Reply
from bot.text_out import NOWHERE, Listed, guarded
from bot.turn import Ignored, Immediate, Pressed, Turn
from flows.flow import Flow
from integrations.models.base import Reader
from workers.approve import Rules
from workers.commit import Commit, write
from workers.extensions import Extensions
from workers.known import Library, World
from workers.model_meter import Meter, tell_where
from workers.pacing import Pacer
from workers.store import enqueue, outbox
from workers.store.conversations import Claimed
from workers.store.door import Connection, Database
from workers.store.files import Read
from workers.store.inbox import Row
from workers.store.outbox import Message, Waiting
from workers.store.people import Person
from workers.store.runs import Stored
from workers.tone_spoken import put_in_tone

if TYPE_CHECKING:
    from workers.forget.desk import Desk
    from workers.memory.desk import Desk as MemoryDesk
    from workers.streams import Previews


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
    wake: Callable[[], None] = lambda: None  # an engine should look: something is due elsewhere
    link_hosts: Listed = NOWHERE  # where words of a model may lead
    previews: Previews | None = None  # what models write, shown while they write it
    meter: Meter | None = None  # counts what models are asked, where there are any
    forgetting: Desk | None = None
    memory: MemoryDesk | None = None  # what is remembered of people


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
    files: tuple[Read, ...] = ()  # what was read of the files that came with it

    @property
    def awaited(self) -> bool:
        """Somebody waits for its answer at the door."""
        return isinstance(self.turn, Turn) and self.turn.wants_answer


def tell(commit: Commit, turn: Turn, reply: Reply) -> None:
    """Only the person who acted hears it: in the response where the platform shows it, else by a whisper,
    in place of what they pressed where they alone saw that."""
    if turn.wants_answer:
        commit.answer = reply
    else:
        instead = (turn.act.instead if isinstance(turn.act, Pressed) else "") or None
        id = f"tell:{turn.id}:{len(commit.messages)}"
        commit.messages.append(Message(id, "whisper", turn.place, reply, turn.account, trigger=instead))


async def finish(tools: Tools, claimed: Claimed, seen: Seen, commit: Commit) -> Commit:
    """Writes it: where there are only words, in one round trip that asks for the lease by itself."""
    tell_where(commit)
    await _in_tone(tools, tools.db, claimed, seen, commit)
    if not commit.light:
        async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
            await write_all(tools, c, claimed, seen, commit)
        return commit
    at_once = _split(tools, commit)
    await faults.point("F14")
    row, answer = seen.row.id, commit.answer
    queued = await enqueue.close(
        tools.db, claimed, tools.lease, row, answer, commit.messages, at_once=at_once
    )
    commit.head, commit.written = queued.marked, True
    if queued.marked is None and (commit.messages or queued.busy):
        async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
            commit.head = await next_to_send(tools, c, claimed)
    return commit


async def write_all(tools: Tools, c: Connection, claimed: Claimed, seen: Seen, commit: Commit) -> None:
    """All of it, inside the transaction of whoever holds the conversation. Raises `Lost`."""
    tell_where(commit)
    await _in_tone(tools, c, claimed, seen, commit)
    at_once = _split(tools, commit)
    vault = tools.rules.services.keys
    queued = await write(c, claimed, tools.lease, seen.row.id, commit, at_once=at_once, vault=vault)
    commit.head = queued.marked
    if queued.marked is None and (commit.messages or queued.busy):
        commit.head = await next_to_send(tools, c, claimed)
    commit.written = True


async def _in_tone(
    tools: Tools, where: Connection | Database, claimed: Claimed, seen: Seen, commit: Commit
) -> None:
    turn = seen.turn if isinstance(seen.turn, Turn) else None
    run = seen.stored.run.requester.id if seen.stored else ""
    await put_in_tone(tools.library.dials, where, claimed.tenant, commit, turn, run)


def _split(tools: Tools, commit: Commit) -> bool:
    """Long messages become several, where it is known which platform they go to.

    Answers whether the first of them may be sent at once.
    """
    whole: list[Message] = []
    for given in commit.messages:
        message = as_said(tools, given)
        client = tools.clients.get(message.place.platform)
        whole += split(client, message) if client else [message]
    commit.messages = whole
    if isinstance(commit.answer, Reply):
        commit.answer = guarded(commit.answer, tools.link_hosts)
    return bool(whole) and whole[0].kind in ("post", "home") and _may_go(tools, whole[0])


def as_said(tools: Tools, message: Message) -> Message:
    """Words of a model are looked at before they are split, since a link may be split too."""
    if not isinstance(message.content, Reply) or not message.content.generated:
        return message
    return replace(message, content=guarded(message.content, tools.link_hosts))


def _may_go(tools: Tools, message: Message) -> bool:
    return message.place.platform in tools.clients and tools.pacer.wait(message) <= 0


async def next_to_send(tools: Tools, c: Connection, claimed: Claimed) -> Waiting | None:
    """The next message; one that may go at once is marked as being sent in the same transaction."""
    waiting = await outbox.next_waiting(c, claimed.tenant, claimed.key)
    if waiting is None or not waiting.due or waiting.expired or waiting.state != "queued":
        return waiting
    message = waiting.message
    # What is shown at most once is marked just before it is shown, or a crash would lose it.
    if message.kind in ("whisper", "form") or not _may_go(tools, message):
        return waiting
    if waiting.attempts >= outbox.MOST_ATTEMPTS:
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


_showing: dict[str, asyncio.Task[None]] = {}
UNNOTICED = 0.3  # seconds in which an answer needs no announcement


def show_working(tools: Tools, turn: Turn) -> None:
    """Lets the person see that an answer is coming, if it does not come at once; in nobody's way."""

    async def show() -> None:
        await asyncio.sleep(UNNOTICED)
        with suppress(PlatformError):
            await tools.clients[turn.place.platform].working(turn.place, turn.account)

    key = turn.place.conversation
    stop_showing(key)
    task = _showing[key] = asyncio.create_task(show())
    task.add_done_callback(lambda done: _showing.pop(key) if _showing.get(key) is done else None)


def stop_showing(conversation: str) -> None:
    """It is answered."""
    if (task := _showing.pop(conversation, None)) is not None:
        task.cancel()
