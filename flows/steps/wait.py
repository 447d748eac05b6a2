"""wait: nothing happens for a while, or until a day; an earlier message can end it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flows import dates, durations
from flows.conditions import Condition
from flows.effects import Effect, SetTimer
from flows.events import Entered, Event, Fired, Heard
from flows.outcome import Finish, GoTo, Outcome, Stay
from flows.scene import Scene, say
from flows.steps.base import Fields
from flows.templates import Text

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9])?(Z|[+-][0-9]{2}:[0-9]{2})?\Z"
)


@dataclass(frozen=True, slots=True)
class Wait:
    """`length` in seconds, or `until` an expression that gives a date or time as ISO writes it.

    A date means nine in the morning where the requester is. What is past already waits for nothing.
    """

    kind: ClassVar[str] = "wait"
    waits: ClassVar[bool] = True

    id: str
    length: int
    until: Condition | None
    text: Text
    if_heard: str
    on_error: Mapping[str, str]
    next: str

    @classmethod
    def parse(cls, fields: Fields) -> Wait:
        length, until = fields.duration("for"), fields.condition("until")
        if (fields.take("for") is None) == (fields.take("until") is None):
            fields.wrong("", "needs a duration in `for`, or `until`, and not both", 'for: "2 days"')
        return cls(
            id=fields.step,
            length=length,
            until=until,
            text=fields.text("text"),
            if_heard=fields.string("if_heard"),
            on_error=fields.on_error(),
            next=fields.target("next"),
        )

    @property
    def targets(self) -> Mapping[str, str]:
        heard = {"heard": self.if_heard} if self.if_heard else {}
        return {"": self.next} | heard | {f"on {code}": step for code, step in self.on_error.items()}

    @property
    def fills(self) -> frozenset[str]:
        return frozenset({"error", "heard"})

    @property
    def reads(self) -> frozenset[str]:
        return self.text.names | (self.until.names if self.until else frozenset())

    def run(self, scene: Scene, event: Event) -> Outcome:
        match event:
            case Entered():
                return self._entered(scene)
            case Fired():
                return GoTo(self.next)
            case Heard(opening=True):
                return Stay()
            case Heard(text=text) if self.if_heard:
                return GoTo(self.if_heard, (), {"heard": text.strip()[:2_000]})
            case Heard():
                return Stay((say(f"{self._waiting(scene)} Say “cancel” to stop it."),))
        return Stay()

    def again(self, scene: Scene) -> tuple[Effect, ...]:
        return (say(self._waiting(scene)),)

    def _entered(self, scene: Scene) -> Outcome:
        key = scene.run.key(self.id)
        words = self.text.render(scene.values)
        said: tuple[Effect, ...] = (say(words),) if words else ()
        if self.until is None:
            return Stay((SetTimer(key, float(self.length)), *said))
        until = self.until.value(scene.values)
        if isinstance(until, str) and (
            dates.day_of(until) or (_TIME.match(until) and dates.day_of(until[:10]))
        ):
            return Stay((SetTimer(key, until=until), *said))
        error: dict[str, Any] = {
            "code": "no_time",
            "sentence": f"I cannot wait until “{str(until)[:60]}”: that is no date or time.",
        }
        target = self.on_error.get("no_time", self.on_error.get("*", ""))
        if target:
            return GoTo(target, (), {"error": error})
        return Finish("failed", (say(error["sentence"]),), {"error": error})

    def _waiting(self, scene: Scene) -> str:
        if self.until is None:
            return f"I am waiting for {durations.in_words(self.length)} before I go on."
        return f"I am waiting until {str(self.until.value(scene.values))[:40]} before I go on."
