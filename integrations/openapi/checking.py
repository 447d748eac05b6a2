"""Arguments against an operation's schema, before anything is sent. Nothing is fetched, and it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from integrations.openapi.exact import exact
from integrations.openapi.formats import FORMATS, pattern

LARGEST = 32 << 10
MOST_VALUES = 400
DEEPEST = 40
MOST_STEPS = 5_000
MOST_PROBLEMS = 5
_SHOWN = 120


class _Endless(Exception):
    """A schema that refers to itself without end, or would take very long."""


class Checker:
    """Built once for each tool; may be used by several threads."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        for each in _patterns(schema):
            pattern(each)
        self.schema = schema
        self._own = threading.local()

    def problems(self, given: Any) -> tuple[str, ...]:
        """What is wrong, in words; no value of it is repeated. Empty: it fits."""
        problem = size_problem(given)
        if problem:
            return (problem,)
        if not hasattr(self._own, "validator"):
            self._own.validator = _validator()(self.schema)
        _counted.left = MOST_STEPS
        found = []
        try:
            for error in self._own.validator.iter_errors(exact(self.schema, given)):
                found.append(_told(error))
                if len(found) >= MOST_PROBLEMS:
                    break
        except (_Endless, RecursionError):
            return ("cannot be checked: the document's schema leads back to itself",)
        return tuple(found)


def size_problem(given: Any) -> str:
    """Why this is no JSON of a bearable size, or ""."""
    todo, count = [(given, 0)], 0
    while todo:
        value, depth = todo.pop()
        count += 1
        if depth > DEEPEST or count > MOST_VALUES:
            return f"holds more than {MOST_VALUES} values, or is nested more than {DEEPEST} levels deep"
        match value:
            case dict():
                if not all(isinstance(key, str) for key in value):
                    return "has a key that is no text"
                todo += [(each, depth + 1) for each in value.values()]
            case list() | tuple():
                todo += [(each, depth + 1) for each in value]
            case float():
                # What is approved has one spelling; a float has several.
                return "holds a decimal number; give it as a text, in quotes"
            case None | bool() | int() | str():
                pass
            case _:
                return f"holds a {type(value).__name__}, which JSON does not know"
    try:
        size = len(json.dumps(given, ensure_ascii=False).encode("utf-8"))
    except UnicodeEncodeError:
        return "holds half a character"
    return f"is larger than {LARGEST >> 10} KiB" if size > LARGEST else ""


def _told(error: Any) -> str:
    """Place and rule. jsonschema's own message repeats the value, which may be anybody's words."""
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
    where = where.removeprefix(".")[:_SHOWN] or "the arguments"
    rule = error.validator
    match rule, error.validator_value:
        case "required", list(names):
            missing = [name for name in names if name not in error.instance]
            return f"{where}: {', '.join(missing)[:_SHOWN]} is missing"
        case "additionalProperties", _:
            known = error.schema.get("properties", {})
            extra = sorted(name for name in error.instance if name not in known)
            return f"{where}: {', '.join(extra)[:_SHOWN]} is not known"
        case ("type", wanted):
            return f"{where}: must be {' or '.join([wanted] if isinstance(wanted, str) else wanted)}"
        case ("enum", [*wanted]):
            return f"{where}: must be one of {', '.join(map(str, wanted))[:_SHOWN]}"
        case (("format" | "pattern") as kind, str(wanted)):
            return f"{where}: does not have the {kind} {wanted[:_SHOWN]}"
        case _, int() | float() as bound:
            return f"{where}: {rule} is {bound}"
        case _:
            return f"{where}: does not fit {rule}"


def _patterns(schema: Any) -> Iterator[str]:
    todo = [schema]
    while todo:
        here = todo.pop()
        if isinstance(here, dict):
            if isinstance(source := here.get("pattern"), str):
                yield source
            if isinstance(several := here.get("patternProperties"), dict):
                yield from several
            todo += here.values()
        elif isinstance(here, list):
            todo += here


# ── below: jsonschema's validator, made to end ───────────────────────────────────────────


class _Counted(threading.local):
    left = 0


_counted = _Counted()


@cache
def _validator() -> Any:
    """Draft 2020-12 with our formats, RE2 for patterns, a bound on steps, and no registry but its own.

    Without an explicit registry jsonschema fetches whatever a reference names.
    """
    import jsonschema
    from referencing import Registry

    base = jsonschema.Draft202012Validator

    def matching(validator: Any, source: Any, instance: Any, schema: Any) -> Any:
        if isinstance(instance, str) and not pattern(source)(instance):
            yield jsonschema.ValidationError("pattern")

    def named(validator: Any, patterns: Any, instance: Any, schema: Any) -> Any:
        if isinstance(instance, dict):
            for source, inner in patterns.items():
                fits = pattern(source)
                for key, value in instance.items():
                    if fits(key):
                        yield from validator.descend(value, inner, path=key, schema_path=source)

    def closed(validator: Any, inner: Any, instance: Any, schema: Any) -> Any:
        """jsonschema's own matches patternProperties with Python's `re`."""
        if not isinstance(instance, dict):
            return
        fits = [pattern(source) for source in schema.get("patternProperties", {})]
        known = schema.get("properties", {})
        extra = [key for key in instance if key not in known and not any(each(key) for each in fits)]
        for key in extra:
            if inner is False:
                yield jsonschema.ValidationError("additional")
                return
            yield from validator.descend(instance[key], inner, path=key)

    def referred(validator: Any, ref: Any, instance: Any, schema: Any) -> Any:
        _counted.left -= 1
        if _counted.left < 0:
            raise _Endless
        return base.VALIDATORS["$ref"](validator, ref, instance, schema)

    formats = jsonschema.FormatChecker(formats=())
    for name, fits in FORMATS.items():
        formats.checks(name)(fits)
    extend: Any = jsonschema.validators.extend
    made = extend(
        base,
        {
            "pattern": matching,
            "patternProperties": named,
            "additionalProperties": closed,
            "$ref": referred,
        },
    )
    registry: Any = Registry()
    return lambda schema: made(schema, format_checker=formats, registry=registry)
