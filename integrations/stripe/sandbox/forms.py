"""Stripe's form encoding, `line_items[0][price]=…`, to nested plain data, within limits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

from integrations.stripe.sandbox.faults import Refusal

MOST_FIELDS = 1000
DEEPEST = 8

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")


def decode(text: str) -> dict[str, Any]:
    """Raises `Refusal` (400) for what Stripe would not take."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise Refusal("Invalid request body.") from None
    return nest(pairs)


def nest(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in pairs:
        _put(tree, _path(name), value)
    return {name: _lists(value) for name, value in tree.items()}


def _path(name: str) -> list[str]:
    found = _NAME.fullmatch(name)
    parts = [found[1], *_PART.findall(found[2])] if found else []
    if not parts or len(parts) > DEEPEST:
        raise Refusal(f"Invalid parameter name: {name[:80]}")
    return parts


def _put(tree: dict[str, Any], path: list[str], value: str) -> None:
    *above, last = path
    for part in above:
        branch = tree.setdefault(part or str(len(tree)), {})
        if not isinstance(branch, dict):
            raise Refusal("A parameter is both a value and a hash.")
        tree = branch
    tree[last or str(len(tree))] = value


def _lists(value: Any) -> Any:
    """A hash whose keys count from nought is a list."""
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(each) for name, each in value.items()}
    if inner and all(name == str(position) for position, name in enumerate(inner)):
        return list(inner.values())
    return inner
