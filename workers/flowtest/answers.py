"""`tools:` and `tool:`: what a tool does in a test, checked against the tool's own types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from integrations.base import Tool
from workers.flowtest.node import Node
from workers.flowtest.script import Answer, Tools

KINDS = ("result", "fails", "begins", "later")
FIELDS = (*KINDS, "sentence", "when")


def answers(node: Node, tools: Mapping[str, Tool]) -> Tools:
    """By the tool's name: one answer, or several of which the first that fits a call is taken."""
    found: dict[str, tuple[Answer, ...]] = {}
    for name, each in node.items():
        if each_name := Node(node.source, node.mistakes, name, each.path).one_of(tuple(tools), "tool"):
            found[name] = tuple(_answer(one, tools[each_name]) for one in each.each_or_one("answers"))
    return found


def _answer(node: Node, tool: Tool) -> Answer:
    nothing = Answer("later")
    if not node.fields(FIELDS):
        return nothing
    kinds = [kind for kind in KINDS if kind in node]
    if len(kinds) != 1:
        node.wrong("says " + (" and ".join(kinds) or "nothing") + "; it is one of", " or ".join(KINDS))
        return nothing
    when = node["when"].mapping() if "when" in node else {}
    match kinds[0]:
        case "fails":
            code = node["fails"].text("names no code")
            said = node["sentence"].text() if "sentence" in node else f"{tool.name} failed ({code})."
            return Answer("fails", code=code, sentence=said, when=when)
        case "later":
            if not node["later"].boolean():
                node["later"].wrong("is said as", "later: true")
            return Answer("later", when=when)
        case "begins":
            return Answer("begins", result=_result(node["begins"], tool), when=when)
    return Answer("result", result=_result(node["result"], tool), when=when)


def _result(node: Node, tool: Tool) -> Mapping[str, Any]:
    """As the tool would return it; what its type leaves open has the type's default."""
    if not isinstance(node.value, Mapping):
        node.wrong("must be a mapping")
        return {}
    try:
        checked = tool.result.model_validate(dict(node.value))
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False)[:5]:
            spot = ".".join(str(part) for part in each["loc"])
            node.wrong(f"is no result of {tool.name}: {spot}: {each['msg']}")
        return {}
    return dict(checked.model_dump(mode="json"))
