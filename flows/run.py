"""One flow in progress: all that is known of it, and nothing that is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.turn import PersonId
from flows.outcome import Status


@dataclass(frozen=True, slots=True)
class Requester:
    """The person the run is for. `email` is verified by the platform, or empty."""

    id: PersonId
    name: str
    email: str = ""
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Run:
    """The state that is stored, and from which every decision is made.

    `slots` holds JSON values by name. `entries` counts how often each step was entered, which
    is the generation in an effect's key. `said` counts messages, which numbers them.
    `waiting` is the key of the effect that the run waits for; `held` says that it waits for
    an approver rather than for the service, `timed` that it waits for a timer. `unread` is text heard
    before there was a step to hear it. `did` names the tools that changed something outside, in order.
    `returns_to` is the run that waits behind this one, `depth` how many do.
    `handoff` is the key of a hand-over that is open, `helper` the person who has the matter meanwhile.
    `conversation` is what was said in the thread before it, for flows that read it.
    `trouble` counts what failed or was not understood; -1: a person was offered.
    `arms` are the variants that made a difference to it, by experiment; `complained`: about what they are.
    """

    id: str
    flow: str
    flow_version: str
    requester: Requester
    step: str = ""
    status: Status = "waiting"
    slots: Mapping[str, Any] = field(default_factory=dict)
    entries: Mapping[str, int] = field(default_factory=dict)
    cards: Mapping[str, str] = field(default_factory=dict)
    said: int = 0
    waiting: str = ""
    held: bool = False
    unread: str = ""
    route_confidence: float = 1.0
    route_words: str = ""
    trail: tuple[str, ...] = ()
    arms: Mapping[str, str] = field(default_factory=dict)
    complained: bool = False
    timed: bool = False
    did: tuple[str, ...] = ()
    returns_to: str = ""
    depth: int = 0
    handoff: str = ""
    helper: str = ""
    trouble: int = 0
    conversation: str = ""

    def key(self, step: str) -> str:
        """The effect key of the step's present generation."""
        return f"{self.id}:{step}:{self.entries.get(step, 0)}"

    def with_slots(self, slots: Mapping[str, Any]) -> Run:
        return replace(self, slots={**self.slots, **slots}) if slots else self

    @property
    def over(self) -> bool:
        return self.status != "waiting"


def to_json(run: Run) -> dict[str, Any]:
    """The part of a run that is stored as JSON (its identity has columns of its own)."""
    return {
        "step": run.step,
        "slots": dict(run.slots),
        "entries": dict(run.entries),
        "cards": dict(run.cards),
        "said": run.said,
        "waiting": run.waiting,
        "held": run.held,
        "unread": run.unread,
        "route_confidence": run.route_confidence,
        "route_words": run.route_words,
        "trail": list(run.trail),
        **({"arms": dict(run.arms)} if run.arms else {}),
        **({"complained": True} if run.complained else {}),
        "timed": run.timed,
        "did": list(run.did),
        **({"returns_to": run.returns_to, "depth": run.depth} if run.returns_to else {}),
        **({"handoff": run.handoff, "helper": run.helper} if run.handoff else {}),
        **({"trouble": run.trouble} if run.trouble else {}),
        **({"conversation": run.conversation} if run.conversation else {}),
        "requester": {
            "id": run.requester.id,
            "name": run.requester.name,
            "email": run.requester.email,
            "time_zone": run.requester.time_zone,
        },
    }


def from_json(id: str, flow: str, flow_version: str, status: Status, state: Mapping[str, Any]) -> Run:
    return Run(
        id=id,
        flow=flow,
        flow_version=flow_version,
        status=status,
        requester=Requester(**state["requester"]),
        step=state["step"],
        slots=state["slots"],
        entries=state["entries"],
        cards=state["cards"],
        said=state["said"],
        waiting=state["waiting"],
        held=state["held"],
        unread=state["unread"],
        route_confidence=state["route_confidence"],
        route_words=state["route_words"],
        trail=tuple(state["trail"]),
        arms=state.get("arms", {}),
        complained=state.get("complained", False),
        timed=state.get("timed", False),
        did=tuple(state.get("did", ())),
        returns_to=state.get("returns_to", ""),
        depth=state.get("depth", 0),
        handoff=state.get("handoff", ""),
        helper=state.get("helper", ""),
        trouble=state.get("trouble", 0),
        conversation=state.get("conversation", ""),
    )
