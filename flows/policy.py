"""May a call run alone? Rules as data, judged here; the strictest match wins.

Confidence can turn "may run alone" into "ask", never the reverse: a rule about confidence
has no other outcome, which the loader checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from fnmatch import fnmatchcase
from typing import Any, Protocol

from flows.duty import Duty
from flows.money import ZERO_DECIMAL, minor_units, shown


class Outcome(IntEnum):
    """In the order of strictness."""

    ALONE = 0
    ASK = 1
    DENY = 2


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


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the policy. Empty fields match everything.

    `at_least` is an amount in major units ("50.00"). It counts in any currency, unless `currency`
    names the one that the rule is for. `confidence_below` matches a call less sure than that.
    """

    name: str
    outcome: Outcome
    because: str
    tool: str = "*"
    risk: frozenset[str] = frozenset()
    at_least: str = ""
    currency: str = ""
    confidence_below: float | None = None
    egress: bool | None = None


@dataclass(frozen=True, slots=True)
class Approvers:
    """Who decides, and where they are asked.

    `people` are e-mail addresses; empty: whoever is in the place, but never the requester.
    `places` are `slack:C…` or `teams:19:…`; empty: APPROVALS_CHANNEL.
    """

    people: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """`version` is the hash of its content; `expires` is in seconds; `duty`: to whom matters are handed."""

    version: str
    rules: tuple[Rule, ...]
    approvers: Approvers = Approvers()
    expires: int = 1800
    money_tools: bool = True
    duty: Duty = field(default_factory=Duty)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, the rule that decided, and why, in words for a person."""

    outcome: Outcome
    rule: str
    because: str


def judge(policy: Policy, tool: ToolCard, arguments: Mapping[str, Any], confidence: float | None) -> Verdict:
    """The strictest of the rules that match. No match, or not knowing what is moved: ask at least."""
    if tool.risk == "money" and not policy.money_tools:
        return Verdict(Outcome.DENY, "money-tools-off", "Tools that move money are switched off here.")
    amount, least = None, None
    try:
        amount = tool.amount(arguments)
    except (ValueError, KeyError, TypeError):
        least = Verdict(Outcome.ASK, "unreadable", "The arguments could not be read.")
    if least is None and amount is None and tool.risk == "money":
        least = Verdict(Outcome.ASK, "no-amount", "How much money this moves is not known beforehand.")
    matching = [rule for rule in policy.rules if _matches(rule, tool, amount, confidence)]
    strictest = max(matching, key=lambda rule: rule.outcome, default=None)
    if least is not None and (strictest is None or strictest.outcome < Outcome.DENY):
        return least
    if strictest is None:
        return Verdict(Outcome.ASK, "no-rule", "No rule allows this to run alone.")
    return Verdict(strictest.outcome, strictest.name, _because(strictest, amount, confidence))


def _matches(rule: Rule, tool: ToolCard, amount: tuple[int, str] | None, confidence: float | None) -> bool:
    if not fnmatchcase(tool.name, rule.tool):
        return False
    if rule.risk and tool.risk not in rule.risk:
        return False
    if rule.egress is not None and tool.egress != rule.egress:
        return False
    if rule.currency and amount is not None and rule.currency.lower() != amount[1].lower():
        return False
    if rule.at_least:
        if amount is None:
            return False
        minor, currency = amount
        if minor < minor_units(_fitted(rule.at_least, currency), currency):
            return False
    if rule.confidence_below is not None:
        # A call whose confidence is not known is not known to be sure.
        return confidence is None or confidence < rule.confidence_below
    return True


def _fitted(major: str, currency: str) -> str:
    """ "50.00" read in a currency without decimals is 50."""
    return major.partition(".")[0] if currency.lower() in ZERO_DECIMAL else major


def _because(rule: Rule, amount: tuple[int, str] | None, confidence: float | None) -> str:
    text = rule.because
    if amount is not None:
        text = text.replace("{amount}", shown(*amount))
    if confidence is not None:
        text = text.replace("{confidence}", f"{confidence:.0%}")
    if amount is not None and rule.at_least:
        minor = minor_units(_fitted(rule.at_least, amount[1]), amount[1])
        return text.replace("{at_least}", shown(minor, amount[1]))
    return text.replace("{at_least}", rule.at_least)
