"""What a step answers to an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from flows.effects import Effect
from flows.events import Heard

Status = Literal["waiting", "done", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class Stay:
    """Wait here for the next event."""

    effects: tuple[Effect, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GoTo:
    """Go on to another step, which is entered, or hears `carry` if there is one."""

    step: str
    effects: tuple[Effect, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)
    carry: Heard | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """The run is over."""

    status: Status
    effects: tuple[Effect, ...] = ()
    slots: Mapping[str, Any] = field(default_factory=dict)


Outcome = Stay | GoTo | Finish
