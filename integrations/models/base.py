"""What we ask a model, and what it answers, whichever model it is.

A reader turns one sentence into a `Reading`: which flow, which values, what changes to a
list, how sure, and the words it rests on. It decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Intent(StrEnum):
    """What a sentence does to the conversation, whatever the flow."""

    VALUE = "value"  # answers the question that was asked, or changes the list
    ROUTE = "route"  # asks for a flow by what it says
    YES = "yes"
    NO = "no"
    CANCEL = "cancel"
    HELP = "help"  # what can you do
    REPEAT = "repeat"  # what was the question
    RESTART = "restart"
    GREETING = "greeting"
    THANKS = "thanks"
    UNKNOWN = "unknown"


class About(StrEnum):
    """What a sentence is that asks for no flow and answers nothing."""

    NOTHING = ""  # as far as anybody can tell it is not what we are here for
    QUESTION = "question"  # asks to know something, which pages may tell
    SMALLTALK = "smalltalk"  # neither asks for anything nor tells anything to act on


@dataclass(frozen=True, slots=True)
class FlowChoice:
    """One flow that a sentence may start. `examples` are sentences that start it."""

    id: str
    description: str
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list as it stands. `name` is the catalogue's, where one is known."""

    name: str
    quantity: int
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """One thing that can be ordered: its name, other names, and sizes or variants."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlotKind:
    """One slot that a sentence may give or correct: `called` is its name as one says it."""

    name: str
    called: str
    type: str
    choices: tuple[str, ...] = ()
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One sentence and all that is needed to read it.

    `expecting` is the slot being asked for and `expecting_type` its type (`items`, `text`, `number`,
    `integer`, `date`, `email`, `list`, `choice`, `yes_no`, or empty when nothing is asked). `items` is
    the list so far, newest last. `products` is what can be ordered; empty when unknown. `choices` are
    the allowed values of a choice. `slots` are all that the flow asks for, so that several can be
    answered at once and an earlier one corrected. `today` is the date where the person is. `recent` are the
    last lines of the conversation, `remembered` what came of what this person asked for earlier.
    """

    text: str
    flows: tuple[FlowChoice, ...] = ()
    expecting: str = ""
    expecting_type: str = ""
    prompt: str = ""
    items: tuple[Item, ...] = ()
    products: tuple[Product, ...] = ()
    choices: tuple[str, ...] = ()
    slots: tuple[SlotKind, ...] = ()
    today: str = ""
    recent: tuple[str, ...] = ()
    remembered: tuple[str, ...] = ()


class Op(StrEnum):
    ADD = "add"  # quantity more of it
    SET = "set"  # quantity becomes this
    REMOVE = "remove"  # quantity fewer; 0 means all of it
    OPTION = "option"  # only the options change ("no onions", "make it large")
    CLEAR = "clear"  # empty the list


@dataclass(frozen=True, slots=True)
class Change:
    """One change to the list of items.

    `item` is the catalogue's name where one matched, else the person's own words; empty when
    the sentence names none ("make it three") and the last item is meant.
    `known`: it matched the catalogue (always True when no catalogue was given).
    `candidates`: catalogue names between which the words do not decide; then `item` is empty.
    `words`: the part of the sentence this rests on. `confidence`: 0 to 1.
    """

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
    """A slot's value, as text, with the words it rests on."""

    slot: str
    text: str
    words: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a sentence meant.

    `route` is a flow's id when the sentence asks for one ("order two colas"), with the
    confidence of that and the words it rests on; the same sentence may hold `changes` too.
    `runner_up` is the next best flow, for asking back between two.
    `leftover` are words of the sentence that were not understood and may matter. `again`: it asks for the
    same as before, or as usual. `about` says of what has an unknown intent what else it is.
    """

    intent: Intent
    confidence: float
    route: str = ""
    route_confidence: float = 0.0
    route_words: str = ""
    runner_up: str = ""
    changes: tuple[Change, ...] = ()
    values: tuple[Value, ...] = ()
    leftover: str = ""
    model: str = "offline"
    again: bool = False
    about: About = About.NOTHING


class Reader(Protocol):
    async def read(self, question: Question) -> Reading:
        """Raises `ModelUnavailable` when there is no answer within the deadline."""
        ...

    async def close(self) -> None: ...


class Problem(StrEnum):
    """Why there was no answer, as far as it says what to do next."""

    DOWN = "down"  # unreachable, broke off, or failed inside
    BUSY = "busy"  # asked us to come back
    SLOW = "slow"  # not within the deadline
    KEY = "key"  # refused our key
    REJECTED = "rejected"  # understood, and not taken: too long, or a feature it does not have
    REFUSED = "refused"  # the model will not
    CUT = "cut"  # ended by the length that was allowed
    SHAPE = "shape"  # answered what we cannot use
    OPEN = "open"  # not asked: it failed too often just now
    SPENT = "spent"  # not asked: the month's budget is used up
    PRIVATE = "private"  # not asked: it must not leave, and what is near is not there


class ModelUnavailable(Exception):
    """No answer could be had; the message is for the log, never for the person.

    Where `problem` is SPENT, `told` is a sentence for the person. `after`: when to come back, in seconds.
    """

    def __init__(
        self, message: str, problem: Problem = Problem.DOWN, *, after: float = 0.0, told: str = ""
    ) -> None:
        super().__init__(message)
        self.problem, self.after, self.told = problem, after, told
