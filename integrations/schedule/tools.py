"""The tools for schedules. What they keep, they keep in the book that whoever performs them hands over."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from integrations.base import (
    Attempt,
    Done,
    Integration,
    Performed,
    Reversibility,
    Risk,
    Tool,
)
from integrations.errors import NotConfigured, Refused
from integrations.schedule.models import (
    AddArguments,
    Added,
    Book,
    Entries,
    Entry,
    Kept,
    OfFlow,
    PauseArguments,
    Paused,
    Read,
    ReadArguments,
    StopArguments,
    Stopped,
)
from integrations.schedule.rule import in_words, next_after, zone_of
from integrations.schedule.words import Add, List, Now, Stop, Unclear, meant, rule_of

MOST = 20
SERVICE = "The schedule"


def read(client: None, asked: ReadArguments, attempt: Attempt) -> Performed:
    """What somebody typed: something to do now, or a schedule."""
    match meant(asked.text):
        case Now(request=request):
            found = Read(act="now", request=request)
        case Add(request=request, rule=rule):
            found = Read(act="add", request=request, rule=in_words(rule))
        case Stop(which=which):
            found = Read(act="stop", which=which)
        case List():
            found = Read(act="list")
        case Unclear(sentence=sentence):
            found = Read(act="unclear", sentence=sentence)
    scheduled = attempt.book is not None and _book(attempt).began_this()
    return Done(found.model_copy(update={"scheduled": scheduled}).model_dump())


def add(client: None, asked: AddArguments, attempt: Attempt) -> Performed:
    """Counted from when it was first tried, so that a second try comes to the same."""
    book, rule = _book(attempt), rule_of(asked.rule)
    id = hashlib.sha256(attempt.key.encode()).hexdigest()[:16]
    there = book.mine(asked.flow)
    if len([each for each in there if each.id != id]) >= MOST:
        raise Refused(
            SERVICE, f"has {MOST} entries of yours already: stop one of them first.", code="too_many"
        )
    first = next_after(rule, attempt.began, book.zone())
    book.add(id, asked.flow, asked.request, in_words(rule), first)
    when = in_words(rule)
    label = f"{when[:1].upper()}{when[1:]} ({book.zone()}); the next time is {_shown(first, book.zone())}."
    return Done(Added(id=id, when=when, next=_shown(first, book.zone()), label=label).model_dump())


def every(client: None, asked: OfFlow, attempt: Attempt) -> Performed:
    book = _book(attempt)
    there = book.mine(asked.flow)
    label = (
        f"{len(there)} {'schedule' if len(there) == 1 else 'schedules'}"
        if there
        else "There is no schedule of yours."
    )
    return Done(Entries(entries=_entries(there, book.zone(), asked.flow), label=label).model_dump())


def stop(client: None, asked: StopArguments, attempt: Attempt) -> Performed:
    """Where it is not clear which is meant, none is stopped, and all are named."""
    book = _book(attempt)
    there = book.mine(asked.flow)
    chosen = _meant(there, asked.which)
    if there and not chosen:
        found = Stopped(
            count=0,
            entries=_entries(there, book.zone(), asked.flow),
            label="Which one? Say “stop” with its number, or “stop all”.",
        )
        return Done(found.model_dump())
    count = book.stop([each.id for each in chosen]) if chosen else 0
    named = "; ".join(_what(each, asked.flow) for each in chosen)
    label = f"Stopped: {named}." if chosen else "There is no schedule of yours to stop."
    return Done(Stopped(count=count, label=label).model_dump())


def pause(client: None, asked: PauseArguments, attempt: Attempt) -> Performed:
    paused = _book(attempt).pause_this(asked.reason)
    label = "This schedule is paused; ask for it again once that is mended." if paused else ""
    return Done(Paused(paused=paused, label=label).model_dump())


def _meant(there: Sequence[Kept], which: str) -> list[Kept]:
    words = which.casefold().removeprefix("number ").strip(" #.")
    if words in ("all", "everything", "all of them"):
        return list(there)
    if not words or words in ("it", "this", "that"):
        return list(there) if len(there) == 1 else []
    if words.isdecimal():
        return [there[int(words) - 1]] if len(words) < 4 and 1 <= int(words) <= len(there) else []
    found = [each for each in there if words in f"{each.request} {each.rule}".casefold()]
    return found if len(found) == 1 else []


def _entries(there: Sequence[Kept], zone: str, flow: str) -> list[Entry]:
    return [
        Entry(
            what=f"{number}. {_what(each, flow)}",
            when="paused" if each.state == "paused" else f"next {_shown(each.next_at, zone)}",
        )
        for number, each in enumerate(there, 1)
    ]


def _what(each: Kept, flow: str) -> str:
    return " ".join(f"/{flow} {each.request}".split()) + f", {each.rule}"


def _shown(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(zone_of(zone)):%A, %d %B %Y at %H:%M}"


def _book(attempt: Attempt) -> Book:
    if attempt.book is None:
        raise NotConfigured(SERVICE, "is not kept here")
    book: Book = attempt.book
    return book


def _facts(given: Any) -> tuple[tuple[str, str], ...]:
    asked = given if isinstance(given, AddArguments) else AddArguments.model_validate(dict(given))
    return (("Do", " ".join(f"/{asked.flow} {asked.request}".split())), ("When", asked.rule))


def _stop_facts(given: Any) -> tuple[tuple[str, str], ...]:
    asked = given if isinstance(given, StopArguments) else StopArguments.model_validate(dict(given))
    return (("Stop", asked.which or "the schedule"), ("Of", f"/{asked.flow}"))


def _pause_facts(given: Any) -> tuple[tuple[str, str], ...]:
    asked = given if isinstance(given, PauseArguments) else PauseArguments.model_validate(dict(given))
    return (("Pause", "the schedule that began this"), ("Because", asked.reason))


READ = Tool(
    name="schedule.read",
    summary="Understand whether something is to be done now, or again and again",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=ReadArguments,
    result=Read,
    perform=read,
)
ADD = Tool(
    name="schedule.add",
    summary="Do something again and again, in this place and under this person's name",
    risk=Risk.WRITE,
    reversibility=Reversibility.REVERSIBLE,
    arguments=AddArguments,
    result=Added,
    perform=add,
    describe=_facts,
)
LIST = Tool(
    name="schedule.list",
    summary="Name a person's schedules",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=OfFlow,
    result=Entries,
    perform=every,
)
STOP = Tool(
    name="schedule.stop",
    summary="Stop a schedule of this person",
    risk=Risk.WRITE,
    reversibility=Reversibility.REVERSIBLE,
    arguments=StopArguments,
    result=Stopped,
    perform=stop,
    describe=_stop_facts,
)
PAUSE = Tool(
    name="schedule.pause",
    summary="Pause the schedule that began this run",
    risk=Risk.WRITE,
    reversibility=Reversibility.REVERSIBLE,
    arguments=PauseArguments,
    result=Paused,
    perform=pause,
    describe=_pause_facts,
)

SCHEDULE = Integration(
    name="schedule",
    tools=(READ, ADD, LIST, STOP, PAUSE),
    connect=lambda settings: None,
    required=(),
)
