"""`understood:`: a meaning as it is written in a test, in place of what the offline reader makes of it."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, get_args

from flows.understanding import Change, Intent, Meaning, Op, Value
from workers.flowtest.node import Node

_LISTS: Mapping[str, Any] = {"changes": Change, "values": Value}


def understood(node: Node) -> Meaning:
    """The same fields as `flows.understanding.Meaning`; what is not said is as its class has it."""
    return typing.cast(Meaning, _read(node, Meaning, {"intent": "value"}))


def _read(node: Node, kind: Any, otherwise: Mapping[str, Any]) -> Any:
    known = [each.name for each in fields(kind)]
    given: dict[str, Any] = dict(otherwise)
    if node.fields(known):
        for name in known:
            if name in node:
                given[name] = _value(node[name], name)
    for each in fields(kind):
        if each.name not in given and each.default is MISSING and each.default_factory is MISSING:
            node.wrong(f"does not say {each.name!r}", f"{each.name}: …")
            given[each.name] = ""
    return kind(**given)


def _value(node: Node, name: str) -> Any:
    if name in _LISTS:
        rest = {"words": "", "confidence": 1.0} if name == "values" else {}
        return tuple(_read(each, _LISTS[name], rest) for each in node.each(100, name))
    match name:
        case "intent":
            return node.one_of(get_args(Intent), "intent")
        case "op":
            return node.one_of(get_args(Op), "change")
        case "confidence" | "route_confidence":
            if isinstance(node.value, bool) or not isinstance(node.value, int | float):
                node.wrong("must be a number from 0 to 1", "0.9")
                return 1.0
            return float(node.value)
        case "quantity":
            if isinstance(node.value, bool) or not isinstance(node.value, int):
                node.wrong("must be a whole number", "2")
            return node.value
    if isinstance(node.value, list):
        return tuple(node.value)
    return node.value
