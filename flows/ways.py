"""The steps of a flow as they are read, each in all the ways that its variants make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, cast

from flows import tone_file, variants
from flows.errors import Mistake
from flows.events import Event
from flows.outcome import GoTo, Outcome
from flows.scene import Scene
from flows.steps.base import Fields, Step
from flows.variants import Experiment


@dataclass(slots=True)
class Ways:
    """`steps` as the controls make them; `ways` only of steps that have variants."""

    steps: dict[str, Step] = field(default_factory=dict)
    experiments: list[Experiment] = field(default_factory=list)
    ways: dict[str, Mapping[tuple[str, ...], Step]] = field(default_factory=dict)

    def add(self, flow: str, kind: Any, fields: Fields) -> Sequence[Mistake]:
        """Reads a step; what is wrong with it is named once, however many ways have it."""
        raw, problems = tone_file.read(kind.kind, fields.raw)
        found, others = variants.find(flow, fields.step, raw)
        problems += others
        if sum(len(each.arms) - 1 for each in (*self.experiments, *found)) > variants.MOST_BESIDE:
            text = f"makes it more than {variants.MOST_BESIDE} variants in one flow, beside the controls"
            problems.append(((), text, "fewer variants"))
        if found and kind.kind == "subflow":
            problems.append(((), "has variants, but runs another flow", "variants of a step before it"))
        for path, problem, right in problems:
            fields.wrong(str(path[0]) if path else "variants", _at(path, problem), right)
        if problems:
            return fields.mistakes
        mistakes: list[Mistake] = []
        ways: dict[tuple[str, ...], Step] = {}
        for way in variants.ways(found):
            plain = replace(
                fields, raw=variants.resolved(raw, found, way), mistakes=[], seen=set(), texts=set()
            )
            ways[way] = kind.parse(plain)
            for path, problem, right in variants.misplaced(found, plain.texts):
                plain.wrong(str(path[0]), _at(path, problem), right)
            mistakes += [each for each in plain.finish() if each not in mistakes]
        self.steps[fields.step] = next(iter(ways.values()))
        self.experiments += found
        if found:
            self.ways[fields.step] = ways
        return mistakes

    def side_by_side(self) -> dict[str, Step]:
        """Every way of every step as a step of its own, behind a fork, so that each is checked.

        Their ids hold a space, so no file can name them.
        """
        steps: dict[str, Step] = {}
        for id, step in self.steps.items():
            apart = {f"{id} {' '.join(way)}": each for way, each in self.ways.get(id, {}).items()}
            steps[id] = step
            if apart:
                steps[id] = cast(Step, Fork(id, tuple(apart)))
            steps.update(apart)
        return steps


def _at(path: variants.Path, problem: str) -> str:
    return f"{'.'.join(str(part) for part in path)}: {problem}" if len(path) > 1 else problem


@dataclass(frozen=True, slots=True)
class Fork:
    """Leads to each way of a step. It only stands where a flow is checked, and is never run."""

    kind: ClassVar[str] = "fork"
    waits: ClassVar[bool] = False

    id: str
    ways: tuple[str, ...]

    @property
    def targets(self) -> Mapping[str, str]:
        return {way: way for way in self.ways}

    @property
    def fills(self) -> frozenset[str]:
        return frozenset()

    @property
    def reads(self) -> frozenset[str]:
        return frozenset()

    def run(self, scene: Scene, event: Event) -> Outcome:
        return GoTo(self.ways[0])
