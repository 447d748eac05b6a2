"""Who is on now: the line of those whom a matter can be handed to at this moment, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flows.duty import DAYS, Duty, Group, Rota, Shift
from flows.duty_file import EMAIL
from flows.errors import FlowError, Mistake
from flows.policy import Policy
from workers.waits import zone_of

MOST = 50
_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Asking:
    """One who is asked at a time: a person, or a group at once. `token` is how the policy names them."""

    token: str
    group: Group


def line(duty: Duty, to: str, now: datetime) -> list[Asking] | None:
    """None where `to` names neither group, rota nor anybody's e-mail address."""
    to = to.strip()
    if to in duty.groups:
        return [Asking(to, duty.groups[to])]
    if to in duty.rotas:
        return list(_unique(_shifts(duty, duty.rotas[to], now)))
    people = [each.lower() for each in _BETWEEN.split(to) if each]
    if people and all(EMAIL.match(each) for each in people):
        return list(_unique(Asking(each, Group((each,))) for each in people))
    return [Asking(to, Group())] if to == Duty().to else None


def on(shift: Shift, here: datetime) -> bool:
    """Whether it is their turn at this time of where the rota is."""
    begins, ends = shift.hours
    minute, today = here.hour * 60 + here.minute, DAYS[here.weekday()]
    if begins < ends:
        return today in shift.days and begins <= minute < ends
    before = DAYS[(here - timedelta(days=1)).weekday()]
    return (today in shift.days and minute >= begins) or (before in shift.days and minute < ends)


def _shifts(duty: Duty, rota: Rota, now: datetime) -> Iterator[Asking]:
    here = now.astimezone(zone_of(rota.time_zone))
    for shift in rota.line:
        if on(shift, here):
            yield Asking(shift.who, duty.groups.get(shift.who, Group((shift.who,))))


def _unique(found: Iterator[Asking]) -> Iterator[Asking]:
    seen: set[str] = set()
    for each in found:
        if each.token not in seen and len(seen) < MOST:
            seen.add(each.token)
            yield each


def zones_are_there(policy: Policy, file: str) -> None:
    """Raises `FlowError`: hours in a zone that there is not would be other hours than those meant."""
    named = [("rotas", name, rota.time_zone) for name, rota in policy.duty.rotas.items()]
    named += [("rules", rule.name, rule.when.time_zone) for rule in policy.rules if rule.when is not None]
    for field, name, zone in named:
        if not _is_zone(zone):
            problem = f"{name!r} is in a time zone that there is not"
            raise FlowError([Mistake(file, 0, "", field, problem, "time_zone: Europe/Berlin")])


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return True
