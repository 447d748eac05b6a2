"""The end of a turn, a round trip each: its row is done and what it says is queued; its message was sent.

The statements are functions of the database (migration 0009), which set the tenant for themselves.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from bot import tracing
from workers.store import codec
from workers.store.conversations import Claimed
from workers.store.door import Caller, Connection, Lost
from workers.store.outbox import Message, Waiting

ENQUEUE = "select * from enqueue($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"


@dataclass(frozen=True, slots=True)
class Queued:
    """`marked`: the first message, where it is marked as being sent. `busy`: others waited before."""

    marked: Waiting | None
    busy: bool


async def add(c: Connection, tenant: UUID, conversation: str, messages: Sequence[Message]) -> None:
    """At the end of the conversation's queue; a message whose id is there already is left alone."""
    if messages:
        given = (tenant, conversation, None, 0.0, None, None, False)
        await c.fetchrow(ENQUEUE, *given, *_columns(messages), tracing.current())


async def close(
    c: Caller,
    claimed: Claimed,
    lease: float,
    row: int,
    answer: Any,
    messages: Sequence[Message],
    *,
    at_once: bool,
) -> Queued:
    """The row is done with, `messages` are queued. `at_once`: the first may be sent now. Raises `Lost`."""
    kept = codec.dumps(answer) if answer is not None else None
    given = (claimed.tenant, claimed.key, claimed.fence, lease, row, kept, at_once and bool(messages))
    marked_at = time.monotonic()
    found = await c.fetchrow(ENQUEUE, *given, *_columns(messages), tracing.current())
    if found["last"] is None:
        raise Lost(claimed.key)
    if found["marked"] is None:
        return Queued(None, found["busy"])
    now = datetime.now(UTC)
    first = Waiting(messages[0], found["marked"], "queued", 0, None, now, due=True, expired=False,
                    trace=tracing.current(), marked_at=marked_at)  # fmt: skip
    return Queued(first, found["busy"])


Sent = Literal["more", "due", "given back"]


async def sent(c: Caller, claimed: Claimed, id: str, external_id: str | None, thread: str | None) -> Sent:
    """A message was sent, by whoever holds the conversation. Raises `Lost`.

    Answers whether more is to be sent; or something else is due; or, because nothing is, the
    conversation was given back.
    """
    row = await c.fetchrow(
        "select sent($1, $2, $3, $4, $5, $6) as after",
        claimed.tenant,
        claimed.key,
        claimed.fence,
        id,
        external_id,
        thread,
    )
    if row["after"] == "lost":
        raise Lost(claimed.key)
    after: Sent = row["after"]
    return after


def _columns(messages: Sequence[Message]) -> list[list[Any]]:
    """A list for each of the nine columns from $8 on."""
    rows = [
        (
            message.id,
            message.kind,
            codec.dumps(message.place),
            codec.dumps(message.account) if message.account else None,
            message.target,
            message.trigger,
            codec.dumps(message.content),
            codec.dumps(message.then_turn) if message.then_turn else None,
            message.lasts,
        )
        for message in messages
    ]
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(9)]
