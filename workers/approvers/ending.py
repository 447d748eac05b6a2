"""How an approval ends, and what every copy of its card shows of that."""

from __future__ import annotations

from uuid import UUID

from bot.turn import MessageRef
from flows.events import Failed, Finished
from workers import audit_notes, cards
from workers.approvers import asker, batch_news, beside, calendar, copies, telling, words
from workers.commit import Commit
from workers.store import approvals, enqueue, people, timers
from workers.store.approvals import Approval
from workers.store.door import Connection
from workers.store.people import Person


async def expire(c: Connection, tenant: UUID, commit: Commit, id: str) -> Approval | None:
    """Nobody decided in time. None where somebody did after all."""
    if not await approvals.decide(c, tenant, id, "expired", None, ""):
        await _again(c, tenant, commit, id)
        return None
    approval = await approvals.by_id(c, tenant, id)
    assert approval is not None
    commit.withdrawals.append(approval.effect_key)
    commit.cancelled_timers += calendar.names(id)
    commit.note("approval.expired", **audit_notes.over(approval))
    await tell_copies(c, tenant, commit, approval, "expired", "", "")
    return approval


async def _again(c: Connection, tenant: UUID, commit: Commit, id: str) -> None:
    """The clock was set back since its timer fired, or another database with another clock took over: it
    waits again, under another name, since a name is heard once."""
    approval = await approvals.by_id(c, tenant, id)
    if approval is not None and await approvals.is_open(c, approval):
        now = await c.fetchval("select clock_timestamp()")
        name = f"{id}:expiry:{now.timestamp():.6f}"
        commit.timers.append((name, approval.expires_at, {"_": "expire", "approval": id}))


async def withdraw(
    c: Connection, tenant: UUID, commit: Commit, key: str, person: Person | None, name: str
) -> None:
    """The requester takes it back: the effect will never run, and every copy says so."""
    approval = await approvals.of_effect(c, tenant, key)
    if approval and await approvals.decide(
        c, tenant, approval.id, "withdrawn", person.id if person else None, ""
    ):
        commit.cancelled_timers += [f"{approval.id}:expiry", *calendar.names(approval.id)]
        commit.note("approval.withdrawn", **audit_notes.over(approval))
        await tell_copies(c, tenant, commit, approval, "withdrawn", name, "")


async def tell_copies(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    approval: Approval,
    state: str,
    by: str,
    reason: str,
    pressed: MessageRef | None = None,
) -> None:
    """Every copy of the card shows what became of it, and whoever else was asked in private is told.

    Asked for twice, it is said once. What is open still is drawn anew by `copies.redraw`.
    """
    notes = (await beside.read(c, tenant, approval.id)).notes()
    card = cards.settled(approval, state, by, reason, notes)
    await copies.show(c, tenant, commit, approval, card, state, pressed)
    await batch_news.changed(c, tenant, commit, approval, state)
    commit.messages += await asker.settled(c, tenant, approval, state)
    commit.messages += await telling.others(c, tenant, approval, state, by)


async def pressed(c: Connection, tenant: UUID, id: str, message: MessageRef | None) -> Commit:
    """In the transaction of the press that settled it, so that the card changes as soon as can be.

    What is said is queued in the run's own conversation, where it is in order with what comes next.
    """
    commit = Commit()
    approval = await approvals.by_id(c, tenant, id)
    assert approval is not None
    name = await _name(c, tenant, approval)
    await tell_copies(c, tenant, commit, approval, approval.state, name, approval.reason or "", message)
    await enqueue.add(c, tenant, approval.conversation, commit.messages)
    return commit


async def decided(c: Connection, tenant: UUID, commit: Commit, id: str) -> None:
    """In the run's own conversation, after the press: the clocks are off, and the copies are changed
    where the press did not do so already."""
    approval = await approvals.by_id(c, tenant, id)
    if approval is None:
        return
    commit.cancelled_timers += [f"{id}:expiry", *calendar.names(id)]
    name = await _name(c, tenant, approval)
    await tell_copies(c, tenant, commit, approval, approval.state, name, approval.reason or "")
    if approval.state == "rejected":
        commit.withdrawals.append(approval.effect_key)


async def ended(c: Connection, tenant: UUID, commit: Commit, event: Finished | Failed) -> None:
    """What was approved has been carried out, or was not after all: the approvers are told."""
    approval = await approvals.of_effect(c, tenant, event.key)
    if approval is None or approval.state not in ("used", "void") or approval.decided_by is None:
        return
    name = await _name(c, tenant, approval)
    if isinstance(event, Finished):
        await tell_copies(c, tenant, commit, approval, "used", name, "")
    else:
        state = "void" if approval.state == "void" else "failed"
        await tell_copies(c, tenant, commit, approval, state, name, event.sentence)


async def _name(c: Connection, tenant: UUID, approval: Approval) -> str:
    by = await people.by_id(c, tenant, approval.decided_by) if approval.decided_by else None
    verdict = "rejected" if approval.state == "rejected" else "approved"
    return await words.by(c, tenant, approval.id, verdict, by.name if by else "somebody")


async def hasten(c: Connection, tenant: UUID, id: str) -> None:
    """For trying it out: the approval expires now."""
    await c.execute(
        "update approvals set expires_at = now() where tenant_id = $1 and id = $2 and state = 'pending'",
        tenant,
        id,
    )
    await timers.hasten(c, tenant, f"{id}:expiry")


async def where_it_waits(c: Connection, tenant: UUID, id: str) -> str | None:
    """The conversation of the run that an approval belongs to."""
    found: str | None = await c.fetchval(
        "select conversation from approvals where tenant_id = $1 and id = $2", tenant, id
    )
    return found
