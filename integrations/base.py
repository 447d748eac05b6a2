"""What an integration offers: typed tools, each with its risk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from integrations.errors import NotConfigured


class Risk(StrEnum):
    READ = "read"
    WRITE = "write"
    MONEY = "money"
    DESTRUCTIVE = "destructive"


class Reversibility(StrEnum):
    """OWASP AISVS 9.2.3."""

    READ_ONLY = "read-only"
    REVERSIBLE = "reversible"
    EXTERNALLY_REVERSIBLE = "externally-reversible"
    IRREVERSIBLE = "irreversible"


class Arguments(BaseModel):
    """Arguments and results are closed and strict: an unknown field is an error, not a shrug."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Result(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _silent(_: str) -> None:
    """Nobody is told."""


def _nowhere(service: str) -> Any:
    """No other service is handed on."""
    raise NotConfigured(service.capitalize(), "is not connected")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at an effect.

    `key` is the same on every try, and is the service's idempotency key where it has one.
    `number` counts from 1; from 2 on, the try before may have been carried out.
    `began` is when the effect was first tried: the look-up searches from there.
    `progress` takes a short sentence for the person who waits ("214 of about 500 tickets");
    it may be called as often as one likes, and never raises.
    `reach(service)` gives the client of another service of the same tenant, for this thread and
    those that it waits for; raises `NotConfigured`. `book` is where schedules are kept,
    `shelf` what may be read of the pages that were read in, `files` what was read of those that
    somebody sent where this runs.
    `show` shows a model's words as they come (`integrations.models.shown`); None: nobody looks on.
    """

    key: str
    number: int
    began: datetime
    progress: Callable[[str], None] = _silent
    reach: Callable[[str], Any] = _nowhere
    book: Any = None
    show: Any = None
    shelf: Any = None
    files: Any = None


@dataclass(frozen=True, slots=True)
class Done:
    """Carried out. `external_id` is the service's own id of what now exists."""

    result: Mapping[str, Any]
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """Begun, to be completed by a webhook that names `external_id` (a payment link to be paid)."""

    result: Mapping[str, Any]
    external_id: str


Performed = Done | Pending


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that a service told us by itself, as far as anybody wants to know it.

    `key` is the same on every delivery. `external_id` is what `Done.external_id` was when we made
    the thing, so its thread is found. `kind` is a short name ("closed", "commented", "refunded"),
    `sentence` what the thread is told ("PAY-12 was closed by Ada."), `text` what somebody wrote,
    as data. `actor` is the service's own id of whoever did it: is that us, nobody is told.
    `effect_key` is our mark, where the service sends it along.
    """

    key: str
    external_id: str
    kind: str
    sentence: str
    url: str = ""
    text: str = ""
    actor: str = ""
    effect_key: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are at a service: its own id of us, a name for people, and what is missing, in words."""

    id: str
    name: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A typed action. What is not declared here cannot be called.

    `perform(client, arguments, attempt)` is blocking, has a total deadline, raises
    `IntegrationError`, and is safe to call again with the same attempt key.
    `egress`: its arguments can carry data to an address that somebody chose.
    `version` is of a tool whose meaning comes from a document: it changes with what a call would
    do, and is part of what is approved.
    `describe` gives label and value of what would be done, for the approval card, and
    `amount` the money in it (minor units, currency), for policy; `recipient` whom it reaches: who
    gets the money or pays it, where the message goes, empty where that cannot be told. All three
    read the arguments and nothing else, and take them validated or as plain data.
    `editable` are the arguments that whoever approves may change before: never what names the thing
    that is acted on, and nothing that another argument has to agree with.
    """

    name: str
    summary: str
    risk: Risk
    reversibility: Reversibility
    arguments: type[Arguments]
    result: type[Result]
    perform: Callable[[Any, Any, Attempt], Performed]
    egress: bool = False
    describe: Callable[[Any], tuple[tuple[str, str], ...]] | None = None
    amount: Callable[[Any], tuple[int, str] | None] | None = None
    version: str = ""
    recipient: Callable[[Any], str] | None = None
    editable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Integration:
    """One outside service. `connect(settings)` gives the client that its tools are performed with.

    `settings` are plain strings, by the names of .env; `connect` raises `NotConfigured` naming
    the missing one. Vendor SDKs are imported inside `connect`, never at the top of a module.
    `whoami(client)` asks the service who we are and what we may not do; raises `IntegrationError`.
    """

    name: str
    tools: tuple[Tool, ...]
    connect: Callable[[Mapping[str, str]], Any]
    required: tuple[str, ...]
    whoami: Callable[[Any], Identity] | None = None
