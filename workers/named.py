"""Who may decide an approval: whom the call itself names, else whom the policy does."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import orjson

from flows.policy import Policy
from integrations.flow.tools import NAME, approvers_of
from workers.store.approvals import Approval
from workers.store.door import Connection

if TYPE_CHECKING:
    from workers.approve import Rules


async def who(
    c: Connection, tenant: UUID, approval: Approval, policy: Policy, rules: Rules
) -> frozenset[str]:
    """E-mail addresses; empty: whoever is where it was asked. Read from the stored arguments, which
    are sealed with the approval: nobody is added after the question was put."""
    if approval.tool == NAME:
        stored: bytes | None = await c.fetchval(
            "select arguments from effects where tenant_id = $1 and key = $2", tenant, approval.effect_key
        )
        named = approvers_of(approval.tool, orjson.loads(stored) if stored else {})
        if named:
            return frozenset(named)
    return rules.who(policy)
