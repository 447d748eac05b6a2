"""Text with values in it: Jinja2 in its immutable sandbox, cut down to what a message needs.

What people write is a value, never a template. There are no calls, no loops, no arithmetic
but `~`; so the cost of a template is bounded by its length and its values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, Template, TemplateSyntaxError, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flows.conditions import Condition, parse
from flows.errors import TemplateError
from flows.money import shown

MOST_CHARACTERS = 4_000
MOST_OUTPUT = 40_000

_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.CondExpr,
    nodes.If,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Concat,
    nodes.Filter,
)
_FILTERS = ("money", "join", "length", "default", "lower", "upper", "items")
_WHOLE = re.compile(r"^\s*\{\{([^{}]*)\}\}\s*$")


def items_in_words(items: Any) -> str:
    """`[{name, quantity, options}]` → "2 × Margherita (no onions), 1 × Cola"."""
    parts = []
    for item in items or ():
        options = f" ({', '.join(item['options'])})" if item.get("options") else ""
        parts.append(f"{item['quantity']} × {item['name']}{options}")
    return ", ".join(parts)


def _finalize(value: Any) -> Any:
    """Undefined and null are empty; a list of items reads as a list of items."""
    if value is None or isinstance(value, Undefined):
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        if all(isinstance(each, Mapping) and "quantity" in each and "name" in each for each in value):
            return items_in_words(value)
        if all(isinstance(each, str) for each in value):
            return ", ".join(value)
    return value


def _environment() -> Environment:
    environment = ImmutableSandboxedEnvironment(autoescape=False, finalize=_finalize)
    kept = {name: environment.filters[name] for name in _FILTERS if name in environment.filters}
    environment.filters.clear()
    environment.filters.update(kept)
    environment.filters["money"] = lambda amount, currency: shown(int(amount), str(currency))
    environment.filters["items"] = items_in_words
    environment.globals.clear()
    return environment


_ENVIRONMENT = _environment()


@dataclass(frozen=True, slots=True)
class Text:
    """A checked template; `names` are the slots it reads."""

    source: str
    names: frozenset[str]

    def render(self, slots: Mapping[str, Any]) -> str:
        return _compiled(self.source).render(dict(slots))[:MOST_OUTPUT].strip()


@lru_cache(maxsize=2048)
def _compiled(source: str) -> Template:
    return _ENVIRONMENT.from_string(source)


def text(source: str) -> Text:
    """Raises `TemplateError` naming what is not allowed."""
    if len(source) > MOST_CHARACTERS:
        raise TemplateError(f"a text has at most {MOST_CHARACTERS} characters")
    try:
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{error.message}") from None
    names = set()
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED) or isinstance(node, nodes.Call):
            raise TemplateError(f"{type(node).__name__} is not allowed in a text")
        if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            raise TemplateError(f"{node.attr!r} is not allowed in a text")
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            raise TemplateError(f"there is no filter {node.name!r}; there are {', '.join(_FILTERS)}")
        if isinstance(node, nodes.Name):
            names.add(node.name)
    return Text(source, frozenset(names))


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a tool: a whole `{{ expression }}` keeps its type, any other string is a text."""

    value: Any
    names: frozenset[str]

    def resolve(self, slots: Mapping[str, Any]) -> Any:
        return _resolve(self.value, slots)


def argument(value: Any) -> Argument:
    parsed, names = _parse(value, 0)
    return Argument(parsed, frozenset(names))


def _parse(value: Any, depth: int) -> tuple[Any, set[str]]:
    if depth > 8:
        raise TemplateError("arguments are nested too deeply")
    match value:
        case str() if whole := _WHOLE.match(value):
            condition = parse(whole.group(1))
            return condition, set(condition.names)
        case str():
            template = text(value)
            return (template, set(template.names)) if template.names else (value, set())
        case Mapping():
            pairs = {key: _parse(inner, depth + 1) for key, inner in value.items()}
            return (
                {key: inner for key, (inner, _) in pairs.items()},
                set().union(*(names for _, names in pairs.values())),
            )
        case list():
            parts = [_parse(inner, depth + 1) for inner in value]
            return [inner for inner, _ in parts], set().union(*(names for _, names in parts))
    return value, set()


def _resolve(value: Any, slots: Mapping[str, Any]) -> Any:
    match value:
        case Condition():
            return value.value(slots)
        case Text():
            return value.render(slots)
        case Mapping():
            return {key: _resolve(inner, slots) for key, inner in value.items()}
        case list():
            return [_resolve(inner, slots) for inner in value]
    return value
