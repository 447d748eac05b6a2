"""When experience may take the place of a question: what counts as experience, and what is said of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from flows import certify
from flows.calibration_rule import Learn, percent
from flows.certify import Certificate
from flows.flow import Flow
from flows.money import shown
from flows.policy import Policy, Rule
from flows.policy_match import bound
from flows.policy_rule import Outcome

GLANCE = 2.0  # seconds: nobody has read a card in less
AUDITED, AUDITED_NEAR = 0.1, 0.3  # the share that is looked at afterwards: never nothing, more near the bar
NEAR = 0.25  # of the way from the bar to certainty
LATEST = 2_000  # decisions that a certificate looks back on


@dataclass(frozen=True, slots=True)
class Decision:
    """How an approval ended. `seconds` from when the card was shown, `bulk`: decided with others at once."""

    state: str
    seconds: float | None = None
    bulk: bool = False
    edited: tuple[str, ...] = ()


def label_of(decision: Decision) -> bool | None:
    """Whether the call was right as it was proposed; None where that says nothing.

    What expired or was withdrawn was judged by nobody; what was decided with others, or faster than
    anybody reads, was looked at by nobody. Whoever changed it has looked.
    """
    if decision.bulk:
        return None
    if decision.edited or decision.state == "changed":
        return False if decision.state in ("changed", "approved", "used") else None
    if decision.seconds is None or decision.seconds < GLANCE:
        return None
    match decision.state:
        case "approved" | "used":
            return True
        case "rejected":
            return False
    return None


def audited(score: float, cut: float) -> float:
    """The chance that a call that ran alone is put to somebody afterwards: higher just above the bar."""
    room = 1.0 - cut
    near = room > 0 and score < cut + NEAR * room
    return AUDITED_NEAR if near else AUDITED


# ── the error of all that was proposed ──────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Judged:
    """One call: the chance it had to be judged, and what was found; None where it was not."""

    chance: float
    right: bool | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """The share that was wrong, and how far off that may well be (one standard error)."""

    error: float
    spread: float
    judged: int


def weighted(judged: Iterable[Judged]) -> Estimate | None:
    """What was judged speaks for what was not, among those that had the same chance of it: each counts as
    one over the share of its like that was judged. So those whom nobody answered are counted too. None
    where nothing was judged."""
    alike: dict[float, list[bool | None]] = {}
    for each in judged:
        alike.setdefault(each.chance, []).append(each.right)
    groups = [(len(labels), [right for right in labels if right is not None]) for labels in alike.values()]
    groups = [(number, labels) for number, labels in groups if labels]
    total = sum(number for number, _ in groups)
    error = spread = 0.0
    for number, labels in groups:
        wrong, share = sum(not right for right in labels), number / total
        error += share * wrong / len(labels)
        likely = (wrong + 0.5) / (len(labels) + 1)
        spread += share**2 * likely * (1 - likely) / len(labels) * (1 - len(labels) / number)
    return Estimate(error, spread**0.5, sum(len(labels) for _, labels in groups)) if groups else None


# ── what a certificate is about ─────────────────────────────────────────────────────────


def evidence_key(model: str, prompt: str, tool: str, flow: Flow, step: str, rules: Sequence[Rule]) -> str:
    """Changes with any of what the evidence rests on: model, prompt, the tool's schema, the flow's step;
    and the rules about the tool, since they say which calls it was about."""
    source = {each.get("id"): each for each in flow.source.get("steps", ()) if isinstance(each, Mapping)}
    about = source.get(step) or {"flow": flow.version}  # a step of a flow inside of this one
    told = [_spelled(asdict(replace(rule, because="", learn=None))) for rule in rules]
    whole = json.dumps([model, prompt, tool, flow.id, step, about, told], sort_keys=True, default=str)
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


def _spelled(value: Any) -> Any:
    """With nothing in it whose order is a matter of chance."""
    match value:
        case Mapping():
            return {str(key): _spelled(each) for key, each in value.items()}
        case set() | frozenset():
            return sorted(map(str, value))
        case list() | tuple():
            return [_spelled(each) for each in value]
    return value


def rules_about(policy: Policy, tool: str, risk: str) -> list[Rule]:
    """Those that may have something to say of such a call."""
    return [
        rule
        for rule in policy.rules
        if not rule.shadow and fnmatchcase(tool, rule.tool) and (not rule.risk or risk in rule.risk)
    ]


def learning_rule(policy: Policy, name: str) -> Rule | None:
    return next((rule for rule in policy.rules if rule.name == name and rule.learn), None)


# ── in words ─────────────────────────────────────────────────────────────────────────────


def what(policy: Policy, rule: Rule, tool: str, risk: str) -> str:
    """ "refunds under $50.00": the rule, up to the amount from which another asks in any case."""
    caps = [
        each.at_least
        for each in rules_about(policy, tool, risk)
        if each.name != rule.name and each.outcome is not Outcome.ALONE and _only_amount(each)
    ]
    edges = [edge for cap in caps if (edge := bound(cap, "usd")) is not None]
    under = f" under {shown(min(edges), 'usd')}" if edges else ""
    return f"{rule.name.replace('-', ' ').replace('_', ' ')}{under}"


def _only_amount(rule: Rule) -> bool:
    bare = replace(rule, at_least="", currency="", because="", tool="*", risk=frozenset(), says_currency=True)
    return bool(rule.at_least) and bare == Rule(rule.name, rule.outcome, "")


def runs_alone(subject: str, found: Certificate, learn: Learn) -> str:
    return f"{subject} run alone: {found.of} decisions, {learn.words}"


def not_yet(subject: str, decided: int, wrong: int, learn: Learn) -> str:
    """How far it is. With what was wrong so far, more are needed than at the beginning."""
    needed = certify.price(learn.error, learn.confidence, wrong)
    if decided < needed:
        return f"{subject}: {decided} of about {needed} decisions"
    share = percent(wrong / decided) if decided else "0 %"
    return f"{subject}: {decided} decisions, {wrong} of them wrong ({share}), too many for {learn.words}"
