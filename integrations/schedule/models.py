"""What the tools for schedules are given and what they answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Protocol

from pydantic import AfterValidator, Field, StringConstraints

from integrations.base import Arguments, Result
from integrations.schedule.words import LONGEST, rule_of

Flow = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,59}$")]
Words = Annotated[str, StringConstraints(max_length=LONGEST)]


def _a_rule(words: str) -> str:
    rule_of(words)
    return words


class ReadArguments(Arguments):
    """Of a longer text only the beginning is read: nobody says there when."""

    text: Annotated[str, StringConstraints(max_length=40_000)] = ""


class AddArguments(Arguments):
    """`flow` is begun with `request` each time, as if the person had typed it. `rule` in words."""

    flow: Flow
    request: Words = ""
    rule: Annotated[str, StringConstraints(max_length=200), AfterValidator(_a_rule)]


class OfFlow(Arguments):
    flow: Flow


class StopArguments(OfFlow):
    """`which`: a number of the list, some of its words, or "all"; empty: the only one there is."""

    which: Words = ""


class PauseArguments(Arguments):
    """The schedule that began this run, if one did."""

    reason: Annotated[str, StringConstraints(max_length=400)] = ""


class Read(Result):
    """`act` is what to do with `request`; `rule` and `which` where they belong to it.

    `scheduled`: a schedule began it, so that nobody may be there to answer.
    """

    act: Literal["now", "add", "stop", "list", "unclear"]
    request: str = ""
    rule: str = ""
    which: str = ""
    sentence: str = ""
    scheduled: bool = False


class Entry(Result):
    what: str
    when: str


class Entries(Result):
    entries: list[Entry]
    label: str


class Added(Result):
    id: str
    when: str
    next: str
    label: str


class Stopped(Result):
    count: int
    entries: list[Entry] = Field(default_factory=list)
    label: str


class Paused(Result):
    paused: bool
    label: str


class Kept(Protocol):
    """A schedule as the book has it."""

    @property
    def id(self) -> str: ...
    @property
    def request(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def next_at(self) -> datetime: ...


class Book(Protocol):
    """Where schedules are kept: those of whoever asked, in the place where the run is."""

    def zone(self) -> str: ...

    def mine(self, flow: str) -> list[Kept]: ...

    def add(self, id: str, flow: str, request: str, rule: str, first: datetime) -> None:
        """The same `id` again changes nothing."""
        ...

    def stop(self, ids: list[str]) -> int: ...

    def began_this(self) -> bool: ...

    def pause_this(self, reason: str) -> bool:
        """False: nobody's schedule began this run."""
        ...
