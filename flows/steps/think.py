"""think: a model answers, from material that is data to it and never an instruction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flows.material import texts
from flows.steps.base import Fields
from flows.steps.tool import Tool
from flows.templates import Argument, Text

CALL = "model.think"


@dataclass(frozen=True, slots=True)
class Think(Tool):
    """A call of `model.think`, whose result holds `text`, `generated`, `label` and `sources`."""

    kind: ClassVar[str] = "think"

    instructions: Text
    material: Argument
    longest: int

    @classmethod
    def parse(cls, fields: Fields) -> Think:
        instructions, material = fields.text("instructions", required=True), fields.argument("material")
        if instructions.names:
            right = "the slots in `material`, where what people wrote is data"
            fields.wrong(
                "instructions", "may read no slot: a model would take what stands in it for an order", right
            )
        if not fields.take("material"):
            fields.wrong("material", "is missing", 'material: "{{ tickets }}"')
        save = fields.save()
        if not save:
            fields.wrong("save", "is missing, so the answer would be lost", "save: summary")
        on_error = fields.on_error()
        return cls(
            id=fields.step,
            call=CALL,
            arguments=Argument({}, material.names),
            save=save,
            rests_on=(),
            working=fields.text("working"),
            pending=fields.none(),
            pending_show=fields.nothing_shown(),
            times=0,
            after=0,
            on_error=on_error,
            next=fields.target("next"),
            instructions=instructions,
            material=material,
            longest=fields.whole("longest", 1_500, 50, 8_000),
        )

    def given(self, values: Mapping[str, Any]) -> Any:
        return {
            "instructions": self.instructions.render({}),
            "material": texts(self.material.resolve(values)),
            "longest": self.longest,
        }
