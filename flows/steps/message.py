"""message: say something and go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from bot.reply import Reply
from flows.conditions import Condition
from flows.effects import Change, Say
from flows.events import Event
from flows.material import generated
from flows.outcome import GoTo, Outcome
from flows.scene import Scene
from flows.show import Show
from flows.steps.base import Fields
from flows.templates import Text


@dataclass(frozen=True, slots=True)
class Message:
    """`when`: said only if this holds. `replaces` names an earlier message to be replaced by this one."""

    kind: ClassVar[str] = "message"
    waits: ClassVar[bool] = False

    id: str
    text: Text
    show: Show
    when: Condition | None
    replaces: str
    next: str

    @classmethod
    def parse(cls, fields: Fields) -> Message:
        return cls(
            id=fields.step,
            text=fields.text("text", required=True),
            show=fields.show(),
            when=fields.condition("when"),
            replaces=fields.string("replaces"),
            next=fields.target("next"),
        )

    @property
    def targets(self) -> Mapping[str, str]:
        return {"": self.next}

    @property
    def fills(self) -> frozenset[str]:
        return frozenset()

    @property
    def reads(self) -> frozenset[str]:
        return self.text.names | self.show.names | (self.when.names if self.when else frozenset())

    def run(self, scene: Scene, event: Event) -> Outcome:
        if self.when is not None and not self.when.holds(scene.values):
            return GoTo(self.next)
        wrote = generated(self.text.names | self.show.names, scene.values)
        reply = Reply(self.text.render(scene.values), self.show.blocks(scene.values), generated=wrote)
        return GoTo(self.next, (Change(self.replaces, reply) if self.replaces else Say("", reply),))
