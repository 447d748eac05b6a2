"""What is wrong with a policy that can be read: rules that never decide, holes, bands that contradict.

A mistake is refused at a push. A note is told, since it may be meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from flows.currencies import CURRENCIES
from flows.errors import Mistake
from flows.money import shown
from flows.policy import Outcome, Policy, Rule
from flows.policy_explain import IN_WORDS
from flows.policy_match import Case, bound, weight
from flows.policy_rule import Bound
from flows.policy_words import PLACES
from flows.yaml_source import Source

Kind = Literal["mistake", "note"]
MOST_EDGES = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """`at` is the rule's place in the file, -1 where it is about the whole policy."""

    kind: Kind
    at: int
    field: str
    problem: str
    right: str


def lint(policy: Policy, *, asked_elsewhere: bool = True) -> list[Finding]:
    """`asked_elsewhere`: the settings name a place where approvers are asked."""
    found = [
        *_names(policy),
        *_currencies(policy),
        *_groups(policy),
        *_words(policy),
        *_unreachable(policy),
        *_bands(policy),
        *_holes(policy),
        *_approvers(policy, asked_elsewhere),
    ]
    return sorted(found, key=lambda each: (each.at, each.kind))


def in_file(source: Source, findings: list[Finding]) -> list[tuple[Kind, Mistake]]:
    """With file and line, as every other mistake is told."""
    told: list[tuple[Kind, Mistake]] = []
    for each in findings:
        path: tuple[str | int, ...] = (each.field,) if each.at < 0 else ("rules", each.at, each.field)
        around = (path[:length] for length in range(len(path), -1, -1))
        line = next((source.lines[one] for one in around if one in source.lines), 0)
        told.append((each.kind, Mistake(source.file, line, "", each.field, each.problem, each.right)))
    return told


def _names(policy: Policy) -> Iterator[Finding]:
    names = [rule.name for rule in policy.rules]
    for at, name in enumerate(names):
        if name in names[:at]:
            yield Finding(
                "mistake", at, "name", f"{name!r} is the name of a rule before", "a name of its own"
            )


def _currencies(policy: Policy) -> Iterator[Finding]:
    for at, rule in enumerate(policy.rules):
        named = {"currency": [rule.currency] if rule.currency else []}
        named |= {"at_least": _codes(rule.at_least), "below": _codes(rule.below)}
        named["limit"] = _codes(rule.limit.amount) if rule.limit else []
        for field, codes in named.items():
            for code in codes:
                if code.lower() not in CURRENCIES:
                    yield Finding("mistake", at, field, f"there is no currency {code.upper()}", "usd, eur, …")
        if not rule.says_currency:
            field = "at_least" if rule.at_least else "below"
            right = f'currency: usd, or {field}: {{usd: "50.00", eur: "46.00"}}, or currency: any'
            yield Finding("mistake", at, field, "does not say of which currency its amount is", right)


def _codes(value: Bound) -> list[str]:
    return [] if isinstance(value, str) else [code for code, _ in value]


def _groups(policy: Policy) -> Iterator[Finding]:
    known = policy.duty.groups
    for at, rule in enumerate(policy.rules):
        for name in (*rule.requester.any_of, *rule.requester.none_of):
            if "@" not in name and name not in known:
                right = ", ".join(known) or "groups: {finance: {people: [grace@example.com]}}"
                yield Finding("mistake", at, "requester", f"there is no group {name!r}", right)
            elif "@" not in name and not known[name].people:
                problem = f"the group {name!r} has nobody in it, so nobody is ever among them"
                yield Finding("note", at, "requester", problem, f"people of {name}")


def _words(policy: Policy) -> Iterator[Finding]:
    for at, rule in enumerate(policy.rules):
        places = {part.partition("}")[0] for part in rule.because.split("{")[1:] if "}" in part}
        for name in sorted(places - PLACES):
            right = ", ".join(f"{{{each}}}" for each in sorted(PLACES))
            yield Finding(
                "note", at, "because", f"{{{name}}} stands for nothing and is shown as it is", right
            )


def _unreachable(policy: Policy) -> Iterator[Finding]:
    """A rule decides nothing where a stricter one, or an equal one before it, says at least as much."""
    rules = policy.rules
    for at, rule in enumerate(rules):
        for before, other in enumerate(rules):
            stricter = other.outcome > rule.outcome
            if rule.shadow or other.shadow or before == at or not covers(other, rule):
                continue
            if other.learn is not None and rule.learn is None and not stricter:
                continue  # once experience lets that one go, this one still asks
            if stricter and before < at:
                problem = f"would loosen what {other.name!r} tightened: that one wins, and this never decides"
            elif stricter or (other.outcome is rule.outcome and before < at):
                problem = f"never decides: {other.name!r} says {IN_WORDS[other.outcome]} to all of it"
            else:
                continue
            yield Finding("mistake", at, "name", problem, f"narrow {other.name!r}, or leave this out")
            break


def covers(wide: Rule, narrow: Rule) -> bool:
    """Whether `wide` surely matches whatever `narrow` does."""
    return (
        _covers_tool(wide.tool, narrow.tool)
        and (not wide.risk or (bool(narrow.risk) and narrow.risk <= wide.risk))
        and (wide.egress is None or wide.egress is narrow.egress)
        and (not wide.currency or wide.currency == narrow.currency)
        and _covers_bound(wide, narrow)
        and (not wide.requester or wide.requester == narrow.requester)
        and (not wide.recipient or wide.recipient == narrow.recipient)
        and (not wide.first_time or wide.first_time == narrow.first_time)
        and (wide.when is None or wide.when == narrow.when)
        and (wide.limit is None or wide.limit == narrow.limit)
        and _covers_confidence(wide.confidence_below, narrow.confidence_below)
    )


def _covers_tool(wide: str, narrow: str) -> bool:
    if wide in ("*", narrow):
        return True
    plain = not any(each in narrow for each in "*?[")
    if plain:
        return fnmatchcase(narrow, wide)
    head = wide.removesuffix("*")
    return wide.endswith("*") and not any(each in head for each in "*?[") and narrow.startswith(head)


def _covers_bound(wide: Rule, narrow: Rule) -> bool:
    if not wide.at_least and not wide.below:
        return True
    if (wide.at_least, wide.below) == (narrow.at_least, narrow.below):
        return True
    codes = {*_codes(wide.at_least), *_codes(wide.below), *_codes(narrow.at_least), *_codes(narrow.below)}
    plain = all(isinstance(each, str) for each in (wide.at_least, wide.below, narrow.at_least, narrow.below))
    if not plain and (not narrow.at_least or set(_codes(narrow.at_least)) != codes):
        return False
    return all(_within(wide, narrow, code) for code in codes or {"usd"})


def _within(wide: Rule, narrow: Rule, code: str) -> bool:
    least, most = (bound(each, code) if each else None for each in (wide.at_least, wide.below))
    lower, upper = (bound(each, code) if each else None for each in (narrow.at_least, narrow.below))
    if least is not None and (lower is None or lower < least):
        return False
    return most is None or (upper is not None and upper <= most)


def _covers_confidence(wide: float | None, narrow: float | None) -> bool:
    return wide is None or (narrow is not None and narrow <= wide)


def _bands(policy: Policy) -> Iterator[Finding]:
    """More money must never be asked less: looked at on both sides of every amount that is named."""
    rules = [rule for rule in policy.rules if not rule.shadow]
    banded = [(at, rule) for at, rule in enumerate(policy.rules) if rule.below and not rule.shadow]
    for at, rule in banded:
        if rule.outcome is Outcome.ALONE:
            continue
        for code in _codes(rule.below) or [rule.currency or "usd"]:
            edge = bound(rule.below, code)
            if edge is None:
                continue
            below, above = (_strictest(rules, rule, (amount, code)) for amount in (edge - 1, edge))
            if above < below:
                problem = (
                    f"from {shown(edge, code)} on it is laxer: {IN_WORDS[above]} instead of {IN_WORDS[below]}"
                )
                yield Finding("mistake", at, "below", problem, "no below, or a rule for what is above it")


def _strictest(rules: list[Rule], like: Rule, amount: tuple[int, str]) -> Outcome:
    """What such a call would come to, were it sure, and its past and hour in nobody's way."""
    tool = like.tool.replace("*", "x").replace("?", "x")
    risk = next(iter(sorted(like.risk)), "money")
    case = Case(tool, risk, bool(like.egress), amount, "x", 1.0, "x@example.com")
    said = [weight(rule, case) for rule in rules]
    return max((each for each in said if each is not None), default=Outcome.ASK)


def _holes(policy: Policy) -> Iterator[Finding]:
    """An amount that is asked about in one currency only, while another runs alone whatever it is."""
    rules = [rule for rule in policy.rules if not rule.shadow]
    for at, rule in enumerate(policy.rules):
        if rule.outcome is Outcome.ALONE or not rule.at_least or not rule.currency or rule.shadow:
            continue
        other = "eur" if rule.currency != "eur" else "usd"
        if _strictest(rules, rule, (10**14, other)) is Outcome.ALONE:
            problem = f"is for {rule.currency.upper()} only: in {other.upper()} any amount may run alone"
            right = (
                f'at_least: {{{rule.currency}: "…", {other}: "…"}}: any other currency is then asked about'
            )
            yield Finding("mistake", at, "currency", problem, right)


def _approvers(policy: Policy, asked_elsewhere: bool) -> Iterator[Finding]:
    asks = any(rule.outcome is Outcome.ASK and not rule.shadow for rule in policy.rules)
    if asks and not policy.approvers.places and not asked_elsewhere:
        problem = "names no place where anybody could be asked, and APPROVALS_CHANNEL is not set either"
        yield Finding("note", -1, "approvers", problem, 'approvers: {places: ["slack:C0123"]}')
