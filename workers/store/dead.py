"""What went wrong for good and waits for somebody: effects, events and messages, by reference.

A reference is `effect:<key>`, `inbox:<number>` or `outbox:<id>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from workers.store import doubts
from workers.store.conversations import wake
from workers.store.door import Connection
from workers.store.schema import metadata

Kind = Literal["effect", "inbox", "outbox"]
MOST = 500

_LIST = (
    "select 'effect' as kind, e.key as id, e.state, e.tool as what, p.name as person, e.error as why,"
    "  e.finished_at as since from effects e join runs r on r.tenant_id = e.tenant_id and r.id = e.run_id"
    "  join people p on p.tenant_id = r.tenant_id and p.id = r.requester"
    "  where e.tenant_id = $1 and e.state in ('unknown', 'dead') and e.settled is null"
    " union all select 'inbox', id::text, 'dead', source || ' ' || kind, '', error, done_at from inbox"
    "  where tenant_id = $1 and state = 2"
    " union all select 'outbox', o.id, 'failed', o.kind, coalesce(a.name, ''), o.error, o.sent_at"
    "  from outbox o left join accounts a on a.tenant_id = o.tenant_id"
    "   and a.platform = o.account->>'platform' and a.workspace = o.account->>'workspace'"
    "   and a.user_id = o.account->>'user' where o.tenant_id = $1 and o.state = 'failed'"
)
_KEYS = {"effect": ("effects", "key"), "inbox": ("inbox", "id"), "outbox": ("outbox", "id")}


@dataclass(frozen=True, slots=True)
class Dead:
    """One of them. `what` is the tool, or what kind of event or message; `age` in seconds."""

    kind: Kind
    id: str
    state: str
    what: str
    person: str
    why: str
    age: float

    @property
    def reference(self) -> str:
        return f"{self.kind}:{self.id}"


async def every(c: Connection, tenant: UUID) -> list[Dead]:
    """The oldest first, at most 500."""
    rows = await c.fetch(
        "select kind, id, state, what, person, coalesce(why, '') as why,"  # noqa: S608 (a constant)
        " coalesce(extract(epoch from now() - since), 0)::float8 as age"
        f" from ({_LIST}) d order by since nulls first limit {MOST}",
        tenant,
    )
    return [Dead(**dict(row)) for row in rows]


async def fields(c: Connection, tenant: UUID, kind: Kind, id: str) -> Mapping[str, Any] | None:
    """Its row without what people wrote, who they are, and what they buy: those columns say `(kept back)`."""
    table, key = _KEYS[kind]
    row = await c.fetchrow(
        f"select * from {table} where tenant_id = $1 and {key}::text = $2",  # noqa: S608 (a table of ours)
        tenant,
        id,
    )
    if row is None:
        return None
    classes = {column.name: column.info["class"] for column in metadata.tables[table].columns}
    return {
        name: value if classes.get(name) == "none" or value is None else "(kept back)"
        for name, value in dict(row).items()
    }


async def retry_effect(c: Connection, tenant: UUID, key: str) -> bool:
    """With the same key, as a second try: it is looked up first, or the service knows the key."""
    doubt = await doubts.by_key(c, tenant, key)
    return doubt is not None and await doubts.again(c, tenant, key, doubt.fence)


async def drop_effect(c: Connection, tenant: UUID, key: str) -> bool:
    doubt = await doubts.by_key(c, tenant, key)
    return doubt is not None and await doubts.settle(c, tenant, key, doubt.fence, "dropped")


async def effect_state(c: Connection, tenant: UUID, key: str) -> str | None:
    found: str | None = await c.fetchval(
        "select state from effects where tenant_id = $1 and key = $2", tenant, key
    )
    return found


async def retry_event(c: Connection, tenant: UUID, id: int) -> bool:
    """As if it had just come: it is dealt with next, before what is younger."""
    conversation = await c.fetchval(
        "update inbox set state = 0, attempts = 0, error = null, done_at = null"
        " where tenant_id = $1 and id = $2 and state = 2 returning conversation",
        tenant,
        id,
    )
    return await _woken(c, tenant, conversation)


async def drop_event(c: Connection, tenant: UUID, id: int) -> bool:
    """Done with; its place stays taken, so that a redelivery is still known."""
    row = await c.fetchval(
        "update inbox set state = 1, done_at = now() where tenant_id = $1 and id = $2 and state = 2"
        " returning 1",
        tenant,
        id,
    )
    return row is not None


async def retry_message(c: Connection, tenant: UUID, id: str) -> bool:
    conversation = await c.fetchval(
        "update outbox set state = 'queued', attempts = 0, not_before = now(), error = null, sent_at = null"
        " where tenant_id = $1 and id = $2 and state = 'failed' returning conversation",
        tenant,
        id,
    )
    return await _woken(c, tenant, conversation)


async def drop_message(c: Connection, tenant: UUID, id: str) -> bool:
    row = await c.fetchval(
        "update outbox set state = 'dropped' where tenant_id = $1 and id = $2 and state = 'failed'"
        " returning 1",
        tenant,
        id,
    )
    return row is not None


async def _woken(c: Connection, tenant: UUID, conversation: str | None) -> bool:
    if conversation is None:
        return False
    await wake(c, tenant, conversation)
    return True
