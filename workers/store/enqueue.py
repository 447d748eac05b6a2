"""The end of a turn, a statement each: its row is done and what it says is queued; its message was sent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from bot import tracing
from workers.store import codec
from workers.store.conversations import Claimed
from workers.store.door import Connection, Lost
from workers.store.outbox import Message, Waiting

# $3 and $5 are null where nobody's lease and no row is meant. $7: the first message may be marked as
# being sent, if nothing waits before it. A message whose id is there already is left alone.
ENQUEUE = """
with done as (
  update inbox set state = 1, done_at = now(), answer = $6 where tenant_id = $1 and id = $5::bigint
), n as (
  update conversations set seq = seq + cardinality($8::text[]), lease_until =
    case when $3::bigint is null then lease_until else now() + make_interval(secs => $4::float8) end
  where tenant_id = $1 and key = $2 and fence = coalesce($3, fence) returning seq
), w as (
  select exists (select 1 from outbox where tenant_id = $1 and conversation = $2
    and state in ('queued', 'sending')) as busy
), put as (
  insert into outbox (tenant_id, id, conversation, seq, kind, place, account, target, trigger, content,
    then_turn, expires_at, trace, state, attempts, tried_at)
  select $1, m.id, $2, n.seq - cardinality($8::text[]) + m.at, m.kind, m.place, m.account, m.target,
    m.trigger, m.content, m.then_turn, coalesce(now() + make_interval(secs => m.lasts), 'infinity'), $17,
    case when s.now then 'sending' else 'queued' end, case when s.now then 1 else 0 end,
    case when s.now then now() end
  from n, w, unnest($8::text[], $9::text[], $10::jsonb[], $11::jsonb[], $12::text[], $13::text[],
    $14::jsonb[], $15::jsonb[], $16::float8[]) with ordinality
      as m(id, kind, place, account, target, trigger, content, then_turn, lasts, at),
    lateral (select m.at = 1 and $7 and not w.busy as now) s
  on conflict do nothing returning seq, state
)
select (select seq from n) as last, (select busy from w) as busy,
  (select seq from put where state = 'sending') as marked
"""


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
    c: Connection,
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


async def sent(c: Connection, claimed: Claimed, id: str, external_id: str | None, thread: str | None) -> bool:
    """A message was sent, by whoever holds the conversation, whose row this locks. Raises `Lost`.

    Answers whether nothing is left to be sent.
    """
    row = await c.fetchrow(
        "with held as (select 1 from conversations where tenant_id = $1 and key = $2 and fence = $3"
        "  for update),"
        " s as (update outbox set state = 'sent', external_id = $5, thread = $6, sent_at = now(),"
        "   error = null where tenant_id = $1 and id = $4 and exists (select 1 from held))"
        " select exists (select 1 from held) as held, not exists (select 1 from outbox where tenant_id = $1"
        "  and conversation = $2 and state in ('queued', 'sending') and id <> $4) as last",
        claimed.tenant,
        claimed.key,
        claimed.fence,
        id,
        external_id,
        thread,
    )
    if not row["held"]:
        raise Lost(claimed.key)
    last: bool = row["last"]
    return last


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
