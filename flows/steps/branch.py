"""branch: go where the first condition that holds says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from flows.conditions import Condition
from flows.events import Event
from flows.outcome import GoTo, Outcome
from flows.scene import Scene
from flows.steps.base import Fields


@dataclass(frozen=True, slots=True)
class Branch:
    kind: ClassVar[str] = "branch"
    waits: ClassVar[bool] = False

    id: str
    cases: tuple[tuple[Condition, str], ...]
    otherwise: str

    @classmethod
    def parse(cls, fields: Fields) -> Branch:
        cases = []
        raw = fields.take("cases")
        right = 'cases: [{if: "a == 1", goto: step}]'
        if not isinstance(raw, list) or not raw:
            fields.wrong("cases", "must be a list of conditions", right)
            raw = []
        for each in raw:
            match each:
                case {"if": str(source), "goto": str(step)}:
                    condition = fields.parsed("cases", source)
                    if condition is not None:
                        cases.append((condition, step))
                case _:
                    fields.wrong("cases", "has a case without `if` and `goto`", right)
        return cls(fields.step, tuple(cases), fields.target("else"))

    @property
    def targets(self) -> Mapping[str, str]:
        return {condition.source: step for condition, step in self.cases} | {"else": self.otherwise}

    @property
    def fills(self) -> frozenset[str]:
        return frozenset()

    @property
    def reads(self) -> frozenset[str]:
        return frozenset().union(*(condition.names for condition, _ in self.cases))

    def run(self, scene: Scene, event: Event) -> Outcome:
        for condition, step in self.cases:
            if condition.holds(scene.values):
                return GoTo(step)
        return GoTo(self.otherwise)
