"""A small language of conditions: Python's spelling, parsed to an allow-listed tree at push.

Names are slots; dots and `[0]` reach into them; a missing name is null. There are comparisons,
`and or not in`, `+ -` on numbers, constants and lists of them. Nothing can be called.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flows.errors import TemplateError

MOST_CHARACTERS = 500
MOST_NODES = 80

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}


_SAID: dict[type[ast.AST], str] = {
    ast.Call: "a call",
    ast.BinOp: "arithmetic other than + and -",
    ast.Lambda: "a function",
    ast.Attribute: "a name that begins with _",
    ast.Subscript: "an index that is not written out",
    ast.JoinedStr: "a formatted string",
    ast.ListComp: "a loop",
    ast.GeneratorExp: "a loop",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed expression; `names` are the slots it reads."""

    source: str
    tree: ast.expr = field(compare=False, repr=False)
    names: frozenset[str]

    def value(self, slots: Mapping[str, Any]) -> Any:
        """Null where something is missing or two things cannot be compared."""
        try:
            return _value(self.tree, slots)
        except (TypeError, ValueError, ArithmeticError, LookupError):
            return None

    def holds(self, slots: Mapping[str, Any]) -> bool:
        return bool(self.value(slots))


def parse(source: str) -> Condition:
    """Raises `TemplateError` naming what is not allowed."""
    if len(source) > MOST_CHARACTERS:
        raise TemplateError(f"a condition has at most {MOST_CHARACTERS} characters")
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise TemplateError(f"{source!r} is no condition") from None
    nodes = list(ast.walk(tree))
    if len(nodes) > MOST_NODES:
        raise TemplateError("the condition is too long")
    for node in nodes:
        _check(node)
    names = frozenset(node.id for node in nodes if isinstance(node, ast.Name))
    return Condition(source, tree, names)


def _check(node: ast.AST) -> None:
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str()):
            return
        case (
            ast.Name()
            | ast.Load()
            | ast.BoolOp()
            | ast.And()
            | ast.Or()
            | ast.Not()
            | ast.List()
            | ast.Tuple()
            | ast.Add()
            | ast.Sub()
            | ast.USub()
        ):
            return
        case ast.Attribute(attr=attr) if not attr.startswith("_"):
            return
        case ast.Subscript(slice=ast.Constant(value=str(key))) if key.startswith("_"):
            pass
        case ast.Subscript(slice=ast.Constant() | ast.UnaryOp()):
            return
        case ast.UnaryOp(op=ast.Not() | ast.USub()) | ast.BinOp(op=ast.Add() | ast.Sub()):
            return
        case ast.Compare(ops=ops) if all(type(op) in _COMPARE for op in ops):
            return
        case ast.cmpop() if type(node) in _COMPARE:
            return
    raise TemplateError(f"{_SAID.get(type(node), type(node).__name__)} is not allowed in a condition")


def _value(node: ast.expr, slots: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return slots.get(name)
        case ast.Attribute(value=inner, attr=attr):
            return _reach(_value(inner, slots), attr)
        case ast.Subscript(value=inner, slice=index):
            return _reach(_value(inner, slots), _value(index, slots))
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(each, slots) for each in values)
        case ast.BoolOp(values=values):
            return any(_value(each, slots) for each in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, slots)
        case ast.UnaryOp(operand=operand):
            return -_number(_value(operand, slots))
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _number(_value(left, slots)), _number(_value(right, slots))
            return a + b if isinstance(op, ast.Add) else a - b
        case ast.Compare(left=left, ops=ops, comparators=rights):
            here = _value(left, slots)
            for comparison, right in zip(ops, rights, strict=True):
                there = _value(right, slots)
                if not _COMPARE[type(comparison)](here, there):
                    return False
                here = there
            return True
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_value(part, slots) for part in parts]
    raise TypeError(type(node).__name__)


def _reach(value: Any, key: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get(key)
    if isinstance(value, list | tuple) and isinstance(key, int):
        return value[key] if -len(value) <= key < len(value) else None
    return None


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    return value
