"""What comes to an approval by the clock, or after a yes that was not the last: in the run's conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from bot.reply import Reply
from bot.text import for_card
from flows.approval_stages import Terms
from flows.policy import Policy
from workers import audit_notes
from workers.approvers import calendar, copies, direct, reminders, situation, words
from workers.approvers.press import CHANGED, terms_of
from workers.approvers.private import TELL, tell
from workers.approvers.reaching import reach_open
from workers.approvers.reminders import Reminder
from workers.approvers.situation import Known
from workers.commit import Commit
from workers.seen import Seen, Tools, write_all
from workers.store import approval_terms, approvals, codec
from workers.store.approvals import Approval
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.outbox import Message

EVENTS = frozenset({CHANGED, calendar.REMIND, calendar.ESCALATE, TELL})


async def heard(tools: Tools, claimed: Claimed, seen: Seen, raw: dict[str, Any]) -> Commit:
    """Nothing, where it was decided meanwhile."""
    if raw["_"] == TELL:
        return await tell(tools, claimed, seen, raw)
    commit = Commit()
    reminder = await _reminder(tools, claimed.tenant, raw) if raw["_"] == calendar.REMIND else None
    reached = await reach_open(tools, claimed.tenant, raw["approval"]) if reminder is None else ()
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        approval = await approvals.by_id(c, claimed.tenant, raw["approval"], lock=True)
        if approval is not None and approval.state == "pending":
            policy = await tools.library.policy(c, claimed.tenant, approval.policy_version)
            terms = await terms_of(c, claimed.tenant, approval, policy, tools.rules)
            if raw["_"] != calendar.REMIND:
                await _heard(c, claimed.tenant, commit, approval, terms, policy, raw, reached)
            elif reminder is not None:
                known = await situation.known(c, claimed.tenant, approval, terms, policy, await _now(c))
                await reminders.say(c, claimed.tenant, commit, approval, known, reminder, raw)
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _now(c: Connection) -> datetime:
    now: datetime = await c.fetchval("select now()")
    return now


async def _reminder(tools: Tools, tenant: UUID, raw: dict[str, Any]) -> Reminder | None:
    """Read first, then the platforms are asked, then it is written: nobody waits inside of a transaction."""
    async with tools.db.tenant(tenant) as c:
        approval = await approvals.by_id(c, tenant, raw["approval"])
        if approval is None or approval.state != "pending":
            return None
        policy = await tools.library.policy(c, tenant, approval.policy_version)
        terms = await terms_of(c, tenant, approval, policy, tools.rules)
        now = await _now(c)
        known = await situation.known(c, tenant, approval, terms, policy, now)
        there = await reminders.accounts(c, tenant, known, raw.get("only"))
    return await reminders.prepared(tools, there, policy.approvers.times.hours, now, raw)


async def _heard(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    approval: Approval,
    terms: Terms,
    policy: Policy,
    raw: dict[str, Any],
    reached: Sequence[direct.Reached] = (),
) -> None:
    """`reached`: who can be asked in private now, and was not yet."""
    now = await _now(c)
    match raw["_"]:
        case calendar.ESCALATE:
            if not await approval_terms.escalate(c, tenant, approval.id, raw["tier"]):
                return
            fresh = await approvals.by_id(c, tenant, approval.id)
            assert fresh is not None
            known = await situation.known(c, tenant, fresh, terms, policy, now)
            await _escalated(c, tenant, commit, fresh, known, raw["tier"])
            direct.post_open(commit, fresh, known, reached)
        case _:
            known = await situation.known(c, tenant, approval, terms, policy, now)
            await copies.redraw(c, tenant, commit, approval, known, f"counted{raw['number']}")
            said = f"{known.voted[-1].words} agreed. {words.missing(known)}" if known.voted else ""
            await _told(c, tenant, commit, approval, f"counted{raw['number']}", said)
            direct.post_open(commit, approval, known, reached)


async def _told(
    c: Connection, tenant: UUID, commit: Commit, approval: Approval, mark: str, sentence: str
) -> None:
    """To whoever asked."""
    place = await c.fetchval(
        "select place from runs where tenant_id = $1 and id = $2", tenant, approval.run_id
    )
    if place is not None and sentence:
        said = Reply(for_card(sentence))
        commit.messages.append(Message(f"{approval.id}:told:{mark}", "post", codec.loads(place), said))


async def _escalated(
    c: Connection, tenant: UUID, commit: Commit, approval: Approval, known: Known, tier: int
) -> None:
    """Those before let their time pass, so others may decide too. Theirs is the same card."""
    term = known.terms.escalate[tier - 1]
    await copies.redraw(c, tenant, commit, approval, known, f"escalated{tier}")
    sentence = f"Nobody decided in time, so {words.one(term)} may decide this now too."
    for number, copy in enumerate(await copies.there(c, tenant, approval.id)):
        if copy.account is None:  # whoever has one of their own let it pass, and is not rung a second time
            said = Reply(f"{for_card(sentence)} {approval.card.text}")
            commit.messages.append(Message(f"{approval.id}:said{tier}:{number}", "post", copy.place, said))
    await _told(c, tenant, commit, approval, f"escalated{tier}", sentence)
    commit.note("approval.escalated", tier=tier, **audit_notes.over(approval))
