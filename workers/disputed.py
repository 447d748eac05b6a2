"""A payment of ours is disputed: whoever let it happen hears of it, and so does what learns from them."""

from __future__ import annotations

from uuid import UUID

from flows.policy import Policy
from integrations.base import Happened
from workers import learning_turn
from workers.approvers.rules import Rules
from workers.commit import Commit
from workers.store import effects, learning
from workers.store.door import Connection

KINDS = frozenset({"disputed", "dispute_lost"})  # what speaks against a call; one that was won does not
ABOUT = KINDS | {"dispute_won", "inquiry", "inquiry_closed"}


async def marked(c: Connection, tenant: UUID, service: str, happened: Happened) -> str:
    """The effect that the payment is of, where it began as a link and is known there by another id."""
    if happened.kind not in ABOUT:
        return ""
    return await effects.paid_with(c, tenant, service, happened.external_id) or ""


async def counted(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    service: str,
    happened: Happened,
    policy: Policy,
    rules: Rules,
) -> None:
    """Counts as wrong for what may run alone, whoever approved it, and once."""
    if happened.kind not in KINDS:
        return
    for key in await effects.keys_of(c, tenant, service, happened.external_id, happened.effect_key):
        action = await learning.by_key(c, tenant, key)
        if action is None or not await learning.overturned(c, tenant, key, happened.kind):
            continue
        commit.note("learning.disputed", key=key, tool=action.tool, evidence=action.evidence)
        await learning_turn.judge(c, tenant, commit, action.evidence, policy, rules)
