"""end: the run is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

from bot.reply import Reply
from flows.effects import Say
from flows.events import Event
from flows.outcome import Finish, Outcome, Status
from flows.scene import Scene
from flows.steps.base import Fields
from flows.templates import Text

_STATUSES = ("done", "cancelled", "failed")


@dataclass(frozen=True, slots=True)
class End:
    """`text`, where given, is said last."""

    kind: ClassVar[str] = "end"
    waits: ClassVar[bool] = False

    id: str
    status: Status
    text: Text

    @classmethod
    def parse(cls, fields: Fields) -> End:
        status = fields.string("status", "done")
        if status not in _STATUSES:
            fields.wrong("status", f"is {status!r}", " or ".join(_STATUSES))
            status = "done"
        return cls(fields.step, cast(Status, status), fields.text("text"))

    @property
    def targets(self) -> Mapping[str, str]:
        return {}

    @property
    def fills(self) -> frozenset[str]:
        return frozenset()

    @property
    def reads(self) -> frozenset[str]:
        return self.text.names

    def run(self, scene: Scene, event: Event) -> Outcome:
        words = self.text.render(scene.values)
        return Finish(self.status, (Say("", Reply(words)),) if words else ())
