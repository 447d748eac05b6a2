"""The outside services. To add one, copy a sibling folder and add it to PLACES."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from integrations.base import Integration, Tool

PLACES = ("integrations.stripe.tools:STRIPE",)


@cache
def services() -> tuple[Integration, ...]:
    """Each of them, imported when it is first asked for: whoever only hears a webhook needs none."""
    found = []
    for place in PLACES:
        module, _, name = place.partition(":")
        found.append(getattr(import_module(module), name))
    return tuple(found)


def tools() -> Mapping[str, Tool]:
    """Every tool there is, by its name. What is not in here cannot be called."""
    return MappingProxyType({tool.name: tool for service in services() for tool in service.tools})


def integration_of(tool: str) -> Integration:
    """The integration that a tool belongs to. Raises KeyError for a tool that does not exist."""
    for service in services():
        if any(each.name == tool for each in service.tools):
            return service
    raise KeyError(tool)
