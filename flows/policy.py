"""May a call run alone? Rules as data, judged here; the strictest match wins.

Confidence can turn "may run alone" into "ask", never the reverse: a rule about confidence
has no other outcome, which the loader checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from flows import calibration_verdict, policy_words
from flows.approval_stages import REASONS, Stage, Times
from flows.batch import Batching
from flows.duty import Duty
from flows.grants import may_lift
from flows.load import Load
from flows.policy_facts import About
from flows.policy_match import Case, unknown, weight
from flows.policy_rule import Among, Limit, Outcome, Rule, When

__all__ = [
    "About", "Among", "Approvers", "Limit", "Outcome", "Policy", "Rule", "ToolCard", "Unreadable", "Verdict",
    "When", "case_of", "judge", "would_have",
]  # fmt: skip

UNREADABLE = "unreadable"
GRANT = "grant "  # a verdict's rule that begins so names the grant
NOBODY = About()


class Unreadable(ValueError):
    """The arguments do not fit the tool; `fields` says where, in the tool's own names."""

    def __init__(self, fields: tuple[str, ...] = ()) -> None:
        super().__init__("the arguments do not fit the tool")
        self.fields = fields


class ToolCard(Protocol):
    """What a decision needs to know of a tool."""

    @property
    def name(self) -> str: ...
    @property
    def risk(self) -> str: ...
    @property
    def egress(self) -> bool: ...
    def amount(self, arguments: Mapping[str, Any]) -> tuple[int, str] | None:
        """Minor units and currency, None where no money moves. Raises ValueError if unreadable."""
        ...

    def recipient(self, arguments: Mapping[str, Any]) -> str | None:
        """Whom it reaches, None where nobody in particular, empty where that cannot be told."""
        ...


@dataclass(frozen=True, slots=True)
class Approvers:
    """Who decides, and where they are asked.

    `people` are e-mail addresses; empty: whoever is in the place, but never the requester.
    `places` are `slack:C…` or `teams:19:…`; empty: APPROVALS_CHANNEL. `stages` say more than `people`
    can, and take its place; `escalate` are asked too once those before let their time pass. `reasons`
    may be chosen by whoever rejects. `direct`: each gets a card in private too; None: where people are
    named and no place is.
    """

    people: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    escalate: tuple[str, ...] = ()
    times: Times = field(default_factory=Times)
    load: Load = field(default_factory=Load)
    reasons: tuple[str, ...] = REASONS
    direct: bool | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """`version` is the hash of its content; `expires` is in seconds; `duty`: to whom matters are handed.

    A policy in `shadow` decides nothing: what it would have decided is noted.
    """

    version: str
    rules: tuple[Rule, ...]
    approvers: Approvers = Approvers()
    expires: int = 1800
    money_tools: bool = True
    duty: Duty = field(default_factory=Duty)
    shadow: bool = False
    batch: Batching = field(default_factory=Batching)

    @property
    def grantable(self) -> bool:
        """There is something in it that a standing grant may answer."""
        return any(rule.grantable for rule in self.rules)

    @property
    def zones(self) -> frozenset[str]:
        """The time zones whose clocks it looks at."""
        return frozenset(rule.when.time_zone for rule in self.rules if rule.when)

    @property
    def rests_on_past(self) -> bool:
        """It looks at what was done before."""
        return any(rule.rests_on_past for rule in self.rules)

    def groups_of(self, email: str) -> frozenset[str]:
        """The groups that a person belongs to."""
        who = email.lower()
        return frozenset(name for name, group in self.duty.groups.items() if who and who in group.people)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, the rule that decided, and why, in words for a person."""

    outcome: Outcome
    rule: str
    because: str


@dataclass(frozen=True, slots=True)
class _Match:
    rule: Rule
    outcome: Outcome


def judge(
    policy: Policy,
    tool: ToolCard,
    arguments: Mapping[str, Any],
    confidence: float | None,
    about: About = NOBODY,
) -> Verdict:
    """The strictest of the rules that match. No match, or not knowing what is moved: ask at least."""
    if tool.risk == "money" and not policy.money_tools:
        return Verdict(Outcome.DENY, "money-tools-off", "Tools that move money are switched off here.")
    case, least = case_of(policy, tool, arguments, confidence, about)
    rules = (rule for rule in policy.rules if not rule.shadow)
    matching = [
        _Match(rule, calibration_verdict.eased(rule, said, case, about))
        for rule in rules
        if (said := weight(rule, case)) is not None
    ]
    strictest = max(matching, key=_strictness, default=None)
    if least is not None and (strictest is None or strictest.outcome < Outcome.DENY):
        return least
    if strictest is None:
        return Verdict(Outcome.ASK, "no-rule", "No rule allows this to run alone.")
    granted = about.facts.granted.get(about.key)
    if granted is not None and strictest.outcome is Outcome.ASK and may_lift(policy.rules, case):
        return Verdict(Outcome.ALONE, f"{GRANT}{granted.id}", granted.words)
    return _verdict(strictest, case, about)


def _strictness(match: _Match) -> tuple[Outcome, bool]:
    """Of those that let it run alone, the one that did so by experience is named."""
    return match.outcome, match.outcome is Outcome.ALONE and match.rule.outcome is Outcome.ASK


def case_of(
    policy: Policy, tool: ToolCard, arguments: Mapping[str, Any], confidence: float | None, about: About
) -> tuple[Case, Verdict | None]:
    """The call as rules look at it, and what is to be said of it at least."""
    amount, recipient, least = None, None, None
    try:
        amount, recipient = tool.amount(arguments), tool.recipient(arguments)
    except (ValueError, KeyError, TypeError):
        least = Verdict(Outcome.ASK, UNREADABLE, "The arguments could not be read.")
    if least is None and amount is None and tool.risk == "money":
        least = Verdict(Outcome.ASK, "no-amount", "How much money this moves is not known beforehand.")
    case = Case(
        tool=tool.name,
        risk=tool.risk,
        egress=tool.egress,
        amount=amount,
        recipient=recipient,
        confidence=confidence,
        email=about.email,
        groups=policy.groups_of(about.email),
        clocks=about.facts.clocks,
        past=about.facts.past_of(about.key),
    )
    return case, least


def would_have(
    policy: Policy,
    shadow: Policy | None,
    tool: ToolCard,
    arguments: Mapping[str, Any],
    confidence: float | None,
    about: About,
    decided: Verdict,
) -> tuple[Verdict, ...]:
    """What rules in shadow, and a policy in shadow, would have decided otherwise. Nobody acts on it."""
    found = []
    if any(rule.shadow for rule in policy.rules):
        case, _ = case_of(policy, tool, arguments, confidence, about)
        for rule in policy.rules:
            said = weight(rule, case) if rule.shadow else None
            if said is not None and said > decided.outcome:
                found.append(_verdict(_Match(rule, said), case, about))
    if shadow is not None:
        other = judge(shadow, tool, arguments, confidence, about)
        if other.outcome is not decided.outcome:
            found.append(other)
    return tuple(found)


def _verdict(match: _Match, case: Case, about: About) -> Verdict:
    rule = match.rule
    untold = unknown(rule, case)
    if untold is not None:
        return Verdict(match.outcome, rule.name, policy_words.untold(rule, case, untold.field))
    words = policy_words.because(rule, case, about.doubt)
    return Verdict(match.outcome, rule.name, calibration_verdict.because(rule, match.outcome, about, words))
