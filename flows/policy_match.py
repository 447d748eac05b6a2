"""Does a rule match a call? Each field is one check, which holds, does not, or cannot be told.

What cannot be told never lets a call run alone, and of a stricter rule it makes a question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from flows.money import ZERO_DECIMAL, minor_units
from flows.policy_facts import Past
from flows.policy_rule import Among, Bound, Outcome, Rule

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Case:
    """One call as rules look at it.

    `amount`: minor units and currency, None where no money moves. `recipient`: None where it reaches
    nobody in particular, empty where that cannot be told. `email`: empty where it is not known.
    """

    tool: str
    risk: str
    egress: bool = False
    amount: tuple[int, str] | None = None
    recipient: str | None = None
    confidence: float | None = None
    email: str = ""
    groups: frozenset[str] = frozenset()
    clocks: Mapping[str, str] | None = None
    past: Past | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """`holds` is asked where `asked` says that the rule has something to say. None: cannot be told."""

    field: str
    asked: Callable[[Rule], bool]
    holds: Callable[[Rule, Case], bool | None]


def weight(rule: Rule, case: Case) -> Outcome | None:
    """What the rule has to say about the call; None where it has nothing to say."""
    unknown = False
    for check in CHECKS:
        if not check.asked(rule):
            continue
        held = check.holds(rule, case)
        if held is False:
            return None
        unknown = unknown or held is None
    if not unknown:
        return rule.outcome
    return None if rule.outcome is Outcome.ALONE else Outcome.ASK


def unknown(rule: Rule, case: Case) -> Check | None:
    """The first of its checks that cannot be told."""
    asked = (check for check in CHECKS if check.asked(rule))
    return next((check for check in asked if check.holds(rule, case) is None), None)


def bound(value: Bound, currency: str) -> int | None:
    """In minor units; None for a currency that it says nothing about."""
    if isinstance(value, str):
        return minor_units(fitted(value, currency), currency)
    found = dict(value).get(currency.lower())
    return None if found is None else minor_units(found, currency)


def fitted(major: str, currency: str) -> str:
    """ "50.00" read in a currency without decimals is 50."""
    return major.partition(".")[0] if currency.lower() in ZERO_DECIMAL else major


# ── one function for each field ──────────────────────────────────────────────────────────


def _tool(rule: Rule, case: Case) -> bool:
    return fnmatchcase(case.tool, rule.tool)


def _risk(rule: Rule, case: Case) -> bool:
    return case.risk in rule.risk


def _egress(rule: Rule, case: Case) -> bool:
    return case.egress == rule.egress


def _currency(rule: Rule, case: Case) -> bool:
    return case.amount is None or case.amount[1].lower() == rule.currency.lower()


def _at_least(rule: Rule, case: Case) -> bool | None:
    if case.amount is None:
        return False
    minor, currency = case.amount
    least = bound(rule.at_least, currency)
    return None if least is None else minor >= least


def _below(rule: Rule, case: Case) -> bool | None:
    if case.amount is None:
        return False
    minor, currency = case.amount
    most = bound(rule.below, currency)
    return None if most is None else minor < most


def _requester(rule: Rule, case: Case) -> bool | None:
    if not case.email:
        return None
    return _among(rule.requester, lambda named: _is_person(named, case))


def _is_person(named: str, case: Case) -> bool:
    if named.startswith("@"):
        return case.email.lower().endswith(named.lower())
    return named.lower() == case.email.lower() if "@" in named else named in case.groups


def _recipient(rule: Rule, case: Case) -> bool | None:
    if case.recipient is None:
        return False
    found = case.recipient.lower()
    return _among(rule.recipient, lambda named: fnmatchcase(found, named.lower())) if found else None


def _among(among: Among, meant: Callable[[str], bool]) -> bool:
    if among.any_of and not any(meant(each) for each in among.any_of):
        return False
    return not any(meant(each) for each in among.none_of)


def _first_time(rule: Rule, case: Case) -> bool | None:
    if rule.first_time == "recipient" and not case.recipient:
        return False if case.recipient is None else None
    if case.past is None:
        return None
    return case.past.first_tool if rule.first_time == "tool" else case.past.first_recipient


def _when(rule: Rule, case: Case) -> bool | None:
    local = (case.clocks or {}).get(rule.when.time_zone) if rule.when else None
    if local is None or rule.when is None:
        return None
    minute = int(local[15:17]) * 60 + int(local[18:20])
    today = DAYS.index(local[:3])
    begins, ends = rule.when.hours
    if begins < ends:
        return _on(rule.when.days, today) and begins <= minute < ends
    late, early = _on(rule.when.days, today), _on(rule.when.days, today - 1)
    return (late and minute >= begins) or (early and minute < ends)


def _on(days: frozenset[str], day: int) -> bool:
    return not days or DAYS[day % 7] in days


def _limit(rule: Rule, case: Case) -> bool | None:
    limit = rule.limit
    if limit is None or (limit.by == "recipient" and case.recipient is None):
        return False
    if limit.amount and case.amount is None:
        return False
    used = case.past.used.get(rule.scope, (0, 0)) if case.past is not None else None
    if used is None or (limit.by == "recipient" and not case.recipient):
        return None
    if limit.calls:
        return used[1] + 1 > limit.calls
    if case.amount is None:
        return False
    most = bound(limit.amount, case.amount[1])
    return None if most is None else used[0] + case.amount[0] > most


def _confidence(rule: Rule, case: Case) -> bool:
    # A call whose confidence is not known is not known to be sure.
    bar = rule.confidence_below
    return bar is None or case.confidence is None or case.confidence < bar


CHECKS: tuple[Check, ...] = (
    Check("tool", lambda rule: rule.tool != "*", _tool),
    Check("risk", lambda rule: bool(rule.risk), _risk),
    Check("egress", lambda rule: rule.egress is not None, _egress),
    Check("currency", lambda rule: bool(rule.currency), _currency),
    Check("at_least", lambda rule: bool(rule.at_least), _at_least),
    Check("below", lambda rule: bool(rule.below), _below),
    Check("requester", lambda rule: bool(rule.requester), _requester),
    Check("recipient", lambda rule: bool(rule.recipient), _recipient),
    Check("when", lambda rule: rule.when is not None, _when),
    Check("first_time", lambda rule: bool(rule.first_time), _first_time),
    Check("limit", lambda rule: rule.limit is not None, _limit),
    Check("confidence_below", lambda rule: rule.confidence_below is not None, _confidence),
)
