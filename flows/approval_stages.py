"""Who decides, as data: stages one after the other, each with those of whom so many have to agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flows.duty import ALL_DAY, DAYS

MANAGER = "manager"
SLACK, ENTRA = "slack:", "entra:"
WEEK = frozenset(DAYS)
# To choose from by whoever rejects, where a policy names no others.
REASONS = ("Wrong amount", "Wrong recipient", "Not needed", "Need more information")


@dataclass(frozen=True, slots=True)
class Stage:
    """`any_of` are e-mail addresses, groups and rotas of the policy, `slack:@handle`, `entra:ID` and
    `manager` (the requester's); empty: whoever is where it was asked. So many of them have to agree."""

    any_of: tuple[str, ...] = ()
    quorum: int = 1
    name: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an approval was asked with, and what its digest covers: a changed requirement is another one.

    `escalate` joins the stage that is open, one after the other, each when the one before let its
    time pass.
    """

    stages: tuple[Stage, ...] = (Stage(),)
    escalate: tuple[str, ...] = ()

    def at(self, stage: int, tier: int) -> tuple[str, ...]:
        """Whose word counts in this stage once it was escalated so often; empty: whoever is there."""
        named = self.stages[stage].any_of
        return (*named, *self.escalate[:tier]) if named else ()

    @property
    def quorums(self) -> tuple[int, ...]:
        return tuple(stage.quorum for stage in self.stages)


@dataclass(frozen=True, slots=True)
class Hours:
    """When people are asked to look: days and minutes of the day, the first within, the last not."""

    days: frozenset[str] = WEEK
    hours: tuple[int, int] = ALL_DAY
    time_zone: str = "UTC"

    @property
    def always(self) -> bool:
        return self.days == WEEK and self.hours == ALL_DAY


@dataclass(frozen=True, slots=True)
class Times:
    """`remind`: after which percentages of the time those who still must decide hear of it again.

    `hours` are of each approver's own zone, for reminders; where the clock stops outside of them,
    they are of `hours.time_zone`.
    """

    remind: tuple[int, ...] = ()
    hours: Hours = Hours()
    clock_stops: bool = False


def to_json(terms: Terms) -> dict[str, Any]:
    """One spelling, without floats: it is sealed as it is stored."""
    stages = [
        {"any_of": list(stage.any_of), "quorum": stage.quorum, "name": stage.name} for stage in terms.stages
    ]
    return {"stages": stages, "escalate": list(terms.escalate)}


def from_json(raw: Mapping[str, Any]) -> Terms:
    stages = tuple(
        Stage(tuple(each["any_of"]), int(each["quorum"]), str(each["name"])) for each in raw.get("stages", ())
    )
    return Terms(stages, tuple(raw.get("escalate", ())))


def title(stages: Sequence[Stage], at: int) -> str:
    """What a stage is called, for people."""
    stage = stages[at]
    if stage.name:
        return stage.name
    return "Who decides" if len(stages) == 1 else f"Stage {at + 1}"
