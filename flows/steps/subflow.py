"""subflow: the steps of another flow, inside this run, with slots of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flows.events import Event
from flows.outcome import Finish, GoTo, Outcome, Status
from flows.scene import Scene, say
from flows.scopes import held
from flows.steps.base import Fields
from flows.templates import Argument

ENDED = ".ended"


@dataclass(frozen=True, slots=True)
class Subflow:
    """`given` fills slots of the other flow, `save` names which of its slots are kept, and as what.
    `start` is its first step, known when it has been put in."""

    kind: ClassVar[str] = "subflow"
    waits: ClassVar[bool] = True

    id: str
    flow: str
    given: Argument
    save: Mapping[str, str]
    on_error: Mapping[str, str]
    next: str
    start: str = ""

    @classmethod
    def parse(cls, fields: Fields) -> Subflow:
        flow = fields.string("flow", required=True)
        if not isinstance(fields.take("with", {}), Mapping):
            fields.wrong("with", "must name slots of the other flow", 'with: {customer: "{{ customer }}"}')
        return cls(
            id=fields.step,
            flow=flow,
            given=fields.argument("with"),
            save=_saved(fields),
            on_error=fields.on_error(),
            next=fields.target("next"),
        )

    @property
    def leave(self) -> str:
        """The step to which its ends lead."""
        return f"{self.id}+"

    @property
    def onward(self) -> Mapping[str, str]:
        return {"": self.next} | {f"on {code}": step for code, step in self.on_error.items()}

    @property
    def targets(self) -> Mapping[str, str]:
        return {"": self.start} if self.start else self.onward

    @property
    def fills(self) -> frozenset[str]:
        return frozenset(self.save) | {"error"}

    @property
    def reads(self) -> frozenset[str]:
        return self.given.names

    def run(self, scene: Scene, event: Event) -> Outcome:
        given = self.given.resolve(scene.values)
        return GoTo(self.start, (), {held(self.id): dict(given) if isinstance(given, Mapping) else {}})


@dataclass(frozen=True, slots=True)
class Leave:
    """Back out of a subflow: what it found is kept, the rest is forgotten."""

    kind: ClassVar[str] = "leave"
    waits: ClassVar[bool] = False

    of: Subflow

    @property
    def id(self) -> str:
        return self.of.leave

    @property
    def targets(self) -> Mapping[str, str]:
        return self.of.onward

    @property
    def fills(self) -> frozenset[str]:
        return self.of.fills

    @property
    def reads(self) -> frozenset[str]:
        return frozenset()

    def run(self, scene: Scene, event: Event) -> Outcome:
        found: Mapping[str, Any] = scene.run.slots.get(held(self.of.id)) or {}
        slots: dict[str, Any] = {held(self.of.id): None}
        for outer, inner in self.of.save.items():
            slots[outer] = found.get(inner)
            if f"sure_{inner}" in found:
                slots[f"sure_{outer}"] = found[f"sure_{inner}"]
        ended: Status = found.get(ENDED, "done")
        if ended == "done":
            return GoTo(self.of.next, (), slots)
        error = found.get("error") or {"sentence": f"“{self.of.flow}” ended before it was done."}
        slots["error"] = {"code": ended, "sentence": error.get("sentence", "")}
        target = self.of.on_error.get(ended, self.of.on_error.get("*", ""))
        if target:
            return GoTo(target, (), slots)
        return Finish(ended, (say("I stopped here."),) if ended == "failed" else (), slots)


def _saved(fields: Fields) -> Mapping[str, str]:
    raw, right = fields.take("save", {}), "save: {stars: rating} or save: [rating]"
    if isinstance(raw, list) and all(isinstance(each, str) for each in raw):
        raw = {each: each for each in raw}
    if not isinstance(raw, Mapping) or not all(isinstance(each, str) for each in raw.values()):
        fields.wrong("save", "must name slots, and which of the other flow's each takes", right)
        return {}
    return {outer: inner for outer, inner in raw.items() if fields.slot("save", outer)}
