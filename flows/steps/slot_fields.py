"""The typed slots of an input step, read from `gather: [{slot: title, type: text, …}]`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from flows import dates, patterns, templates
from flows.errors import TemplateError
from flows.slots import LONGEST_TEXT, TYPES, Slot
from flows.steps.base import Fields
from flows.templates import Text

FIELDS = ("slot", "type", "ask", "required", "min", "max", "pattern", "longest", "options", "refuse")
MOST_SLOTS = 20
MOST_OPTIONS = 100
RIGHT = "gather: [{slot: title, type: text}]"
Wrong = Callable[[str, str], None]


def is_typed(raw: Any) -> bool:
    """Whether `gather` says more than the name of a list of items."""
    return isinstance(raw, list) and any(isinstance(each, Mapping) for each in raw)


def parse(fields: Fields, raw: list[Any]) -> tuple[Slot, ...]:
    """Every mistake is noted with what would be right."""

    def wrong(problem: str, right: str) -> None:
        fields.wrong("gather", problem, right)

    found = []
    for each in raw[:MOST_SLOTS]:
        if not isinstance(each, Mapping):
            wrong(f"{each!r} has no type beside slots that have one", f"{{slot: {each}, type: text}}")
        elif slot := _slot(fields, each, wrong):
            found.append(slot)
    if len(raw) > MOST_SLOTS:
        wrong(f"asks for more than {MOST_SLOTS} slots", "a second input step")
    names = [slot.name for slot in found]
    if len(set(names)) < len(names):
        wrong("names a slot twice", "another name for each")
    return tuple(found)


def _slot(fields: Fields, raw: Mapping[str, Any], wrong: Wrong) -> Slot | None:
    for field in raw:
        if field not in FIELDS:
            close = difflib.get_close_matches(str(field), FIELDS, 1)
            wrong(f"{str(field)[:40]!r} is not a field of a slot", close[0] if close else ", ".join(FIELDS))
    name: Any = raw.get("slot")
    kind: Any = raw.get("type", "text")
    if not isinstance(name, str):
        wrong("has a slot without a name", RIGHT)
        return None
    if not fields.slot("gather", name):
        return None
    if kind not in TYPES or kind == "items":
        close = difflib.get_close_matches(str(kind), TYPES, 1)
        right = close[0] if close else ", ".join(TYPES[:-1])
        wrong(
            f"{name!r} has no such type: {str(kind)[:40]!r}",
            right if kind != "items" else f"gather: [{name}]",
        )
        return None
    required = raw.get("required", True)
    if not isinstance(required, bool):
        wrong(f"`required` of {name!r} must be true or false", "required: false")
        required = True
    return Slot(
        name=name,
        type=kind,
        ask=_text(raw, "ask", name, wrong),
        required=required,
        least=_bound(raw, "min", name, kind, wrong),
        most=_bound(raw, "max", name, kind, wrong),
        pattern=_pattern(raw, name, kind, wrong),
        longest=_longest(raw, name, wrong),
        options=_options(raw, name, kind, wrong),
        refuse=_text(raw, "refuse", name, wrong),
    )


def _text(raw: Mapping[str, Any], field: str, name: str, wrong: Wrong) -> Text | None:
    value = raw.get(field)
    if value is None:
        return None
    try:
        if isinstance(value, str):
            return templates.text(value)
        wrong(f"`{field}` of {name!r} must be a text", f'{field}: "…"')
    except TemplateError as error:
        wrong(f"`{field}` of {name!r}: {error}", "")
    return None


def _bound(raw: Mapping[str, Any], field: str, name: str, kind: str, wrong: Wrong) -> Any:
    value = raw.get(field)
    if value is None:
        return None
    if kind == "date":
        if isinstance(value, str) and dates.is_bound(value):
            return value
        wrong(f"`{field}` of {name!r} is no date", f'{field}: today, "today + 30" or "2026-12-24"')
    elif kind in ("number", "integer", "list"):
        whole = isinstance(value, int) and not isinstance(value, bool)
        if whole or (kind == "number" and isinstance(value, float)):
            return value
        wrong(f"`{field}` of {name!r} must be a number", f"{field}: 1")
    else:
        wrong(f"`{field}` is not for the type {kind}", "longest" if kind == "text" else "no bound")
    return None


def _pattern(raw: Mapping[str, Any], name: str, kind: str, wrong: Wrong) -> str:
    value = raw.get("pattern", "")
    if not value:
        return ""
    if not isinstance(value, str) or kind not in ("text", "list"):
        wrong(f"`pattern` of {name!r} must be a pattern for a text", 'pattern: "[A-Z]{2,5}-[0-9]{1,6}"')
        return ""
    try:
        patterns.check(value)
    except TemplateError as error:
        wrong(f"`pattern` of {name!r}: {error}", 'pattern: "[A-Z]{2,5}-[0-9]{1,6}"')
        return ""
    return value


def _longest(raw: Mapping[str, Any], name: str, wrong: Wrong) -> int:
    value = raw.get("longest", LONGEST_TEXT)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LONGEST_TEXT:
        wrong(f"`longest` of {name!r} must be 1 to {LONGEST_TEXT} characters", "longest: 200")
        return LONGEST_TEXT
    return value


def _options(raw: Mapping[str, Any], name: str, kind: str, wrong: Wrong) -> tuple[tuple[str, Any], ...]:
    value: Any = raw.get("options")
    right = "options: [low, high] or [{label: Low, value: low}]"
    if kind != "choice":
        if value is not None:
            wrong(f"`options` of {name!r} are for a choice", "type: choice")
        return ()
    if not isinstance(value, list) or not 0 < len(value) <= MOST_OPTIONS:
        wrong(f"{name!r} is a choice without options", right)
        return ()
    count = len(value)
    found = [option for each in value if (option := option_of(each))]
    labels = [label.casefold() for label, _ in found]
    if len(found) != count or len(set(labels)) < len(labels):
        wrong(f"the options of {name!r} must be labels, each once", right)
    return tuple(found)


def option_of(raw: Any) -> tuple[str, Any] | None:
    """Label and value; a label alone is its own value."""
    match raw:
        case str() if raw.strip():
            return raw.strip(), raw.strip()
        case int() if not isinstance(raw, bool):
            return str(raw), raw
        case {"label": str(label), "value": str() | int() as value, **rest} if label.strip() and not rest:
            return label.strip(), value
    return None
