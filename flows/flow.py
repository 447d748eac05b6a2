"""A declared state machine, as it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.steps.base import Step
from flows.variants import Experiment


@dataclass(frozen=True, slots=True)
class Flow:
    """`version` is the hash of the content; the first step is where a run starts.

    `source` is the parsed file, which is what the database keeps. `steps` has each step as the
    controls of its variants make it, `ways` each step that has variants in all combinations of arms, in
    the order of `experiments`. `goal` is what a run is to come to: `done`, or a step. `takes` are slots
    that another flow may fill when it runs this one.
    """

    id: str
    version: str
    description: str
    steps: Mapping[str, Step]
    start: str
    examples: tuple[str, ...]
    source: Mapping[str, Any]
    goal: str = "done"
    experiments: tuple[Experiment, ...] = ()
    ways: Mapping[str, Mapping[tuple[str, ...], Step]] = field(default_factory=dict)
    takes: tuple[str, ...] = ()

    def step(self, id: str) -> Step:
        return self.steps[id]


def edges(flow: Flow) -> list[tuple[str, str, str]]:
    """From, to and label of every way through the flow."""
    return [
        (step.id, target, label)
        for step in flow.steps.values()
        for label, target in step.targets.items()
        if target
    ]


def mermaid(flow: Flow) -> str:
    """The flow as Mermaid's flowchart. https://mermaid.js.org/syntax/flowchart.html

    A step's id is its node's, but for the words that Mermaid keeps for itself: those get a `_`.
    """
    shapes = {"branch": ("{{", "}}"), "tool": ("[[", "]]"), "end": ("([", "])"), "confirm": ("[/", "/]")}
    lines = ["flowchart TD"]
    for step in flow.steps.values():
        left, right = shapes.get(step.kind, ("[", "]"))
        lines.append(f'    {_node(flow, step.id)}{left}"{step.id}: {step.kind}"{right}')
    for source, target, label in edges(flow):
        arrow = f'-->|"{_quoted(label)}"|' if label else "-->"
        lines.append(f"    {_node(flow, source)} {arrow} {_node(flow, target)}")
    return "\n".join(lines)


_MERMAIDS_OWN = frozenset(
    [
        "end",
        "graph",
        "flowchart",
        "subgraph",
        "direction",
        "style",
        "class",
        "classdef",
        "click",
        "linkstyle",
        "default",
        "href",
        "call",
    ]
)


def _node(flow: Flow, id: str) -> str:
    id = id.replace(".", "__").replace("+", "__back")
    name = f"{id}_" if id.lower() in _MERMAIDS_OWN else id
    while name != id and name in flow.steps:
        name += "_"
    return name


def _quoted(label: str) -> str:
    """Every character that could end the label or begin markup, as an entity; one line."""
    return "".join(
        each if each.isalnum() or each in " .,_=!+()'*" else f"#{ord(each)};"
        for each in " ".join(label.split())
    )
