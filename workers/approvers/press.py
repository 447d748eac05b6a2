"""A press on a card: counted where it is of somebody entitled, answered in any case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bot.reply import Reply
from bot.turn import Pressed, Submitted, Turn
from flows.approval_quorum import Counted, Refused, judge_press
from flows.approval_stages import Terms
from flows.policy import Policy
from workers import audit_notes, cards
from workers.approvers import beside, ending, reasons, situation, words
from workers.approvers.rules import Rules
from workers.approvers.situation import Known
from workers.commit import Commit
from workers.known import World
from workers.named import named
from workers.store import approval_terms, approvals, batches, people
from workers.store import beside as kept
from workers.store.approvals import Approval
from workers.store.door import Connection
from workers.store.people import Person

CHANGED = "approval.changed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the presser is told, and whether the card itself says it already."""

    reply: Reply
    settled: bool


@dataclass(frozen=True, slots=True)
class _Press:
    approval: Approval
    person: Person
    turn: Turn
    verdict: str
    reason: str
    preset: str = ""


async def decide(
    c: Connection, tenant: UUID, commit: Commit, turn: Turn, person: Person, world: World, rules: Rules
) -> Answer:
    """Holds the approval's row, so that those who press at once are judged one after the other."""
    act = turn.act
    assert isinstance(act, Pressed | Submitted)
    approving = isinstance(act, Pressed) and act.action == cards.APPROVE
    policy = world.known.policy
    why_not = reasons.given({} if approving else act.answers, policy.approvers.reasons)
    approval = await approvals.by_id(c, tenant, act.value, lock=True)
    if approval is None:
        return Answer(Reply("I do not know this request any more, so the button changes nothing."), False)
    verdict = "approved" if approving else "rejected"
    press = _Press(approval, person, turn, verdict, why_not.words, why_not.preset)
    if not await approvals.is_open(c, approval):  # a yes that is too late must not stand as one
        why = await refusal(c, tenant, approval, turn, person, policy, rules, late=True)
        return await _refused(c, tenant, commit, press, why) if why else await _late(c, tenant, commit, press)
    judged, known = await judge(c, tenant, approval, turn, person, policy, rules)
    if isinstance(judged, Refused):
        return await _refused(c, tenant, commit, press, judged.because)
    if approving and not await _vote(c, tenant, press, judged, known):
        again = "You have agreed already, and each person counts once. Somebody else is needed."
        return await _refused(c, tenant, commit, press, again)
    if judged.settles:
        return await _settle(c, tenant, commit, press)
    return await _counted(c, tenant, commit, press, known)


async def judge(
    c: Connection,
    tenant: UUID,
    approval: Approval,
    turn: Turn,
    person: Person,
    policy: Policy,
    rules: Rules,
    *,
    approving: bool | None = None,
    late: bool = False,
) -> tuple[Counted | Refused, Known]:
    """Whether this press counts now. `approving`: as a yes or a no, where the press itself does not say.

    `late`: whether it would have counted at any time before it was decided.
    """
    terms = await terms_of(c, tenant, approval, policy, rules)
    now = await c.fetchval("select now()")
    known = await situation.known(c, tenant, approval, terms, policy, now, [person.id])
    act = turn.act
    if approving is None:
        approving = isinstance(act, Pressed) and act.action == cards.APPROVE
    if not await people.reachable(c, tenant, approval.requester):
        gone = "I know whoever asked for this under another name by now, so it has to be asked for again."
        key = known.humans.key(person.id)
        return Refused(known.excluded.get(key, gone)), known
    here = await is_here(c, tenant, approval, turn)
    if not here and isinstance(act, Submitted):
        here = await kept.opened_here(c, tenant, approval.id, person.id)
    now_here = known.situation(person.id, here=here, votes=() if late else None)
    return judge_press(now_here, known.humans.key(person.id), approving=approving and not late), known


async def is_here(c: Connection, tenant: UUID, approval: Approval, turn: Turn) -> bool:
    """Whether it was pressed where it was asked."""
    places = [place for _, place in await approvals.cards(c, tenant, approval.id)]
    places += await batches.places(c, tenant, approval.id)
    return any(p.platform == turn.place.platform and p.channel == turn.place.channel for p in places)


async def refusal(
    c: Connection,
    tenant: UUID,
    approval: Approval,
    turn: Turn,
    person: Person,
    policy: Policy,
    rules: Rules,
    *,
    late: bool = False,
) -> str:
    """Why this person may not decide, or nothing. `late`: may not have decided, where it is over."""
    judged, _ = await judge(c, tenant, approval, turn, person, policy, rules, late=late)
    return judged.because if isinstance(judged, Refused) else ""


async def terms_of(c: Connection, tenant: UUID, approval: Approval, policy: Policy, rules: Rules) -> Terms:
    """As they were asked; as they are now for what was asked before they were kept."""
    if approval.terms is not None:
        return approval.terms
    return rules.terms(policy, await named(c, tenant, approval))


async def _vote(c: Connection, tenant: UUID, press: _Press, judged: Counted, known: Known) -> bool:
    seat = known.seat(judged.seat, press.person.id)
    platform = press.turn.account.platform
    return await approval_terms.vote(
        c, tenant, press.approval.id, press.person.id, seat, judged.stage, platform
    )


async def _settle(c: Connection, tenant: UUID, commit: Commit, press: _Press) -> Answer:
    """The one conditional update that settles it, and the one event that lets the run go on."""
    approval, person = press.approval, press.person
    if not await approvals.decide(c, tenant, approval.id, press.verdict, person.id, press.reason):
        return await _late(c, tenant, commit, press)
    await approvals.note(
        c, tenant, approval.id, person.id, press.turn.account.platform, press.verdict, "counted"
    )
    act = press.turn.act
    await ending.pressed(c, tenant, approval.id, act.message if isinstance(act, Pressed) else None)
    by = await words.by(c, tenant, approval.id, press.verdict, person.name)
    approving = press.verdict == "approved"
    event: dict[str, Any] = {
        "_": "events.Approved" if approving else "events.Rejected",
        "approval": approval.id,
        "key": approval.effect_key,
        "name": by,
    }
    if not approving:
        event |= {"reason": press.reason, "preset": press.preset}
    commit.events.append((approval.conversation, f"approval:{approval.id}:decided", event))
    noted = audit_notes.press(approval, person, press.turn.account, press.verdict, press.reason)
    commit.note("approval.decided", **noted)
    notes = (await beside.read(c, tenant, approval.id)).notes()
    return Answer(cards.settled(approval, press.verdict, by, press.reason, notes), True)


async def _counted(c: Connection, tenant: UUID, commit: Commit, press: _Press, known: Known) -> Answer:
    """One yes more, and others are needed still: every copy shows who, in the run's own conversation."""
    approval, person = press.approval, press.person
    await approvals.note(
        c, tenant, approval.id, person.id, press.turn.account.platform, press.verdict, "counted"
    )
    noted = audit_notes.press(approval, person, press.turn.account, press.verdict)
    commit.note("approval.counted", **noted)
    number = len(known.voted) + 1
    event = {"_": CHANGED, "approval": approval.id, "number": number}
    commit.events.append((approval.conversation, f"approval:{approval.id}:counted:{number}", event))
    fresh = await situation.again(c, tenant, known, approval)
    return Answer(words.counted(fresh, approval, whole=press.turn.wants_answer), True)


async def _refused(c: Connection, tenant: UUID, commit: Commit, press: _Press, because: str) -> Answer:
    account = press.turn.account
    await approvals.note(
        c, tenant, press.approval.id, press.person.id, account.platform, press.verdict, "refused"
    )
    noted = audit_notes.press(press.approval, press.person, account, press.verdict)
    commit.note("approval.refused", because=because, **noted)
    return Answer(Reply(because), False)


async def _late(c: Connection, tenant: UUID, commit: Commit, press: _Press) -> Answer:
    account = press.turn.account
    await approvals.note(
        c, tenant, press.approval.id, press.person.id, account.platform, press.verdict, "too late"
    )
    noted = audit_notes.press(press.approval, press.person, account, press.verdict)
    commit.note("approval.too_late", **noted)
    return Answer(Reply(await too_late(c, tenant, press.approval)), True)


async def too_late(c: Connection, tenant: UUID, approval: Approval) -> str:
    fresh = await approvals.by_id(c, tenant, approval.id)
    assert fresh is not None
    # Only whoever asked may take it back.
    decider = fresh.decided_by or (fresh.requester if fresh.state == "withdrawn" else None)
    by = await people.by_id(c, tenant, decider) if decider else None
    name = by.name if by else "Somebody"
    match fresh.state:
        case "approved" | "used":
            return f"{name} was faster: this is approved already."
        case "rejected":
            return f"{name} was faster: this is rejected already."
        case "withdrawn":
            return f"{name} withdrew this, so there is nothing to decide."
        case "changed":
            changed = await kept.editor(c, tenant, fresh.id)
            who = changed[0] if changed else "Somebody"
            return f"{who} changed this, so only the newer card can be decided."
        case "void":
            return "This was not carried out: what would have run was not what was approved."
    return "This expired before you decided, so nothing was done."
