"""OpenAPI's schemas → JSON Schema 2020-12, keyword by keyword; what is not known here is left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from integrations.openapi.document import Document
from integrations.openapi.source import DocumentError

MOST_DEFINITIONS = 2000
LONGEST_DESCRIPTION = 200
Schema = dict[str, Any] | bool

TYPES = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_]+")


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _type(value: Any) -> bool:
    several = value if isinstance(value, list) else [value]
    return bool(several) and all(isinstance(each, str) and each in TYPES for each in several)


# A keyword that constrains, and what its value must look like. A shape that is wrong is refused
# when the tool is built, so that no check fails half way through a call.
_PLAIN: Mapping[str, Callable[[Any], bool]] = {
    "type": _type,
    "enum": lambda value: isinstance(value, list) and bool(value),
    "const": lambda value: True,
    "multipleOf": lambda value: _number(value) and value > 0,
    "maximum": _number,
    "exclusiveMaximum": _number,
    "minimum": _number,
    "exclusiveMinimum": _number,
    "maxLength": _count,
    "minLength": _count,
    "pattern": _text,
    "maxItems": _count,
    "minItems": _count,
    "uniqueItems": _flag,
    "maxContains": _count,
    "minContains": _count,
    "maxProperties": _count,
    "minProperties": _count,
    "required": _texts,
    "format": _text,
    "default": lambda value: True,
}
_ONE = frozenset({"additionalProperties", "propertyNames", "items", "contains", "not", "if", "then", "else"})
_SEVERAL = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas"})


class Converter:
    """Converts the schemas of one operation; what they refer to is gathered in `definitions`."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._names: dict[str, str] = {}
        self._todo: list[str] = []
        self.definitions: dict[str, Schema] = {}

    def convert(self, raw: Any) -> Schema:
        """Raises `DocumentError`."""
        made = self._schema(raw)
        while self._todo:
            ref = self._todo.pop()
            self.definitions[self._names[ref]] = self._schema(self._document.at(ref))
        return made

    def _schema(self, raw: Any) -> Schema:
        if isinstance(raw, bool):
            return raw
        if not isinstance(raw, dict):
            raise DocumentError("has a schema that is neither a mapping nor true or false")
        if isinstance(ref := raw.get("$ref"), str):
            here: dict[str, Any] = {"$ref": self._referred(ref)}
            if self._document.old:  # in 3.0 what stands beside a reference does not count
                return here
            return here | self._keywords({name: value for name, value in raw.items() if name != "$ref"})
        return self._keywords(raw)

    def _referred(self, ref: str) -> str:
        if ref not in self._names:
            name = _NOT_IN_A_NAME.sub("_", ref.rsplit("/", 1)[-1])[:60] or "schema"
            taken = set(self._names.values())
            unique = next(each for each in _numbered(name) if each not in taken)
            if len(taken) >= MOST_DEFINITIONS:
                raise DocumentError(f"has an operation that refers to more than {MOST_DEFINITIONS} schemas")
            self._names[ref] = unique
            self._todo.append(ref)
        return f"#/$defs/{self._names[ref]}"

    def _keywords(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        raw = _exact_bounds(raw)
        made: dict[str, Any] = {}
        for name, value in raw.items():
            if name in _PLAIN:
                if not _PLAIN[name](value):
                    raise DocumentError(f"has a schema whose {name} is {str(value)[:40]!r}")
                made[name] = value
            elif name in _ONE:
                made[name] = self._schema(value)
            elif name in _SEVERAL:
                made[name] = [self._schema(each) for each in _list(name, value)]
            elif name in _NAMED:
                made[name] = {key: self._schema(each) for key, each in _mapping(name, value).items()}
            elif name == "dependentRequired":
                made[name] = {key: list(_list(name, each)) for key, each in _mapping(name, value).items()}
            elif name in ("title", "description") and isinstance(value, str):
                made[name] = value[:LONGEST_DESCRIPTION]
        if "required" in made:
            made["required"] = [each for each in made["required"] if not self._is_told(raw, each)]
        return _with_null(made) if self._document.old and raw.get("nullable") is True else made

    def _is_told(self, raw: Mapping[str, Any], name: str) -> bool:
        """A property that only the service fills in; required means: in its answers."""
        properties = raw.get("properties")
        one = properties.get(name) if isinstance(properties, Mapping) else None
        one = self._document.resolve(one)
        return isinstance(one, Mapping) and one.get("readOnly") is True


def _numbered(name: str) -> Any:
    yield name
    yield from (f"{name}_{number}" for number in range(2, MOST_DEFINITIONS + 2))


def _exact_bounds(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """3.0 says `minimum: 0, exclusiveMinimum: true`, where JSON Schema says `exclusiveMinimum: 0`."""
    raw = dict(raw)
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        match raw.get(exclusive):
            case True if bound in raw:
                raw[exclusive] = raw.pop(bound)
            case bool():
                del raw[exclusive]
    return raw


def _with_null(made: dict[str, Any]) -> dict[str, Any]:
    """3.0's `nullable: true`, which JSON Schema does not know."""
    if "enum" in made and None not in made["enum"]:
        made["enum"] = [*made["enum"], None]
    kind = made.get("type")
    if isinstance(kind, str):
        made["type"] = sorted({kind, "null"})
        # The alternatives, too, would have to let null pass.
        inner = {name: made.pop(name) for name in ("allOf", "anyOf", "oneOf") if name in made}
        return made | {"anyOf": [inner, {"type": "null"}]} if inner else made
    return {"anyOf": [made, {"type": "null"}]} if made else {}


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or (name in _SEVERAL and not value):
        raise DocumentError(f"has a schema whose {name} is no list")
    return value


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise DocumentError(f"has a schema whose {name} is no mapping")
    return value
