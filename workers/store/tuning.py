"""What an export for tuning looks at: finished runs with where their words came from, and what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bot.reply import Reply
from workers.store import codec
from workers.store.door import Connection

MOST_NAMES = 20_000
# Whose tools bring in nobody else's words. Any other may: an allow-list, as for platforms.
OURS = ["stripe", "knowledge", "flow", "schedule"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that is over. `platforms`: of its place, its conversation, its messages, each copy of its
    approvals' cards, each press on one, and whoever it was handed to.

    `approved`: calls that ran because somebody approved them; `liked`, `disliked`: thumbs below it.
    `voices`: whether anybody but the requester may have put words into it, be it through a service that
    holds what others wrote (tickets, pages of Notion, files) or through an address; `before`: whether it
    read what was said in the thread before.
    """

    run: str
    requester: UUID
    flow: str
    status: str
    conversation: str
    started_at: datetime
    platforms: frozenset[str]
    approved: int
    failed: int
    liked: int
    disliked: int
    voices: bool
    before: bool
    complained: bool


_CANDIDATES = """
select r.id as run, r.requester, r.flow, r.status, r.conversation, r.started_at,
  array(
    select r.place->>'platform'
    union select split_part(r.conversation, ':', 1)
    union select o.place->>'platform' from outbox o
      where o.tenant_id = r.tenant_id and o.conversation = r.conversation and split_part(o.id, ':', 1) = r.id
    union select o.place->>'platform' from approvals a
      join approval_cards k on k.tenant_id = a.tenant_id and k.approval_id = a.id
      join outbox o on o.tenant_id = k.tenant_id and o.id = k.outbox_id
      where a.tenant_id = r.tenant_id and a.run_id = r.id
    union select d.platform from approvals a
      join decisions d on d.tenant_id = a.tenant_id and d.approval_id = a.id
      where a.tenant_id = r.tenant_id and a.run_id = r.id
    union select h.place->>'platform' from handoffs h
      where h.tenant_id = r.tenant_id and h.run_id = r.id and h.place is not null
  ) as platforms,
  (select count(*) from approvals a where a.tenant_id = r.tenant_id and a.run_id = r.id
    and a.state = 'used') as approved,
  (select count(*) from effects e where e.tenant_id = r.tenant_id and e.run_id = r.id
    and e.state in ('failed', 'unknown', 'dead')) as failed,
  (select count(*) from feedback f where f.tenant_id = r.tenant_id and f.conversation = r.conversation
    and split_part(f.said, ':', 1) = r.id and f.up and f.person_id = r.requester) as liked,
  (select count(*) from feedback f where f.tenant_id = r.tenant_id and f.conversation = r.conversation
    and split_part(f.said, ':', 1) = r.id and not f.up) as disliked,
  exists (select 1 from handoffs h where h.tenant_id = r.tenant_id and h.run_id = r.id)
    or exists (select 1 from approvals a join approval_questions q
      on q.tenant_id = a.tenant_id and q.approval_id = a.id
      where a.tenant_id = r.tenant_id and a.run_id = r.id)
    or exists (select 1 from approvals a join approval_edits x
      on x.tenant_id = a.tenant_id and x.approval_id = a.id
      where a.tenant_id = r.tenant_id and a.run_id = r.id)
    or exists (select 1 from approvals a where a.tenant_id = r.tenant_id and a.run_id = r.id
      and coalesce(a.reason, '') <> '')
    or exists (select 1 from effects e where e.tenant_id = r.tenant_id and e.run_id = r.id
      and split_part(e.tool, '.', 1) <> all ($4)) as voices,
  coalesce(r.state->>'conversation', '') <> '' as before,
  coalesce((r.state->>'complained')::boolean, false) as complained
from runs r
where r.tenant_id = $1 and r.finished_at is not null and r.id > $2
order by r.id limit $3
"""


async def candidates(c: Connection, tenant: UUID, after: str, most: int) -> list[Candidate]:
    """Runs that are over, by their ids, from the first behind `after`."""
    rows = await c.fetch(_CANDIDATES, tenant, after, most, OURS)
    return [
        Candidate(**{**dict(row), "platforms": frozenset(each or "" for each in row["platforms"])})
        for row in rows
    ]


async def events(c: Connection, tenant: UUID, run: str) -> list[tuple[datetime, Any, str]]:
    """When, what, and of the first the words that it began with. Empty where the beginning is gone."""
    rows = await c.fetch(
        "select seq, at, event, began->>'unread' as unread from history where tenant_id = $1 and run_id = $2"
        " order by seq",
        tenant,
        run,
    )
    if not rows or rows[0]["seq"] != 0:
        return []
    return [(row["at"], codec.loads(bytes(row["event"])), row["unread"] or "") for row in rows]


async def posts(c: Connection, tenant: UUID, conversation: str, run: str) -> list[tuple[datetime, str]]:
    """What the run said, in its order; a message in parts is several."""
    rows = await c.fetch(
        "select created_at, content from outbox where tenant_id = $1 and conversation = $2"
        " and split_part(id, ':', 1) = $3 and kind = 'post' and state = 'sent' order by seq",
        tenant,
        conversation,
        run,
    )
    found = [(row["created_at"], codec.loads(row["content"])) for row in rows if row["content"]]
    return [(at, reply.text) for at, reply in found if isinstance(reply, Reply)]


async def names(c: Connection, tenant: UUID) -> Sequence[str]:
    """What anybody here is called."""
    rows = await c.fetch(
        "select name from people where tenant_id = $1 union select name from accounts where tenant_id = $1"
        " limit $2",
        tenant,
        MOST_NAMES,
    )
    return [row["name"] for row in rows]
