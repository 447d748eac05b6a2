"""outbox: what is to be said, in the order in which a conversation said it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from bot.reply import Form, Reply
from bot.turn import Account, Place, Turn
from workers.store import codec
from workers.store.door import Connection

Kind = Literal["post", "update", "whisper", "form", "home", "direct"]


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to say. `id` is also the marker by which a message can be found again.

    `target` is the id of the message that an update replaces. `then_turn` is put into the inbox,
    in the thread that this message starts, in the transaction that notes it as sent.
    `lasts` in seconds: a form cannot be opened later than that.
    """

    id: str
    kind: Kind
    place: Place
    content: Reply | Form
    account: Account | None = None
    target: str | None = None
    trigger: str | None = None
    then_turn: Turn | None = None
    lasts: float | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is not sent yet, and what is known of the one that it replaces."""

    message: Message
    seq: int
    state: str
    attempts: int
    tried_at: datetime | None
    not_before: datetime
    due: bool
    expired: bool
    target_external: str | None = None
    target_thread: str | None = None
    target_state: str | None = None
    trace: str | None = None
    superseded: bool = False  # a newer update of the same message waits behind it
    marked_at: float | None = None  # by ourselves, in the transaction that read it; the process's own clock


MOST_ATTEMPTS = 14

# Of the messages to one channel only the oldest may be sent.
HEAD = (
    "o.state in ('queued', 'sending') and not exists (select 1 from outbox b where b.tenant_id = o.tenant_id"
    " and b.conversation = o.conversation and b.state in ('queued', 'sending') and b.seq < o.seq"
    " and b.place->>'channel' = o.place->>'channel')"
)


# What is known of a message that waits, `o`, and of the one that it replaces, `t`.
_WAITING = (
    "select o.*, o.not_before <= now() as due, o.expires_at < now() as expired,"  # noqa: S608 (a constant)
    " t.external_id as target_external, t.thread as target_thread, t.state as target_state,"
    " o.target is not null and exists (select 1 from outbox n where n.tenant_id = o.tenant_id"
    "  and n.conversation = o.conversation and n.state = 'queued' and n.seq > o.seq"
    "  and n.target = o.target) as superseded"
    " from outbox o left join outbox t on t.tenant_id = o.tenant_id and t.id = o.target"
    f" where o.tenant_id = $1 and o.conversation = $2 and {HEAD}"
)


async def next_waiting(c: Connection, tenant: UUID, conversation: str) -> Waiting | None:
    """The next to be sent: the first that is due, else the first of all, due or not.

    Order is kept within a channel. A channel that has to wait holds up no other: what the
    approvers are told may be late, and the thread goes on.
    """
    row = await c.fetchrow(
        f"{_WAITING} order by (o.not_before <= now()) desc, o.seq limit 1", tenant, conversation
    )
    return _waiting(row) if row is not None else None


async def heads(c: Connection, tenant: UUID, conversation: str, most: int) -> list[Waiting]:
    """The next of each channel, of those that are due."""
    rows = await c.fetch(
        f"{_WAITING} and o.not_before <= now() order by o.seq limit $3", tenant, conversation, most
    )
    return [_waiting(row) for row in rows]


def _waiting(row: Mapping[str, Any]) -> Waiting:
    return Waiting(
        Message(
            row["id"],
            row["kind"],
            codec.loads(row["place"]),
            codec.loads(row["content"]),
            codec.loads(row["account"]) if row["account"] else None,
            row["target"],
            row["trigger"],
            codec.loads(row["then_turn"]) if row["then_turn"] else None,
        ),
        row["seq"],
        row["state"],
        row["attempts"],
        row["tried_at"],
        row["not_before"],
        row["due"],
        row["expired"],
        row["target_external"],
        row["target_thread"],
        row["target_state"],
        row["trace"],
        row["superseded"],
    )


async def sending(c: Connection, tenant: UUID, id: str) -> None:
    """About to be sent: whoever finds it like this looks it up before sending it again."""
    await c.execute(
        "update outbox set state = 'sending', attempts = attempts + 1, tried_at = coalesce(tried_at, now())"
        " where tenant_id = $1 and id = $2",
        tenant,
        id,
    )


async def later(c: Connection, tenant: UUID, id: str, pause: float, error: str, *, definite: bool) -> None:
    """Again in `pause` seconds. `definite`: it is certain that it was not sent, so no look-up is needed."""
    await c.execute(
        "update outbox set not_before = now() + make_interval(secs => $3), error = $4,"
        " state = case when $5 then 'queued' else 'sending' end where tenant_id = $1 and id = $2",
        tenant,
        id,
        pause,
        error[:300],
        definite,
    )


async def places(c: Connection, tenant: UUID, ids: list[str]) -> list[tuple[str, Place]]:
    """Where each of these went, of those that are there."""
    rows = await c.fetch(
        "select id, place from outbox where tenant_id = $1 and id = any($2) order by id", tenant, ids
    )
    return [(row["id"], codec.loads(row["place"])) for row in rows]


async def hold(c: Connection, tenant: UUID, id: str, pause: float) -> None:
    """It is not its turn yet: again in `pause` seconds. Nothing was tried."""
    await c.execute(
        "update outbox set not_before = now() + make_interval(secs => $3) where tenant_id = $1 and id = $2",
        tenant,
        id,
        pause,
    )


async def refused(c: Connection, tenant: UUID, id: str, pause: float, error: str) -> None:
    """The platform wants less of us for a while. It was not sent, and that was no attempt of its own."""
    await c.execute(
        "update outbox set not_before = now() + make_interval(secs => $3), error = $4, state = 'queued',"
        " attempts = attempts - 1 where tenant_id = $1 and id = $2",
        tenant,
        id,
        pause,
        error[:300],
    )


async def give_up(c: Connection, tenant: UUID, id: str, state: str, error: str) -> None:
    """`failed` or `dropped`: it will not be sent."""
    await c.execute(
        "update outbox set state = $3, error = $4, sent_at = now() where tenant_id = $1 and id = $2",
        tenant,
        id,
        state,
        error[:300],
    )
