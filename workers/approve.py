"""Approvals: asked with the call sealed, decided by a press, told to every copy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bot.errors import CountersignError
from bot.reply import Reply
from bot.turn import Place, Pressed, Submitted, Turn
from flows import approval as sealing
from flows.effects import AskApproval
from flows.events import Failed, Finished
from flows.flow import Flow
from flows.policy import Policy
from flows.run import Run
from integrations import integration_of, money
from workers import audit_notes, cards
from workers.commit import Commit
from workers.known import World
from workers.named import who
from workers.services import Services
from workers.store import approvals, people, tenants, timers
from workers.store import services as kept_services
from workers.store.approvals import Approval
from workers.store.door import Connection
from workers.store.outbox import Message
from workers.store.people import Person
from workers.tools import meaning

NO_PLACE = "There is no place where approvers could be asked. Set APPROVALS_CHANNEL, then order again."


@dataclass(frozen=True, slots=True)
class Rules:
    """Where approvers are asked and who they are, from settings, for what the policy leaves open.

    `services`: with whose account a call is made.
    """

    places: tuple[str, ...]
    people: tuple[str, ...]
    services: Services

    def where(self, policy: Policy) -> tuple[str, ...]:
        return policy.approvers.places or self.places

    def who(self, policy: Policy) -> frozenset[str]:
        return frozenset(each.lower() for each in policy.approvers.people or self.people)


async def ask(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    run: Run,
    flow: Flow,
    asked: AskApproval,
    world: World,
    rules: Rules,
) -> None:
    """Holds the call, seals it, and posts a card at each of the approvers' places."""
    call = asked.call
    policy = world.known.policy
    where = [place for each in rules.where(policy) if (place := await place_of(c, tenant, each)) is not None]
    tool = world.tools[call.tool]
    commit.intents.append((call, policy.version, tool.risk, "held"))
    if not where:
        _cannot_be_asked(commit, call.key, NO_PLACE)
        return
    kept = await kept_services.kept(c, tenant, integration_of(call.tool).name)
    try:
        account = rules.services.connected(tenant, kept).account
    except CountersignError as error:
        _cannot_be_asked(commit, call.key, f"{error} Nothing was done.")
        return
    expires: datetime = await c.fetchval(
        "select date_trunc('second', now()) + make_interval(secs => $1)",
        float(asked.expires or policy.expires),
    )
    id = f"{call.key}:approval"
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
    )
    digest = sealing.digest(sealed)
    code = sealing.code(digest)
    facts = tool.facts(call.arguments)
    moved = tool.amount(call.arguments)
    card = cards.body(
        tool.tool.summary,
        money.show(*moved) if moved else "",
        run.requester.name,
        facts,
        asked.verdict.because,
        asked.words,
        code,
        flow,
        f"{expires:%a %d %b %H:%M} UTC",
    )
    approval = Approval(
        id=id,
        effect_key=call.key,
        run_id=run.id,
        conversation=commit.runs[0][0].conversation,
        step=call.step,
        tool=call.tool,
        requester=UUID(run.requester.id),
        account=sealed.account,
        flow_version=run.flow_version,
        policy_version=policy.version,
        digest=digest,
        code=code,
        rule=asked.verdict.rule,
        because=asked.verdict.because,
        words=asked.words,
        card=card,
        state="pending",
        expires_at=expires,
    )
    commit.asks.append(approval)
    for number, place in enumerate(where):
        outbox_id = f"{id}:{number}"
        commit.messages.append(Message(outbox_id, "post", place, cards.asking(card, id)))
        commit.copies.append((id, outbox_id))
    commit.timers.append((f"{id}:expiry", expires, {"_": "expire", "approval": id}))
    commit.note("approval.asked", **audit_notes.asked(approval, run.requester.name, moved))


def _cannot_be_asked(commit: Commit, key: str, sentence: str) -> None:
    event = {"_": "events.Failed", "key": key, "code": "denied", "sentence": sentence}
    commit.events.append((commit.runs[0][0].conversation, f"effect:{key}:no_place", event))
    commit.withdrawals.append(key)


async def place_of(c: Connection, tenant: UUID, spot: str) -> Place | None:
    """`slack:C…`, `teams:19:…`, or the id alone: its shape tells the platform."""
    platform, _, channel = spot.partition(":")
    if platform not in ("slack", "teams"):
        platform, channel = ("teams" if ":" in spot else "slack"), spot
    there = await tenants.workspace(c, tenant, platform)
    if there is None:
        return None
    workspace, via = there
    return Place(platform, workspace, channel, None, via)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the presser is told, and whether the card itself says it already."""

    reply: Reply
    settled: bool


async def decide(
    c: Connection, tenant: UUID, commit: Commit, turn: Turn, person: Person, world: World, rules: Rules
) -> Answer:
    """A press on a card: counted if it is the first of somebody entitled, answered in any case."""
    act = turn.act
    assert isinstance(act, Pressed | Submitted)
    approving = isinstance(act, Pressed) and act.action == cards.APPROVE
    verdict = "approved" if approving else "rejected"
    reason = "" if approving else act.answers.get("reason", "").strip()[:1000]
    approval = await approvals.by_id(c, tenant, act.value, lock=True)
    if approval is None:
        return Answer(Reply("I do not know this request any more, so the button changes nothing."), False)
    refused = await _refusal(c, tenant, approval, turn, person, world.known.policy, rules)
    if refused:
        await approvals.note(c, tenant, approval.id, person.id, turn.account.platform, verdict, "refused")
        commit.note(
            "approval.refused", because=refused, **audit_notes.press(approval, person, turn.account, verdict)
        )
        return Answer(Reply(refused), False)
    if not await approvals.decide(c, tenant, approval.id, verdict, person.id, reason):
        await approvals.note(c, tenant, approval.id, person.id, turn.account.platform, verdict, "too late")
        commit.note("approval.too_late", **audit_notes.press(approval, person, turn.account, verdict))
        return Answer(Reply(await _too_late(c, tenant, approval)), True)
    await approvals.note(c, tenant, approval.id, person.id, turn.account.platform, verdict, "counted")
    event: dict[str, Any] = {
        "_": "events.Approved" if approving else "events.Rejected",
        "approval": approval.id,
        "key": approval.effect_key,
        "name": person.name,
    }
    if not approving:
        event["reason"] = reason
    commit.events.append((approval.conversation, f"approval:{approval.id}:decided", event))
    commit.note("approval.decided", **audit_notes.press(approval, person, turn.account, verdict, reason))
    return Answer(cards.settled(approval, verdict, person.name, reason), True)


async def _refusal(
    c: Connection, tenant: UUID, approval: Approval, turn: Turn, person: Person, policy: Policy, rules: Rules
) -> str:
    """Why this person may not decide, or nothing. Asked again when the effect is claimed."""
    if person.id == approval.requester:
        return "You asked for this yourself, so somebody else has to decide."
    if not await people.reachable(c, tenant, approval.requester):
        return "I know whoever asked for this under another name by now, so it has to be asked for again."
    named = await who(c, tenant, approval, policy, rules)
    if named:
        return "" if person.email and person.email in named else "Only the named approvers can decide this."
    places = [place for _, place in await approvals.cards(c, tenant, approval.id)]
    here = any(p.platform == turn.place.platform and p.channel == turn.place.channel for p in places)
    return "" if here else "This can only be decided where the approvers were asked."


async def _too_late(c: Connection, tenant: UUID, approval: Approval) -> str:
    fresh = await approvals.by_id(c, tenant, approval.id)
    assert fresh is not None
    by = await people.by_id(c, tenant, fresh.decided_by) if fresh.decided_by else None
    name = by.name if by else "somebody"
    match fresh.state:
        case "approved" | "used":
            return f"{name} was faster: this is approved already."
        case "rejected":
            return f"{name} was faster: this is rejected already."
        case "withdrawn":
            return f"{name} withdrew this, so there is nothing to decide."
        case "void":
            return "This was not carried out: what would have run was not what was approved."
    return "This expired before you decided, so nothing was done."


async def expire(c: Connection, tenant: UUID, commit: Commit, id: str) -> Approval | None:
    """Nobody decided in time. None where somebody did after all."""
    if not await approvals.decide(c, tenant, id, "expired", None, ""):
        return None
    approval = await approvals.by_id(c, tenant, id)
    assert approval is not None
    commit.withdrawals.append(approval.effect_key)
    commit.note("approval.expired", **audit_notes.over(approval))
    await tell_copies(c, tenant, commit, approval, "expired", "", "")
    return approval


async def withdraw(
    c: Connection, tenant: UUID, commit: Commit, key: str, person: Person | None, name: str
) -> None:
    """The requester takes it back: the effect will never run, and every copy says so."""
    approval = await approvals.of_effect(c, tenant, key)
    if approval and await approvals.decide(
        c, tenant, approval.id, "withdrawn", person.id if person else None, ""
    ):
        commit.cancelled_timers.append(f"{approval.id}:expiry")
        commit.note("approval.withdrawn", **audit_notes.over(approval))
        await tell_copies(c, tenant, commit, approval, "withdrawn", name, "")


async def tell_copies(
    c: Connection, tenant: UUID, commit: Commit, approval: Approval, state: str, by: str, reason: str
) -> None:
    """Every copy of the card shows what became of it."""
    card = cards.settled(approval, state, by, reason)
    for outbox_id, place in await approvals.cards(c, tenant, approval.id):
        commit.messages.append(Message(f"{outbox_id}:{state}", "update", place, card, target=outbox_id))


async def decided(c: Connection, tenant: UUID, commit: Commit, id: str) -> None:
    """In the run's own conversation, after the press: the copies are changed, the expiry is off."""
    approval = await approvals.by_id(c, tenant, id)
    if approval is None:
        return
    by = await people.by_id(c, tenant, approval.decided_by) if approval.decided_by else None
    commit.cancelled_timers.append(f"{id}:expiry")
    await tell_copies(
        c, tenant, commit, approval, approval.state, by.name if by else "somebody", approval.reason or ""
    )
    if approval.state == "rejected":
        commit.withdrawals.append(approval.effect_key)


async def ended(c: Connection, tenant: UUID, commit: Commit, event: Finished | Failed) -> None:
    """What was approved has been carried out, or was not after all: the approvers are told."""
    approval = await approvals.of_effect(c, tenant, event.key)
    if approval is None or approval.state not in ("used", "void") or approval.decided_by is None:
        return
    by = await people.by_id(c, tenant, approval.decided_by)
    name = by.name if by else "somebody"
    if isinstance(event, Finished):
        await tell_copies(c, tenant, commit, approval, "used", name, "")
    else:
        state = "void" if approval.state == "void" else "failed"
        await tell_copies(c, tenant, commit, approval, state, name, event.sentence)


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
