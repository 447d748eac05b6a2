"""Who may decide an approval: whom the call itself names, else whom the policy does."""

from __future__ import annotations

from uuid import UUID

import orjson

from integrations.flow.tools import NAME, approvers_of
from workers.store.approvals import Approval
from workers.store.door import Connection


async def named(c: Connection, tenant: UUID, approval: Approval) -> frozenset[str]:
    """E-mail addresses that the call names; empty: it leaves that to the policy. Read from the stored
    arguments, which are sealed with the approval: nobody is added after the question was put."""
    if approval.tool != NAME:
        return frozenset()
    stored: bytes | None = await c.fetchval(
        "select arguments from effects where tenant_id = $1 and key = $2", tenant, approval.effect_key
    )
    return frozenset(approvers_of(approval.tool, orjson.loads(stored) if stored else {}))
