"""What should happen, as data. Whoever carries it out lives elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.reply import Reply
from bot.turn import PersonId
from flows.policy import Verdict


@dataclass(frozen=True, slots=True)
class Say:
    """Post a message in the run's conversation. `id` makes it one message, however often it is sent."""

    id: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Change:
    """Replace a message that was said before."""

    id: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Whisper:
    """Tell one person, in the place where they acted."""

    to: PersonId
    reply: Reply


@dataclass(frozen=True, slots=True)
class Read:
    """Understand this text in the light of the run as it now stands, and let the run hear it."""

    by: PersonId
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """Carry out a tool call, once. `key` is `run:step:generation`."""

    key: str
    tool: str
    arguments: Mapping[str, Any]
    step: str


@dataclass(frozen=True, slots=True)
class AskApproval:
    """Hold this call until somebody entitled has decided."""

    call: Call
    verdict: Verdict
    words: str
    confidence: float | None
    expires: int = 0  # seconds; 0: as the policy says


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A rule in shadow would have decided this call otherwise: to be noted, and nothing else."""

    key: str
    tool: str
    decided: Verdict
    would: Verdict


@dataclass(frozen=True, slots=True)
class UnderGrant:
    """This call runs alone because somebody let it: to be counted and noted under the grant."""

    key: str
    tool: str
    grant: str


@dataclass(frozen=True, slots=True)
class Release:
    """The approval was given: let the held call run."""

    key: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The requester no longer wants it: take the held call and its approval back."""

    key: str


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Let `Fired(key)` come after so many seconds, or at `until`: an ISO date (then at nine in
    the morning) or time, where it names no offset in the zone of the requester."""

    key: str
    seconds: float = 0.0
    until: str = ""


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """It is not waited for any more."""

    key: str


@dataclass(frozen=True, slots=True)
class Digress:
    """Begin this flow with these words, in a run of its own; when it is over, come back to this one."""

    flow: str
    text: str
    confidence: float
    words: str


@dataclass(frozen=True, slots=True)
class Resume:
    """This run is over: the one that waits behind it asks its question again."""

    run: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Ask whoever is next, of those that `to` names in the policy and that were not `asked` yet, to
    take it over within `wait` seconds. `card` says what it is about."""

    key: str
    to: str
    asked: tuple[str, ...]
    wait: int
    card: Reply


@dataclass(frozen=True, slots=True)
class Relay:
    """Post this where the person is who has the matter."""

    id: str
    key: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Nobody is to take it any more, or whoever has it is done with it; `words` say why."""

    key: str
    words: str
    state: Literal["withdrawn", "resolved", "passed"] = "withdrawn"


Asked = Call | AskApproval | Shadowed | UnderGrant | Release | Withdraw
Handing = HandOver | Relay | TakeBack
Effect = Say | Change | Whisper | Read | Asked | SetTimer | CancelTimer | Digress | Resume | Handing
