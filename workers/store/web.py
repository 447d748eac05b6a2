"""web_conversations and web_messages: what is said on the web, in the order in which it was said.

A conversation's counter is raised under its row's lock, so numbers become visible in their order: whoever
has seen one has seen all before it, and asks for what is newer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from bot.platforms.web.base import Row
from workers.store.door import Connection

_ROW = "id, seq, first_seq, kind, content"


async def counted(c: Connection, tenant: UUID, channel: str, user: str) -> int:
    """The conversation's next number, which nobody else gets; the row is ours until the commit."""
    number: int = await c.fetchval(
        "insert into web_conversations (tenant_id, channel, user_id, last_seq) values ($1, $2, $3, 1)"
        " on conflict (tenant_id, channel) do update set last_seq = web_conversations.last_seq + 1,"
        " changed_at = now() returning last_seq",
        tenant,
        channel,
        user,
    )
    return number


async def last(c: Connection, tenant: UUID, channel: str) -> int:
    found: int | None = await c.fetchval(
        "select last_seq from web_conversations where tenant_id = $1 and channel = $2", tenant, channel
    )
    return found or 0


async def has_room(c: Connection, tenant: UUID, channel: str, user: str, most: int) -> bool:
    """Whether it is one of theirs already, or they have fewer than `most`."""
    room: bool = await c.fetchval(
        "select exists (select 1 from web_conversations where tenant_id = $1 and channel = $2)"
        " or (select count(*) from (select 1 from web_conversations where tenant_id = $1 and user_id = $3"
        " limit $4) theirs) < $4",
        tenant,
        channel,
        user,
        most,
    )
    return room


async def put(
    c: Connection, tenant: UUID, channel: str, user: str, id: str, kind: str, body: Mapping[str, Any]
) -> int:
    """Its number; one that is there already keeps its own."""
    number = await counted(c, tenant, channel, user)
    made = await c.fetchval(
        "insert into web_messages (tenant_id, channel, id, seq, first_seq, kind, content)"
        " values ($1, $2, $3, $4, $4, $5, $6) on conflict (tenant_id, channel, id) do nothing returning seq",
        tenant,
        channel,
        id,
        number,
        kind,
        orjson.dumps(dict(body)).decode(),
    )
    if made is not None:
        return number
    there = await by_id(c, tenant, channel, id)
    return there.seq if there else number


async def change(
    c: Connection, tenant: UUID, channel: str, user: str, id: str, kind: str, body: Mapping[str, Any]
) -> int | None:
    """Its new number; None where there is none, or none any more."""
    number = await counted(c, tenant, channel, user)
    changed: int | None = await c.fetchval(
        "update web_messages set seq = $4, kind = $5, content = $6, changed_at = now()"
        " where tenant_id = $1 and channel = $2 and id = $3 returning seq",
        tenant,
        channel,
        id,
        number,
        kind,
        orjson.dumps(dict(body)).decode(),
    )
    return changed


async def by_id(c: Connection, tenant: UUID, channel: str, id: str) -> Row | None:
    row = await c.fetchrow(
        f"select {_ROW} from web_messages where tenant_id = $1 and channel = $2 and id = $3",  # noqa: S608
        tenant,
        channel,
        id,
    )
    return _row(row) if row else None


async def after(c: Connection, tenant: UUID, channel: str, seen: int, most: int) -> list[Row]:
    rows = await c.fetch(
        f"select {_ROW} from web_messages where tenant_id = $1 and channel = $2 and seq > $3"  # noqa: S608
        " order by seq limit $4",
        tenant,
        channel,
        seen,
        most,
    )
    return [_row(row) for row in rows]


async def newest(c: Connection, tenant: UUID, channel: str, most: int) -> list[Row]:
    rows = await c.fetch(
        f"select {_ROW} from web_messages where tenant_id = $1 and channel = $2"  # noqa: S608
        " order by seq desc limit $3",
        tenant,
        channel,
        most,
    )
    return [_row(row) for row in reversed(rows)]


async def take_away(c: Connection, tenant: UUID, channel: str, id: str, kind: str) -> None:
    await c.execute(
        "delete from web_messages where tenant_id = $1 and channel = $2 and id = $3 and kind = $4",
        tenant,
        channel,
        id,
        kind,
    )


async def settled(c: Connection, tenant: UUID, conversation: str) -> bool:
    """Whether nothing of the conversation could be dealt with now: a thing heard, said, or called."""
    busy: bool = await c.fetchval(
        "select exists (select 1 from inbox where tenant_id = $1 and conversation = $2 and state = 0)"
        " or exists (select 1 from outbox where tenant_id = $1 and conversation = $2"
        " and state in ('queued', 'sending'))"
        " or exists (select 1 from effects e where e.tenant_id = $1 and e.state in ('queued', 'running')"
        " and e.conversation = $2)",
        tenant,
        conversation,
    )
    return not busy


async def drop_old(c: Connection, tenant: UUID, age: float, most: int) -> int:
    """What nobody changed for `age` seconds."""
    gone = await c.fetch(
        "delete from web_messages where tenant_id = $1 and (channel, id) in (select channel, id"
        " from web_messages where tenant_id = $1 and changed_at < now() - make_interval(secs => $2)"
        " order by changed_at limit $3) returning 1",
        tenant,
        age,
        most,
    )
    return len(gone)


def _row(row: Any) -> Row:
    return Row(row["id"], row["seq"], row["first_seq"], row["kind"], orjson.loads(row["content"]))
