"""A standing grant is proposed, and agreed to by presses: one question to people like any approval.

The same terms, the same quorum, the same exclusions. Nothing runs alone before those who could approve each
of its calls have agreed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any
from uuid import UUID

from bot.errors import CountersignError
from bot.text import for_card
from bot.turn import Place, Pressed, Turn
from flows.approval_quorum import Refused, Vote, judge_press
from flows.grants import MOST_DAYS, Wanted
from flows.policy import Outcome, Policy
from integrations import integration_of
from integrations.flow.tools import NAME
from workers.approvers import situation
from workers.approvers.grants import NOBODY, stand_in, step_print, tool_print
from workers.approvers.grants_card import AGREE, card_id, draw, redrawn
from workers.approvers.grants_ended import MOST_OPEN, OVER, announce, changed, end
from workers.approvers.rules import Rules, place_of
from workers.commit import Commit
from workers.known import World
from workers.store import grants, services
from workers.store.door import Connection
from workers.store.grants import Grant
from workers.store.outbox import Message
from workers.store.people import Person

YOURS = "You would let yourself do it: somebody else has to agree to that."


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody is told; `settled`: the card says it too."""

    text: str
    settled: bool = False


async def propose(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    conversation: str,
    wanted: Wanted,
    by: Person | None,
    world: World,
    rules: Rules,
) -> Said:
    """A card at each of the approvers' places; nothing runs alone before they have agreed."""
    policy, now = world.known.policy, await _now(c)
    ends = _ends(wanted, now)
    problem = _impossible(wanted, policy, world, ends, now)
    steps = {flow.id: step_print(flow.source, wanted.scope.tool) for flow in world.flows.values()}
    steps = {flow: seen for flow, seen in steps.items() if seen}
    if not problem and not steps:
        problem = f"No flow calls {wanted.scope.tool}, so there is nothing to let run."
    where = [place for each in rules.where(policy) if (place := await place_of(c, tenant, each)) is not None]
    if not problem and not where:
        problem = "There is no place where approvers could be asked. Set APPROVALS_CHANNEL."
    if not problem and len(await grants.open_of(c, tenant, most=MOST_OPEN)) >= MOST_OPEN:
        problem = f"There are {MOST_OPEN} grants already. Revoke some first."
    if problem or ends is None:
        return Said(problem)
    kept = await services.kept(c, tenant, integration_of(wanted.scope.tool).name)
    try:
        account = rules.services.connected(tenant, kept).account
    except CountersignError as error:
        return Said(str(error))
    grant = Grant(
        id=0,
        scope=replace(wanted.scope, account=account, requester=wanted.scope.requester.lower()
                      if "@" in wanted.scope.requester else wanted.scope.requester),
        limits=wanted.limits,
        meaning=tool_print(wanted.scope.tool),
        steps=steps,
        policy_version=policy.version,
        terms=rules.terms(policy, frozenset()),
        state="proposed",
        proposed_by=by.id if by else None,
        conversation=conversation,
        place=where[0],
        ends=ends,
    )  # fmt: skip
    grant = replace(grant, id=await grants.propose(c, tenant, grant))
    for number, place in enumerate(where):
        commit.messages.append(Message(card_id(grant.id, number), "post", place, draw(grant, ())))
    commit.timers.append((f"grant:{grant.id}:over", ends, {"_": OVER, "grant": grant.id}))
    limits, who = grant.limits, str(by.id) if by else "operator"
    commit.note("grant.proposed", grant=grant.id, tool=grant.scope.tool, by=who, policy=policy.version,
                ends=ends.isoformat(), each=limits.each, currency=limits.currency or None,
                calls=limits.calls, per=limits.per)  # fmt: skip
    return Said(
        f"I have asked the approvers about grant {grant.id}. Nothing runs alone before they agree.", True
    )


def _impossible(wanted: Wanted, policy: Policy, world: World, ends: datetime | None, now: datetime) -> str:
    scope, limits = wanted.scope, wanted.limits
    if scope.tool not in world.tools or scope.tool == NAME:
        return f"There is no tool {for_card(scope.tool)} that could be granted."
    asking = [rule for rule in policy.rules if rule.outcome is Outcome.ASK and rule.grantable]
    if not any(fnmatchcase(scope.tool, rule.tool) for rule in asking):
        return f"The policy lets nobody grant {scope.tool}: the rule that asks has to say grantable: true."
    if world.tools[scope.tool].risk == "money" and limits.each is None:
        return "Say how much each may be: each=20.00 currency=usd."
    if scope.requester and "@" not in scope.requester and scope.requester not in policy.duty.groups:
        return f"There is no group {for_card(scope.requester)} in the policy, and it is no e-mail address."
    if ends is None or ends <= now or ends > now + timedelta(days=MOST_DAYS, hours=1):
        return f"A grant ends within {MOST_DAYS} days."
    return ""


def _ends(wanted: Wanted, now: datetime) -> datetime | None:
    """The end of the last day, in UTC."""
    if not wanted.until:
        return now + timedelta(days=wanted.days)
    try:
        return datetime.combine(
            datetime.fromisoformat(wanted.until).date() + timedelta(days=1), datetime.min.time(), now.tzinfo
        )
    except (ValueError, OverflowError):
        return None


async def pressed(
    c: Connection, tenant: UUID, commit: Commit, turn: Turn, person: Person, world: World, rules: Rules
) -> Said:
    """Agree, or do not. Holds the grant's row: those who press at once are judged one after the other."""
    assert isinstance(turn.act, Pressed)
    number = int(turn.act.value) if turn.act.value.isascii() and turn.act.value.isdecimal() else 0
    grant = await grants.by_id(c, tenant, number, lock=True) if 0 < number < 2**62 else None
    if grant is None:
        return Said("I do not know this grant, so the button changes nothing.")
    if grant.state not in grants.OPEN or grant.over:
        return Said("This grant is over already.", True)
    agreeing = turn.act.action == AGREE
    if agreeing and grant.state != "proposed":
        return Said("This was agreed to already.", True)
    if agreeing and (why := changed(grant, world, rules)):
        await end(c, tenant, commit, grant, "dropped", why)
        return Said(f"{why} So this cannot be agreed to any more.", True)
    if agreeing and _is_for(grant, person):
        return Said(YOURS)
    judged, known = await _judge(c, tenant, grant, turn.place, person, world.known.policy, agreeing)
    if isinstance(judged, Refused) and (agreeing or grant.proposed_by != person.id):
        commit.note("grant.refused", grant=grant.id, by=str(person.id), because=judged.because)
        return Said(judged.because)
    if not agreeing:
        state = "dropped" if grant.state == "proposed" else "revoked"
        await end(c, tenant, commit, grant, state, f"{for_card(person.name)} ended it.", person.id)
        return Said("It is ended. Nothing runs alone under it any more.", True)
    assert not isinstance(judged, Refused)
    seat = known.seat(judged.seat, person.id)
    platform = turn.account.platform
    if not await grants.vote(c, tenant, grant.id, person.id, seat, judged.stage, platform):
        return Said("You have agreed already, and each person counts once. Somebody else is needed.")
    commit.note("grant.agreed", grant=grant.id, by=str(person.id), surface=platform)
    if judged.settles:
        await grants.activate(c, tenant, grant.id)
        commit.note("grant.made", grant=grant.id, tool=grant.scope.tool, policy=grant.policy_version)
    announce(commit, grant, f"agreed{person.id.hex[:8]}")
    return Said("Your yes is counted." + (" It may run alone now." if judged.settles else ""), True)


async def _judge(
    c: Connection, tenant: UUID, grant: Grant, place: Place, person: Person, policy: Policy, agreeing: bool
) -> tuple[Any, situation.Known]:
    requester = await _person_of(c, tenant, grant.scope.requester)
    approval = stand_in(grant.scope.tool, requester, "", policy)
    known = await situation.known(
        c, tenant, approval, grant.terms, policy, await _now(c), [person.id], arguments={}
    )
    key = known.humans.key
    voted = await grants.votes(c, tenant, grant.id)
    votes = [Vote(key(each.person), key(each.seat), each.stage) for each in voted]
    here = (place.platform, place.channel) in await _places(c, tenant, grant)
    if grant.state == "active" and any(key(person.id) in (vote.by, vote.seat) for vote in votes):
        return None, known  # whoever agreed may take that back
    asked = known.situation(person.id, here=here, votes=() if not agreeing else votes)
    return judge_press(asked, key(person.id), approving=agreeing), known


async def _places(c: Connection, tenant: UUID, grant: Grant) -> set[tuple[str, str]]:
    return {(each.place.platform, each.place.channel) for each in await redrawn(c, tenant, grant, "where")}


async def _person_of(c: Connection, tenant: UUID, email: str) -> UUID:
    """Whoever it is for counts as whoever asks, so that nobody lets themselves."""
    found: UUID | None = await c.fetchval(
        "select id from people where tenant_id = $1 and email = $2 and email <> ''", tenant, email.lower()
    )
    return found or NOBODY


def _is_for(grant: Grant, person: Person) -> bool:
    mine = {person.email.lower()} - {""}
    return bool(mine & {grant.scope.requester.lower(), grant.scope.recipient.lower()})


async def _now(c: Connection) -> datetime:
    now: datetime = await c.fetchval("select date_trunc('second', now())")
    return now
