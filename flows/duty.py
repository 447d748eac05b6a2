"""Whom a matter can be handed to: groups and rotas of the policy. Who is on now is not known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SEVERITIES = ("low", "normal", "high", "critical")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL_DAY = (0, 24 * 60)


@dataclass(frozen=True, slots=True)
class Group:
    """Asked all at once, the first to take it has it. `people` are e-mail addresses.

    `places` (`slack:C…`, `teams:19:…`): asked there instead of each in private. Empty both: asked
    where approvers are asked.
    """

    people: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """One in a rota's line: an e-mail address or the name of a group, and when it is their turn.

    `hours` are minutes of the day where the rota is, the first within, the last not; a shift whose
    end is not after its beginning goes on past midnight, and belongs to the day on which it began.
    """

    who: str
    days: frozenset[str] = frozenset(DAYS)
    hours: tuple[int, int] = ALL_DAY


@dataclass(frozen=True, slots=True)
class Rota:
    """Asked one after the other, in this order, of those who are on."""

    line: tuple[Shift, ...]
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Duty:
    """`to` is the group, rota or person that a matter goes to where a flow does not say; `github` are
    the severities of which a GitHub issue is opened as well."""

    groups: Mapping[str, Group] = field(default_factory=dict)
    rotas: Mapping[str, Rota] = field(default_factory=dict)
    to: str = "support"
    github: tuple[str, ...] = ()

    @property
    def values(self) -> Mapping[str, object]:
        """What a flow's conditions and texts may read, as `policy.escalation`."""
        return {"to": self.to, "github": list(self.github)}
