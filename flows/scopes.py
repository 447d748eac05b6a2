"""A flow within a flow has slots of its own. A step's id says whose: `rating.ask` is of `rating`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flows.run import Run

DEEPEST = 5


def scope_of(step: str) -> str:
    """Empty for the flow itself."""
    return step.rpartition(".")[0]


def held(step: str) -> str:
    """The name under which the slots of a step's own flow are kept among those around it."""
    return f"{step.rpartition('.')[2]}."


def within(run: Run) -> Run:
    """The run as the present step may see it: with the slots of its own flow and no others."""
    scope = scope_of(run.step)
    if not scope:
        return run
    slots: Mapping[str, Any] = run.slots
    for name in scope.split("."):
        slots = slots.get(f"{name}.") or {}
    return replace(run, slots=slots)


def with_slots(run: Run, slots: Mapping[str, Any]) -> Run:
    """Kept where the present step's flow keeps its own."""
    scope = scope_of(run.step)
    if not slots or not scope:
        return run.with_slots(slots)
    return replace(run, slots=_put(run.slots, scope.split("."), slots))


def _put(slots: Mapping[str, Any], path: list[str], news: Mapping[str, Any]) -> dict[str, Any]:
    if not path:
        return {**slots, **news}
    name = f"{path[0]}."
    return {**slots, name: _put(slots.get(name) or {}, path[1:], news)}
