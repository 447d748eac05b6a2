"""Simple filters to Notion's. Names and values are compared, never put together as text.

A property is looked up in the database's own schema, so what is asked of it fits its type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from integrations.errors import Refused
from integrations.notion.client import Data, edited_since
from integrations.notion.errors import SERVICE
from integrations.notion.ids import NotAnId, as_id
from integrations.notion.models import Filter, QueryArguments

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{5,15}(Z|[+-][0-9]{2}:[0-9]{2})?)?", re.ASCII)

_TEXT = {
    "equals": "equals",
    "not_equals": "does_not_equal",
    "contains": "contains",
    "starts_with": "starts_with",
}
_CHOICE = {"equals": "equals", "not_equals": "does_not_equal"}
_MANY = {"equals": "contains", "contains": "contains", "not_equals": "does_not_contain"}
_NUMBERS = _CHOICE | {"more_than": "greater_than", "less_than": "less_than"}
_TIMES = {"equals": "equals", "before": "before", "after": "after"}

_OPS: Mapping[str, Mapping[str, str]] = {
    "title": _TEXT, "rich_text": _TEXT, "url": _TEXT, "email": _TEXT, "phone_number": _TEXT,
    "select": _CHOICE, "status": _CHOICE, "multi_select": _MANY, "number": _NUMBERS, "checkbox": _CHOICE,
    "date": _TIMES, "created_time": _TIMES, "last_edited_time": _TIMES,
    "people": _MANY, "relation": _MANY, "created_by": _MANY, "last_edited_by": _MANY,
}  # fmt: skip
_EMPTY = {"empty": "is_empty", "not_empty": "is_not_empty"}
_NEVER_EMPTY = frozenset({"checkbox", "created_time", "last_edited_time", "created_by", "last_edited_by"})
_IDS = frozenset({"people", "relation", "created_by", "last_edited_by"})
_YES = {"yes": True, "true": True, "no": False, "false": False}


def to_filter(asked: QueryArguments, properties: Mapping[str, Any]) -> Data | None:
    """Raises `Refused` naming the property that is not there, or what cannot be asked of it."""
    parts = [_one(each, properties) for each in asked.filters]
    if asked.edited_after:
        parts.append(edited_since(asked.edited_after))
    return _all(parts)


def _all(parts: Sequence[Data]) -> Data | None:
    if len(parts) > 1:
        return {"and": list(parts)}
    return parts[0] if parts else None


def _one(asked: Filter, properties: Mapping[str, Any]) -> Data:
    found = properties.get(asked.property)
    kind = str(found.get("type")) if isinstance(found, Mapping) else ""
    if kind not in _OPS:
        raise _no(
            "unknown_property", f"has no property {_quoted(asked.property)} here that can be asked for."
        )
    if asked.op in _EMPTY and kind not in _NEVER_EMPTY:
        return {"property": asked.property, kind: {_EMPTY[asked.op]: True}}
    if asked.op not in _OPS[kind]:
        word = asked.op.replace("_", " ")
        raise _no("wrong_filter", f"cannot compare {_quoted(asked.property)} by “{word}”.")
    return {"property": asked.property, kind: {_OPS[kind][asked.op]: _value(asked, kind)}}


def _value(asked: Filter, kind: str) -> Any:
    text = asked.value.strip()
    if kind == "number" and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    if kind == "checkbox" and text.lower() in _YES:
        return _YES[text.lower()]
    if kind in ("date", "created_time", "last_edited_time") and _DATE.fullmatch(text):
        return text
    if kind in _IDS:
        try:
            return as_id(text)
        except NotAnId:
            raise _wrong(asked, "an id") from None
    match kind:
        case "number":
            raise _wrong(asked, "a number")
        case "checkbox":
            raise _wrong(asked, "yes or no")
        case "date" | "created_time" | "last_edited_time":
            raise _wrong(asked, "a date like 2026-11-21")
        case "select" | "status" | "multi_select" if "," in text:
            raise _wrong(asked, "one option, and no option has a comma")
    if not text:
        raise _wrong(asked, "not empty")
    return asked.value


def _wrong(asked: Filter, wanted: str) -> Refused:
    return _no("wrong_filter", f"was not asked: the value for {_quoted(asked.property)} is {wanted}.")


def _quoted(name: str) -> str:
    return f"“{name}”"


def _no(code: str, problem: str) -> Refused:
    return Refused(SERVICE, problem, code=code)
