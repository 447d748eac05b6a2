"""Says what is in the outbox, in order, once: marked before, noted after, looked up in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from bot import faults, tracing
from bot.errors import PlatformError
from bot.metrics import metrics
from bot.platforms.base import Client, Replaces, Sent
from bot.reply import Form, Reply
from bot.turn import Place, Turn, TurnId
from workers import settling, streams_end
from workers.audit_notes import approval_of, shown
from workers.seen import Tools, as_said, next_to_send, stop_showing
from workers.store import approvals, audit, enqueue, inbox, outbox
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.outbox import Message, Waiting
from workers.unreached import unreached

log = structlog.get_logger()

AT_ONCE = 20  # copies of a card that are changed side by side


@dataclass(frozen=True, slots=True)
class Delivered:
    """`external` and `thread` as the platform knows them; `opened`: a turn was put into a new thread."""

    external: str | None = None
    thread: str | None = None


async def deliver(tools: Tools, claimed: Claimed, head: Waiting | None, *, looked: bool) -> bool:
    """All that is due in this conversation, in the order of each channel. True: it was given back, too.

    `looked`: `head` is what is to be sent first, as read by whoever wrote it. Each transaction
    that notes what became of a message reads the next one too, and the one that finds none gives
    the conversation back, unless something came in.
    """
    waiting = head
    if not looked:
        async with _noting(tools, claimed) as c:
            waiting = await next_to_send(tools, c, claimed)
    while waiting is not None and waiting.due:
        copies = approval_of(waiting.message) is not None
        after = await (_side_by_side if copies else _traced)(tools, claimed, waiting)
        if isinstance(after, GivenBack):
            return True
        waiting = after
    return False


class GivenBack:
    """Nothing was left to be sent or heard, and nobody holds the conversation any more."""


After = Waiting | GivenBack | None  # what is to be sent next, if anything
Next = Callable[[Tools, Connection, Claimed], Awaitable[Waiting | None]]


async def _nothing(tools: Tools, c: Connection, claimed: Claimed) -> None:
    """What is next is looked up by whoever sends several at once, when all of them are over."""


async def _side_by_side(tools: Tools, claimed: Claimed, first: Waiting) -> After:
    """Copies of a card, one in each channel: one that dawdles or refuses holds up no other."""
    async with _noting(tools, claimed) as c:
        heads = await outbox.heads(c, claimed.tenant, claimed.key, AT_ONCE)
    others = [each for each in heads if each.message.place.channel != first.message.place.channel
              and approval_of(each.message) is not None]  # fmt: skip
    if not others:
        return await _traced(tools, claimed, first)
    sent = [_traced(tools, claimed, each, _nothing) for each in (first, *others)]
    done = await asyncio.gather(*sent, return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
        if isinstance(each, GivenBack):
            return each
    async with _noting(tools, claimed) as c:
        return await next_to_send(tools, c, claimed)


async def _traced(tools: Tools, claimed: Claimed, waiting: Waiting, then: Next = next_to_send) -> After:
    with tracing.span("deliver", waiting.trace, platform=waiting.message.place.platform,
                      kind=waiting.message.kind, attempt=waiting.attempts + 1):  # fmt: skip
        return await _one(tools, claimed, waiting, then)


async def _one(tools: Tools, claimed: Claimed, waiting: Waiting, then: Next) -> After:
    message = as_said(tools, waiting.message)
    waiting = replace(waiting, message=message)
    if waiting.expired or (waiting.state == "sending" and message.kind in ("whisper", "form")):
        # Nobody can tell whether they saw it, and twice would be worse: at most once.
        return await _close(tools, claimed, waiting, "dropped", "not known to have been shown", then)
    if waiting.superseded and message.kind == "update":
        return await _close(tools, claimed, waiting, "dropped", "a newer one waits behind it", then)
    if _in_vain(waiting):
        return await _close(tools, claimed, waiting, "dropped", "what it changes never arrived", then)
    if waiting.attempts >= outbox.MOST_ATTEMPTS:
        log.error("outbox.failed", message=message.id, attempts=waiting.attempts)
        return await _close(tools, claimed, waiting, "failed", "tried too often", then)
    client = tools.clients.get(message.place.platform)
    if client is None:
        return await _close(tools, claimed, waiting, "failed", "this platform is not connected", then)
    if waiting.marked_at is None and (pause := tools.pacer.wait(message)) > 0:
        async with _noting(tools, claimed) as c:
            await outbox.hold(c, claimed.tenant, message.id, pause)
            return await then(tools, c, claimed)
    await faults.point("F31")
    if waiting.marked_at is None or time.monotonic() - waiting.marked_at > tools.lease / 4:
        # Whoever was frozen since it was marked finds out here that another has taken over.
        async with _noting(tools, claimed) as c:
            await outbox.sending(c, claimed.tenant, message.id)
    stop_showing(claimed.key)
    try:
        if streams_end.is_final(message):
            done = Delivered(*await streams_end.finish(tools, claimed, waiting, client, _said_anew))
        else:
            done = await _send(client, waiting)
    except streams_end.NotYet:
        async with _noting(tools, claimed) as c:
            await outbox.refused(c, claimed.tenant, message.id, streams_end.PAUSE, "still being shown")
            return await then(tools, c, claimed)
    except PlatformError as error:
        return await _trouble(tools, claimed, waiting, client, error, then)
    await faults.point("F32")
    tools.pacer.went(message)
    return await _sent(tools, claimed, waiting, message, done, then)


def _in_doubt(waiting: Waiting) -> bool:
    """An update that was sent before, by us or by somebody who died, and nobody knows what became of it."""
    return waiting.message.kind == "update" and waiting.state == "sending"


def _in_vain(waiting: Waiting) -> bool:
    """A copy of a card that could not be posted is not posted later on, when it is nobody's to decide."""
    lost = waiting.target_state in ("failed", "dropped")
    return lost and waiting.message.kind == "update" and approval_of(waiting.message) is not None


def _noting(tools: Tools, claimed: Claimed) -> AbstractAsyncContextManager[Connection]:
    return tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease)


async def _send(client: Client, waiting: Waiting) -> Delivered:
    message, place = waiting.message, waiting.message.place
    content = message.content
    if isinstance(content, Form):
        assert message.account is not None
        await client.open_form(place, message.account, message.trigger or "", content)
        return Delivered()
    match message.kind:
        case "whisper" if message.account and message.trigger and isinstance(client, Replaces):
            await client.whisper_instead(place, message.account, content, instead=message.trigger)
            return Delivered()
        case "whisper" if message.account:
            await client.whisper(place, message.account, content)
            return Delivered()
        case "home" if message.account:
            await client.show_home(message.account, content)
            return Delivered()
        case "update" if waiting.target_state == "sent" and waiting.target_external:
            await faults.point("F33")
            there = replace(place, thread=place.thread or waiting.target_thread)
            await client.update(there, waiting.target_external, content, marker=message.target or message.id)
            return Delivered(waiting.target_external, waiting.target_thread)
    return await _post(client, waiting, content)


async def _post(client: Client, waiting: Waiting, content: Reply) -> Delivered:
    message = waiting.message
    if waiting.state == "sending" and waiting.tried_at is not None:
        found = await _find(client, message, waiting.tried_at.timestamp())
        if found is not None:
            return Delivered(found.id, found.thread)
    sent = await client.post(message.place, content, marker=message.id)
    return Delivered(sent.id, sent.thread)


async def _said_anew(client: Client, waiting: Waiting, content: Reply) -> tuple[str, str | None]:
    done = await _post(client, waiting, content)
    return done.external or "", done.thread


async def _find(client: Client, message: Message, since: float) -> Sent | None:
    """Was it posted by whoever died, or timed out? Where the platform cannot tell, we say it again:
    a message that comes twice is a nuisance, one that never comes leaves somebody waiting."""
    try:
        return await client.find(message.place, marker=message.id, since=since - 5)
    except PlatformError as error:
        if error.unknown and not error.retryable:
            return None
        raise


async def _sent(
    tools: Tools, claimed: Claimed, waiting: Waiting, message: Message, done: Delivered, then: Next
) -> After:
    """Notes it. Was it the last and nothing came in, the conversation is given back with it."""
    await faults.point("F16")
    if (id := approval_of(message)) is not None or _in_doubt(waiting):
        async with _noting(tools, claimed) as c:
            if id is not None:
                await _shown(tools, c, claimed.tenant, id, message, done)
            if _in_doubt(waiting):
                await settling.later(c, claimed.tenant, claimed.key, message)
            after = await enqueue.sent(c, claimed, message.id, done.external, done.thread)
    elif message.then_turn is not None and done.external:
        async with _noting(tools, claimed) as c:
            thread = done.thread or done.external
            inside = inside_thread(message.then_turn, message.place, thread)
            await inbox.add_turn(c, claimed.tenant, inside.place.conversation, str(inside.id), inside)
            after = await enqueue.sent(c, claimed, message.id, done.external, done.thread)
        tools.wake()
    else:
        after = await enqueue.sent(tools.db, claimed, message.id, done.external, done.thread)
    if after == "given back":
        return GivenBack()
    if after == "due" or then is _nothing:
        return None
    async with _noting(tools, claimed) as c:
        return await then(tools, c, claimed)


async def _shown(
    tools: Tools, c: Connection, tenant: UUID, id: str, message: Message, done: Delivered
) -> None:
    """Which card was shown where, in the transaction that notes it as sent."""
    approval = await approvals.by_id(c, tenant, id)
    if approval is not None:
        details = shown(message, approval, done.external)
        await audit.record(c, tenant, "card.shown", vault=tools.rules.services.keys, **details)


def inside_thread(turn: Turn, place: Place, thread: str) -> Turn:
    """The command, as heard in the thread that was opened for it."""
    return replace(turn, id=TurnId(f"{turn.id}:inside"), place=replace(place, thread=thread))


async def _trouble(
    tools: Tools, claimed: Claimed, waiting: Waiting, client: Client, error: PlatformError, then: Next
) -> After:
    message, tenant = waiting.message, claimed.tenant
    log.warning("outbox.trouble", message=message.id, kind=message.kind, problem=str(error))
    if error.limited and not error.unknown:
        pause = tools.pacer.refused(message, error.retry_after)
        metrics().retry("outbox", "limited")
        async with _noting(tools, claimed) as c:
            await outbox.refused(c, tenant, message.id, pause, str(error))
            return await then(tools, c, claimed)
    if error.retryable or error.unknown:
        pause = tools.pacer.again(message, waiting.attempts + 1, error.retry_after)
        metrics().retry("outbox", "unknown" if error.unknown else "trouble")
        async with _noting(tools, claimed) as c:
            await outbox.later(c, tenant, message.id, pause, str(error), definite=not error.unknown)
            return await then(tools, c, claimed)
    if message.then_turn is not None and message.account is not None and not message.place.private:
        return await _elsewhere(tools, claimed, waiting, client, then)
    return await _close(tools, claimed, waiting, "failed", str(error), then)


async def _elsewhere(tools: Tools, claimed: Claimed, waiting: Waiting, client: Client, then: Next) -> After:
    """We are not in that channel: the command is answered in private instead."""
    message = waiting.message
    assert message.account is not None
    try:
        place = await client.direct(message.account)
        assert isinstance(message.content, Reply)
        sent = await client.post(place, message.content, marker=message.id)
    except PlatformError as error:
        return await _close(tools, claimed, waiting, "failed", str(error), then)
    done = Delivered(sent.id, sent.thread)
    return await _sent(tools, claimed, waiting, replace(message, place=place), done, then)


async def _close(tools: Tools, claimed: Claimed, waiting: Waiting, state: str, why: str, then: Next) -> After:
    message = waiting.message
    async with _noting(tools, claimed) as c:
        await outbox.give_up(c, claimed.tenant, message.id, state, why)
        if message.kind == "post":
            await unreached(c, claimed.tenant, message.id)
        if _in_doubt(waiting):
            await settling.later(c, claimed.tenant, claimed.key, message)
        return await then(tools, c, claimed)
