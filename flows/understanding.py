"""What a sentence meant, as data. No model is called here; what understood it is not known here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Intent = Literal[
    "value", "route", "yes", "no", "cancel", "help", "repeat", "restart", "greeting", "thanks", "unknown"
]
About = Literal["", "question", "smalltalk"]
Op = Literal["add", "set", "remove", "option", "clear"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change to a list of items; see `integrations.models.base.Change` for each field."""

    op: Op
    item: str
    quantity: int = 1
    options: tuple[str, ...] = ()
    remove_options: tuple[str, ...] = ()
    known: bool = True
    candidates: tuple[str, ...] = ()
    words: str = ""
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Value:
    """A slot's value as text, with the words it rests on."""

    slot: str
    text: str
    words: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Expected:
    """What a step wants to hear now: the slot, its type, the question, and what it may choose from."""

    slot: str
    type: str
    prompt: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Meaning:
    """What was meant, how surely (0 to 1), and on which words that rests.

    `about` tells of what was not understood: a `question` to know something, `smalltalk`, or neither.
    `again`: it points at something before; `recalled` says what that was, where it was taken up.
    """

    intent: Intent
    confidence: float = 1.0
    route: str = ""
    route_confidence: float = 0.0
    route_words: str = ""
    runner_up: str = ""
    changes: tuple[Change, ...] = ()
    values: tuple[Value, ...] = ()
    leftover: str = ""
    again: bool = False
    recalled: str = ""
    about: About = ""
