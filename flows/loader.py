"""YAML → Flow, with every mistake named by file, line, step and field, and what would be right."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from flows.errors import FlowError, Mistake
from flows.flow import Flow
from flows.steps import STEPS
from flows.steps.base import OURS, SLOT, Fields, Step
from flows.steps.subflow import Subflow
from flows.subflows import inside, linked, put_in
from flows.ways import Fork, Ways
from flows.yaml_source import Source, read

MOST_STEPS = 200
MOST_EXAMPLES = 100
LONGEST = 500
FIELDS = ("id", "description", "examples", "goal", "takes", "steps", "subflows")
# A step's name is part of keys, buttons and graphs, which have separators of their own.
STEP_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}\Z")
FLOW_ID = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


def load_file(path: Path, known_actions: Collection[str]) -> Flow:
    """With the flows of its folder that it runs inside itself. Raises `FlowError`."""
    source = linked(read(str(path), path.read_bytes()), path.parent, lambda id: bool(FLOW_ID.match(id)))
    return load(source, known_actions)


def load_stored(definition: Mapping[str, Any], known_actions: Collection[str]) -> Flow:
    """A flow from the JSON that the database keeps. Raises `FlowError`."""
    return load(Source(f"stored flow {definition.get('id', '?')}", definition, {}), known_actions)


def load(source: Source, known_actions: Collection[str], around: tuple[str, ...] = ()) -> Flow:
    """`known_actions` are the tools that exist; calling another is a mistake.

    `around` are the flows that this one is read inside of, itself last.
    """
    file, raw = source.file, source.value
    if not isinstance(raw, Mapping):
        raise FlowError([Mistake(file, 1, "", "", "must be a mapping with id, description and steps")])
    mistakes: list[Mistake] = []

    def wrong(field: str, problem: str, right: str = "") -> None:
        mistakes.append(Mistake(file, source.lines.get((field,), 1), "", field, problem, right))

    id, description = raw.get("id"), raw.get("description")
    if not isinstance(id, str) or not FLOW_ID.match(id):
        wrong("id", "must be a short name of small letters, digits and _", "id: order")
        id = "unnamed"
    if not isinstance(description, str) or not 0 < len(description.strip()) <= LONGEST:
        problem = f"must say in at most {LONGEST} characters what the flow does"
        wrong("description", problem, 'description: "Take an order and charge it once"')
    examples = raw.get("examples", [])
    if not isinstance(examples, list) or not all(_is_example(each) for each in examples):
        wrong("examples", "must be a list of sentences", 'examples: ["order two colas"]')
        examples = []
    if len(examples) > MOST_EXAMPLES:
        wrong("examples", f"has more than {MOST_EXAMPLES} sentences", "fewer of them")
    for field in raw:
        if field not in FIELDS:
            close = difflib.get_close_matches(str(field), FIELDS, 1)
            wrong(str(field), "is not a field of a flow", close[0] if close else ", ".join(FIELDS))
    takes = raw.get("takes", [])
    if not isinstance(takes, list) or not all(isinstance(each, str) and SLOT.match(each) for each in takes):
        wrong("takes", "must be a list of slots that another flow may fill", "takes: [customer]")
        takes = []
    if not isinstance(raw.get("subflows", {}), Mapping):
        wrong("subflows", "must be flows by their ids", "subflows: {rating: {…}}")
    read = _steps(source, id, mistakes)
    goal = raw.get("goal", "done")
    if not isinstance(goal, str) or (goal != "done" and goal not in read.steps):
        close = difflib.get_close_matches(str(goal)[:60], ["done", *read.steps], 1)
        wrong("goal", f"is {str(goal)[:60]!r}, which is no step", close[0] if close else "done, or a step")
    if not mistakes:
        mistakes.extend(_lint(source, read.side_by_side(), known_actions))
    steps: Mapping[str, Step] = read.steps
    if not mistakes:
        steps = _with_others(source, id, steps, known_actions, around, mistakes)
    if mistakes:
        raise FlowError(mistakes)
    return Flow(
        id=id,
        version=version_of(raw),
        description=str(description),
        steps=steps,
        start=next(iter(read.steps)),
        examples=tuple(examples),
        source=raw,
        goal=str(goal),
        experiments=tuple(read.experiments),
        ways=read.ways,
        takes=tuple(takes),
    )


def _with_others(
    source: Source,
    id: str,
    steps: Mapping[str, Step],
    known_actions: Collection[str],
    around: tuple[str, ...],
    mistakes: list[Mistake],
) -> Mapping[str, Step]:
    """The steps with those of the flows that they run."""
    if not any(isinstance(step, Subflow) for step in steps.values()):
        return steps
    at = {each["id"]: number for number, each in enumerate(source.value["steps"])}

    def wrong(step: str, field: str, problem: str, right: str) -> None:
        line = source.lines.get(("steps", at[step], field), source.lines.get(("steps", at[step]), 0))
        mistakes.append(Mistake(source.file, line, step, field, problem, right))

    def inner(part: Source, path: tuple[str, ...]) -> Flow:
        return load(part, known_actions, path)

    try:
        flows = inside(source, steps, around or (id,), inner, wrong)
    except FlowError as error:
        mistakes.extend(error.mistakes)
        return steps
    return put_in(steps, flows, wrong)


def _is_example(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= LONGEST


def version_of(raw: Mapping[str, Any]) -> str:
    """Content-addressed: the same content is the same version."""
    text = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


_CONSTANTS = {"true": "True", "false": "False", "null": "None", "none": "None"}


def _steps(source: Source, flow: str, mistakes: list[Mistake]) -> Ways:
    raw = source.value.get("steps")
    if not isinstance(raw, list) or not raw or len(raw) > MOST_STEPS:
        line = source.lines.get(("steps",), 1)
        problem = f"must be a list of 1 to {MOST_STEPS} steps"
        mistakes.append(
            Mistake(source.file, line, "", "steps", problem, "steps: [{id: greet, type: message, …}]")
        )
        return Ways()
    ids = [each.get("id") if isinstance(each, Mapping) else None for each in raw]
    read = Ways()
    for at, each in enumerate(raw):
        line = source.lines.get(("steps", at), 0)
        if not isinstance(each, Mapping) or not isinstance(each.get("id"), str):
            problem = f"step number {at + 1} has no id"
            mistakes.append(Mistake(source.file, line, "", "id", problem, "id: greet"))
            continue
        id = each["id"]
        id_line = source.lines.get(("steps", at, "id"), line)
        if not STEP_ID.match(id):
            problem = "must be a short name of letters, digits, _ and -"
            mistakes.append(Mistake(source.file, id_line, id[:60], "id", problem, "id: greet"))
            continue
        if id in read.steps:
            problem = "is the id of an earlier step too"
            mistakes.append(Mistake(source.file, id_line, id, "id", problem, f"id: {id}_2"))
        said = each.get("type")
        kind = STEPS.get(said) if isinstance(said, str) else None
        if kind is None:
            close = difflib.get_close_matches(str(said)[:60], STEPS, 1)
            right = close[0] if close else ", ".join(STEPS)
            problem = "has no type" if said is None else f"there is no step type {str(said)[:60]!r}"
            type_line = source.lines.get(("steps", at, "type"), line)
            mistakes.append(Mistake(source.file, type_line, id, "type", problem, right))
            continue
        lines = {name: source.lines.get(("steps", at, name), line) for name in each} | {"": line}
        following = ids[at + 1] if at + 1 < len(ids) and isinstance(ids[at + 1], str) else ""
        mistakes.extend(read.add(flow, kind, Fields(source.file, id, each, lines, following or "")))
    return read


def _lint(source: Source, steps: Mapping[str, Step], known_actions: Collection[str]) -> list[Mistake]:
    found: list[Mistake] = []
    at = {each["id"]: number for number, each in enumerate(source.value["steps"])}

    def wrong(step: str, field: str, problem: str, right: str = "") -> None:
        step = step.partition(" ")[0]  # of a way of a step: the step
        line = source.lines.get(("steps", at[step], field), source.lines.get(("steps", at[step]), 0))
        found.append(Mistake(source.file, line, step, field, problem, right))

    filled = OURS.union(source.value.get("takes", ()), *(step.fills for step in steps.values()))
    filled |= {f"sure_{name}" for name in filled}
    for step in steps.values():
        for label, target in step.targets.items():
            if not target:
                wrong(
                    step.id,
                    label or "next",
                    "is the last step and leads nowhere",
                    "a step of type end after it",
                )
            elif target not in at and not isinstance(step, Fork):
                close = difflib.get_close_matches(target, at, 1)
                wrong(
                    step.id,
                    label or "next",
                    f"leads to {target!r}, which does not exist",
                    close[0] if close else ", ".join(list(at)[:10]),
                )
        for name in sorted(step.reads - filled):
            close = difflib.get_close_matches(name, sorted(filled), 1)
            right = close[0] if close else "a step before it that gathers or saves it"
            wrong(step.id, "", f"reads {name!r}, which no step fills", _CONSTANTS.get(name, right))
        call = getattr(step, "call", None)
        if call is not None and call not in known_actions:
            close = difflib.get_close_matches(call, sorted(known_actions), 1)
            wrong(
                step.id,
                "call",
                f"there is no tool {call!r}",
                close[0] if close else ", ".join(sorted(known_actions)),
            )
    if found:
        return list(dict.fromkeys(found))
    reached = _reach(steps, next(iter(steps)))
    for id in steps:
        if id not in reached:
            wrong(id, "", "is never reached", "a step that leads to it, or its removal")
    for id in _circles(steps):
        wrong(id, "", "is in a circle in which nothing is waited for", "an input, confirm or tool step in it")
    return list(dict.fromkeys(found))


def _reach(steps: Mapping[str, Step], start: str) -> set[str]:
    reached, todo = set(), [start]
    while todo:
        id = todo.pop()
        if id not in reached:
            reached.add(id)
            todo.extend(steps[id].targets.values())
    return reached


def _circles(steps: Mapping[str, Step]) -> list[str]:
    """Steps from which one comes back to the same step without waiting."""
    idle = {
        id: [t for t in step.targets.values() if not steps[t].waits]
        for id, step in steps.items()
        if not step.waits
    }
    found = []
    for id in idle:
        seen: set[str] = set()
        todo = list(idle[id])
        while todo:
            here = todo.pop()
            if here == id:
                found.append(id)
                break
            if here not in seen:
                seen.add(here)
                todo.extend(idle.get(here, ()))
    return found
