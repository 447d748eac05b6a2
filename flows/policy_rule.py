"""One rule of a policy: what it looks at, as data. What empty fields look at is everything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from flows.calibration_rule import Learn


class Outcome(IntEnum):
    """In the order of strictness."""

    ALONE = 0
    ASK = 1
    DENY = 2


# An amount in major units: one number, or one for each currency that it can be told in.
Bound = str | tuple[tuple[str, str], ...]
By = Literal["requester", "tool", "recipient", "tenant"]
Per = Literal["hour", "day", "week", "month"]
SECONDS: dict[Per, int] = {"hour": 3_600, "day": 86_400, "week": 604_800, "month": 30 * 86_400}


@dataclass(frozen=True, slots=True)
class Among:
    """Who or what is meant: `any_of` are some that are, `none_of` some that are not.

    For people: names of groups, `@example.com`, e-mail addresses. For recipients: patterns.
    """

    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.any_of or self.none_of)


@dataclass(frozen=True, slots=True)
class When:
    """Days and hours where `time_zone` is. `hours` are minutes of the day, the first within, the last
    not; one that ends before it begins goes on past midnight, and belongs to the day it began on."""

    time_zone: str
    days: frozenset[str] = frozenset()
    hours: tuple[int, int] = (0, 24 * 60)


@dataclass(frozen=True, slots=True)
class Limit:
    """Beyond it the rule matches: so much money, or so many calls, in the last hour, day, week or
    month (30 days), this call included. `by` says whose calls are counted together: those of the
    same requester, tool or recipient, or all. Only calls that the rule's tool and risk name count."""

    per: Per
    by: By
    amount: Bound = ""
    calls: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the policy. Empty fields match everything.

    `at_least` and `below` are amounts in major units ("50.00"). One number counts in any currency,
    unless `currency` names the one that the rule is for; with one for each currency, a call in
    another cannot be compared, and is asked about. `confidence_below` matches a call less sure than
    that. `first_time`: the requester never did this with this tool, or to this recipient. A
    `shadow` rule decides nothing: what it would have decided is noted.
    """

    name: str
    outcome: Outcome
    because: str
    tool: str = "*"
    risk: frozenset[str] = frozenset()
    at_least: Bound = ""
    currency: str = ""
    confidence_below: float | None = None
    egress: bool | None = None
    below: Bound = ""
    requester: Among = Among()
    recipient: Among = Among()
    first_time: Literal["", "tool", "recipient"] = ""
    when: When | None = None
    limit: Limit | None = None
    shadow: bool = False
    grantable: bool = False  # where it asks, a standing grant may answer (`grants.py`)
    learn: Learn | None = None  # it need not go on asking once experience says so
    says_currency: bool = True  # an amount without one was written down without a word about currencies

    @property
    def rests_on_past(self) -> bool:
        """What was done before has to be known to tell whether it matches."""
        return bool(self.first_time or self.limit)

    @property
    def scope(self) -> str:
        """Which calls its limit counts, in a word: rules of the same scope share a count."""
        limit = self.limit
        return f"{limit.per} {limit.by} {self.tool} {' '.join(sorted(self.risk))}".strip() if limit else ""
