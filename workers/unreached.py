"""A request for approval that could be posted nowhere: nobody would ever decide it, so it is said at once."""

from __future__ import annotations

from uuid import UUID

from workers.store import approvals, effects, timers
from workers.store.door import Connection
from workers.store.inbox import add_event

SENTENCE = (
    "I could not post the request where the approvers are asked, so nobody can decide it."
    " Somebody should check APPROVALS_CHANNEL, and that I am a member there."
)


async def unreached(c: Connection, tenant: UUID, outbox_id: str) -> None:
    """In the transaction that gives a message up. Nothing, unless it was the last copy of a card."""
    row = await c.fetchrow(
        "select a.id, a.effect_key, a.conversation from approval_cards k join approvals a"
        " on a.tenant_id = k.tenant_id and a.id = k.approval_id"
        " where k.tenant_id = $1 and k.outbox_id = $2 and not exists ("
        "  select 1 from approval_cards b join outbox o on o.tenant_id = b.tenant_id and o.id = b.outbox_id"
        "  where b.tenant_id = k.tenant_id and b.approval_id = k.approval_id"
        "  and o.state in ('queued', 'sending', 'sent'))",
        tenant,
        outbox_id,
    )
    if row is None or not await approvals.decide(c, tenant, row["id"], "withdrawn", None, ""):
        return
    await effects.withdraw(c, tenant, row["effect_key"])
    await timers.cancel(c, tenant, f"{row['id']}:expiry")
    event = {"_": "events.Failed", "key": row["effect_key"], "code": "denied", "sentence": SENTENCE}
    await add_event(c, tenant, row["conversation"], f"approval:{row['id']}:unreached", event)
