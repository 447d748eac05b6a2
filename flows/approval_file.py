"""approvers of policy.yaml → Approvers, with every mistake named."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from flows.approval_reasons import parse_reasons
from flows.approval_stages import ENTRA, MANAGER, SLACK, Hours, Stage, Times
from flows.duty import ALL_DAY, DAYS, Duty
from flows.duty_file import EMAIL
from flows.load import parse_load
from flows.policy import Approvers

FIELDS = (
    "people",
    "places",
    "any_of",
    "quorum",
    "stages",
    "escalate",
    "expired",
    "remind",
    "hours",
    "clock",
    "direct",
    "load",
    "reasons",
)
MOST_STAGES, MOST_QUORUM, MOST_TERMS, MOST_ESCALATIONS, MOST_REMINDERS = 8, 20, 50, 5, 5
WHO = "an e-mail address, a group with people, a rota, slack:@handle, {entra_group: ID} or manager"
HANDLE = re.compile(r"slack:@[A-Za-z0-9._-]{1,80}\Z")
ENTRA_ID = re.compile(r"entra:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
AN_ID = "its object id, as Entra shows it: {entra_group: 0f0f0f0f-1111-4222-8333-444444444444}"
_TIME = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])\Z")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,59}\Z")
Wrong = Callable[[str, str, str], None]


def parse_approvers(raw: Any, duty: Duty, wrong: Wrong) -> Approvers:
    """Whatever is wrong is noted, and then not used."""
    if not isinstance(raw, Mapping):
        wrong("approvers", "must be a mapping", "approvers: {people: [], places: []}")
        return Approvers()
    for field in raw:
        if field not in FIELDS:
            wrong(str(field), "is not a field of approvers", ", ".join(FIELDS))
    people, places = _strings(raw, "people", wrong), _strings(raw, "places", wrong)
    empty = {name for name, group in duty.groups.items() if not group.people}
    known = (duty.groups.keys() | duty.rotas.keys()) - empty
    return Approvers(
        people, places, _stages(raw, people, known, wrong), _escalate(raw, known, wrong), _times(raw, wrong),
        load=parse_load(raw.get("load"), wrong), reasons=parse_reasons(raw, wrong),
        direct=_direct(raw, wrong),
    )  # fmt: skip


def _direct(raw: Mapping[str, Any], wrong: Wrong) -> bool | None:
    said = raw.get("direct")
    if said is not None and not isinstance(said, bool):
        wrong("direct", f"is {str(said)[:60]!r}", "direct: true or false")
        return None
    return said


def _strings(raw: Mapping[str, Any], field: str, wrong: Wrong) -> tuple[str, ...]:
    value = raw.get(field, [])
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        right = '["grace@example.com"]' if field == "people" else '["slack:C0123"]'
        wrong(field, "must be a list of texts", f"{field}: {right}")
        return ()
    return tuple(value)


def _stages(
    raw: Mapping[str, Any], people: tuple[str, ...], known: Collection[str], wrong: Wrong
) -> tuple[Stage, ...]:
    """Empty where nothing is said beyond `people`: one of them, as ever."""
    listed = raw.get("stages")
    if listed is None:
        if "any_of" not in raw and "quorum" not in raw:
            return ()
        if people and "any_of" in raw:
            wrong("any_of", "stands beside people", "one of the two")
        named = {**raw, "any_of": raw.get("any_of", list(people))}
        return (_stage(named, known, wrong, "any_of" in raw),)
    if people or "any_of" in raw or "quorum" in raw:
        wrong("stages", "stand beside people, any_of or quorum", "those inside of the stages")
    right = "stages: [{name: finance, any_of: [finance]}, {name: owner, any_of: [manager]}]"
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_STAGES:
        wrong("stages", f"must be a list of 1 to {MOST_STAGES} stages", right)
        return ()
    found = []
    for each in listed:
        if not isinstance(each, Mapping) or each.keys() - {"name", "any_of", "quorum"}:
            wrong("stages", "a stage has name, any_of and quorum, and nothing else", right)
        else:
            found.append(_stage(each, known, wrong, True))
    return tuple(found)


def _stage(raw: Mapping[str, Any], known: Collection[str], wrong: Wrong, named: bool) -> Stage:
    quorum = raw.get("quorum", 1)
    if isinstance(quorum, bool) or not isinstance(quorum, int) or not 1 <= quorum <= MOST_QUORUM:
        wrong("quorum", f"must be a whole number, 1 to {MOST_QUORUM}", "quorum: 2")
        quorum = 1
    name = raw.get("name", "")
    if not isinstance(name, str) or len(name) > 60:
        wrong("name", "must be a text of at most 60 characters", "name: finance")
        name = ""
    terms = _terms(raw, "any_of", known, wrong, MOST_TERMS) if named else ()
    if named and not terms:
        wrong("any_of", "names nobody", f"any_of: [finance]: each is {WHO}")
    people = terms if named else tuple(str(each).lower() for each in raw["any_of"])
    if people and quorum > len(people) and all("@" in each and EMAIL.match(each) for each in people):
        wrong("quorum", f"is {quorum}, of {len(people)} people", f"quorum: {len(people)}")
    return Stage(people, quorum, name)


def _terms(
    raw: Mapping[str, Any], field: str, known: Collection[str], wrong: Wrong, most: int
) -> tuple[str, ...]:
    listed = raw.get(field, [])
    if not isinstance(listed, list) or len(listed) > most:
        wrong(field, f"must be a list of at most {most}", f"{field}: [finance]")
        return ()
    found: list[str] = []
    for each in listed:
        term = _term(each, known)
        if term is None and _is_entra(each):
            wrong(field, f"{str(each)[:80]!r} is no group of Entra", AN_ID)
        elif term is None:
            wrong(field, f"{str(each)[:60]!r} is nobody", WHO)
        elif term not in found:
            found.append(term)
    return tuple(found)


def _is_entra(raw: Any) -> bool:
    return (isinstance(raw, str) and raw.startswith(ENTRA)) or (
        isinstance(raw, Mapping) and "entra_group" in raw
    )


def _term(raw: Any, known: Collection[str]) -> str | None:
    """One spelling: `{entra_group: ID}` is `entra:ID`."""
    if isinstance(raw, Mapping) and raw.keys() == {"entra_group"}:
        raw = f"{ENTRA}{raw['entra_group']}"
    if not isinstance(raw, str):
        return None
    if raw.startswith(ENTRA):
        return raw.lower() if ENTRA_ID.match(raw.lower()) else None
    if raw.startswith(SLACK):
        return raw.lower() if HANDLE.match(raw) else None
    if raw in known or raw == MANAGER:
        return raw
    return raw.lower() if EMAIL.match(raw) else None


def _escalate(raw: Mapping[str, Any], known: Collection[str], wrong: Wrong) -> tuple[str, ...]:
    terms = _terms(raw, "escalate", known, wrong, MOST_ESCALATIONS)
    outcome = raw.get("expired", "escalate" if terms else "reject")
    if outcome not in ("reject", "escalate"):
        wrong("expired", f"is {str(outcome)[:60]!r}", "expired: reject or escalate")
    elif (outcome == "escalate") != bool(terms):
        wrong(
            "expired", "and escalate do not fit", "expired: escalate with escalate: [directors], or neither"
        )
    return terms


def _times(raw: Mapping[str, Any], wrong: Wrong) -> Times:
    remind = raw.get("remind", [])
    whole = isinstance(remind, list) and all(type(each) is int and 0 < each < 100 for each in remind)
    if not whole or len(remind) > MOST_REMINDERS:
        wrong("remind", f"must be at most {MOST_REMINDERS} percentages, 1 to 99", "remind: [50, 80]")
        remind = []
    clock = raw.get("clock", "always")
    if clock not in ("always", "working"):
        wrong("clock", f"is {str(clock)[:60]!r}", "clock: always or working")
    hours = _hours(raw.get("hours"), wrong)
    if clock == "working" and hours.always:
        wrong("clock", "stops outside of hours, and there are none", 'hours: {from: "09:00", to: "17:00"}')
    return Times(tuple(sorted(set(remind))), hours, clock == "working")


def _hours(raw: Any, wrong: Wrong) -> Hours:
    if raw is None:
        return Hours()
    right = 'hours: {days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00", time_zone: Europe/Berlin}'
    if not isinstance(raw, Mapping) or raw.keys() - {"days", "from", "to", "time_zone"}:
        wrong("hours", "have days, from, to and a time_zone, and nothing else", right)
        return Hours()
    days = raw.get("days", list(DAYS))
    begins, ends = _minutes(raw.get("from", "00:00")), _minutes(raw.get("to", "24:00"))
    zone = raw.get("time_zone", "UTC")
    if not isinstance(days, list) or not days or not all(each in DAYS for each in days):
        wrong("hours", f"days are some of {', '.join(DAYS)}", right)
    elif begins is None or ends is None or begins >= ends:
        wrong("hours", "begin before they end, on the same day, in quotes", right)
    elif not isinstance(zone, str) or not _ZONE.match(zone):
        wrong("hours", f"{str(zone)[:60]!r} is no time zone", right)
    else:
        return Hours(frozenset(days), (begins, ends), zone)
    return Hours()


def _minutes(raw: Any) -> int | None:
    found = _TIME.match(raw) if isinstance(raw, str) else None
    minutes = int(found[1]) * 60 + int(found[2]) if found else None
    return minutes if minutes is not None and minutes <= ALL_DAY[1] else None
