"""What can be done to an approval beside deciding it: forms that are opened and sent off, and what every
copy of the card shows of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from bot.reply import Form, Reply
from bot.turn import Act, Pressed, Submitted, Turn
from flows.approval_quorum import Refused
from flows.policy import Policy
from workers import cards
from workers.approvers import (
    asker,
    asking,
    beside,
    calendar,
    copies,
    direct,
    ending,
    groups,
    handing_on,
    holding,
    press,
    questions,
    reaching,
    reasons,
    situation,
    words,
)
from workers.approvers import editing as edits
from workers.approvers.rules import place_of
from workers.commit import Commit
from workers.seen import Seen, Tools, tell, write_all
from workers.store import approvals, codec, people
from workers.store import beside as kept
from workers.store.approvals import Approval
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.outbox import Message
from workers.store.people import Person

EVENT = questions.EVENT
BACK = "approval.back"
OPENS = frozenset({beside.EDIT, beside.ASK, beside.HAND, questions.ANSWER, BACK})
SENT_OFF = {
    beside.EDIT: edits.submitted,
    beside.ASK: questions.asked,
    beside.HAND: handing_on.submitted,
    questions.ANSWER: questions.answered,
}
SEE = "See the form that I have sent to you alone."


def concerns(act: Act) -> bool:
    """Whether this is ours. To reject is, where a form has to be opened for the reason."""
    match act:
        case Pressed(action=cards.REJECT, trigger=trigger):
            return bool(trigger)
        case Pressed(action=action):
            return action in OPENS
        case Submitted(form=form):
            return form in SENT_OFF
    return False


async def acted(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    if isinstance(turn.act, Submitted):
        await groups.refresh(tools, claimed.tenant, seen.world.known.policy)
        return await SENT_OFF[turn.act.form](tools, claimed, seen, turn, person)
    commit, act = Commit(), turn.act
    assert isinstance(act, Pressed)
    async with holding.turn_of(tools, claimed, act.value.partition("|")[0]) as c:
        answer = await _opened(c, tools, claimed.tenant, turn, person, seen)
        if isinstance(answer, Form) and not turn.wants_answer:
            lasts = 2.5 if act.trigger else None
            commit.messages.append(
                Message(f"form:{turn.id}", "form", turn.place, answer, turn.account,
                        trigger=act.trigger or None, lasts=lasts)
            )  # fmt: skip
        elif isinstance(answer, Form):
            commit.answer = answer  # in place of the card, for whoever pressed alone
        else:
            tell(commit, turn, answer)
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _opened(
    c: Connection, tools: Tools, tenant: UUID, turn: Turn, person: Person, seen: Seen
) -> Form | Reply:
    """The form that was asked for, or why there is none. Who may is asked again when it is sent off."""
    act, policy = turn.act, seen.world.known.policy
    assert isinstance(act, Pressed)
    id, _, number = act.value.partition("|")
    if act.action == questions.ANSWER:
        return await _to_answer(c, tenant, id, number, person)
    approval = await approvals.by_id(c, tenant, id)
    if approval is None:
        return Reply(holding.UNKNOWN)
    if act.action == BACK:
        return await _back(c, tools, tenant, approval, policy)
    if not await approvals.is_open(c, approval):
        return Reply(await press.too_late(c, tenant, approval))
    deciding = act.action in (beside.EDIT, beside.HAND)
    judged, _ = await press.judge(c, tenant, approval, turn, person, policy, tools.rules, approving=deciding)
    if isinstance(judged, Refused) and act.action != cards.REJECT and not groups.named(policy):
        return Reply(judged.because)
    here = await press.is_here(c, tenant, approval, turn)
    await kept.opened(c, tenant, approval.id, person.id, here=here)
    return await _form(c, tenant, approval, act.action, policy)


async def _form(c: Connection, tenant: UUID, approval: Approval, action: str, policy: Policy) -> Form | Reply:
    match action:
        case beside.EDIT:
            found = await edits.opened(c, tenant, approval, BACK)
            return Reply(found) if isinstance(found, str) else found
        case beside.ASK:
            asker_ = await people.by_id(c, tenant, approval.requester)
            return questions.asking_form(approval.id, asker_.name if asker_ else "", back=BACK)
        case beside.HAND:
            return handing_on.form(approval.id, back=BACK)
    return reasons.form(cards.REJECT_FORM, approval.id, policy.approvers.reasons)


async def _to_answer(c: Connection, tenant: UUID, id: str, number: str, person: Person) -> Form | Reply:
    approval = await questions.now_of(c, tenant, id)
    if approval is None or approval.state != "pending":
        return Reply(questions.OVER if approval else holding.UNKNOWN)
    if approval.requester != person.id:
        return Reply(questions.NOT_YOURS)
    found = [each for each in await kept.questions(c, tenant, approval.id) if str(each.number) == number]
    if not found or found[0].answer is not None:
        return Reply(questions.BEFORE)
    return questions.answer_form(f"{id}|{number}", found[0])


async def _back(c: Connection, tools: Tools, tenant: UUID, approval: Approval, policy: Policy) -> Reply:
    """The card as it is now, where a form stood in its place."""
    if approval.state != "pending":
        return Reply(await press.too_late(c, tenant, approval))
    return cards.asking(
        approval.card, approval.id, words.standing(await _known(c, tools, tenant, approval, policy))
    )


# ── in the run's own conversation ────────────────────────────────────────────────────────


async def heard(tools: Tools, claimed: Claimed, seen: Seen, raw: dict[str, Any]) -> Commit:
    """What came to it stands on every copy, and whoever it is for hears of it."""
    commit, tenant, mark = Commit(), claimed.tenant, str(raw["mark"])
    there = await handing_on.reached(tools, tenant, raw) if mark.startswith("handed") else None
    mine = await reaching.reach_open(tools, tenant, raw["approval"]) if mark == "edited" else ()
    async with tools.db.turn(tenant, claimed.key, claimed.fence, tools.lease) as c:
        approval = await questions.now_of(c, tenant, raw["approval"])
        if approval is not None and mark == "edited":
            await _edited(c, tools, tenant, commit, approval, raw, mine)
        elif approval is not None and approval.state == "pending":
            policy = await tools.library.policy(c, tenant, approval.policy_version)
            known = await _known(c, tools, tenant, approval, policy)
            await copies.redraw(c, tenant, commit, approval, known, mark)
            if mark.startswith("asked"):
                place = await _place(c, tenant, approval)
                await questions.post(c, tenant, commit, approval, int(mark.removeprefix("asked")), place)
            elif mark.startswith("handed"):
                await handing_on.post(c, tenant, commit, approval, known, raw, there)
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _edited(
    c: Connection,
    tools: Tools,
    tenant: UUID,
    commit: Commit,
    new: Approval,
    raw: dict[str, Any],
    mine: tuple[direct.Reached, ...],
) -> None:
    """The old card says what became of it. A new one is posted where others have to decide; where it is
    settled, the old copies become those of what runs."""
    old = await approvals.by_id(c, tenant, raw["old"])
    if old is None or new.id != raw["approval"]:
        return
    commit.cancelled_timers += [f"{old.id}:expiry", *calendar.names(old.id)]
    changed = await kept.editor(c, tenant, old.id)
    name = changed[0] if changed else "Somebody"
    if new.state != "pending":
        commit.copies += [(new.id, copy.id) for copy in await copies.there(c, tenant, old.id)]
        notes = (await beside.read(c, tenant, new.id)).notes()
        by = await words.by(c, tenant, new.id, new.state, name)
        settled = cards.settled(new, new.state, by, new.reason or "", notes)
        await copies.show(c, tenant, commit, old, settled, new.state)
        commit.messages += await asker.settled(c, tenant, old, "changed")
        return
    await ending.tell_copies(
        c, tenant, commit, old, "changed", name, f"It is asked anew, with the code {new.code}."
    )
    policy = await tools.library.policy(c, tenant, new.policy_version)
    known = await _known(c, tools, tenant, new, policy)
    spots = [place for each in tools.rules.where(policy) if (place := await place_of(c, tenant, each))]
    now = await c.fetchval("select now()")
    asking.post(commit, new, known, spots, direct.mine(known, mine), policy, now, float(policy.expires))
    place = await _place(c, tenant, new)
    commit.messages.append(asker.waiting(new, place, words.asked(known.terms)))


async def _known(
    c: Connection, tools: Tools, tenant: UUID, approval: Approval, policy: Policy
) -> situation.Known:
    terms = await press.terms_of(c, tenant, approval, policy, tools.rules)
    return await situation.known(c, tenant, approval, terms, policy, await c.fetchval("select now()"))


async def _place(c: Connection, tenant: UUID, approval: Approval) -> Any:
    """Where it was asked for."""
    found = await c.fetchval(
        "select place from runs where tenant_id = $1 and id = $2", tenant, approval.run_id
    )
    return codec.loads(found)
