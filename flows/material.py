"""What a step hands to a model or a service: exact values, and texts with where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_TEXTS = 200
LONGEST_TEXT = 8_000
LONGEST_NAME = 200
MOST_CHARACTERS = 120_000
_NAMES = ("title", "name", "key", "label", "id")
_TEXTS = ("text", "summary", "body", "description", "content")


def exact(value: Any) -> Any:
    """The same without fractions, which have more than one spelling: 2.5 becomes "2.5"."""
    match value:
        case float():
            return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(value)
        case Mapping():
            return {key: exact(inner) for key, inner in value.items()}
        case list() | tuple():
            return [exact(inner) for inner in value]
    return value


def texts(value: Any) -> list[dict[str, str]]:
    """Name, address and words of each; from a text, a list of texts, or a list of mappings."""
    found: list[dict[str, str]] = []
    left = MOST_CHARACTERS
    rows = value if isinstance(value, list | tuple) else [value]
    for at, row in enumerate(rows[:MOST_TEXTS]):
        one = _one(row, str(at + 1))
        one["text"] = one["text"][: min(LONGEST_TEXT, left)]
        left -= len(one["text"])
        if one["text"].strip():
            found.append(one)
    return found


def _one(row: Any, number: str) -> dict[str, str]:
    if not isinstance(row, Mapping):
        return {"name": number, "url": "", "text": "" if row is None else str(row)}
    name = next((str(row[key]) for key in _NAMES if row.get(key)), number)
    url = row.get("url") if isinstance(row.get("url"), str) else ""
    parts = [str(row[key]) for key in _TEXTS if row.get(key)]
    if not parts:
        parts = [f"{key}: {inner}" for key, inner in row.items() if key != "url" and _plain(inner)]
    return {"name": name[:LONGEST_NAME], "url": str(url)[:2_000], "text": "\n".join(parts)}


def _plain(value: Any) -> bool:
    return isinstance(value, str | int) and value != ""


def generated(names: frozenset[str], values: Mapping[str, Any]) -> bool:
    """Whether any of these slots holds words that a model wrote."""
    return any(
        isinstance(each := values.get(name), Mapping) and each.get("generated") is True for name in names
    )
