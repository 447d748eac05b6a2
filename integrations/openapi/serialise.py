"""Values → the parts of an address, by OpenAPI's `style` and `explode`. A value stays a value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

STYLES: Mapping[str, frozenset[str]] = {
    "path": frozenset({"simple", "label", "matrix"}),
    "query": frozenset({"form", "spaceDelimited", "pipeDelimited", "deepObject"}),
    "header": frozenset({"simple"}),
}
USUAL = {"path": "simple", "query": "form", "header": "simple"}

_BETWEEN = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}
_HEADER = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?\Z")
_DOTS = frozenset({".", ".."})


def one(value: Any) -> str:
    """A single value as text. Raises ValueError for what has no one spelling."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | str():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case None:
            raise ValueError("is null, which cannot be written into an address")
        case _:
            raise ValueError("is nested too deeply to be written into an address")


def _quoted(value: Any) -> str:
    return quote(one(value), safe="")


def path_part(name: str, value: Any, style: str, explode: bool) -> str:
    """What stands in place of `{name}`. Never empty, and no `/` comes from a value. Raises ValueError."""
    match value:
        case dict():
            pairs = [(_quoted(key), _quoted(inner)) for key, inner in value.items()]
            joined = (
                [f"{key}={inner}" for key, inner in pairs] if explode else [x for pair in pairs for x in pair]
            )
        case list() | tuple():
            joined = [_quoted(inner) for inner in value]
        case _:
            joined = [_quoted(value)]
    if not joined or not any(joined):
        raise ValueError("is empty, which would name something else")
    match style:
        case "label":
            return "." + ("." if explode else ",").join(joined)
        case "matrix" if explode and isinstance(value, dict):
            return "".join(f";{each}" for each in joined)
        case "matrix" if explode:
            return "".join(f";{quote(name, safe='')}={each}" for each in joined)
        case "matrix":
            return f";{quote(name, safe='')}={','.join(joined)}"
        case _:
            return ",".join(joined)


def path(template: str, parts: Mapping[str, str]) -> str:
    """The template filled in. Raises ValueError where a segment would climb or vanish."""
    filled = []
    for segment in template.split("/")[1:]:
        made = re.sub(r"\{([^{}]+)\}", lambda found: parts[found[1]], segment)
        if made in _DOTS or (segment and not made):
            raise ValueError("would lead to another place than the operation's")
        filled.append(made)
    return "/" + "/".join(filled)


def query(name: str, value: Any, style: str, explode: bool) -> list[str]:
    """The `name=value` parts, quoted; none for an empty list. Raises ValueError."""
    key = quote(name, safe="")
    match value:
        case dict() if style == "deepObject":
            return [f"{key}%5B{_quoted(inner)}%5D={_quoted(each)}" for inner, each in value.items()]
        case dict() if explode:
            return [f"{_quoted(inner)}={_quoted(each)}" for inner, each in value.items()]
        case dict():
            parts = [x for inner, each in value.items() for x in (_quoted(inner), _quoted(each))]
        case list() | tuple() if explode:
            return [f"{key}={_quoted(each)}" for each in value]
        case list() | tuple():
            parts = [_quoted(each) for each in value]
        case _:
            return [f"{key}={_quoted(value)}"]
    return [f"{key}={_BETWEEN.get(style, ',').join(parts)}"] if parts else []


def header(value: Any, explode: bool) -> str:
    """A header's value: visible ASCII, one line. Raises ValueError."""
    match value:
        case dict():
            pairs = [(one(key), one(inner)) for key, inner in value.items()]
            text = ",".join(f"{k}={v}" if explode else f"{k},{v}" for k, v in pairs)
        case list() | tuple():
            text = ",".join(one(inner) for inner in value)
        case _:
            text = one(value)
    if not _HEADER.match(text):
        raise ValueError("holds what no header can carry")
    return text


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
