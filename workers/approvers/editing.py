"""Change a call before deciding it: a form made from the tool's schema, then a new question in its place.

The call that was asked about is over the moment it is changed: its approval can never run anything. What
it is now is checked by the tool's schema and the policy of now, sealed anew and put to whoever has to
agree to that. Whoever changed it has said yes to it, where one who may decide it says enough; not so where
they made it more money or for somebody else, for then they have in effect asked for it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from bot.errors import CountersignError
from bot.reply import Form, Reply
from bot.turn import Submitted, Turn
from flows.approval_quorum import Counted, judge_press, unfilled
from flows.approval_stages import title
from flows.effects import Call
from flows.policy import About, Outcome, Verdict, judge
from integrations import integration_of
from integrations.flow.tools import approvers_of
from workers import audit_notes, cards, past
from workers.approvers import asking, beside, fields, holding, questions, situation, words
from workers.approvers.fields import Editable, Read
from workers.approvers.holding import Held
from workers.approvers.situation import Known
from workers.commit import Commit
from workers.seen import Seen, Tools, tell, write_all
from workers.store import approval_terms, approvals, effects, runs, spending
from workers.store import beside as kept
from workers.store import services as kept_services
from workers.store.approvals import Approval
from workers.store.audit import Personal
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.people import Person
from workers.store.runs import Stored
from workers.tools import Card
from workers.tools import cards as every_tool

INTRO = "What you change is checked, and whoever asked is told. This stays, and cannot be changed here:"
NOTHING_CHANGED = "Nothing was changed. Press Approve or Reject, or change something."
FIXED = "Nothing of this can be changed. Reject it with a reason, so that it is asked for anew."
GONE = "This is on its way already, so it cannot be changed any more."
DENIED = "That is not allowed here. {because}"


class Impossible(Exception):
    """It cannot be put to anybody as it is now; what was written of it is taken back."""


@dataclass(frozen=True, slots=True)
class _Edit:
    """One edit, with all that it is judged by."""

    found: Held
    stored: Stored
    tool: Card
    before: Mapping[str, Any]
    fields: tuple[Editable, ...]
    read: Read

    @property
    def call(self) -> Call:
        approval = self.found.approval
        return Call(approval.effect_key, approval.tool, self.read.arguments, approval.step)

    @property
    def dictates(self) -> bool:
        """It is more money now, or reaches somebody else: that is for somebody else to decide."""
        was, now = self.tool.amount(self.before), self.tool.amount(self.read.arguments)
        if self.tool.recipient(self.before) != self.tool.recipient(self.read.arguments):
            return True
        if was is None or now is None:
            return was != now
        return was[1] != now[1] or now[0] > was[0]


def form(
    id: str,
    tool: Card,
    arguments: Mapping[str, Any],
    fields_: Sequence[Editable],
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    back: str = "",
) -> Form:
    """Whatever stands in it is the call's, in full."""
    stays = [f"{label}: {_line(value)}" for label, value in fields.staying(tool.tool, arguments, fields_)]
    intro = "\n".join([tool.tool.summary, INTRO, *stays] if stays else [tool.tool.summary])
    shown = fields.inputs(fields_, arguments, typed, problems)
    return Form(beside.EDIT, id, "Change and approve", shown, "Change and approve", intro, back)


async def opened(c: Connection, tenant: UUID, approval: Approval, back: str) -> Form | str:
    """The form for a call that is held, or why there is none."""
    tool, arguments = await _held_call(c, tenant, approval)
    if tool is None or arguments is None:
        return GONE
    found = fields.editable(tool.tool, arguments)
    return form(approval.id, tool, arguments, found, back=back) if found else FIXED


async def submitted(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    act, commit, tenant = turn.act, Commit(), claimed.tenant
    assert isinstance(act, Submitted)
    async with holding.turn_of(tools, claimed, act.value) as c:
        found = await holding.held(c, tools, tenant, act.value, turn, person, seen.world, deciding=True)
        if isinstance(found, str):
            tell(commit, turn, Reply(found))
        else:
            answer = await _edit(c, tools, tenant, commit, found, turn, person, seen)
            if isinstance(answer, Form):
                commit.answer = answer
            elif answer.blocks:
                holding.show(commit, turn, seen, answer)
            else:
                tell(commit, turn, answer)
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _edit(
    c: Connection,
    tools: Tools,
    tenant: UUID,
    commit: Commit,
    found: Held,
    turn: Turn,
    person: Person,
    seen: Seen,
) -> Reply | Form:
    """What the editor is told, or the form once more."""
    approval, act = found.approval, turn.act
    assert isinstance(act, Submitted)
    tool, before = await _held_call(c, tenant, approval)
    stored = await runs.by_id(c, tenant, approval.run_id)
    if tool is None or before is None or stored is None:
        return Reply(GONE)
    editable = fields.editable(tool.tool, before)
    read = fields.read(tool.tool, editable, before, act.answers)

    def again(problems: Mapping[str, str]) -> Form:
        return form(approval.id, tool, before, editable, act.answers, problems)

    if read.problems:
        return again(read.problems)
    if not read.changes:
        first = editable[0].name if editable else ""
        return again({first: NOTHING_CHANGED}) if first else Reply(FIXED)
    edit = _Edit(found, stored, tool, before, editable, read)
    verdict = await _ruled(c, tenant, edit, seen)
    if verdict.outcome is Outcome.DENY:
        return again({read.changes[0].field: DENIED.format(because=verdict.because)})
    try:
        async with holding.attempt(c):
            return await _replace(c, tools, tenant, commit, edit, verdict, turn, person, seen)
    except Impossible as error:
        return again({read.changes[0].field: str(error)})


async def _ruled(c: Connection, tenant: UUID, edit: _Edit, seen: Seen) -> Verdict:
    """By the policy of now. What a person typed is certain; it is asked about in any case, as it was."""
    world, run, approval = seen.world, edit.stored.run, edit.found.approval
    known = past.known_at(world.known, time.time())
    facts = known.facts
    if known.policy.rests_on_past:
        await spending.alone(c, tenant)
        rules = [rule for rule in known.policy.rules if rule.rests_on_past]
        looked = {
            each.key: await past.past_of(c, tenant, each, rules)
            for each in past.spent(run, [edit.call], known)
        }
        facts = replace(facts, past=looked, assume=False)
    about = About(run.requester.email, edit.call.key, facts)
    verdict = judge(world.known.policy, edit.tool, edit.read.arguments, 1.0, about)
    if verdict.outcome is Outcome.ALONE:
        return Verdict(Outcome.ASK, approval.rule, approval.because)
    return verdict


async def _replace(
    c: Connection,
    tools: Tools,
    tenant: UUID,
    commit: Commit,
    edit: _Edit,
    verdict: Verdict,
    turn: Turn,
    person: Person,
    seen: Seen,
) -> Reply:
    """The old question is over and the new one stands, or neither. Raises `Impossible`."""
    old, policy, run = edit.found.approval, seen.world.known.policy, edit.stored.run
    new = await _asked_anew(c, tools, tenant, edit, verdict, seen)
    if not await approvals.decide(c, tenant, old.id, "changed", person.id, ""):
        raise Impossible(GONE)
    if not await effects.change(c, tenant, edit.call, policy.version):
        raise Impossible(GONE)
    for spent in past.spent(run, [edit.call], seen.world.known):
        await spending.change(c, tenant, spent)
    await approvals.ask(c, tenant, new)
    await kept.edited(c, tenant, old.id, new.id, person.id, edit.read.changes, dictates=edit.dictates)
    await kept.carry_over(c, tenant, old.id, new.id)
    terms = new.terms
    assert terms is not None
    now: datetime = await c.fetchval("select now()")
    known = await situation.known(c, tenant, new, terms, policy, now, [person.id])
    lacking = unfilled(known.stages, known.excluded)
    if lacking is not None and not terms.escalate:
        raise Impossible(words.nobody_left(title(terms.stages, lacking), known.stages[lacking]))
    here = await kept.opened_here(c, tenant, old.id, person.id)
    counted = judge_press(known.situation(person.id, here=here), known.humans.key(person.id), approving=True)
    settled = isinstance(counted, Counted) and await _counts(c, tenant, new, known, counted, turn, person)
    _note(commit, edit, old, new, turn, person, settled=settled)
    if settled:
        return cards.settled(new, "approved", person.name, "", known.beside.notes())
    fresh = await situation.again(c, tenant, known, new)
    return cards.asking(new.card, new.id, words.standing(fresh))


async def _asked_anew(
    c: Connection, tools: Tools, tenant: UUID, edit: _Edit, verdict: Verdict, seen: Seen
) -> Approval:
    old, policy = edit.found.approval, seen.world.known.policy
    service = await kept_services.kept(c, tenant, integration_of(old.tool).name)
    try:
        account = tools.rules.services.connected(tenant, service).account
    except CountersignError as error:
        raise Impossible(str(error)) from None
    terms = tools.rules.terms(policy, frozenset(approvers_of(old.tool, edit.read.arguments)))
    now: datetime = await c.fetchval("select date_trunc('second', now())")
    lasts = float(policy.expires)
    return asking.seal(
        tenant, old.conversation, edit.stored.run, edit.call, edit.tool, verdict, old.words, account, terms,
        policy, asking.expiry(now, lasts, terms, policy), id=_next(old),
    )  # fmt: skip


async def _counts(
    c: Connection, tenant: UUID, new: Approval, known: Known, counted: Counted, turn: Turn, person: Person
) -> bool:
    """Their yes to what they made it; True where that settles it."""
    platform = turn.account.platform
    seat = known.seat(counted.seat, person.id)
    if not await approval_terms.vote(c, tenant, new.id, person.id, seat, counted.stage, platform):
        return False
    await approvals.note(c, tenant, new.id, person.id, platform, "approved", "counted")
    return counted.settles and await approvals.decide(c, tenant, new.id, "approved", person.id, "")


def _note(
    commit: Commit, edit: _Edit, old: Approval, new: Approval, turn: Turn, person: Person, *,
    settled: bool,
) -> None:  # fmt: skip
    """For the run, in order: what it became, and that it is approved where it is. For the audit: both."""
    told = [[each.label, each.before, each.after] for each in edit.read.changes]
    event: dict[str, Any] = {
        "_": "events.Edited", "approval": old.id, "key": old.effect_key, "name": person.name,
        "into": new.id, "changes": told, "settled": settled,
    }  # fmt: skip
    commit.events.append((old.conversation, f"approval:{old.id}:edited", event))
    shown = {"_": questions.EVENT, "approval": new.id, "mark": "edited", "old": old.id}
    commit.events.append((old.conversation, f"approval:{old.id}:changed", shown))
    if settled:
        approved = {"_": "events.Approved", "approval": new.id, "key": new.effect_key, "name": person.name}
        commit.events.append((old.conversation, f"approval:{new.id}:decided", approved))
    noted = audit_notes.press(old, person, turn.account, "changed")
    commit.note(
        "approval.edited",
        **noted,
        into=new.id,
        into_code=new.code,
        fields=[each.field for each in edit.read.changes],
        dictates=edit.dictates,
        before=Personal(old.requester, old.digest.hex()),
        after=Personal(old.requester, new.digest.hex()),
        changes=Personal(old.requester, orjson.dumps(told).decode()),
    )
    moved = edit.tool.amount(edit.read.arguments)
    commit.note("approval.asked", **audit_notes.asked(new, edit.stored.run.requester.name, moved))
    if settled:
        commit.note("approval.decided", **audit_notes.press(new, person, turn.account, "approved"))


async def _held_call(
    c: Connection, tenant: UUID, approval: Approval
) -> tuple[Card | None, Mapping[str, Any] | None]:
    """As it is stored; nothing where it is not held any more, or its tool is gone."""
    known = every_tool()
    stored = await effects.held(c, tenant, approval.effect_key)
    if stored is None or approval.tool not in known:
        return None, None
    return known[approval.tool], orjson.loads(stored)


def _next(old: Approval) -> str:
    """Another question about the same call: nothing of the one before can be used for it."""
    base = old.id.removesuffix(":approval")
    stem, mark, number = base.rpartition(":e")
    again = mark and number.isdecimal() and stem == old.effect_key
    return f"{stem}:e{int(number) + 1}:approval" if again else f"{base}:e1:approval"


def _line(value: str) -> str:
    return " ⏎ ".join(line.strip() for line in value.splitlines()) or value
