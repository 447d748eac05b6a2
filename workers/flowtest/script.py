"""A test of a flow as it is written: conversations, their turns, and what each turn must bring about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from flows.flow import Flow
from flows.run import Requester
from flows.understanding import Meaning


@dataclass(frozen=True, slots=True)
class Matches:
    """What a text must be: `exact` is all of it, `contains` a part, `regex` is searched for."""

    how: Literal["exact", "contains", "regex"]
    text: str

    def __str__(self) -> str:
        words = {"exact": "", "contains": "containing ", "regex": "matching "}
        return f"{words[self.how]}“{self.text}”"


@dataclass(frozen=True, slots=True)
class Called:
    """A call of a tool. `arguments` are those that must be so; others may be anything."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """A second person was asked for approval. Empty fields match everything."""

    tool: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    because: Matches | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A message with buttons that is open after the turn."""

    text: Matches | None
    buttons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expect:
    """All of it must hold after the turn. `at` is the step that then waits."""

    line: int
    said: tuple[Matches, ...] = ()
    changed: tuple[Matches, ...] = ()
    whispered: tuple[Matches, ...] = ()
    card: Card | None = None
    asked: Asked | None = None
    called: tuple[Called, ...] = ()
    relayed: tuple[Matches, ...] = ()
    not_said: tuple[Matches, ...] = ()
    not_called: tuple[str, ...] = ()
    at: str = ""
    ends: str = ""
    slots: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool does when it is called. `when` are arguments that this answer is for.

    `later`: nothing yet; a turn of its own answers it.
    """

    kind: Literal["result", "fails", "begins", "later"]
    result: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    sentence: str = ""
    when: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    text: str

    def __str__(self) -> str:
        return f"say “{self.text}”"


@dataclass(frozen=True, slots=True)
class Press:
    """A button by its words, on the newest card that has it. `old`: on one that is no longer open."""

    label: str
    old: bool = False

    def __str__(self) -> str:
        return f"press “{self.label}”" + (" of an old card" if self.old else "")


@dataclass(frozen=True, slots=True)
class Approve:
    by: str

    def __str__(self) -> str:
        return f"approve by {self.by}"


@dataclass(frozen=True, slots=True)
class Reject:
    by: str
    reason: str = ""

    def __str__(self) -> str:
        return f"reject by {self.by}"


@dataclass(frozen=True, slots=True)
class Expire:
    def __str__(self) -> str:
        return "expire"


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float
    words: str

    def __str__(self) -> str:
        return f"wait {self.words}"


@dataclass(frozen=True, slots=True)
class Deliver:
    """What a tool was asked for comes in now."""

    tool: str

    def __str__(self) -> str:
        return f"tool {self.tool}"


@dataclass(frozen=True, slots=True)
class Take:
    """Whoever is asked takes the matter over."""

    by: str

    def __str__(self) -> str:
        return f"take by {self.by}"


@dataclass(frozen=True, slots=True)
class Leave:
    """Whoever is asked, or has it, leaves it to the next."""

    by: str

    def __str__(self) -> str:
        return f"leave by {self.by}"


@dataclass(frozen=True, slots=True)
class Answers:
    """Whoever has the matter writes to whoever asked."""

    by: str
    text: str

    def __str__(self) -> str:
        return f"reply by {self.by}"


@dataclass(frozen=True, slots=True)
class Resolve:
    by: str

    def __str__(self) -> str:
        return f"resolve by {self.by}"


Act = Say | Press | Approve | Reject | Expire | Wait | Deliver | Take | Leave | Answers | Resolve
Tools = Mapping[str, tuple[Answer, ...]]


@dataclass(frozen=True, slots=True)
class Turn:
    """`by` is who acts, where it is not whose conversation it is. `tools` answer so from here on."""

    line: int
    act: Act
    by: str = ""
    understood: Meaning | None = None
    tools: Tools = field(default_factory=dict)
    expect: Expect | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    name: str
    line: int
    tools: Tools
    turns: tuple[Turn, ...]
    by: str
    starts: float


@dataclass(frozen=True, slots=True)
class Script:
    """One file. `people` are those it names, by the short name that they act under."""

    file: Path
    flow: Flow
    people: Mapping[str, Requester]
    policy: Path | None
    conversations: tuple[Conversation, ...]
