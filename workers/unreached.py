"""What could be posted nowhere that approvers see: nobody would ever decide it, so it is said at once."""

from __future__ import annotations

import re
from uuid import UUID

from bot.reply import Reply
from workers.store import approvals, doubts, effects, enqueue, handoffs, runs, timers
from workers.store.door import Connection
from workers.store.doubts import Doubt
from workers.store.inbox import add_event
from workers.store.outbox import Message
from workers.store.runs import Stored

OFFER, RELAY = ":offer:", ":relay"
NOT_PASSED_ON = "I could not pass on what you wrote last. If it matters, please tell them another way."
SENTENCE = (
    "I could not post the request where the approvers are asked, so nobody can decide it."
    " Somebody should check APPROVALS_CHANNEL, and that I am a member there."
)


NOBODY_LOOKS = (
    "Nobody knows yet whether this was carried out, and I could not ask anybody who could look: check"
    " APPROVALS_CHANNEL and that I am a member there, and look at the service for {key}."
)
_DOUBT = re.compile(r"(.+):doubt:(\d+):\d+")


async def unreached(c: Connection, tenant: UUID, outbox_id: str) -> None:
    """In the transaction that gives a message up. Nothing, unless it was the last copy of a card, or
    somebody's words to another."""
    if OFFER in outbox_id:
        await _nobody_asked(c, tenant, outbox_id.partition(OFFER)[0])
        return
    if outbox_id.endswith(RELAY):
        await _not_passed_on(c, tenant, outbox_id)
        return
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
    if row is None:
        await _doubt_unreached(c, tenant, outbox_id)
        return
    if not await approvals.decide(c, tenant, row["id"], "withdrawn", None, ""):
        return
    await effects.withdraw(c, tenant, row["effect_key"])
    await timers.cancel(c, tenant, f"{row['id']}:expiry")
    event = {"_": "events.Failed", "key": row["effect_key"], "code": "denied", "sentence": SENTENCE}
    await add_event(c, tenant, row["conversation"], f"approval:{row['id']}:unreached", event)


async def _nobody_asked(c: Connection, tenant: UUID, key: str) -> None:
    """No copy of the question arrived anywhere: the next in line are asked at once."""
    handoff = await handoffs.by_id(c, tenant, key, lock=True)
    if handoff is None:
        return
    there = await c.fetchval(
        "select 1 from outbox where tenant_id = $1 and id = any($2)"
        " and state in ('queued', 'sending', 'sent') limit 1",
        tenant,
        list(handoff.cards),
    )
    if there is None and await handoffs.lapse(c, tenant, key):
        event = {"_": "events.Lapsed", "key": key}
        await add_event(c, tenant, handoff.conversation, f"handoff:{key}:lapsed", event)


async def _not_passed_on(c: Connection, tenant: UUID, outbox_id: str) -> None:
    """Whoever said it is told."""
    run_id = outbox_id.removesuffix(RELAY).rpartition(":")[0]
    stored = await runs.by_id(c, tenant, run_id)
    if stored is not None:
        message = Message(f"{outbox_id}:failed", "post", stored.place, Reply(NOT_PASSED_ON))
        await enqueue.add(c, tenant, stored.conversation, [message])


async def _doubt_unreached(c: Connection, tenant: UUID, outbox_id: str) -> None:
    """The last copy of the question whether money moved: whoever asked for it is told, once."""
    if (named := _DOUBT.fullmatch(outbox_id)) is None:
        return
    doubt = await doubts.by_key(c, tenant, named[1])
    if doubt is None or not doubt.open or str(doubt.fence) != named[2]:
        return
    asked = await c.fetchval(
        "select 1 from outbox where tenant_id = $1 and id = any($2)"
        " and state in ('queued', 'sending', 'sent') limit 1",
        tenant,
        doubts.copies(doubt),
    )
    stored = None if asked else await runs.by_id(c, tenant, doubt.run_id)
    if stored is not None:
        await enqueue.add(c, tenant, doubt.conversation, [nobody_looks(doubt, stored)])


def nobody_looks(doubt: Doubt, stored: Stored) -> Message:
    """Its id makes it one, however many copies of the question came to nothing."""
    id = f"{doubt.key}:unasked:{doubt.fence}"
    return Message(id, "post", stored.place, Reply(NOBODY_LOOKS.format(key=doubt.key)))
