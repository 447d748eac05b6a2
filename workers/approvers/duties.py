"""Separation of duties: who may not decide this one, whatever else they may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from integrations import tools
from workers.store import directory
from workers.store.approvals import Approval
from workers.store.door import Connection
from workers.tools import Card

REQUESTER = "You asked for this yourself, so somebody else has to decide."
BENEFICIARY = "This is for you, so somebody else has to decide."
PUSHED = {
    "flow": "You changed the flow that this comes from last, so somebody else has to decide.",
    "policy": "You changed the policy that this is decided by last, so somebody else has to decide.",
}


async def of(
    c: Connection, tenant: UUID, approval: Approval, arguments: Mapping[str, Any] | None
) -> Mapping[str, str]:
    """By their addresses, each with a sentence for them: who gets it, and who wrote the rules last."""
    pushed = await directory.pushers(c, tenant, approval.flow_version, approval.policy_version)
    found = {email.lower(): PUSHED[kind] for email, kind in pushed.items()}
    if arguments is None:
        stored: bytes | None = await c.fetchval(
            "select arguments from effects where tenant_id = $1 and key = $2", tenant, approval.effect_key
        )
        arguments = orjson.loads(stored) if stored else {}
    return found | dict.fromkeys(beneficiaries(approval.tool, arguments), BENEFICIARY)


def beneficiaries(tool: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The addresses of those whom a call reaches, where its tool can tell."""
    known = tools().get(tool)
    if known is None:
        return ()
    try:
        recipient = Card(known).recipient(arguments)
    except ValueError:
        return ()
    return (recipient.strip().lower(),) if recipient and "@" in recipient else ()
