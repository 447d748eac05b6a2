"""Effects whose outcome nobody knows, and what a person found out about them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from workers.store.door import Connection

OPEN = "state in ('unknown', 'dead') and settled is null"


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


async def by_key(c: Connection, tenant: UUID, key: str) -> Doubt | None:
    row = await c.fetchrow(
        "select key, run_id, conversation, tool, risk, arguments, fence,"  # noqa: S608 (a constant)
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
