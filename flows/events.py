"""What can happen to a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.turn import PersonId
from flows.understanding import Meaning


@dataclass(frozen=True, slots=True)
class Entered:
    """The run has come to this step."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Somebody said something, and this is what it meant. `opening`: it is what started the run.

    `at` is when it arrived, in epoch seconds; `today` is the date then where the requester is,
    as ISO writes it: whoever decides has no clock of their own.
    """

    by: PersonId
    name: str
    text: str
    meaning: Meaning
    opening: bool = False
    at: float = 0.0
    today: str = ""


@dataclass(frozen=True, slots=True)
class Chose:
    """Somebody pressed a button of a step's card: `choice` is the control's name.

    `at` is `step:entry`, when the card was drawn.
    """

    by: PersonId
    name: str
    choice: str
    value: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Approved:
    approval: str
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """`reason` says all of it; `preset` is which of the policy's reasons was chosen, if any."""

    approval: str
    key: str
    name: str
    reason: str
    preset: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    """Somebody who may decide changed the held call: `approval` is over, `into` stands in its place.

    `changes`: field, before and after, in words. `settled`: it is approved as it is now.
    """

    approval: str
    key: str
    name: str
    into: str
    changes: tuple[tuple[str, ...], ...] = ()
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Expired:
    """Nobody decided in time. That is no rejection."""

    approval: str
    key: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The effect was carried out."""

    key: str
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Began:
    """The effect has begun and will be completed from outside (a payment link to be paid)."""

    key: str
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far the effect is, in a short sentence. It may be late, or never come."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The effect will not happen. `code` is for `on_error`, `sentence` for the person."""

    key: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Fired:
    """A timer of the run went off: `timer` is the key it was set with."""

    timer: str


@dataclass(frozen=True, slots=True)
class Abandoned:
    """Nothing has come for so many days, and nothing is on its way. `aloud`: it is said in the thread."""

    days: int
    aloud: bool = True


@dataclass(frozen=True, slots=True)
class Resumed:
    """The flow that was run in between is over: this one goes on."""


@dataclass(frozen=True, slots=True)
class Offered:
    """These were asked to take the matter over: `asked` as the policy names them, with those who
    could not be reached; `names` are the people, or the place, as one says them."""

    key: str
    asked: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nobody:
    """There is nobody left to ask. `why` is for the person."""

    key: str
    why: str


@dataclass(frozen=True, slots=True)
class Taken:
    """This person has the matter now: what either side says is for the other."""

    key: str
    by: PersonId
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Passed:
    """Whoever was asked, or has it, leaves it to the next."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Lapsed:
    """Nobody took it in time, or nobody could be reached after all."""

    key: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """Whoever had it says that it is done."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Spoke:
    """Either side said something while a person has the matter. It is passed on, and read by nobody else."""

    key: str
    by: PersonId
    name: str
    text: str


HandedOver = Offered | Nobody | Taken | Passed | Lapsed | Resolved | Spoke
Decision = Approved | Rejected | Expired
Event = (
    Entered | Heard | Chose | Approved | Rejected | Edited | Expired | Finished | Began | Failed | Fired
    | Resumed | HandedOver | Progressed | Abandoned
)  # fmt: skip
