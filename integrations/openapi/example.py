"""An example of what a schema accepts, for whoever writes a flow: what is required, in the plainest form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEEPEST = 8

_TEXTS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T09:00:00Z",
    "email": "ada@example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "example.com",
    "byte": "AAAA",
}


def example(schema: Mapping[str, Any]) -> Any:
    """As near as the schema says; a pattern is for the reader to meet."""
    return _of(schema, schema.get("$defs", {}), 0)


def _of(schema: Any, defs: Mapping[str, Any], depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return "…"
    for name in ("default", "const"):
        if name in schema:
            return schema[name]
    if schema.get("enum"):
        return schema["enum"][0]
    if isinstance(ref := schema.get("$ref"), str):
        return _of(defs.get(ref.rpartition("/")[2]), defs, depth + 1)
    merged = _merged(schema, defs, depth)
    if merged is not None:
        return merged
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = next((each for each in kind if each != "null"), "null") if isinstance(kind, list) else kind
    match kind:
        case "object":
            return _object(schema, defs, depth)
        case "array":
            fewest = max(int(schema.get("minItems", 0)), 1)
            return [_of(schema.get("items", {}), defs, depth + 1) for _ in range(min(fewest, 3))]
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            text = _TEXTS.get(schema.get("format", ""), "…")
            return text.ljust(int(schema.get("minLength", 0)), "…")[: int(schema.get("maxLength", 200))]


def _merged(schema: Mapping[str, Any], defs: Mapping[str, Any], depth: int) -> Any:
    """Of alternatives the first that is not null; of parts that hold together, all."""
    for name in ("oneOf", "anyOf"):
        several = [each for each in schema.get(name, ()) if each != {"type": "null"}]
        if several and "type" not in schema and "properties" not in schema:
            return _of(several[0], defs, depth + 1)
    if parts := schema.get("allOf"):
        made = [_of(each, defs, depth + 1) for each in parts]
        if all(isinstance(each, dict) for each in made):
            whole = {name: value for each in made for name, value in each.items()}
            return whole | (_object(schema, defs, depth) if "properties" in schema else {})
        return made[0]
    return None


def _object(schema: Mapping[str, Any], defs: Mapping[str, Any], depth: int) -> dict[str, Any]:
    properties = schema.get("properties", {})
    wanted = schema.get("required", ()) or list(properties)[: 1 if depth else 0]
    return {name: _of(properties.get(name, {}), defs, depth + 1) for name in wanted}


def _number(schema: Mapping[str, Any]) -> int:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    low = int(low) + (1 if "exclusiveMinimum" in schema else 0)
    return max(low, 1) if "maximum" not in schema else min(max(low, 1), int(schema["maximum"]))
