"""The outside services. To add one, copy a sibling folder and add it to INTEGRATIONS."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from integrations.base import Integration, Tool
from integrations.stripe.tools import STRIPE

INTEGRATIONS: tuple[Integration, ...] = (STRIPE,)


def tools() -> Mapping[str, Tool]:
    """Every tool there is, by its name. What is not in here cannot be called."""
    return MappingProxyType({tool.name: tool for service in INTEGRATIONS for tool in service.tools})


def integration_of(tool: str) -> Integration:
    """The integration that a tool belongs to. Raises KeyError for a tool that does not exist."""
    for service in INTEGRATIONS:
        if any(each.name == tool for each in service.tools):
            return service
    raise KeyError(tool)
