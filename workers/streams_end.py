"""Where a preview begins and ends: expected with the call, taken over by what the run says of its result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID

from bot.errors import PlatformError
from bot.platforms.base import Client
from bot.platforms.streaming import MARK, Grown, Streams, streams_of
from bot.reply import Reply
from flows.events import Event, Failed, Finished
from flows.flow import Flow
from flows.streamed import CALL, step_of, streamed
from workers import streams_keeper
from workers.commit import Commit
from workers.seen import Tools, as_said
from workers.store import streams
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.outbox import Message, Waiting
from workers.store.runs import Stored
from workers.store.streams import Stream
from workers.streams import LEASE

PAUSE = 0.15  # seconds until it is looked again whether another engine has let go


class NotYet(Exception):
    """Another engine speaks for this message until it says that it is done, or its time is over."""


# ── in the transaction that decides ──────────────────────────────────────────────────────


async def expect(
    tools: Tools, c: Connection, claimed: Claimed, stored: Stored, flow: Flow, commit: Commit
) -> None:
    """Calls of a model whose words the next step says are shown while they come."""
    if tools.previews is None or not tools.previews.can_show(stored.place):
        return
    requester = UUID(stored.run.requester.id)
    for call, _, _, state in commit.intents:
        mine = call.tool == CALL and state == "queued" and call.key.startswith(f"{stored.run.id}:")
        if not mine or not streamed(flow, call.step):
            continue
        account = await streams.account_of(c, claimed.tenant, requester, stored.place)
        await streams.expect(
            c, claimed.tenant, call.key, claimed.key, stored.place, requester, account,
            tools.previews.name, LEASE,
        )  # fmt: skip
        tools.previews.expect(claimed.tenant, call.key, stored.place, account, requester)


async def take_over(
    tools: Tools, c: Connection, tenant: UUID, stored: Stored, flow: Flow, event: Event, commit: Commit
) -> None:
    """What the run says of the result becomes the last form of the message that grew."""
    if not isinstance(event, Finished | Failed) or not streamed(flow, step_of(event.key)):
        return
    stream = await streams.by_key(c, tenant, event.key)
    if stream is None:
        return
    at = _said(commit.messages, stored)
    if at is None:
        return  # whoever kept it closes it
    said = as_said(tools, commit.messages[at])
    client = tools.clients.get(said.place.platform)
    pieces = client.parts(said.content) if client and isinstance(said.content, Reply) else (said.content,)
    commit.messages[at : at + 1] = [
        replace(
            said,
            id=said.id if number == len(pieces) else f"{said.id}.part{number - 1}",
            kind="update",
            content=each,
            target=f"{MARK}{event.key}#{number}/{len(pieces)}",
        )
        for number, each in enumerate(pieces, 1)
    ]
    await streams.taken(c, tenant, event.key, said.id)


def _said(messages: Sequence[Message], stored: Stored) -> int | None:
    """The first that a model wrote, else the first: of this run, in its own place."""
    mine = [
        at
        for at, each in enumerate(messages)
        if each.kind == "post" and each.id.startswith(f"{stored.run.id}:") and each.place == stored.place
    ]
    wrote = [at for at in mine if getattr(messages[at].content, "generated", False)]
    return next(iter(wrote or mine), None)


# ── when it is said ──────────────────────────────────────────────────────────────────────


def is_final(message: Message) -> bool:
    return message.kind == "update" and (message.target or "").startswith(MARK)


async def finish(
    tools: Tools,
    claimed: Claimed,
    waiting: Waiting,
    client: Client,
    post: Callable[[Client, Waiting, Reply], Awaitable[tuple[str, str | None]]],
) -> tuple[str, str | None]:
    """Its id and thread. In place of what grew, or as a message of its own where nothing did.

    As often as one likes: whatever died before, there is one message with the whole text. Raises `NotYet`.
    """
    message = waiting.message
    assert isinstance(message.content, Reply)
    key, number, count = _aimed(message.target or "")
    growing = streams_of(client)
    async with tools.db.tenant(claimed.tenant) as c:
        stream = await streams.by_key(c, claimed.tenant, key)
    if stream is None or growing is None:
        return await post(client, waiting, message.content)
    if not stream.free:
        if tools.previews is not None:
            await tools.previews.end(stream)
        async with tools.db.tenant(claimed.tenant) as c:
            stream = await streams.by_key(c, claimed.tenant, key)
        if stream is None or not stream.free:
            raise NotYet
    there = await streams_keeper.left(growing, stream)
    if len(there) > len(stream.messages):
        await _note(tools, claimed, stream, there)
    said = await _say(growing, there, waiting, client, number, post)
    if number == count:
        for grown in there[count:]:
            await growing.close(grown)
        async with tools.db.tenant(claimed.tenant) as c:
            await streams.closed(c, claimed.tenant, key)
    return said


async def _say(
    growing: Streams,
    there: Sequence[Grown],
    waiting: Waiting,
    client: Client,
    number: int,
    post: Callable[[Client, Waiting, Reply], Awaitable[tuple[str, str | None]]],
) -> tuple[str, str | None]:
    content = waiting.message.content
    assert isinstance(content, Reply)
    if number <= len(there):
        try:
            sent = await growing.finish(there[number - 1], content, marker=waiting.message.id)
            return sent.id, sent.thread or waiting.message.place.thread
        except PlatformError as error:
            # It was taken away, or it cannot be changed any more. A new message says it.
            if error.retryable:
                raise
    if waiting.message.id.startswith(MARK):
        return "", None  # a change that was in doubt, made once more (`settling`): it was posted anew then
    return await post(client, waiting, content)


async def _note(tools: Tools, claimed: Claimed, stream: Stream, there: Sequence[Grown]) -> None:
    async with tools.db.tenant(claimed.tenant) as c:
        await streams.grown(c, claimed.tenant, stream.key, 0.0, there)


def _aimed(target: str) -> tuple[str, int, int]:
    key, _, part = target.removeprefix(MARK).rpartition("#")
    number, _, count = part.partition("/")
    return key, int(number), int(count)
