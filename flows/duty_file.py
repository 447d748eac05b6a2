"""groups, rotas and escalation of policy.yaml → Duty, with every mistake named."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flows.duty import ALL_DAY, DAYS, SEVERITIES, Duty, Group, Rota, Shift

FIELDS = ("groups", "rotas", "escalation")
MOST_GROUPS, MOST_PEOPLE = 100, 100
EMAIL = re.compile(r"[^@\s,;]{1,64}@[^@\s,;]{1,190}\Z")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}\Z")
_TIME = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])\Z")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,59}\Z")
_PLACE = re.compile(r"(slack|teams):\S{1,300}\Z")
WHO = "who: grace@example.com, or the name of a group"
Wrong = Callable[[str, str, str], None]


def parse_duty(raw: Mapping[str, Any], wrong: Wrong) -> Duty:
    """Whatever is wrong is noted, and then not used."""
    groups = {
        name: _group(name, each, wrong)
        for name, each in _named(raw, "groups", wrong, "groups: {support: {people: [grace@example.com]}}")
    }
    right = "rotas: {on-call: {line: [{who: grace@example.com}]}}"
    rotas = {name: _rota(name, each, groups, wrong) for name, each in _named(raw, "rotas", wrong, right)}
    for name in groups.keys() & rotas.keys():
        wrong("rotas", f"{name!r} is a group too", "a name of its own")
    to, github = _escalation(raw.get("escalation", {}), groups, rotas, wrong)
    return Duty(groups, rotas, to, github)


def _named(raw: Mapping[str, Any], field: str, wrong: Wrong, right: str) -> list[tuple[str, Any]]:
    found = raw.get(field, {})
    if not isinstance(found, Mapping) or len(found) > MOST_GROUPS:
        wrong(field, f"must be at most {MOST_GROUPS} by their names", right)
        return []
    for name in found:
        if not isinstance(name, str) or not NAME.match(name):
            wrong(field, f"{str(name)[:60]!r} is no name", "a short word of letters, digits, _ and -")
    return [(name, each) for name, each in found.items() if isinstance(name, str) and NAME.match(name)]


def _group(name: str, raw: Any, wrong: Wrong) -> Group:
    if not isinstance(raw, Mapping) or raw.keys() - {"people", "places"}:
        wrong(
            "groups", f"{name!r} has people and places, and nothing else", "support: {people: [], places: []}"
        )
        return Group()
    people = _texts(raw.get("people", []), EMAIL)
    places = _texts(raw.get("places", []), _PLACE)
    if people is None:
        wrong("groups", f"people of {name!r} must be e-mail addresses", "people: [grace@example.com]")
    if places is None:
        wrong("groups", f"places of {name!r} must say the platform", 'places: ["slack:C0123"]')
    return Group(tuple(each.lower() for each in people or ()), places or ())


def _texts(raw: Any, shape: re.Pattern[str]) -> tuple[str, ...] | None:
    if not isinstance(raw, list) or len(raw) > MOST_PEOPLE:
        return None
    return tuple(raw) if all(isinstance(each, str) and shape.match(each) for each in raw) else None


def _rota(name: str, raw: Any, groups: Mapping[str, Group], wrong: Wrong) -> Rota:
    right = f"{name}: {{time_zone: Europe/Berlin, line: [{{who: grace@example.com}}]}}"
    if not isinstance(raw, Mapping) or raw.keys() - {"time_zone", "line"}:
        wrong("rotas", f"{name!r} has a line and a time_zone, and nothing else", right)
        return Rota(())
    line = raw.get("line")
    if not isinstance(line, list) or not 0 < len(line) <= MOST_PEOPLE:
        wrong("rotas", f"{name!r} needs a line of 1 to {MOST_PEOPLE}", right)
        line = []
    zone = raw.get("time_zone", "UTC")
    if not isinstance(zone, str) or not _ZONE.match(zone):  # whether there is such a one, the push looks up
        wrong("rotas", f"{str(zone)[:60]!r} is no time zone", "time_zone: Europe/Berlin")
        zone = "UTC"
    shifts = [_shift(name, each, groups, wrong) for each in line]
    return Rota(tuple(each for each in shifts if each is not None), zone)


def _shift(rota: str, raw: Any, groups: Mapping[str, Group], wrong: Wrong) -> Shift | None:
    if not isinstance(raw, Mapping) or raw.keys() - {"who", "days", "from", "to"}:
        wrong("rotas", f"the line of {rota!r} has who, days, from and to, and nothing else", WHO)
        return None
    who = raw.get("who")
    if not isinstance(who, str) or not (EMAIL.match(who) or who in groups):
        wrong("rotas", f"{str(who)[:60]!r} in {rota!r} is neither an e-mail address nor a group", WHO)
        return None
    days = raw.get("days", list(DAYS))
    if not isinstance(days, list) or not days or not all(each in DAYS for each in days):
        wrong("rotas", f"days in {rota!r} are some of {', '.join(DAYS)}", "days: [mon, tue]")
        days = list(DAYS)
    begins, ends = _minutes(raw.get("from", "00:00")), _minutes(raw.get("to", "24:00"))
    if begins is None or ends is None or begins == ends:
        wrong("rotas", f"from and to in {rota!r} are times in quotes", 'from: "09:00", to: "17:00"')
        begins, ends = ALL_DAY
    return Shift(who.lower() if "@" in who else who, frozenset(days), (begins, ends))


def _minutes(raw: Any) -> int | None:
    found = _TIME.match(raw) if isinstance(raw, str) else None
    if found is None:
        return None
    minutes = int(found[1]) * 60 + int(found[2])
    return minutes if minutes <= ALL_DAY[1] else None


def _escalation(
    raw: Any, groups: Mapping[str, Group], rotas: Mapping[str, Rota], wrong: Wrong
) -> tuple[str, tuple[str, ...]]:
    if not isinstance(raw, Mapping) or raw.keys() - {"to", "github"}:
        wrong(
            "escalation",
            "has to and github, and nothing else",
            "escalation: {to: support, github: [critical]}",
        )
        return Duty().to, ()
    to = raw.get("to", Duty().to)
    if not isinstance(to, str) or not (EMAIL.match(to) or to in groups or to in rotas or "to" not in raw):
        names = ", ".join([*groups, *rotas]) or "a group in groups"
        wrong("escalation", f"{str(to)[:60]!r} is no group, rota or e-mail address", names)
        to = Duty().to
    github = raw.get("github", [])
    github = [github] if isinstance(github, str) else github
    if not isinstance(github, list) or not all(each in SEVERITIES for each in github):
        wrong("escalation", f"github must be some of {', '.join(SEVERITIES)}", "github: [critical]")
        github = []
    return to, tuple(github)
