"""`expect:`: what must have come of a turn. What can never match, or never fail, is a mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from flows.flow import Flow
from flows.outcome import Status
from flows.steps.base import OURS
from integrations.base import Tool
from workers.flowtest.node import Node
from workers.flowtest.script import Asked, Called, Card, Expect, Matches

FIELDS = (
    "said", "changed", "whispered", "relayed", "card", "asked", "called",
    "not_said", "not_called", "at", "ends", "slots",
)  # fmt: skip
HOW = ("contains", "regex")


def expectation(node: Node, flow: Flow | None, tools: Mapping[str, Tool]) -> Expect:
    if not node.fields(FIELDS):
        return Expect(node.line)
    if not node.value:
        node.wrong("is empty, so it could never fail", ", ".join(FIELDS))
    steps = tuple(flow.steps) if flow else ()
    return Expect(
        line=node.line,
        said=_texts(node, "said"),
        changed=_texts(node, "changed"),
        whispered=_texts(node, "whispered"),
        relayed=_texts(node, "relayed"),
        card=_card(node["card"]) if "card" in node else None,
        asked=_asked(node["asked"], tools) if "asked" in node else None,
        called=tuple(_called(each, tools) for each in node["called"].each_or_one("calls"))
        if "called" in node
        else (),
        not_said=_texts(node, "not_said"),
        not_called=tuple(
            each.one_of(tuple(tools), "tool") for each in node["not_called"].each_or_one("tools")
        )
        if "not_called" in node
        else (),
        at=node["at"].one_of(steps, f"step of {flow.id}") if "at" in node and flow else "",
        ends=node["ends"].one_of(get_args(Status), "end") if "ends" in node else "",
        slots=_slots(node["slots"], flow) if "slots" in node else {},
    )


def _slots(node: Node, flow: Flow | None) -> Mapping[str, Any]:
    """Only what a step of the flow, or the engine, fills."""
    there = OURS.union(*(step.fills for step in flow.steps.values())) if flow else OURS
    there |= {f"sure_{name}" for name in there}
    wanted = node.mapping()
    for name in wanted if flow else ():
        Node(node.source, node.mistakes, name, (*node.path, name)).one_of(
            sorted(there), "slot that is filled"
        )
    return wanted


def _texts(node: Node, name: str) -> tuple[Matches, ...]:
    if name not in node:
        return ()
    return tuple(_matches(each) for each in node[name].each_or_one("texts"))


def _matches(node: Node) -> Matches:
    """A text is all that is said; `{contains: …}` and `{regex: …}` are parts of it."""
    if not isinstance(node.value, Mapping):
        return Matches("exact", node.text())
    node.fields(HOW)
    given = [how for how in HOW if how in node]
    if len(given) != 1:
        node.wrong("says " + (" and ".join(given) or "nothing") + "; it is one of", " or ".join(HOW))
        return Matches("exact", "")
    text = node[given[0]].text()
    if given[0] == "contains":
        return Matches("contains", text)
    try:
        if re.compile(text).search("") is not None:
            node["regex"].wrong("matches even where nothing is said, so it could never fail")
    except (re.error, OverflowError, RecursionError) as error:
        node["regex"].wrong(f"is no regular expression: {error}")
    return Matches("regex", text)


def _card(node: Node) -> Card:
    """A text, or what it contains, and the buttons that it must have."""
    if not isinstance(node.value, Mapping):
        return Card(_matches(node))
    if not node.fields((*HOW, "text", "buttons")) or not node.value:
        node.wrong("is empty, so it could never fail", "buttons, contains, regex or text")
    buttons = tuple(each.text() for each in node["buttons"].each(50, "buttons")) if "buttons" in node else ()
    given = [how for how in (*HOW, "text") if how in node]
    if len(given) > 1:
        node.wrong(f"says {' and '.join(given)}; one is enough")
    if not given:
        return Card(None, buttons)
    how = given[0]
    if how == "text":
        return Card(Matches("exact", node["text"].text()), buttons)
    only = Node(node.source, node.mistakes, {how: node.value[how]}, node.path)
    return Card(_matches(only), buttons)


def _asked(node: Node, tools: Mapping[str, Tool]) -> Asked:
    """`true`, a tool's name, or a mapping of tool, with and because."""
    if node.value is True:
        return Asked()
    if not isinstance(node.value, Mapping):
        return Asked(node.one_of(tuple(tools), "tool"))
    if not node.fields(("tool", "with", "because")) or not node.value:
        node.wrong("is empty", "asked: true")
    tool = node["tool"].one_of(tuple(tools), "tool") if "tool" in node else ""
    because = _matches(node["because"]) if "because" in node else None
    return Asked(tool, _with(node, tools.get(tool)), because)


def _called(node: Node, tools: Mapping[str, Tool]) -> Called:
    if not isinstance(node.value, Mapping):
        return Called(node.one_of(tuple(tools), "tool"))
    node.fields(("tool", "with"))
    tool = node["tool"].one_of(tuple(tools), "tool")
    return Called(tool, _with(node, tools.get(tool)))


def _with(node: Node, tool: Tool | None) -> Mapping[str, Any]:
    """Some of the tool's arguments; one that it does not have would never be there."""
    if "with" not in node:
        return {}
    wanted = node["with"].mapping()
    for name in wanted if tool else ():
        Node(node.source, node.mistakes, name, (*node.path, "with", name)).one_of(
            tuple(tool.arguments.model_fields) if tool else (), f"argument of {tool.name if tool else ''}"
        )
    return wanted
