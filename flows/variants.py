"""Variants: several wordings, or several ways of a step, at one place of a flow, and who gets which."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_ARMS = 10
MOST_WAYS = 64  # combinations of arms within one step
MOST_BESIDE = 50  # variants of a flow beside its controls: each is decided once more to see what differs
MOST_WEIGHT = 1000
LONGEST_NAME = 160
ARM = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,29}\Z")
FIELDS = frozenset({"variants", "weights", "control"})
RIGHT = 'text: {variants: {a: "…", b: "…"}}'
# Data of a tool may well have a field of this name.
NOT_OURS = frozenset({"with"})
# Below the name of a field, these hold words.
WORDS = frozenset({"heading", "paragraph", "note", "label", "value", "link", "url"})

Path = tuple[str | int, ...]
Problem = tuple[Path, str, str]


@dataclass(frozen=True, slots=True)
class Experiment:
    """One place with several arms. `name` is `flow.step` or `flow.step.field`; `path` is empty where
    the whole step differs. `arms` and `weights` go by name, in the order of the names, because
    the database keeps no other. `control` is what is said where an arm is stopped.
    """

    name: str
    step: str
    path: Path
    arms: Mapping[str, Any]
    weights: Mapping[str, int]
    control: str

    @property
    def series(self) -> str:
        """What outcomes are counted under: others arms, or another share of people, begin anew."""
        return " ".join(f"{arm}:{weight}" for arm, weight in self.weights.items())


def assigned(experiment: Experiment, person: str) -> str:
    """The arm of this person, the same in every run, process and version, while the arms keep their names.

    A share of the line from 0 to 1 belongs to each arm: who is moved when weights change is moved
    only as far as the shares did.
    """
    names = list(experiment.weights)
    spoken = json.dumps([experiment.name, person, names], separators=(",", ":"))
    drawn = hashlib.blake2b(spoken.encode(), digest_size=8, person=b"countersign arm").digest()
    at = int.from_bytes(drawn, "big") * sum(experiment.weights.values()) >> 64
    for arm, weight in experiment.weights.items():
        at -= weight
        if at < 0:
            return arm
    return experiment.control


def arm_of(experiment: Experiment, person: str, taken: Mapping[str, str], stopped: Collection[str]) -> str:
    """The arm this run is in. What it was shown once it stays with, even where the arm was stopped since."""
    held = taken.get(experiment.name)
    if held is not None and held in experiment.arms:
        return held
    arm = assigned(experiment, person)
    return experiment.control if stop_of(experiment.name, arm) in stopped else arm


def stop_of(name: str, arm: str) -> str:
    """How a stopped arm is written in `Known.stopped`."""
    return f"{name}={arm}"


# ── reading them from a file ─────────────────────────────────────────────────────────────


def find(flow: str, step: str, raw: Mapping[str, Any]) -> tuple[tuple[Experiment, ...], list[Problem]]:
    """Every experiment of a step, and what is wrong with those that are none."""
    found: list[Experiment] = []
    problems: list[Problem] = []
    if "variants" in raw:
        _read(f"{flow}.{step}", step, (), raw, found, problems)
    for path, value in _places(raw):
        if set(value) - FIELDS:
            unknown = ", ".join(sorted(str(each)[:40] for each in set(value) - FIELDS))
            problems.append((path, f"has variants and {unknown} side by side", RIGHT))
            continue
        name = ".".join([flow, step, *(str(part) for part in path)])
        _read(name, step, path, value, found, problems)
    if len(found) > 1 and not found[0].path:
        text = "has variants of the whole step and of a text in it"
        problems.append((found[1].path, text, "the texts within the variants of the step"))
    if _count(found) > MOST_WAYS:
        problems.append(((), f"has more than {MOST_WAYS} combinations of its variants", "fewer variants"))
    return tuple(found), problems


def _count(found: Sequence[Experiment]) -> int:
    count = 1
    for each in found:
        count *= len(each.arms)
    return count


def _places(raw: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Where in a step a mapping says `variants`."""
    todo: list[tuple[Path, Any]] = [
        ((name,), value) for name, value in raw.items() if name not in NOT_OURS | FIELDS
    ]
    while todo:
        path, value = todo.pop(0)
        match value:
            case {"variants": Mapping()}:
                yield path, value
            case Mapping():
                todo[:0] = [((*path, key), inner) for key, inner in value.items()]
            case list():
                todo[:0] = [((*path, at), inner) for at, inner in enumerate(value)]


def _read(
    name: str, step: str, path: Path, raw: Mapping[str, Any], found: list[Experiment], problems: list[Problem]
) -> None:
    arms = raw["variants"]
    if not isinstance(arms, Mapping) or not 2 <= len(arms) <= MOST_ARMS:
        problems.append((path, f"must have 2 to {MOST_ARMS} variants", RIGHT))
        return
    before = len(problems)
    if len(name) > LONGEST_NAME:
        problems.append((path, f"stands so deep that its name has more than {LONGEST_NAME} characters", ""))
    for arm, value in arms.items():
        if not isinstance(arm, str) or not ARM.match(arm):
            problems.append((path, f"{str(arm)[:40]!r} is no name for a variant", "a short word, as in a"))
        elif path and not isinstance(value, str):
            problems.append((path, f"variant {arm!r} must be a text", RIGHT))
        elif not path and (not isinstance(value, Mapping) or {"id", "type", "variants"} & set(value)):
            problem = f"variant {arm!r} must be fields of the step, without id, type and variants of its own"
            problems.append((path, problem, 'variants: {a: {text: "…"}, b: {text: "…"}}'))
    weights = raw.get("weights", dict.fromkeys(arms, 1))
    if not isinstance(weights, Mapping) or set(weights) != set(arms) or not _fit(weights):
        right = "weights: {" + ", ".join(f"{str(arm)[:30]}: 1" for arm in arms) + "}"
        problems.append((path, f"weights must be a whole number from 1 to {MOST_WEIGHT} for each", right))
    control = raw.get("control", "control" if "control" in arms else min(map(str, arms)))
    if control not in arms:
        problems.append(
            (path, f"control {str(control)[:40]!r} is none of the variants", ", ".join(map(str, arms)))
        )
    if len(problems) == before:
        order = sorted(arms)
        shares = {arm: weights[arm] for arm in order}
        found.append(Experiment(name, step, path, {arm: arms[arm] for arm in order}, shares, control))


def _fit(weights: Mapping[str, Any]) -> bool:
    return all(type(each) is int and 1 <= each <= MOST_WEIGHT for each in weights.values())


def ways(found: Sequence[Experiment]) -> Iterator[tuple[str, ...]]:
    """Every combination of arms within a step, that of the controls first; one where there is no variant."""
    if not found:
        yield ()
        return
    for before in ways(found[:-1]):
        last = found[-1]
        for arm in (last.control, *(each for each in last.arms if each != last.control)):
            yield (*before, arm)


def resolved(raw: Mapping[str, Any], found: Sequence[Experiment], way: Sequence[str]) -> Mapping[str, Any]:
    """The step as somebody gets it: plain fields, no variants."""
    if not found:
        return raw
    plain: Any = dict(raw)
    for each, arm in zip(found, way, strict=True):
        if each.path:
            plain = put(plain, each.path, each.arms[arm])
        else:
            kept = {name: value for name, value in plain.items() if name not in FIELDS}
            plain = {**kept, **each.arms[arm]}
    return dict(plain)


def put(value: Any, path: Path, text: str) -> Any:
    """The document with this text at that place."""
    if not path:
        return text
    first, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        return {**value, first: put(value[first], rest, text)}
    return [put(each, rest, text) if at == first else each for at, each in enumerate(value)]


def misplaced(found: Sequence[Experiment], texts: Collection[str]) -> list[Problem]:
    """Variants of what is no text. `texts` are the fields that the step reads words from."""
    return [
        (each.path, "has variants, but no text stands here", "variants of the whole step")
        for each in found
        if each.path and not _is_words(each.path, texts)
    ]


def _is_words(path: Path, texts: Collection[str]) -> bool:
    match path:
        case (*_, "options", int(), "label") | ("gather", int(), "ask" | "refuse"):
            return True
        case (first,):
            return first in texts
        case (first, *_, place, last):
            return first in texts and (last in WORDS or place == "facts")
    return False
