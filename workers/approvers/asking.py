"""Asks: the call is held and sealed, and a card is posted at each of the approvers' places."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from bot.errors import CountersignError
from bot.turn import Place
from flows import approval as sealing
from flows.approval_quorum import unfilled
from flows.approval_stages import Terms, title, to_json
from flows.effects import AskApproval, Call
from flows.flow import Flow
from flows.policy import Policy, Verdict
from flows.run import Run
from integrations import integration_of
from integrations.flow.tools import approvers_of
from workers import audit_notes, cards
from workers.approvers import asker, calendar, direct, load, situation, words
from workers.approvers.hours import add_working
from workers.approvers.rules import Rules, place_of
from workers.commit import Commit
from workers.drawn import Shown, draw, fingerprint
from workers.known import World
from workers.store import homes
from workers.store import services as kept_services
from workers.store.approvals import Approval
from workers.store.door import Connection
from workers.store.outbox import Message
from workers.tools import Card, meaning

NO_PLACE = "There is no place where approvers could be asked. Set APPROVALS_CHANNEL, then order again."
LONGEST = timedelta(days=30)


async def ask(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    run: Run,
    flow: Flow,
    asked: AskApproval,
    world: World,
    rules: Rules,
    reached: Sequence[direct.Reached] = (),
) -> None:
    """Says so at once where nobody could ever decide it. `reached`: who can be asked in private."""
    call = asked.call
    policy = world.known.policy
    where = [place for each in rules.where(policy) if (place := await place_of(c, tenant, each)) is not None]
    tool = world.tools[call.tool]
    commit.intents.append((call, policy.version, tool.risk, "held"))
    terms = rules.terms(policy, frozenset(approvers_of(call.tool, call.arguments)))
    if not where and not reached:
        nobody = direct.UNREACHED if direct.wanted(policy, rules, terms) else NO_PLACE
        cannot_be_asked(commit, call.key, nobody)
        return
    kept = await kept_services.kept(c, tenant, integration_of(call.tool).name)
    try:
        account = rules.services.connected(tenant, kept).account
    except CountersignError as error:
        cannot_be_asked(commit, call.key, f"{error} Nothing was done.")
        return
    now: datetime = await c.fetchval("select date_trunc('second', now())")
    lasts = float(asked.expires or policy.expires)
    expires = expiry(now, lasts, terms, policy)
    stored = commit.runs[0][0]
    approval = seal(
        tenant,
        stored.conversation,
        run,
        call,
        tool,
        asked.verdict,
        asked.words,
        account,
        terms,
        policy,
        expires,
    )
    known = await situation.known(c, tenant, approval, terms, policy, now, arguments=call.arguments)
    lacking = unfilled(known.stages, known.excluded)
    if lacking is not None and not terms.escalate:
        cannot_be_asked(
            commit, call.key, words.nobody_left(title(terms.stages, lacking), known.stages[lacking])
        )
        return
    commit.asks.append(approval)
    await homes.news(c, tenant)
    post(commit, approval, known, where, direct.mine(known, reached), policy, now, lasts)
    await load.put(c, tenant, commit, flow, asked, world, approval, known, now)
    commit.messages.append(asker.waiting(approval, stored.place, words.asked(terms)))
    commit.note(
        "approval.asked", **audit_notes.asked(approval, run.requester.name, tool.amount(call.arguments))
    )


def seal(
    tenant: UUID,
    conversation: str,
    run: Run,
    call: Call,
    tool: Card,
    verdict: Verdict,
    said: str,
    account: str,
    terms: Terms,
    policy: Policy,
    expires: datetime,
    id: str = "",
) -> Approval:
    """The question with all that it is bound to. `said`: the words that the call rests on."""
    id = id or f"{call.key}:approval"
    shown = Shown(tool, call.arguments, run, verdict.because, said, expires)
    sealed = sealing.Sealed(
        tenant=str(tenant),
        requester=run.requester.id,
        tool=meaning(call.tool),
        arguments=call.arguments,
        account=account,
        flow_version=run.flow_version,
        step=call.step,
        policy_version=policy.version,
        approval=id,
        expires_at=expires.isoformat(),
        terms=spelled(terms),
        card=fingerprint(draw(shown, ""), ""),
    )
    digest = sealing.digest(sealed)
    code = sealing.code(digest)
    return Approval(
        id=id,
        effect_key=call.key,
        run_id=run.id,
        conversation=conversation,
        step=call.step,
        tool=call.tool,
        requester=UUID(run.requester.id),
        account=account,
        flow_version=run.flow_version,
        policy_version=policy.version,
        digest=digest,
        code=code,
        rule=verdict.rule,
        because=verdict.because,
        words=said,
        card=draw(shown, code),
        state="pending",
        expires_at=expires,
        terms=terms,
    )


def post(
    commit: Commit,
    approval: Approval,
    known: situation.Known,
    where: Sequence[Place],
    mine: Sequence[direct.Reached],
    policy: Policy,
    now: datetime,
    lasts: float,
) -> None:
    """A card at each of the places and to each of `mine` in private, and the clocks; all in the run's
    own conversation."""
    id, drawn = approval.id, cards.asking(approval.card, approval.id, words.standing(known))
    for number, place in enumerate(where):
        outbox_id = f"{id}:{number}"
        commit.messages.append(Message(outbox_id, "post", place, drawn))
        commit.copies.append((id, outbox_id))
    direct.post(commit, approval, drawn, mine, len(where))
    commit.timers.append((f"{id}:expiry", approval.expires_at, {"_": "expire", "approval": id}))
    commit.timers += calendar.timers(approval, known.terms, policy.approvers.times, now, lasts)


def spelled(terms: Terms | None) -> str:
    """In canonical JSON, for the digest; empty for what was asked before terms were kept."""
    if terms is None:
        return ""
    return json.dumps(to_json(terms), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def expiry(now: datetime, lasts: float, terms: Terms, policy: Policy) -> datetime:
    """Whoever it is escalated to has as much time as those before."""
    seconds = lasts * (1 + len(terms.escalate))
    times = policy.approvers.times
    if times.clock_stops:
        return min(add_working(now, seconds, times.hours), now + LONGEST)
    return min(now + timedelta(seconds=seconds), now + LONGEST)


def cannot_be_asked(commit: Commit, key: str, sentence: str) -> None:
    event = {"_": "events.Failed", "key": key, "code": "denied", "sentence": sentence}
    commit.events.append((commit.runs[0][0].conversation, f"effect:{key}:no_place", event))
    commit.withdrawals.append(key)
