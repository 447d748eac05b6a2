"""Calls under a rule that may learn: what they look like is noted, and by experience one may run alone.

The policy is asked first and last. A call is looked at here only where nothing but a rule that may learn
asks about it; and what may run alone is decided by the policy itself, with the experience as a fact beside
the call, so that a replay decides alike.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from flows import calibration, drift
from flows import calibrator as calibrators
from flows.calibration_rule import Experience
from flows.drift import Watch
from flows.effects import AskApproval, Call
from flows.engine import advance
from flows.features import IN_WORDS, Before, Features, features
from flows.flow import Flow
from flows.policy import Rule, Unreadable
from integrations.models.identity import model_of
from workers import past
from workers.known import World
from workers.store import bars, learning, spending
from workers.store.bars import About, Bar
from workers.store.door import Connection
from workers.store.learning import Action
from workers.tools import Card, meaning

if TYPE_CHECKING:
    from workers.seen import Tools

CHANCES = 1_000_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """One call that only a rule that may learn asks about. `sentence` is what is said of it, `alarm` why
    what stands must not be used any more."""

    about: About
    action: Action
    sentence: str = ""
    cut: float = 0.0
    alarm: str = ""


async def weighed(
    tools: Tools, tenant: UUID, world: World, step: past.Step
) -> tuple[past.Step, list[Proposal]]:
    """The same step, or as it is decided by experience; with what is to be noted of it."""
    found = _candidate(step)
    if found is None:
        return step, []
    call, rule, confidence = found
    card, policy = world.tools[call.tool], step.known.policy
    subject = calibration.what(policy, rule, call.tool, card.risk)
    rules = calibration.rules_about(policy, call.tool, card.risk)
    about = About(
        evidence_of(tools, world, step.flow, call, card, rules),
        call.tool, card.risk, rule.name, step.flow.id, call.step, subject,
    )  # fmt: skip
    async with tools.db.tenant(tenant) as c:
        allowed = await learning.allowed(c, tenant)
        bar = await bars.by_evidence(c, tenant, about.evidence)
        values = await _features(c, tenant, step, call, card, confidence)
        seen = await _watched(c, tenant, bar, values) if allowed and bar and bar.stands else None
    judged = _judged(about, call, rule, values, bar if allowed else None, seen)
    if not allowed:
        return step, [judged]
    said = Experience(rule.name, judged.action.alone, judged.sentence)
    return _with(step, call, said), [judged]


def _candidate(step: past.Step) -> tuple[Call, Rule, float | None] | None:
    """The call that is asked about by a rule that may learn, and by nothing else."""
    policy = step.known.policy
    for effect in step.effects:
        match effect:
            case AskApproval(call=call, verdict=verdict, confidence=confidence):
                rule = calibration.learning_rule(policy, verdict.rule)
                if rule is not None and call in _with(step, call, Experience(rule.name, True, "")).effects:
                    return call, rule, confidence
    return None


def _with(step: past.Step, call: Call, said: Experience) -> past.Step:
    """Decided again, with this beside it."""
    facts = replace(step.known.facts, learned={**step.known.facts.learned, call.key: said})
    known = replace(step.known, facts=facts)
    after, effects = advance(step.flow, step.before, step.event, known)
    return replace(step, known=known, after=after, effects=effects)


def _judged(
    about: About, call: Call, rule: Rule, values: Features, bar: Bar | None, seen: Watch | None
) -> Proposal:
    assert rule.learn is not None
    scores = calibrators.from_json(bar.calibrator) if bar and bar.calibrator else calibrators.PLAIN
    score = scores.score(call.tool, values.values)
    action = Action(call.key, about.evidence, call.tool, values.values, score)
    if bar is None or bar.cut is None or not _holds(bar, rule):
        decided, wrong = (bar.decided, bar.wrong) if bar else (0, 0)
        return Proposal(about, action, calibration.not_yet(about.subject, decided, wrong, rule.learn))
    alarm = seen.alarm if seen else ""
    if alarm:
        return Proposal(
            about, action, f"{about.subject}: I ask again, since {alarm} have become more", alarm=alarm
        )
    sentence = f"{about.subject} run alone: {bar.decided} decisions, {rule.learn.words}"
    if score < bar.cut:
        doubt = IN_WORDS[scores.doubted(call.tool, values.values)]
        return Proposal(about, action, f"{sentence}; of this one I am less sure: {doubt}")
    chance = calibration.audited(score, bar.cut)
    drawn = secrets.randbelow(CHANCES) < chance * CHANCES
    return Proposal(about, replace(action, chance=chance, alone=True, drawn=drawn), sentence, bar.cut)


def _holds(bar: Bar, rule: Rule) -> bool:
    """A certificate for less error, or more confidence, than the rule wants serves as well."""
    learn = rule.learn
    return (
        bar.stands and learn is not None and bar.error <= learn.error and bar.confidence >= learn.confidence
    )


async def _features(
    c: Connection, tenant: UUID, step: past.Step, call: Call, card: Card, confidence: float | None
) -> Features:
    requester = UUID(step.after.requester.id)
    try:
        recipient, readable = card.recipient(call.arguments), True
        card.amount(call.arguments)
    except Unreadable:
        recipient, readable = None, False
    right, wrong = await learning.history(c, tenant, requester, call.tool, call.key)
    new = False
    if recipient:
        _, new = await spending.first(c, tenant, requester, call.tool, recipient[:300], call.key)
    before = Before(right, wrong, new)
    readable = readable and recipient != ""
    return features(step.flow, step.after, call.arguments, confidence, before, readable=readable)


async def _watched(c: Connection, tenant: UUID, bar: Bar | None, values: Features) -> Watch | None:
    """As far as the keeper looked, with all that came since and this call."""
    if bar is None or not bar.watch:
        return None
    seen = drift.from_json(bar.watch)
    for _, each in await learning.since(c, tenant, bar.about.evidence, bar.watched):
        seen = drift.after(seen, look_of(Features(*each)))
    return drift.after(seen, look_of(values))


def look_of(values: Features) -> Mapping[str, float]:
    """What is watched of a call."""
    return {drift.OUT_OF_SCOPE: 1.0 - values.in_scope, drift.NEW_RECIPIENT: 1.0 - values.familiar}


# ── what evidence rests on ───────────────────────────────────────────────────────────────


def evidence_of(tools: Tools, world: World, flow: Flow, call: Call, card: Card, rules: Sequence[Rule]) -> str:
    """Model, prompt (what the model is told of each flow is part of it), tool, step and rules."""
    prompt = [[each.id, each.description, list(each.examples)] for each in world.flows.values()]
    tool = f"{meaning(call.tool)} {_schema(card.tool.arguments)}"
    return calibration.evidence_key(
        model_of(tools.reader), json.dumps(prompt, sort_keys=True), tool, flow, call.step, rules
    )


@cache
def _schema(arguments: type) -> str:
    return json.dumps(arguments.model_json_schema(), sort_keys=True)  # type: ignore[attr-defined]  # pydantic's
