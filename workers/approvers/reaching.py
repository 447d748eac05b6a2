"""Finds who can be asked in private: platforms are asked for the places, with no transaction open."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from bot.turn import Account
from flows.effects import AskApproval
from flows.policy import Policy
from flows.run import Run
from integrations.flow.tools import approvers_of
from workers.approvers import copies
from workers.approvers.direct import Reached, wanted
from workers.approvers.press import terms_of
from workers.approvers.private import private
from workers.approvers.who import humans, meant_by
from workers.known import World
from workers.seen import Tools
from workers.store import approvals, links
from workers.store.door import Connection

MOST = 40  # accounts that are written to; of more, those that were used last


async def reach(
    tools: Tools, tenant: UUID, run: Run, asked: AskApproval, world: World
) -> tuple[Reached, ...]:
    """Those of the first stage."""
    policy, call = world.known.policy, asked.call
    terms = tools.rules.terms(policy, frozenset(approvers_of(call.tool, call.arguments)))
    if not wanted(policy, tools.rules, terms):
        return ()
    async with tools.db.tenant(tenant) as c:
        found = await _accounts(c, tenant, terms.at(0, 0), policy, UUID(run.requester.id))
    return await _places(tools, found)


async def reach_open(tools: Tools, tenant: UUID, id: str) -> tuple[Reached, ...]:
    """Those who may decide by now and have no copy of their own yet: another stage, or one escalated."""
    async with tools.db.tenant(tenant) as c:
        approval = await approvals.by_id(c, tenant, id)
        if approval is None or approval.state != "pending":
            return ()
        policy = await tools.library.policy(c, tenant, approval.policy_version)
        terms = await terms_of(c, tenant, approval, policy, tools.rules)
        if not wanted(policy, tools.rules, terms):
            return ()
        tier = min(approval.tier + 1, len(terms.escalate))  # it may be the escalation that is heard now
        named = {term for stage in range(len(terms.stages)) for term in terms.at(stage, tier)}
        there = {each.account for each in await copies.there(c, tenant, id)}
        found = await _accounts(c, tenant, named, policy, approval.requester)
    return await _places(tools, {each: person for each, person in found.items() if each not in there})


async def _accounts(
    c: Connection, tenant: UUID, terms: Collection[str], policy: Policy, requester: UUID
) -> Mapping[Account, UUID]:
    """Of everybody whom these mean, the requester excepted."""
    now: datetime = await c.fetchval("select now()")
    meant = await meant_by(c, tenant, terms, policy.duty, requester, now)
    found = await humans(c, tenant, meant.values(), [requester])
    people = {id for each in meant.values() for id in found.ids(each)}
    every = {id for person in people for id in links.live_with(person, found.links)}
    own = links.live_with(requester, found.links)
    rows = await c.fetch(
        "select platform, workspace, user_id, person_id from accounts where tenant_id = $1"
        " and person_id = any($2) order by seen_at desc, platform limit $3",
        tenant,
        list(every - own - {requester}),
        MOST,
    )
    return {Account(row["platform"], row["workspace"], row["user_id"]): row["person_id"] for row in rows}


async def _places(tools: Tools, accounts: Mapping[Account, UUID]) -> tuple[Reached, ...]:
    """Asked for side by side: one platform that dawdles costs its own time only."""
    places = await asyncio.gather(*(private(tools, account) for account in accounts))
    return tuple(
        Reached(person, account, place)
        for (account, person), place in zip(accounts.items(), places, strict=True)
        if place is not None
    )
