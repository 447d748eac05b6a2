"""`countersign policy learn|bars`: what each command prints, and its exit status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from bot.errors import ConfigurationError
from bot.settings import Settings
from flows import calibration, certify
from flows.calibration import Estimate, Judged, weighted
from flows.calibration_rule import Learn, percent
from flows.policy import Policy
from flows.policy_file import stored_policy
from workers.policy_cli import say, with_tenant
from workers.store import audit, bars, definitions, learning, tenants
from workers.store.bars import Bar, Lately
from workers.store.door import Connection

MOST = 5_000
NO_RULE = (
    "No rule of the active policy may learn. Mark one that asks with"
    " may_learn: true, error: 1%, confidence: 90%."
)
OFF = "Off: nothing runs alone by experience. What is decided is noted all the same, where a rule may learn."
ON = "On: a rule that may learn stops asking where the evidence is there: countersign policy bars"


@dataclass(frozen=True, slots=True)
class Told:
    """One bar with all that is said of it. `estimate` of all that was proposed, `edits` by field."""

    bar: Bar
    learn: Learn | None
    lately: Lately
    estimate: Estimate | None
    sentence: str


def learn(settings: Settings, switch: str, tenant: str = "") -> int:
    if switch not in ("", "on", "off"):
        raise ConfigurationError(f"Say on or off, not {switch[:20]!r}.")

    async def work(c: Connection, whose: UUID) -> int:
        policy = await _policy(c, whose)
        if switch:
            await learning.allow(c, whose, switch == "on")
            await audit.record(c, whose, f"learning.{switch}", by=audit.OPERATOR)
        if not await learning.allowed(c, whose):
            say(OFF)
            return 0
        say(ON)
        rules = [rule for rule in policy.rules if rule.learn] if policy else []
        for rule in rules:
            assert rule.learn is not None
            needed = certify.price(rule.learn.error, rule.learn.confidence)
            say(f"  {rule.name}: {rule.learn.words}, so at least {needed} decisions.")
        if not rules:
            say(NO_RULE)
        return 0

    return with_tenant(settings, tenant, work)


def show(settings: Settings, tenant: str = "", *, as_json: bool = False) -> int:
    async def work(c: Connection, whose: UUID) -> int:
        told, allowed = await every(c, whose), await learning.allowed(c, whose)
        if as_json:
            document = {"on": allowed, "bars": [to_json(each) for each in told]}
            say(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
            return 0
        if not allowed:
            say("Learning is off, so nothing of this runs alone: countersign policy learn on")
        for each in told:
            say(*in_lines(each))
        if not told:
            policy = await _policy(c, whose)
            marked = policy is not None and any(rule.learn for rule in policy.rules)
            say("Nothing was proposed yet under a rule that may learn." if marked else NO_RULE)
        return 0

    return with_tenant(settings, tenant, work)


async def every(c: Connection, tenant: UUID) -> list[Told]:
    """The newest of each tool, rule and step: what an older one rested on is over."""
    policy = await _policy(c, tenant)
    found: dict[tuple[str, ...], Bar] = {}
    for bar in await bars.every(c, tenant):
        about = bar.about
        found.setdefault((about.tool, about.risk, about.rule, about.flow, about.step), bar)
    return [await _told(c, tenant, bar, policy) for bar in found.values()]


async def _told(c: Connection, tenant: UUID, bar: Bar, policy: Policy | None) -> Told:
    rule = calibration.learning_rule(policy, bar.about.rule) if policy else None
    rows = await learning.everything(c, tenant, bar.about.evidence, MOST)
    estimate = weighted(Judged(row.chance, row.right) for row in rows)
    lately = await bars.lately(c, tenant, bar)
    learn = rule.learn if rule else None
    return Told(bar, learn, lately, estimate, sentence(bar, learn))


def sentence(bar: Bar, learn: Learn | None) -> str:
    """In words for people, the same as on the card."""
    subject = bar.about.subject or bar.about.rule
    if learn is None:
        return f"{subject}: the rule {bar.about.rule} may not learn any more"
    if bar.stands:
        return f"{subject} run alone: {bar.decided} decisions, {learn.words}"
    return calibration.not_yet(subject, bar.decided, bar.wrong, learn)


def in_lines(told: Told) -> list[str]:
    bar, lately = told.bar, told.lately
    lines = [
        told.sentence,
        f"  {bar.about.tool} [{bar.about.risk}], step {bar.about.step} of {bar.about.flow}",
    ]
    if bar.stands:
        lines.append(
            f"  {lately.ran} ran alone since, {lately.judged} of them were looked at:"
            f" {lately.wrong} wrong; {lately.failed} were refused by the service"
        )
    if told.estimate is not None:
        estimate = told.estimate
        share = f"{percent(estimate.error)} ± {percent(estimate.spread)}"
        lines.append(f"  wrong of all that was proposed: about {share} ({estimate.judged} judged)")
    if bar.reason:
        lines.append(f"  asked about again since {bar.changed_at:%Y-%m-%d %H:%M} UTC: {bar.reason}")
    return lines


def to_json(told: Told) -> dict[str, Any]:
    bar, lately, estimate = told.bar, told.lately, told.estimate
    return {
        "sentence": told.sentence,
        "tool": bar.about.tool,
        "risk": bar.about.risk,
        "rule": bar.about.rule,
        "flow": bar.about.flow,
        "step": bar.about.step,
        "evidence": bar.about.evidence,
        "alone": bar.stands,
        "decisions": bar.decided,
        "wrong": bar.wrong,
        "bound": bar.bound,
        "error": told.learn.error if told.learn else None,
        "confidence": told.learn.confidence if told.learn else None,
        "ran_alone": lately.ran,
        "audited": lately.judged,
        "audited_wrong": lately.wrong,
        "refused": lately.failed,
        "estimated_error": estimate.error if estimate else None,
        "estimated_spread": estimate.spread if estimate else None,
        "reason": bar.reason,
    }


async def _policy(c: Connection, tenant: UUID) -> Policy | None:
    version = await tenants.policy_version(c, tenant)
    document = await definitions.policy_document(c, tenant, version) if version else None
    return stored_policy(document) if document is not None else None
