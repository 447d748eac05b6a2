"""Reading Slack's fields: each has a type and a size, or the payload is `Malformed`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.errors import Malformed

MAX_TEXT = 40_000
MAX_ID = 255
MAX_VALUE = 3_000
MAX_ANSWERS = 200


def object_at(
    source: Mapping[str, Any], name: str, missing: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    found = source.get(name)
    if found is None and missing is not None:
        return missing
    if not isinstance(found, Mapping):
        raise Malformed(f"{name} is not an object")
    return found


def ident(source: Mapping[str, Any], name: str, missing: str | None = None) -> str:
    found = source.get(name)
    if (found is None or found == "") and missing is not None:
        return missing
    if not isinstance(found, str):
        raise Malformed(f"{name} is missing")
    return checked(found, name)


def checked(found: object, name: str) -> str:
    if not isinstance(found, str) or not 0 < len(found) <= MAX_ID or not found.isprintable():
        raise Malformed(f"{name} is not an id")
    return found


def text_at(source: Mapping[str, Any], name: str, limit: int, missing: str | None = None) -> str:
    found = source.get(name)
    if found is None and missing is not None:
        return missing
    if not isinstance(found, str) or len(found) > limit:
        raise Malformed(f"{name} is not text of at most {limit} characters")
    return clean(found)


def clean(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def answers_in(state: object) -> dict[str, str]:
    match state:
        case {"values": dict(blocks)}:
            found = [
                item for block in blocks.values() if isinstance(block, Mapping) for item in block.items()
            ]
        case _:
            return {}
    if len(found) > MAX_ANSWERS:
        raise Malformed("more answers than any form of ours has questions")
    return {
        checked(name, "action_id"): value_of(element)
        for name, element in found
        if isinstance(element, Mapping)
    }


def value_of(element: Mapping[str, Any]) -> str:
    """What a control carries, whatever its kind. Nothing chosen is the empty string."""
    match element:
        case {"selected_option": {"value": str(value)}} | {"value": str(value)}:
            pass
        case {"selected_options": [*options]}:
            value = "\n".join(_values(options))
        case (
            {"selected_user": str(value)}
            | {"selected_channel": str(value)}
            | {"selected_conversation": str(value)}
            | {"selected_date": str(value)}
            | {"selected_time": str(value)}
        ):
            pass
        case _:
            value = ""
    if len(value) > MAX_TEXT:
        raise Malformed("a value is too long")
    return clean(value)


def _values(options: Iterable[object]) -> Iterable[str]:
    for option in options:
        match option:
            case {"value": str(value)}:
                yield value
