"""A matter that is handed over, in a test: who is asked by the policy and the virtual clock, who takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flows.duty import Duty
from flows.effects import HandOver, TakeBack
from flows.events import Event, Lapsed, Nobody, Offered, Passed, Resolved, Spoke, Taken
from flows.run import Requester
from workers import duty, handoffs
from workers.flowtest import script as s

Coming = tuple[str, Event]


@dataclass(slots=True)
class Handed:
    """The newest asking: its key, who may take it (nobody named: whoever sees it), and who has it."""

    key: str = ""
    may: tuple[str, ...] = ()
    passed: set[str] = field(default_factory=set)
    helper: str = ""

    @property
    def run(self) -> str:
        return self.key.rpartition(":")[0].rpartition(":")[0]


def ask(handed: Handed, wanted: HandOver, policy: Duty, people: Mapping[str, Requester], now: float) -> Event:
    """Who is on then and known to this test is asked; the rest is passed over, as if not to be reached."""
    known = {each.email.lower(): each for each in people.values() if each.email}
    asker = _asker(wanted, people)
    line = duty.line(policy, wanted.to, datetime.fromtimestamp(now, UTC))
    handed.key = handed.helper = ""
    if line is None:
        return Nobody(wanted.key, handoffs.NOT_THERE.format(to=wanted.to))
    asked = list(wanted.asked)
    for each in line:
        if each.token in asked:
            continue
        asked.append(each.token)
        may = [email for email in each.group.people if email in known and known[email].name != asker]
        if each.group.people and not may:
            continue
        handed.key, handed.may, handed.passed = wanted.key, tuple(may), set()
        names = tuple(known[email].name for email in may) or (f"the group “{each.token}”",)
        return Offered(wanted.key, tuple(asked), names)
    why = handoffs.NOBODY_ON if not line else handoffs.NOT_TAKEN if wanted.asked else handoffs.NOT_REACHED
    return Nobody(wanted.key, why)


def _asker(wanted: HandOver, people: Mapping[str, Requester]) -> str:
    head = wanted.card.text.partition(" asks for a person")[0]
    return head if any(each.name == head for each in people.values()) else ""


def acted(handed: Handed, act: s.Act, people: Mapping[str, Requester], asker: str) -> Coming | str | None:
    """What comes of what one of the people does about it, or why nothing can."""
    match act:
        case s.Take(by=by):
            return take(handed, people[by], asker)
        case s.Leave(by=by):
            return leave(handed, people[by], asker)
        case s.Answers(by=by, text=text):
            return reply(handed, people[by], text)
        case s.Resolve(by=by):
            return resolve(handed, people[by])
    return None


def take(handed: Handed, who: Requester, asker: str) -> Coming | str:
    """What comes of it, or why not."""
    if why := _not_theirs(handed, who, asker):
        return why
    if handed.helper:
        return f"{handed.helper} has it already"
    handed.helper = who.name
    return handed.run, Taken(handed.key, who.id, who.name, who.email)


def leave(handed: Handed, who: Requester, asker: str) -> Coming | str | None:
    """None: others are still asked."""
    if why := _not_theirs(handed, who, asker):
        return why
    if handed.helper and handed.helper != who.name:
        return f"{handed.helper} has it"
    handed.passed.add(who.email.lower())
    if not handed.helper and set(handed.may) - handed.passed:
        return None
    key, handed.key, handed.helper = handed.key, "", ""
    return key.rpartition(":")[0].rpartition(":")[0], Passed(key, who.name)


def resolve(handed: Handed, who: Requester) -> Coming | str:
    if not handed.helper or handed.helper != who.name:
        return f"{who.name} does not have it"
    event = Resolved(handed.key, who.name)
    run, handed.key, handed.helper = handed.run, "", ""
    return run, event


def reply(handed: Handed, who: Requester, text: str) -> Coming | str:
    if not handed.helper or handed.helper != who.name:
        return f"{who.name} does not have it"
    return handed.run, Spoke(handed.key, who.id, who.name, text)


def lapse(handed: Handed, key: str) -> Coming | None:
    """The time is over; nothing, where somebody took it or it is over."""
    if handed.key != key or handed.helper:
        return None
    run, handed.key = handed.run, ""
    return run, Lapsed(key)


def taken_back(handed: Handed, effect: TakeBack) -> None:
    if handed.key == effect.key:
        handed.key = handed.helper = ""


def _not_theirs(handed: Handed, who: Requester, asker: str) -> str:
    if not handed.key:
        return "nobody is asked to take anything over"
    if who.name == asker:
        return f"{who.name} asked for this, and may not take it"
    if handed.may and who.email.lower() not in handed.may:
        return f"{who.name} is not among those who were asked: {', '.join(handed.may)}"
    return ""
