"""YAML → Flow, with every mistake named by file, line, step and field, and what would be right."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from flows.errors import FlowError, Mistake
from flows.flow import Flow
from flows.steps import STEPS
from flows.steps.base import Fields, Step
from flows.yaml_source import Source, read

GIVEN = frozenset({"requester", "run", "item", "error", "doubt"})
MOST_STEPS = 200


def load_file(path: Path, known_actions: Collection[str]) -> Flow:
    """Raises `FlowError`."""
    return load(read(str(path), path.read_bytes()), known_actions)


def load_stored(definition: Mapping[str, Any], known_actions: Collection[str]) -> Flow:
    """A flow from the JSON that the database keeps. Raises `FlowError`."""
    return load(Source(f"stored flow {definition.get('id', '?')}", definition, {}), known_actions)


def load(source: Source, known_actions: Collection[str]) -> Flow:
    """`known_actions` are the tools that exist; calling another is a mistake."""
    file, raw = source.file, source.value
    if not isinstance(raw, Mapping):
        raise FlowError([Mistake(file, 1, "", "", "must be a mapping with id, description and steps")])
    mistakes: list[Mistake] = []

    def wrong(field: str, problem: str, right: str = "") -> None:
        mistakes.append(Mistake(file, source.lines.get((field,), 1), "", field, problem, right))

    id, description = raw.get("id"), raw.get("description")
    if not isinstance(id, str) or not id.isidentifier():
        wrong("id", "must be a short name of letters, digits and _", "id: order")
        id = "unnamed"
    if not isinstance(description, str) or not description:
        wrong("description", "is missing", 'description: "Take an order and charge it once"')
    examples = raw.get("examples", [])
    if not isinstance(examples, list) or not all(isinstance(each, str) for each in examples):
        wrong("examples", "must be a list of sentences", 'examples: ["order two colas"]')
        examples = []
    for field in raw:
        if field not in ("id", "description", "examples", "steps"):
            wrong(field, "is not a field of a flow", "id, description, examples or steps")
    steps = _steps(source, mistakes)
    if not mistakes:
        mistakes.extend(_lint(source, steps, known_actions))
    if mistakes:
        raise FlowError(mistakes)
    return Flow(
        id=id,
        version=version_of(raw),
        description=str(description),
        steps=steps,
        start=next(iter(steps)),
        examples=tuple(examples),
        source=raw,
    )


def version_of(raw: Mapping[str, Any]) -> str:
    """Content-addressed: the same content is the same version."""
    text = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def _steps(source: Source, mistakes: list[Mistake]) -> dict[str, Step]:
    raw = source.value.get("steps")
    if not isinstance(raw, list) or not raw or len(raw) > MOST_STEPS:
        line = source.lines.get(("steps",), 1)
        problem = f"must be a list of 1 to {MOST_STEPS} steps"
        mistakes.append(
            Mistake(source.file, line, "", "steps", problem, "steps: [{id: greet, type: message, …}]")
        )
        return {}
    ids = [each.get("id") if isinstance(each, Mapping) else None for each in raw]
    steps: dict[str, Step] = {}
    for at, each in enumerate(raw):
        line = source.lines.get(("steps", at), 0)
        if not isinstance(each, Mapping) or not isinstance(each.get("id"), str):
            mistakes.append(
                Mistake(source.file, line, "", "id", f"step number {at + 1} has no id", "id: greet")
            )
            continue
        id = each["id"]
        if id in steps:
            mistakes.append(Mistake(source.file, line, id, "id", "is the id of an earlier step too"))
        kind = STEPS.get(each.get("type", ""))
        if kind is None:
            close = difflib.get_close_matches(str(each.get("type")), STEPS, 1)
            right = close[0] if close else ", ".join(STEPS)
            problem = f"there is no step type {each.get('type')!r}"
            mistakes.append(Mistake(source.file, line, id, "type", problem, right))
            continue
        lines = {name: source.lines.get(("steps", at, name), line) for name in each} | {"": line}
        following = ids[at + 1] if at + 1 < len(ids) and isinstance(ids[at + 1], str) else ""
        fields = Fields(source.file, id, each, lines, following or "")
        steps[id] = kind.parse(fields)
        mistakes.extend(fields.finish())
    return steps


def _lint(source: Source, steps: Mapping[str, Step], known_actions: Collection[str]) -> list[Mistake]:
    found: list[Mistake] = []
    at = {each["id"]: number for number, each in enumerate(source.value["steps"])}

    def wrong(step: str, field: str, problem: str, right: str = "") -> None:
        line = source.lines.get(("steps", at[step], field), source.lines.get(("steps", at[step]), 0))
        found.append(Mistake(source.file, line, step, field, problem, right))

    filled = GIVEN.union(*(step.fills for step in steps.values()))
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
            elif target not in steps:
                close = difflib.get_close_matches(target, steps, 1)
                wrong(
                    step.id,
                    label or "next",
                    f"leads to {target!r}, which does not exist",
                    close[0] if close else "",
                )
        for name in sorted(step.reads - filled):
            close = difflib.get_close_matches(name, sorted(filled), 1)
            wrong(step.id, "", f"reads {name!r}, which no step fills", close[0] if close else "")
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
        return found
    reached = _reach(steps, next(iter(steps)))
    for id in steps:
        if id not in reached:
            wrong(id, "", "is never reached", "a step that leads to it, or its removal")
    for id in _circles(steps):
        wrong(id, "", "is in a circle in which nothing is waited for", "an input, confirm or tool step in it")
    return found


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
