"""What ends a standing grant, for good: a person, a failure, a change, the clock. It is written at once.

Those who made it, and everybody where they were asked, are told by an event of the grant's conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from bot.reply import Reply
from bot.text import for_card
from flows.effects import Call
from flows.run import Run
from workers.approvers.grants import POLICY, STEP, TOOL, step_print, tool_print, would_let_run
from workers.approvers.grants_card import redrawn
from workers.approvers.private import TELL
from workers.approvers.rules import Rules
from workers.commit import Commit
from workers.known import World
from workers.store import grants
from workers.store.door import Connection
from workers.store.grants import Grant
from workers.store.outbox import Message

TOLD, OVER = "grant.told", "grant.over"
# What a service says against something that ran, and how that is said.
AGAINST = {"refunded": "refunded", "disputed": "disputed", "dispute_lost": "disputed, and the dispute lost"}
MOST_OPEN = 200


def changed(grant: Grant, world: World, rules: Rules) -> str:
    """What was changed since it was made, in a sentence; empty: nothing."""
    if grant.policy_version != world.known.policy.version:
        return POLICY
    if grant.terms != rules.terms(world.known.policy, frozenset()):
        return POLICY
    if grant.meaning != tool_print(grant.scope.tool):
        return TOOL
    for flow, seen in grant.steps.items():
        now = world.flows.get(flow)
        if now is None or step_print(now.source, grant.scope.tool) != seen:
            return STEP
    return ""


async def sweep(
    c: Connection, tenant: UUID, commit: Commit, world: World, rules: Rules, tool: str = ""
) -> None:
    """Ends what was changed under, for good: changed back, it does not come back."""
    for grant in await grants.open_of(c, tenant, tool, MOST_OPEN):
        if why := changed(grant, world, rules):
            await end(c, tenant, commit, grant, "revoked", why)


async def end(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    grant: Grant,
    state: str,
    why: str,
    person: UUID | None = None,
) -> bool:
    """Written at once. False: it was over already, and nobody is told twice."""
    if not await grants.end(c, tenant, grant.id, state, why, person):
        return False
    commit.note(f"grant.{state}", grant=grant.id, tool=grant.scope.tool, by=str(person) if person else None)
    announce(commit, grant, state, over=True)
    return True


def announce(commit: Commit, grant: Grant, mark: str, *, over: bool = False) -> None:
    event = {"_": TOLD, "grant": grant.id, "mark": mark, "over": over}
    commit.events.append((grant.conversation, f"grant:{grant.id}:{mark}", event))


async def failed(c: Connection, tenant: UUID, commit: Commit, key: str, why: str) -> bool:
    """A call turned out badly: it failed, nobody knows, it was given back, or an audit rejected it. The
    grant that it ran under ends. False: it ran under none, or that is over."""
    grant = await grants.of_effect(c, tenant, key)
    return grant is not None and await end(c, tenant, commit, grant, "revoked", why)


async def wrong(
    c: Connection, tenant: UUID, commit: Commit, run: Run, call: Call, world: World, rules: Rules, why: str
) -> int:
    """Something that ran alone was wrong, by whatever it was let: what it ran under ends, and every grant
    that would let the same run again. How many."""
    ended = int(await failed(c, tenant, commit, call.key, why))
    for grant in await grants.open_of(c, tenant, call.tool, MOST_OPEN):
        if await would_let_run(c, tenant, grant, run, call, world.known, rules):
            ended += await end(c, tenant, commit, grant, "revoked", why)
    return ended


async def happened(
    c: Connection, tenant: UUID, commit: Commit, service: str, kind: str, external_id: str, mark: str
) -> None:
    """A service says that something of ours was given back or is disputed."""
    if kind not in AGAINST:
        return
    rows = await c.fetch(
        "select e.key from grant_uses u join effects e on e.tenant_id = u.tenant_id and e.key = u.effect_key"
        " where u.tenant_id = $1 and (e.external_id = nullif($2, '') or e.key = nullif($3, ''))"
        " and starts_with(e.tool, $4 || '.')",
        tenant,
        external_id,
        mark,
        service,
    )
    for row in rows:
        await failed(c, tenant, commit, row["key"], f"What ran under it was {AGAINST[kind]}.")


async def told(c: Connection, tenant: UUID, commit: Commit, claimed_key: str, raw: dict[str, Any]) -> None:
    """Every copy of the card, a word at the place where it ended, and in private those who made it."""
    grant = await grants.by_id(c, tenant, raw["grant"])
    if grant is None:
        return
    copies = await redrawn(c, tenant, grant, raw["mark"])
    commit.messages += copies
    if not raw["over"]:
        return
    what = f"Grant {grant.id} ({for_card(grant.scope.tool)})"
    ended = {"revoked": "was revoked", "over": "is over"}.get(grant.state, "was not granted")
    sentence = f"{what} {ended}: {for_card(grant.why or 'its time is over')} Approvers are asked again."
    for number, message in enumerate(copies):
        id = f"grant:{grant.id}:said:{number}"
        commit.messages.append(Message(id, "post", message.place, Reply(sentence)))
    voted = await grants.votes(c, tenant, grant.id)
    made = dict.fromkeys([*(each.person for each in voted), *_proposer(grant)])
    for number, person in enumerate(made):
        id = f"grant:{grant.id}:told:{number}"
        event = {"_": TELL, "person": str(person), "words": sentence, "id": id}
        commit.events.append((claimed_key, id, event))


def _proposer(grant: Grant) -> Sequence[UUID]:
    return [grant.proposed_by] if grant.proposed_by else []


async def over(c: Connection, tenant: UUID, commit: Commit, number: int) -> None:
    """Its time is over, by the database's clock."""
    grant = await grants.by_id(c, tenant, number, lock=True)
    if grant is not None and grant.over:
        await end(c, tenant, commit, grant, "over", "its time is over.")
