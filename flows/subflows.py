"""Puts the steps of other flows into a flow, each under the id of the step that runs it.

They are part of the flow's content, so a run stays on the very steps it started with, and a flow
that would contain itself is found when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from flows.scopes import DEEPEST
from flows.steps.base import Step
from flows.steps.branch import Branch
from flows.steps.choice import Choice
from flows.steps.end import End
from flows.steps.subflow import Leave, Subflow
from flows.yaml_source import Source, read

if TYPE_CHECKING:
    from flows.flow import Flow

FIELD = "subflows"
MOST_IN_ALL = 600
_TARGETS = ("next", "yes", "change", "otherwise", "replaces", "leaves", "start")
_TARGETS_IF = ("if_heard", "if_rejected", "if_expired")
Wrong = Callable[[str, str, str, str], None]


def linked(source: Source, folder: Path, known: Callable[[str], bool]) -> Source:
    """The file with every flow of its folder that it runs inside itself, directly or not."""
    raw = source.value
    if not isinstance(raw, Mapping):
        return source
    given = raw.get(FIELD)
    found: dict[str, Any] = dict(given) if isinstance(given, Mapping) else {}
    todo = _named(raw)
    while todo and len(found) < 100:
        id = todo.pop()
        if id in found or not known(id) or not (path := folder / f"{id}.yaml").is_file():
            continue
        inner = read(str(path), path.read_bytes()).value
        if isinstance(inner, Mapping):
            found[id] = {key: value for key, value in inner.items() if key != FIELD}
            more = inner.get(FIELD)
            found |= {k: v for k, v in more.items() if k not in found} if isinstance(more, Mapping) else {}
            todo += _named(inner)
    return Source(source.file, {**raw, FIELD: found}, source.lines) if found else source


def _named(raw: Mapping[str, Any]) -> list[str]:
    steps = raw.get("steps")
    rows = steps if isinstance(steps, list) else []
    return [
        each["flow"]
        for each in rows
        if isinstance(each, Mapping) and each.get("type") == "subflow" and isinstance(each.get("flow"), str)
    ]


def inside(
    source: Source,
    steps: Mapping[str, Step],
    around: tuple[str, ...],
    load: Callable[[Source, tuple[str, ...]], Flow],
    wrong: Wrong,
) -> dict[str, Flow]:
    """The flow of each subflow step; what cannot be run is said. `load` raises `FlowError`."""
    raw = source.value.get(FIELD)
    there: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    found: dict[str, Flow] = {}
    for step in steps.values():
        if not isinstance(step, Subflow):
            continue
        inner = there.get(step.flow)
        if step.flow in around:
            way = " → ".join((*around, step.flow))
            wrong(step.id, "flow", f"would run itself without end ({way})", "another flow")
        elif len(around) >= DEEPEST:
            wrong(step.id, "flow", f"is more than {DEEPEST} flows deep", "fewer flows inside each other")
        elif not isinstance(inner, Mapping):
            right = ", ".join(sorted(there)) or f"a file {step.flow}.yaml beside this one"
            wrong(step.id, "flow", f"there is no flow {step.flow!r}", right)
        else:
            whole = {**inner, FIELD: there}
            flow = load(Source(f"{source.file} → {step.flow}", whole, {}), (*around, step.flow))
            _fitting(step, flow, wrong)
            found[step.id] = flow
    return found


def _fitting(step: Subflow, flow: Flow, wrong: Wrong) -> None:
    filled = frozenset(flow.takes).union(*(each.fills for each in flow.steps.values() if "." not in each.id))
    given = step.given.value if isinstance(step.given.value, Mapping) else {}
    for name in given:
        if name not in filled:
            right = ", ".join(sorted(filled - {"error"})) or f"takes: [{name}] in {step.flow}"
            wrong(step.id, "with", f"{step.flow!r} has no slot {name!r}", right)
    for inner in step.save.values():
        if inner not in filled:
            right = ", ".join(sorted(filled - {"error"})) or "a slot that it fills"
            wrong(step.id, "save", f"{step.flow!r} fills no slot {inner!r}", right)
    if flow.experiments:
        wrong(
            step.id,
            "flow",
            f"{step.flow!r} has variants, which only count in a flow of their own",
            "no variants",
        )


def put_in(steps: Mapping[str, Step], flows: Mapping[str, Flow], wrong: Wrong) -> dict[str, Step]:
    """All steps, those of the other flows behind the step that runs them."""
    found: dict[str, Step] = {}
    for id, step in steps.items():
        if not isinstance(step, Subflow) or id not in flows:
            found[id] = step
            continue
        inner = flows[id]
        here = replace(step, start=f"{id}.{inner.start}")
        found[id] = here
        for each in inner.steps.values():
            moved = _moved(each, f"{id}.", here.leave)
            if not all(target.startswith(id) for target in moved.targets.values()):
                wrong(id, "flow", f"step {each.id!r} of {step.flow!r} cannot be run inside another flow", "")
            found[moved.id] = moved
        found[here.leave] = cast(Step, Leave(here))
    if len(found) > MOST_IN_ALL:
        wrong(
            next(iter(steps)), "", f"comes to more than {MOST_IN_ALL} steps with those inside", "fewer steps"
        )
    return found


def _moved(step: Step, prefix: str, leave: str) -> Step:
    """The same step under another name, leading to the same steps under theirs."""
    if isinstance(step, Leave):
        return cast(Step, Leave(cast(Subflow, _moved(cast(Step, step.of), prefix, leave))))
    news: dict[str, Any] = {"id": prefix + step.id}
    for name in (*_TARGETS, *_TARGETS_IF):
        target = getattr(step, name, "")
        if isinstance(target, str) and target:
            news[name] = prefix + target
    errors = getattr(step, "on_error", None)
    if errors:
        news["on_error"] = {code: prefix + target for code, target in errors.items()}
    if isinstance(step, Branch):
        news["cases"] = tuple((condition, prefix + target) for condition, target in step.cases)
    if isinstance(step, Choice):
        news["options"] = tuple(
            replace(option, goto=prefix + option.goto) if option.goto else option for option in step.options
        )
    if isinstance(step, End) and not step.leaves:
        news["leaves"] = leave
    return cast(Step, replace(cast(Any, step), **news))
