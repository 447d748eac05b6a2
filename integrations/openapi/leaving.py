"""What a call may carry out of the house: whether it can at all, and no key in an address.

An address is written into logs on its way, and a read is asked without a second look. So what looks like a
key, or is the one that we call this service with, goes into no path and no query of a read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.errors import Refused
from integrations.models.redaction import Finder, find
from integrations.models.redaction_patterns import spans
from integrations.openapi.operation import Operation

DEEPEST = 20
SHORTEST_TOKEN = 6
_BY_SHAPE = Finder(spans)


def can_carry(schema: Any, depth: int = 0) -> bool:
    """Some argument takes words, and not only a number, a yes or no, or one of a few values."""
    match schema:
        case {"enum": [*_]} | {"const": _}:
            return False
        case {"type": "integer" | "number" | "boolean" | "null"}:
            return False
        case {"type": "object", "properties": dict(properties), "additionalProperties": False} if (
            depth < DEEPEST and not {"$ref", "anyOf", "oneOf", "allOf"} & schema.keys()
        ):
            return any(can_carry(each, depth + 1) for each in properties.values())
        case {"type": "array", "items": items} if depth < DEEPEST:
            return can_carry(items, depth + 1)
    return True


def no_key_in_the_address(service: str, operation: Operation, values: Mapping[str, Any], token: str) -> None:
    """Raises `Refused`, which repeats nothing of it."""
    placed = [each.argument for each in operation.parameters if each.where in ("path", "query")]
    for name in placed:
        for text in _texts(values.get(name), 0):
            secret = any(each.kind == "key" for each in find(text, _BY_SHAPE))
            if secret or (len(token) >= SHORTEST_TOKEN and token in text):
                problem = (
                    f"is not asked with what looks like a key in {name}: addresses are written into logs."
                )
                raise Refused(service, problem, code="secret")


def _texts(value: Any, depth: int) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping() if depth < DEEPEST:
            for key, inner in value.items():
                yield str(key)
                yield from _texts(inner, depth + 1)
        case list() if depth < DEEPEST:
            for inner in value:
                yield from _texts(inner, depth + 1)
