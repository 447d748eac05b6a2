"""Standing grants, judged: which calls one covers, and what somebody wrote who wants one.

A grant can turn "ask" into "may run alone" only where every rule that asks says so (`grantable`): a
rule about confidence never does. What it covers is decided here; who may make one is asked of people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from flows.money import minor_units, shown
from flows.policy_match import Case, unknown, weight
from flows.policy_rule import Outcome, Per, Rule

MOST_DAYS = 90
MOST_CALLS = 10_000
LONGEST = 300
PERIODS: Mapping[str, Per] = {"hour": "hour", "day": "day", "week": "week", "month": "month"}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which calls are meant; empty: any. `requester` is an e-mail address or a group of the policy,
    `recipient` exactly whom a call reaches, `account` the service account that it is made with."""

    tool: str
    requester: str = ""
    recipient: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """In minor units of `currency`; None: no money moves. `calls` in a `per`, and `total` in it."""

    calls: int
    per: Per
    each: int | None = None
    total: int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One call, as a grant looks at it. `amount` None: no money moves; `recipient` as `Case` says."""

    tool: str
    email: str
    groups: frozenset[str]
    recipient: str | None
    account: str
    amount: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to let run alone. `days` or the last day, `until`."""

    scope: Scope
    limits: Limits
    days: int = 30
    until: str = ""


@dataclass(frozen=True, slots=True)
class Unclear:
    because: str


def may_lift(rules: Iterable[Rule], case: Case) -> bool:
    """Whether nothing but rules that may be granted asks about this call, and each is known to match."""
    asking = [rule for rule in rules if _asks(rule, case)]
    return bool(asking) and all(
        rule.grantable and rule.outcome is Outcome.ASK and unknown(rule, case) is None for rule in asking
    )


def _asks(rule: Rule, case: Case) -> bool:
    said = None if rule.shadow else weight(rule, case)
    return said is not None and said >= Outcome.ASK


def outside(scope: Scope, limits: Limits, call: Asked) -> str:
    """Why this call is not covered; empty: it is, as far as its scope and its own amount go."""
    if scope.tool != call.tool:
        return "another tool"
    if scope.account != call.account:
        return "another account"
    if scope.requester and not _is(scope.requester, call):
        return "asked for by somebody else"
    if scope.recipient and scope.recipient != call.recipient:
        return "for somebody else"
    if call.amount is None:
        return "" if limits.each is None else "how much it moves is not known"
    minor, currency = call.amount
    if limits.each is None or currency.lower() != limits.currency:
        return "another currency"
    return "" if 0 <= minor <= limits.each else "more than each may be"


def _is(named: str, call: Asked) -> bool:
    return named.lower() == call.email.lower() != "" if "@" in named else named in call.groups


def beyond(limits: Limits, used: tuple[int, int], call: Asked) -> str:
    """Why this would be too much, where so much was `used` in the period: minor units and calls."""
    amount, calls = used
    if calls + 1 > limits.calls:
        return f"{limits.calls} in a {limits.per} are used up"
    minor = call.amount[0] if call.amount else 0
    if limits.total is not None and amount + minor > limits.total:
        return f"{shown(limits.total, limits.currency)} in a {limits.per} would be exceeded"
    return ""


def in_words(scope: Scope, limits: Limits) -> tuple[tuple[str, str], ...]:
    """Label and value, for a card: nothing shortened, nothing left out."""
    found = [
        ("What", scope.tool),
        ("Asked by", scope.requester or "anybody, but never whoever agrees to this"),
        ("For", scope.recipient or "anybody"),
        ("Account", scope.account or "none"),
    ]
    if limits.each is not None:
        found.append(("Each", f"at most {shown(limits.each, limits.currency)}"))
    if limits.total is not None:
        found.append(("Together", f"at most {shown(limits.total, limits.currency)} in a {limits.per}"))
    found.append(("How often", f"at most {limits.calls} in a {limits.per}"))
    return tuple(found)


def of_call(call: Asked, requester: str) -> Wanted:
    """What is offered on the card of a call: the same for the same person, up to what it is now."""
    minor, currency = call.amount or (None, "")
    limits = Limits(10, "day", minor, None if minor is None else minor * 10, currency.lower())
    return Wanted(Scope(call.tool, requester, call.recipient or "", call.account), limits)


# ── what somebody typed ──────────────────────────────────────────────────────────────────

EXAMPLE = "tool=stripe.charge requester=ada@example.com each=20.00 currency=usd calls=5 per=day days=30"
FIELDS = ("tool", "requester", "recipient", "each", "total", "currency", "calls", "per", "days", "until")
_PAIR = re.compile(r"([a-z]+)=(\"[^\"]{0,300}\"|\S{1,300})")
_CURRENCY = re.compile(r"[a-z]{3}\Z")
_DAY = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z")  # whether it is there: at the desk


def understood(text: str) -> Wanted | Unclear:
    """`tool=stripe.charge each=20.00 …`: the same words in chat and on the command line."""
    pairs = _PAIR.findall(text[:2000])
    rest = _PAIR.sub("", text[:2000]).strip()
    given = {name: value.strip('"') for name, value in pairs}
    odd = rest or next((name for name in given if name not in FIELDS), "") or _twice(pairs)
    if odd or len(text) > 2000:
        return Unclear(f"I did not understand “{odd[:60]}”. For example: {EXAMPLE}")
    if not given.get("tool"):
        return Unclear(f"Say which tool. For example: {EXAMPLE}")
    limits = _limits(given)
    if isinstance(limits, Unclear):
        return limits
    scope = Scope(given["tool"], given.get("requester", ""), given.get("recipient", ""))
    return _ending(Wanted(scope, limits), given)


def _twice(pairs: list[tuple[str, str]]) -> str:
    names = [name for name, _ in pairs]
    return next((name for name in names if names.count(name) > 1), "")


def _limits(given: Mapping[str, str]) -> Limits | Unclear:
    currency, per = given.get("currency", "").lower(), given.get("per", "day")
    calls = _whole(given.get("calls", "10"), MOST_CALLS)
    if calls is None or per not in PERIODS:
        return Unclear(f"calls is a number up to {MOST_CALLS}, per one of {', '.join(PERIODS)}.")
    amounts: dict[str, int | None] = {"each": None, "total": None}
    for name in amounts:
        if name in given:
            if not _CURRENCY.match(currency):
                return Unclear("Say the currency of the amount: currency=usd.")
            try:
                amounts[name] = minor_units(given[name], currency)
            except ValueError:
                return Unclear(f"{name} is an amount, like {name}=20.00.")
    each, total = amounts["each"], amounts["total"]
    if total is not None and each is None:
        return Unclear("Say how much each may be too: each=20.00.")
    if each is not None and total is not None and total < each:
        return Unclear("total is less than each.")
    return Limits(calls, PERIODS[per], each, total, currency if each is not None else "")


def _ending(wanted: Wanted, given: Mapping[str, str]) -> Wanted | Unclear:
    if "days" in given and "until" in given:
        return Unclear("Say days or until, not both.")
    if "until" in given:
        if not _DAY.match(given["until"]):
            return Unclear("until is a day, like until=2026-12-31.")
        return replace(wanted, until=given["until"])
    days = _whole(given.get("days", "30"), MOST_DAYS)
    if days is None:
        return Unclear(f"days is a number from 1 to {MOST_DAYS}: a grant never lasts longer.")
    return replace(wanted, days=days)


def _whole(text: str, most: int) -> int | None:
    value = int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0
    return value if 1 <= value <= most else None
