"""Whom a call reaches, read from its arguments: what a tool declares as its `recipient`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

USUAL = "usual"  # the one that is set up, where the arguments name none


def named(*fields: str, usual: str = "") -> Callable[[Any], str]:
    """The first of these arguments that is there; empty, or `usual`, where none is."""

    def reached(arguments: Any) -> str:
        for field in fields:
            plain = isinstance(arguments, Mapping)
            value = arguments.get(field) if plain else getattr(arguments, field, "")
            if value:
                return str(value)
        return usual

    return reached
