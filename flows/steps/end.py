"""end: the run is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

from bot.reply import Reply
from flows.effects import Say
from flows.events import Event
from flows.outcome import Finish, GoTo, Outcome, Status
from flows.scene import Scene
from flows.steps.base import Fields
from flows.steps.subflow import ENDED
from flows.templates import Text

_STATUSES = ("done", "cancelled", "failed")


@dataclass(frozen=True, slots=True)
class End:
    """`text`, where given, is said last. `leaves` is where it leads when the flow is run inside another."""

    kind: ClassVar[str] = "end"
    waits: ClassVar[bool] = False

    id: str
    status: Status
    text: Text
    leaves: str = ""

    @classmethod
    def parse(cls, fields: Fields) -> End:
        status = fields.string("status", "done")
        if status not in _STATUSES:
            fields.wrong("status", f"is {status!r}", " or ".join(_STATUSES))
            status = "done"
        return cls(fields.step, cast(Status, status), fields.text("text"))

    @property
    def targets(self) -> Mapping[str, str]:
        return {"": self.leaves} if self.leaves else {}

    @property
    def fills(self) -> frozenset[str]:
        return frozenset()

    @property
    def reads(self) -> frozenset[str]:
        return self.text.names

    def run(self, scene: Scene, event: Event) -> Outcome:
        words = self.text.render(scene.values)
        said = (Say("", Reply(words)),) if words else ()
        if self.leaves:
            return GoTo(self.leaves, said, {ENDED: self.status})
        return Finish(self.status, said)
