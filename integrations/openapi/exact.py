"""Decimals are given as texts ("19.99"), because approved bytes hold no floats; sent, they are numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MOST_SCHEMAS = 200

# Fifteen digits come out of a float as they went in.
_DECIMAL = re.compile(r"-?(?=[0-9.]{1,16}\Z)(0|[1-9][0-9]*)(\.[0-9]+)?\Z")


def exact(schema: Mapping[str, Any], given: Any) -> Any:
    """The same, with a number wherever the schema wants one and a decimal's text was given."""
    defs = schema.get("$defs", {})
    return _walk([schema], defs if isinstance(defs, Mapping) else {}, given)


def _walk(schemas: Iterable[Any], defs: Mapping[str, Any], given: Any) -> Any:
    """`schemas` are all that may hold here: what only one of several says, is not enough against a text."""
    flat = list(_flat(schemas, defs))
    match given:
        case str() if _DECIMAL.match(given):
            kinds = {kind for schema in flat for kind in _kinds(schema)}
            return float(given) if "number" in kinds and "string" not in kinds else given
        case dict():
            return {name: _walk(_inner(flat, name), defs, value) for name, value in given.items()}
        case list():
            items = [schema["items"] for schema in flat if "items" in schema]
            return [_walk(items, defs, value) for value in given]
        case _:
            return given


def _flat(schemas: Iterable[Any], defs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """With whatever they refer to and are put together of; a circle is gone round once."""
    todo, seen = list(schemas), set[str]()
    for _ in range(MOST_SCHEMAS):
        if not todo:
            return
        schema = todo.pop()
        if not isinstance(schema, Mapping):
            continue
        yield schema
        ref = schema.get("$ref")
        if isinstance(ref, str) and ref not in seen:
            seen.add(ref)
            todo.append(defs.get(ref.rpartition("/")[2]))
        for name in ("allOf", "anyOf", "oneOf"):
            todo += schema.get(name, ())


def _inner(flat: Iterable[Mapping[str, Any]], name: str) -> list[Any]:
    found = []
    for schema in flat:
        properties = schema.get("properties", {})
        found.append(properties[name] if name in properties else schema.get("additionalProperties"))
    return found


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    kind = schema.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)
