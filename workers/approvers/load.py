"""How a request is put before people: at once, in a batch with others, or once they have room for it.

The card of what is held back is not posted yet; all else is as ever: it expires, it can be withdrawn, it
stands on the bot's own page and in /approvals, and whoever decides it there decides it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from flows import batch as batching
from flows import load as judging
from flows.approval_quorum import current
from flows.approval_stages import Terms, to_json
from flows.batch import Part
from flows.effects import AskApproval
from flows.flow import Flow
from flows.money import exponent
from flows.policy import Policy
from workers.approvers.situation import Known
from workers.commit import Commit
from workers.known import World
from workers.store import batches, spending
from workers.store.approvals import Approval
from workers.store.batches import Queued
from workers.store.door import Connection
from workers.tools import Card

SHOW = "approval.show"
ANYONE = "place"  # whoever is where it is asked, as one


async def put(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    flow: Flow,
    asked: AskApproval,
    world: World,
    approval: Approval,
    known: Known,
    now: datetime,
) -> None:
    """After its cards were gathered in `commit`: takes them out again where it is to wait, with a timer.

    Every request has its row in the queue, so that it can be put in order and counted.
    """
    policy, call = world.known.policy, asked.call
    card = world.tools[call.tool]
    copies = [outbox for each, outbox in commit.copies if each == approval.id]
    group = group_of(policy, flow, asked, world, approval, known) if copies else ""
    due, latest = await _when(c, tenant, policy, card, approval, known, group, now)
    recipient = card.recipient(call.arguments) or ""
    _, first = await spending.first(
        c, tenant, approval.requester, call.tool, recipient[:300], call.key
    ) if recipient else (False, False)  # fmt: skip
    confidence = asked.confidence
    commit.queued.append(
        Queued(
            approval=approval.id,
            group=group,
            approvers=approvers_of(known),
            people=people_of(known),
            sure=None if confidence is None else min(1000, max(0, int(confidence * 1000))),
            stake=judging.stake(card.risk, card.amount(call.arguments), exponent),
            first_time=first,
            waits=due > now,
            latest=latest,
        )
    )
    if due > now:
        hold_back(commit, approval.id, copies, due)


def hold_back(commit: Commit, approval: str, copies: Collection[str], due: datetime) -> None:
    commit.messages = [each for each in commit.messages if each.id not in copies]
    commit.copies = [each for each in commit.copies if each[0] != approval]
    commit.timers.append((f"{approval}:show:0", due, {"_": SHOW, "approval": approval, "number": 0}))


async def _when(
    c: Connection,
    tenant: UUID,
    policy: Policy,
    card: Card,
    approval: Approval,
    known: Known,
    group: str,
    now: datetime,
) -> tuple[datetime, datetime]:
    """When it is shown as things are, and by when whatever comes."""
    latest = latest_of(policy, card.risk, approval, now)
    due = now + timedelta(seconds=policy.batch.within) if group else now
    free = await room(c, tenant, policy, people_of(known), quorum_of(known), now)
    return min(max(due, free), latest), latest


def latest_of(policy: Policy, risk: str, approval: Approval, now: datetime) -> datetime:
    escalates = None
    if approval.terms is not None and approval.terms.escalate:
        escalates = now.timestamp() + policy.expires
    at = judging.latest(now.timestamp(), approval.expires_at.timestamp(), risk, escalates)
    return datetime.fromtimestamp(at, UTC)


async def room(
    c: Connection, tenant: UUID, policy: Policy, people: Sequence[str], quorum: int, now: datetime
) -> datetime:
    """When enough of those who would decide it can be asked one thing more in their hour."""
    load = policy.approvers.load
    if not load.per_hour:
        return now
    shown: dict[str, list[float]] = {person: [] for person in people}
    for to, at in await batches.shown_lately(c, tenant):
        for person in to:
            if person in shown:
                shown[person].append(at.timestamp())
    return datetime.fromtimestamp(judging.free_at(load, shown, quorum, now.timestamp()), UTC)


def people_of(known: Known) -> tuple[str, ...]:
    """Who may decide the stage that is open, by the keys of people."""
    at = current(known.terms.quorums, known.votes)
    stage = known.stages[min(at, len(known.stages) - 1)]
    return (ANYONE,) if stage.anyone else tuple(sorted(stage.people - known.excluded.keys()))


def quorum_of(known: Known) -> int:
    at = current(known.terms.quorums, known.votes)
    return 1 if known.stages[min(at, len(known.stages) - 1)].anyone else known.terms.quorums[min(
        at, len(known.stages) - 1)]  # fmt: skip


def approvers_of(known: Known) -> str:
    """The name that a policy gives them, for figures: never a person's."""
    named = known.terms.at(0, 0)
    if not named:
        return ANYONE
    groups = [each for each in named if "@" not in each]
    return groups[0][:40] if len(named) == 1 and groups else "people"


# ── what is alike ────────────────────────────────────────────────────────────────────────


def group_of(
    policy: Policy, flow: Flow, asked: AskApproval, world: World, approval: Approval, known: Known
) -> str:
    """Those of the same group are alike: tool, rule, terms, account, policy. Empty: decided by itself."""
    call, section = asked.call, policy.batch
    if not section or known.terms.escalate:
        return ""
    card = world.tools[call.tool]
    chain = chain_of(flow, world.tools)
    if chain is None or batching.why_alone(section, _part(card), card.amount(call.arguments), chain):
        return ""
    alike = [call.tool, approval.rule, spelled(known.terms), approval.account, policy.version]
    return hashlib.sha256(orjson.dumps(alike)).hexdigest()[:24]


def spelled(terms: Terms) -> Any:
    return orjson.dumps(to_json(terms), option=orjson.OPT_SORT_KEYS).decode()


def chain_of(flow: Flow, tools: Mapping[str, Card]) -> list[Part] | None:
    """Every call of the flow, and of the flows inside of it, whose steps are its own. None: one of them
    is no tool that is here."""
    names = {name for step in flow.steps.values() if (name := getattr(step, "call", ""))}
    if any(name not in tools for name in names):
        return None
    return [_part(tools[name]) for name in sorted(names)]


def _part(card: Card) -> Part:
    return Part(card.name, card.risk, card.tool.reversibility.value)
