"""Requests come out of the queue: several alike in one card, others by themselves, the costly ones first."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from flows import load as judging
from flows.outliers import Item, standing_out
from flows.policy import Policy
from workers import cards
from workers.approvers import direct, load, odds, situation, words
from workers.approvers.batch_card import draw, row_of
from workers.approvers.batch_news import REDRAW
from workers.approvers.load import SHOW
from workers.approvers.press import terms_of
from workers.approvers.reaching import reach_open
from workers.approvers.rules import Rules, place_of
from workers.commit import Commit
from workers.seen import Seen, Tools, write_all
from workers.store import approvals, batches, outbox, people
from workers.store.approvals import Approval
from workers.store.batches import Member, Queued
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.outbox import Message
from workers.tools import cards as tool_cards

EVENTS = frozenset({SHOW, REDRAW})
MOST_PLACES = 20
AGAIN = timedelta(seconds=60)


async def heard(tools: Tools, claimed: Claimed, seen: Seen, raw: dict[str, Any]) -> Commit:
    """In the conversation of the run that a request belongs to, or of the one whose card a batch is."""
    tenant, commit = claimed.tenant, Commit()
    if raw["_"] == REDRAW:
        async with tools.db.turn(tenant, claimed.key, claimed.fence, tools.lease) as c:
            commit.messages += await redrawn(c, tenant, raw["batch"], raw["version"])
            await write_all(tools, c, claimed, seen, commit)
        return commit
    reached = await reach_open(tools, tenant, raw["approval"])
    async with tools.db.turn(tenant, claimed.key, claimed.fence, tools.lease) as c:
        await batches.alone(c, tenant)
        mine = await batches.held(c, tenant, approval=raw["approval"])
        approval = await approvals.by_id(c, tenant, raw["approval"]) if mine else None
        if approval is not None:
            policy = await tools.library.policy(c, tenant, approval.policy_version)
            await _show(c, tenant, commit, approval, mine[0], policy, tools.rules, reached, raw)
        elif raw.get("single"):
            approval = await approvals.by_id(c, tenant, raw["approval"])
            if approval is not None and approval.state == "pending":
                policy = await tools.library.policy(c, tenant, approval.policy_version)
                await _alone(c, tenant, commit, approval, policy, tools.rules, reached)
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _show(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    approval: Approval,
    mine: Queued,
    policy: Policy,
    rules: Rules,
    reached: Sequence[direct.Reached],
    raw: dict[str, Any],
) -> None:
    now: datetime = await c.fetchval("select now()")
    if mine.group and not raw.get("single") and policy.batch:
        alike = (await batches.held(c, tenant, mine.group))[: policy.batch.at_most]
        if not any(each.approval == mine.approval for each in alike):
            alike = [*alike[:-1], mine]
        if await _together(c, tenant, commit, alike, approval, policy, rules):
            return
    pressing = raw.get("single") or mine.latest is None or now >= mine.latest
    free = await load.room(c, tenant, policy, mine.people, 1, now)
    if free > now and not pressing:
        _later(commit, mine, raw, min(free, mine.latest or free))
        return
    waiting = await batches.held(c, tenant)
    first = costliest(mine, waiting, await odds.of(c, tenant, [each.approval for each in waiting]))
    if first.approval != mine.approval and not pressing and policy.approvers.load.per_hour:
        await _let(c, tenant, commit, first.approval)
        _later(commit, mine, raw, min(now + AGAIN, mine.latest or now + AGAIN))
        return
    await _alone(c, tenant, commit, approval, policy, rules, reached)


def costliest(mine: Queued, waiting: Sequence[Queued], known: odds.Odds = odds.NONE) -> Queued:
    """Of those that wait for the same people, what a mistake of ours would cost most."""
    same = [each for each in waiting if each.people == mine.people]
    return judging.in_order(same or [mine], lambda each: odds.cost(each, known))[0]


def _later(commit: Commit, mine: Queued, raw: dict[str, Any], due: datetime) -> None:
    number = int(raw.get("number", 0)) + 1
    event = {"_": SHOW, "approval": mine.approval, "number": number}
    commit.timers.append((f"{mine.approval}:show:{number}", due, event))


async def _let(c: Connection, tenant: UUID, commit: Commit, approval_id: str) -> None:
    """Somebody else's turn to be shown, in its own run's conversation."""
    approval = await approvals.by_id(c, tenant, approval_id)
    if approval is not None:
        event = {"_": SHOW, "approval": approval_id, "single": True}
        commit.events.append((approval.conversation, f"{approval_id}:show:single", event))


async def _alone(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    approval: Approval,
    policy: Policy,
    rules: Rules,
    reached: Sequence[direct.Reached],
) -> None:
    """Its own card, at each of the places and in private: as it would have been at once."""
    terms = await terms_of(c, tenant, approval, policy, rules)
    known = await situation.known(c, tenant, approval, terms, policy, await c.fetchval("select now()"))
    drawn = cards.asking(approval.card, approval.id, words.standing(known))
    for number, spot in enumerate(rules.where(policy)):
        place = await place_of(c, tenant, spot)
        if place is not None:
            commit.messages.append(Message(f"{approval.id}:{number}", "post", place, drawn))
            commit.copies.append((approval.id, f"{approval.id}:{number}"))
    direct.post_open(commit, approval, known, reached)
    await batches.show(c, tenant, [approval.id])


# ── several in one card ──────────────────────────────────────────────────────────────────


async def _together(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    alike: Sequence[Queued],
    approval: Approval,
    policy: Policy,
    rules: Rules,
) -> bool:
    """One card for those that do not stand out, if enough are left. What stands out gets its own."""
    if len(alike) < policy.batch.at_least:
        return False
    listed, items = [], []
    known = await odds.of(c, tenant, [each.approval for each in alike])
    for number, each in enumerate(alike, 1):
        member, item = await _member(c, tenant, each, number, odds.sure(each, known))
        listed.append(member)
        items.append(item)
    odd = standing_out(items, await batches.amounts_before(c, tenant, approval.tool))
    if len(alike) - len(odd) < policy.batch.at_least:
        return False
    shown = [_marked(member, odd.get(member.approval, "")) for member in listed]
    batch = "b" + hashlib.sha256(approval.id.encode()).hexdigest()[:20]
    await batches.form(c, tenant, batch, approval.conversation, shown)
    await batches.show(c, tenant, [each.approval for each in shown if not each.outlier], batch)
    drawn = draw(batch, approval.tool, shown)
    for number, spot in enumerate(rules.where(policy)):
        place = await place_of(c, tenant, spot)
        if place is not None:
            commit.messages.append(Message(card_id(batch, number), "post", place, drawn))
    for member in shown:
        if member.outlier:
            await _let(c, tenant, commit, member.approval)
    commit.note("approval.batched", batch=batch, tool=approval.tool, policy=approval.policy_version,
                approvals=[each.approval for each in shown if not each.outlier],
                apart=[each.approval for each in shown if each.outlier])  # fmt: skip
    return True


def _marked(member: Member, outlier: str) -> Member:
    return Member(member.approval, member.number, member.digest, outlier, member.row)


async def _member(
    c: Connection, tenant: UUID, queued: Queued, number: int, sure: float | None
) -> tuple[Member, Item]:
    approval = await approvals.by_id(c, tenant, queued.approval)
    assert approval is not None
    card, requester = tool_cards()[approval.tool], await people.by_id(c, tenant, approval.requester)
    stored = await c.fetchval(
        "select arguments from effects where tenant_id = $1 and key = $2", tenant, approval.effect_key
    )
    arguments = orjson.loads(stored)
    amount, recipient = card.amount(arguments), card.recipient(arguments) or ""
    name = requester.name if requester else "somebody"
    until = f"{approval.expires_at:%d %b %H:%M} UTC"
    facts = card.facts(arguments)
    row = row_of(name, facts, amount, recipient, approval.code, approval.because, until)
    minor, currency = amount if amount else (None, "")
    who = str(approval.requester)
    item = Item(approval.id, who, minor, currency, recipient, queued.first_time, sure)
    return Member(approval.id, number, approval.digest, "", row), item


def card_id(batch: str, number: int) -> str:
    return f"{batch}:card:{number}"


async def redrawn(c: Connection, tenant: UUID, batch: str, version: int) -> list[Message]:
    """Every copy of its card as it is now."""
    there = await outbox.places(c, tenant, [card_id(batch, at) for at in range(MOST_PLACES)])
    listed = await batches.members(c, tenant, batch)
    first = await approvals.by_id(c, tenant, listed[0].approval) if listed else None
    if first is None:
        return []
    closed = await batches.is_closed(c, tenant, batch)
    drawn = draw(batch, first.tool, listed, closed=closed)
    return [Message(f"{id}:{version}", "update", place, drawn, target=id) for id, place in there]
