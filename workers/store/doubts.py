"""Effects whose outcome nobody knows, and what a person found out about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from workers.store import conversations
from workers.store.door import Connection
from workers.store.inbox import add_event

MOST_COPIES = 20
OPEN = "state in ('unknown', 'dead') and settled is null"
TOLD = (
    "tenant_id = $1 and (external_id = nullif($2, '') or key = $3) and starts_with(tool, $4 || '.')"
    f" and {OPEN}"
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """An effect as far as somebody has to judge it. `fence` names the try; `open`: not settled yet."""

    key: str
    run_id: str
    conversation: str
    tool: str
    risk: str
    arguments: bytes
    fence: int
    open: bool
    settled: str | None = None


def copies(doubt: Doubt) -> list[str]:
    """The ids that the copies of its question have in the outbox, as many as there can be."""
    return [f"{doubt.key}:doubt:{doubt.fence}:{number}" for number in range(MOST_COPIES)]


async def by_key(c: Connection, tenant: UUID, key: str) -> Doubt | None:
    row = await c.fetchrow(
        "select key, run_id, conversation, tool, risk, arguments, fence, settled,"  # noqa: S608 (a constant)
        f" ({OPEN}) as open from effects where tenant_id = $1 and key = $2",
        tenant,
        key,
    )
    return Doubt(**dict(row)) if row else None


async def settle(c: Connection, tenant: UUID, key: str, fence: int, verdict: str) -> bool:
    """The one conditional update that settles it; True for whoever came first.

    `again` puts it back to be tried with the same key, as a second try, which looks first
    whether the one before was carried out.
    """
    if verdict == "again":
        return await again(c, tenant, key, fence)
    row = await c.fetchval(
        "update effects set settled = $4, state = case when $4 = 'carried_out' then 'done' else state end"  # noqa: S608
        f" where tenant_id = $1 and key = $2 and fence = $3 and {OPEN} returning 1",
        tenant,
        key,
        fence,
        verdict,
    )
    return row is not None


async def told(
    c: Connection,
    tenant: UUID,
    service: str,
    external_id: str,
    key: str,
    result: Mapping[str, Any] | None,
    problem: str,
) -> bool:
    """The service itself says how one of them ended: `result`, or None with the problem in words.

    Found by the service's id of it, or by our key, which the service carries as a mark. False where
    there is no such doubt, or a person was faster; then nothing is changed.
    """
    conversation = await c.fetchval(
        f"select conversation from effects where {TOLD} limit 1",  # noqa: S608 (a constant)
        tenant,
        external_id,
        key,
        service,
    )
    if conversation is None:
        return False
    # As whoever presses does: the conversation's row first, then the effect's.
    await conversations.lock(c, tenant, [conversation])
    row = await c.fetchrow(
        "update effects set settled = 'told', result = coalesce(result, '{}') || $5::jsonb,"  # noqa: S608
        " state = $6, error = nullif($7, ''), finished_at = now()"
        f" where {TOLD} returning key, fence, result",
        tenant,
        external_id,
        key,
        service,
        orjson.dumps(result or {}).decode(),
        "failed" if result is None else "done",
        problem[:500],
    )
    if row is None:
        return False
    event: dict[str, Any] = {"_": "events.Finished", "key": row["key"], "result": orjson.loads(row["result"])}
    if result is None:
        event = {"_": "events.Failed", "key": row["key"], "code": "not_paid", "sentence": problem}
    await add_event(c, tenant, conversation, f"effect:{row['key']}:told:{row['fence']}", event)
    return True


async def again(c: Connection, tenant: UUID, key: str, fence: int) -> bool:
    row = await c.fetchval(
        "update effects set state = 'queued', attempts = 1, not_before = now(), published_at = null,"  # noqa: S608
        " lease_until = '-infinity', finished_at = null"
        f" where tenant_id = $1 and key = $2 and fence = $3 and {OPEN} returning 1",
        tenant,
        key,
        fence,
    )
    return row is not None
