"""Our frozen dataclasses as JSON and back: a tag for the class, and its fields."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import orjson

import bot.reply
import bot.turn
import flows.events
import flows.understanding

_MODULES: tuple[types.ModuleType, ...] = (bot.turn, bot.reply, flows.events, flows.understanding)
_CLASSES: dict[str, type] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": thing
    for module in _MODULES
    for name, thing in vars(module).items()
    if isinstance(thing, type) and is_dataclass(thing) and thing.__module__ == module.__name__
}
_TAGS = {thing: tag for tag, thing in _CLASSES.items()}


def to_json(value: Any) -> Any:
    """Plain JSON values; a dataclass of ours is an object with its tag under `_`."""
    if is_dataclass(value) and not isinstance(value, type):
        return {"_": _TAGS[type(value)]} | {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    match value:
        case enum.Enum():
            return value.value
        case Mapping():
            return {key: to_json(inner) for key, inner in value.items()}
        case tuple() | list():
            return [to_json(inner) for inner in value]
    return value


def from_json(value: Any) -> Any:
    """What `to_json` was given. Only fields whose type is a class of ours are read as such,
    so what a person filled in can never turn into one."""
    if isinstance(value, Mapping) and "_" in value:
        thing = _CLASSES[value["_"]]
        hints = _hints(thing)
        known = {name: _field(value[name], hints[name]) for name in hints if name in value}
        return thing(**known)
    if isinstance(value, list):
        return tuple(from_json(inner) for inner in value)
    return value


@cache
def _hints(thing: type) -> dict[str, Any]:
    hints = typing.get_type_hints(thing)
    return {f.name: hints[f.name] for f in fields(thing)}


def _field(value: Any, hint: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint(value)
    if typing.get_origin(hint) is Mapping or "Mapping" in str(hint):
        return value
    if isinstance(value, list):
        return tuple(tuple(inner) if _is_pair(inner) else from_json(inner) for inner in value)
    return from_json(value)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def dumps(value: Any) -> str:
    """The text of `to_json`, without making it first: a turn writes down a dozen of these."""
    return orjson.dumps(value, default=_tagged, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()


def _tagged(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        tag, names = _shape(type(value))
        return {"_": tag} | {name: getattr(value, name) for name in names}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(type(value).__name__)


@cache
def _shape(thing: type) -> tuple[str, tuple[str, ...]]:
    return _TAGS[thing], tuple(each.name for each in fields(thing))


def loads(text: str | bytes) -> Any:
    return from_json(orjson.loads(text))
