"""Text with values in it: Jinja2 in its immutable sandbox, cut down to what a message needs.

What people write is a value, never a template. There are no calls, no loops, no arithmetic
but `~`; so the cost of a template is bounded by its length and its values. A name reaches keys of
mappings and places of lists, and nothing else: `quote.items` is the key, never Python's method.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import ChainableUndefined, Environment, Template, TemplateSyntaxError, Undefined, nodes
from jinja2 import TemplateError as JinjaError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flows.conditions import Condition, parse
from flows.errors import TemplateError
from flows.money import shown
from flows.tone import Spoken
from flows.tone_file import Worded

MOST_CHARACTERS = 4_000
MOST_OUTPUT = 40_000
MOST_NODES = 300
MOST_VALUES = 60
MOST_JOINED = 1000

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
    nodes.Neg,
    nodes.Filter,
)
_SAID = {"For": "a loop", "Assign": "set", "Mul": "arithmetic", "Call": "a call", "Mod": "arithmetic"}
_FILTERS = ("money", "join", "length", "default", "lower", "upper", "items")
_WHOLE = re.compile(r"^\s*\{\{([^{}]*)\}\}\s*$")


def items_in_words(items: Any) -> str:
    """`[{name, quantity, options}]` → "2 × Margherita (no onions), 1 × Cola"."""
    parts = []
    for item in items or ():
        options = f" ({', '.join(item['options'])})" if item.get("options") else ""
        parts.append(f"{item['quantity']} × {item['name']}{options}")
    return ", ".join(parts)


def _joined(values: Any, between: Any = ", ") -> str:
    """A list of texts or numbers as one text, never longer than a message may be."""
    if not isinstance(values, list | tuple) or not isinstance(between, str) or len(between) > 20:
        raise TemplateError("join is for lists, with a short text between")
    if len(values) > MOST_JOINED:
        raise TemplateError(f"join takes at most {MOST_JOINED} values")
    return between.join(str(_finalize(value))[:MOST_OUTPUT] for value in values)[:MOST_OUTPUT]


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str | list | tuple | Mapping) else 0


def _money(amount: Any, currency: Any) -> str:
    if isinstance(amount, bool) or not isinstance(amount, int) or not isinstance(currency, str):
        raise TemplateError("money is for whole minor units and a currency")
    return shown(amount, currency)


def _words(items: Any) -> str:
    if not isinstance(items, list | tuple) or not all(_is_item(each) for each in items):
        raise TemplateError("items is for a list of items")
    return items_in_words(items)


def _is_item(value: Any) -> bool:
    return isinstance(value, Mapping) and "quantity" in value and "name" in value


def _finalize(value: Any) -> Any:
    """Undefined and null are empty; a list of items reads as a list of items."""
    if value is None or isinstance(value, Undefined):
        return ""
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        if all(_is_item(each) for each in value):
            return items_in_words(value)
        if all(isinstance(each, str) for each in value):
            return ", ".join(value)
    return value


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's own, in which a name reaches nothing of Python's: no attribute, no method."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and isinstance(argument, str) and argument in obj:
            return obj[argument]
        if isinstance(obj, list | tuple) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        return self.undefined(obj=obj, name=argument)


def _environment() -> Environment:
    environment = _Sandbox(autoescape=False, finalize=_finalize, undefined=ChainableUndefined)
    kept = {name: environment.filters[name] for name in ("default", "lower", "upper")}
    environment.filters.clear()
    environment.filters.update(kept, money=_money, items=_words, join=_joined, length=_length)
    environment.globals.clear()
    return environment


_ENVIRONMENT = _environment()


@dataclass(frozen=True, slots=True)
class Text:
    """A checked template; `names` are the slots it reads."""

    source: str
    names: frozenset[str]

    def render(self, slots: Mapping[str, Any]) -> str:
        """Raises `TemplateError` where the values do not fit what the template does with them."""
        try:
            whole = _compiled(self.source).render(dict(slots))
        except (JinjaError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
            raise TemplateError(f"the text cannot be filled in ({type(error).__name__})") from None
        return whole[:MOST_OUTPUT].strip()


@dataclass(frozen=True, slots=True)
class Toned(Text):
    """A text in several ways, which all read the same. It is what its plain way is."""

    terse: Text
    playful: Text

    def render(self, slots: Mapping[str, Any]) -> str:
        plain = Text.render(self, slots)
        try:
            return Spoken(plain, self.terse.render(slots), self.playful.render(slots))
        except TemplateError:  # nobody is told less because of how they are told it
            return plain


@lru_cache(maxsize=2048)
def _compiled(source: str) -> Template:
    return _ENVIRONMENT.from_string(source)


def text(source: str) -> Text:
    """Raises `TemplateError` naming what is not allowed."""
    if isinstance(source, Worded):
        plain, terse, playful = (_text(str(way)) for way in (source, source.terse, source.playful))
        return Toned(plain.source, plain.names, terse, playful)
    return _text(source)


def _text(source: str) -> Text:
    if len(source) > MOST_CHARACTERS:
        raise TemplateError(f"a text has at most {MOST_CHARACTERS} characters")
    try:
        tree = _ENVIRONMENT.parse(source)
        found = list(tree.find_all(nodes.Node))
        if len(found) > MOST_NODES:
            raise TemplateError("the text is too complicated")
        names = [_checked(node) for node in found]
        _compiled(source)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{error.message}") from None
    except (RecursionError, SyntaxError, MemoryError, ValueError, OverflowError):
        raise TemplateError("the text is too complicated") from None
    read = [name for name in names if name]
    if len(read) > MOST_VALUES:
        raise TemplateError(f"a text reads at most {MOST_VALUES} values")
    return Text(source, frozenset(read))


def _checked(node: nodes.Node) -> str:
    """The slot that the node reads, if it reads one. Raises `TemplateError` for what is not allowed."""
    match node:
        case nodes.Getattr(attr=str(key)) | nodes.Getitem(arg=nodes.Const(value=str(key))):
            if key.startswith("_"):
                raise TemplateError(f"{key!r} is not allowed in a text")
        case nodes.Getitem(arg=nodes.Const() | nodes.Neg(node=nodes.Const())):
            pass
        case nodes.Getitem():
            raise TemplateError("what stands in [ ] must be written out, as in items[0]")
        case nodes.Filter(name=name) if name not in _FILTERS:
            raise TemplateError(f"there is no filter {name!r}; there are {', '.join(_FILTERS)}")
        case nodes.Filter() if node.dyn_args or node.dyn_kwargs or node.kwargs:
            raise TemplateError("a filter takes plain arguments only")
        case nodes.Name(name=name):
            return str(name)
        case nodes.FilterBlock() | nodes.Call():
            raise TemplateError(f"{type(node).__name__} is not allowed in a text")
    if not isinstance(node, _ALLOWED):
        kind = _SAID.get(type(node).__name__, type(node).__name__)
        raise TemplateError(f"{kind} is not allowed in a text")
    return ""


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
        case str() if (whole := _WHOLE.match(value)) and "|" not in value:
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
