"""A request body read strictly: JSON, one object, no key twice, not too deep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.errors import Malformed

DEEPEST = 64


def header(headers: Mapping[str, str], name: str) -> str:
    """Whatever the case it was sent in, and whatever mapping it came in."""
    found = headers.get(name)
    if found is not None:
        return found
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")


def require_json(headers: Mapping[str, str]) -> None:
    """Exactly JSON: a web page can send any other type here without asking the browser's leave."""
    kind = header(headers, "Content-Type").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Malformed("An activity is JSON: send it as application/json.")


def parse(body: bytes) -> dict[str, Any]:
    try:
        payload = json.loads(body, object_pairs_hook=_without_twins, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("The body is not a JSON object.") from None
    if not isinstance(payload, dict):
        raise Malformed("The body is not a JSON object.")
    if _openings(body) > DEEPEST and _depth(payload) > DEEPEST:
        raise Malformed(f"The body is nested more than {DEEPEST} deep.")
    return payload


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _openings(body: bytes) -> int:
    """No body is deeper than it has brackets, which is quick to know."""
    return body.count(b"{") + body.count(b"[")


def _depth(value: Any) -> int:
    level = [value]
    depth = 0
    while level:
        depth += 1
        level = [inner for outer in level for inner in _inside(outer)]
    return depth


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
