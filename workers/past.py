"""The clock and the ledger that a policy looks at: handed to the mind as facts, never asked by it.

What a policy rests on is looked up when a call is about to be made, and once more in the transaction
that writes it down, alone among all of the tenant: were the call decided otherwise by then, nothing is
written and all of it is decided again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from flows.effects import AskApproval, Call, Effect, UnderGrant
from flows.engine import advance
from flows.events import Event
from flows.flow import Flow
from flows.policy import ToolCard
from flows.policy_facts import Facts, Granted, Past
from flows.policy_match import DAYS
from flows.policy_rule import SECONDS, Rule
from flows.run import Run
from flows.scene import Known
from workers.approvers import grants
from workers.approvers.rules import Rules
from workers.store import spending
from workers.store.door import Connection, Database
from workers.store.spending import Scope, Spent
from workers.waits import zone_of

MOST_LOOKS = 8  # calls that one event can lead to, one after the other


class Moved(Exception):
    """Somebody was faster: with what is used up by now, this would be decided otherwise."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event of one run that led to a call, as it was decided."""

    flow: Flow
    before: Run
    event: Event
    known: Known
    after: Run
    effects: tuple[Effect, ...]
    rules: Rules | None = None


def known_at(known: Known, at: float) -> Known:
    """With the clocks that the policies look at. The same object where they look at nothing."""
    policies = [each for each in (known.policy, known.shadow) if each is not None]
    zones = sorted({zone for policy in policies for zone in policy.zones})
    if not zones and not any(policy.rests_on_past for policy in policies):
        return known
    return replace(known, facts=Facts({zone: clock(at, zone) for zone in zones}, {}, assume=True))


def clock(at: float, zone: str) -> str:
    """ "sun 2026-11-22 23:00", as it is there."""
    local = datetime.fromtimestamp(at, UTC).astimezone(zone_of(zone))
    return f"{DAYS[local.weekday()]} {local:%Y-%m-%d %H:%M}"


def calls_of(effects: Sequence[Effect]) -> list[Call]:
    """What is called, or is to be approved first."""
    found = []
    for effect in effects:
        match effect:
            case Call():
                found.append(effect)
            case AskApproval(call=call):
                found.append(call)
    return found


async def decide(
    db: Database,
    tenant: UUID,
    flow: Flow,
    before: Run,
    event: Event,
    known: Known,
    rules: Rules | None = None,
) -> Step:
    """As `advance`, with the past of what is called, asked for only where the policy rests on it; and with
    the grants of what it would ask about, where there are `rules` of who may make one."""
    looked: set[str] = set()
    for _ in range(MOST_LOOKS):
        after, effects = advance(flow, before, event, known)
        unknown = [call for call in calls_of(effects) if call.key not in known.facts.past]
        if known.facts.assume and unknown and _rests(known, unknown):
            async with db.tenant(tenant) as c:
                known = _with(known, await _past(c, tenant, after, known, unknown))
            continue
        asked = [call for call in grants.asked_of(effects) if call.key not in looked]
        if rules is None or not asked or not known.policy.grantable:
            return Step(flow, before, event, known, after, effects, rules)
        looked |= {call.key for call in asked}
        async with db.tenant(tenant) as c:
            covered = await grants.look(c, tenant, after, flow, known, rules, asked)
        if not covered:
            return Step(flow, before, event, known, after, effects, rules)
        known = _granting(known, {**known.facts.granted, **covered})
    known = _granting(known, {})
    after, effects = advance(flow, before, event, replace(known, facts=replace(known.facts, assume=False)))
    return Step(flow, before, event, known, after, effects)


async def hold(c: Connection, tenant: UUID, steps: Sequence[Step]) -> None:
    """Inside the transaction that writes them: nobody else intends anything until it is over, and each is
    still decided as it was. Raises `Moved`."""
    resting = [
        step for step in steps if step.known.facts.granted or _rests(step.known, calls_of(step.effects))
    ]
    if not resting:
        return
    await spending.alone(c, tenant)
    for step in resting:
        fresh = _with(step.known, await _past(c, tenant, step.after, step.known, calls_of(step.effects)))
        if step.known.facts.granted and step.rules is not None:
            under = [call for call in calls_of(step.effects) if call.key in step.known.facts.granted]
            covered = await grants.look(c, tenant, step.after, step.flow, fresh, step.rules, under)
            fresh = _granting(fresh, covered)
        after, effects = advance(step.flow, step.before, step.event, fresh)
        if _decision(after, effects) != _decision(step.after, step.effects):
            raise Moved


def _decision(after: Run, effects: Sequence[Effect]) -> list[tuple[str, ...]]:
    """What may run alone, what is asked about and by which rule. The words may be a little behind."""
    asked = {each.call.key: each.verdict.rule for each in effects if isinstance(each, AskApproval)}
    asked |= {each.key: f"grant {each.grant}" for each in effects if isinstance(each, UnderGrant)}
    called = [(each.key, each.tool, asked.get(each.key, "")) for each in calls_of(effects)]
    return [(after.step, after.status, after.waiting), *called]


def spent_of(step: Step) -> list[Spent]:
    return spent(step.after, calls_of(step.effects), step.known)


def spent(run: Run, calls: Sequence[Call], known: Known) -> list[Spent]:
    """What is kept of the calls. Of a mere read only where the policy rests on what was done."""
    policies = (known.policy, known.shadow)
    counts_reads = any(policy is not None and policy.rests_on_past for policy in policies)
    found = []
    for call in calls:
        card = known.tools.get(call.tool)
        if card is not None and (card.risk != "read" or counts_reads):
            found.append(_spent(run, call, card))
    return found


def _spent(run: Run, call: Call, card: ToolCard) -> Spent:
    amount, recipient = card.amount(call.arguments), card.recipient(call.arguments) or ""
    minor, currency = amount if amount is not None else (None, "")
    requester = UUID(run.requester.id)
    return Spent(call.key, call.tool, card.risk, requester, recipient[:300], minor, currency.lower())


def _rests(known: Known, calls: Sequence[Call]) -> bool:
    return bool(calls) and bool(_rules(known))


def _rules(known: Known) -> list[Rule]:
    """The rules that look at what was done before."""
    return [
        rule
        for policy in (known.policy, known.shadow)
        if policy is not None
        for rule in policy.rules
        if rule.rests_on_past
    ]


def _with(known: Known, past: Mapping[str, Past]) -> Known:
    return replace(known, facts=replace(known.facts, past={**known.facts.past, **past}))


def _granting(known: Known, granted: Mapping[str, Granted]) -> Known:
    return replace(known, facts=replace(known.facts, granted=granted))


async def _past(
    c: Connection, tenant: UUID, run: Run, known: Known, calls: Sequence[Call]
) -> dict[str, Past]:
    found, rules = {}, _rules(known)
    for call in calls:
        if (card := known.tools.get(call.tool)) is not None:
            found[call.key] = await past_of(c, tenant, _spent(run, call, card), rules)
    return found


async def past_of(
    c: Connection, tenant: UUID, spent: Spent, rules: Sequence[Rule], before: datetime | None = None
) -> Past:
    """What was done before this call, as far as these rules want to know. `before`: as it was then."""
    tool, recipient = False, False
    if any(rule.first_time for rule in rules):
        tool, recipient = await spending.first(
            c, tenant, spent.requester, spent.tool, spent.recipient, spent.key, before
        )
    used = {
        rule.scope: await spending.used(c, tenant, scope_of(rule, spent), spent.key, before)
        for rule in rules
        if rule.limit
    }
    return Past(tool, recipient, used)


def scope_of(rule: Rule, spent: Spent) -> Scope:
    """Which calls a limit counts together with this one."""
    assert rule.limit is not None
    by = rule.limit.by
    return Scope(
        seconds=SECONDS[rule.limit.per],
        tool=rule.tool,
        risks=tuple(sorted(rule.risk)),
        exact_tool=spent.tool if by == "tool" else "",
        requester=spent.requester if by == "requester" else None,
        recipient=spent.recipient if by == "recipient" else "",
        currency=spent.currency,
    )
