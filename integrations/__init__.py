"""The outside services. To add one, copy a sibling folder and add it to PLACES."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from integrations.base import Integration, Tool

if TYPE_CHECKING:
    from integrations.openapi.catalogue import Catalogue

PLACES = (
    "integrations.stripe.tools:STRIPE",
    "integrations.jira.tools:JIRA",
    "integrations.github.tools:GITHUB",
    "integrations.notion.tools:NOTION",
    "integrations.model.tools:MODEL",
    "integrations.flow.tools:FLOW",
    "integrations.work.tools:WORK",
    "integrations.schedule.tools:SCHEDULE",
    "integrations.knowledge.tools:KNOWLEDGE",
    "integrations.files.tools:FILES",
)

SPECS = Path(__file__).parent / "openapi" / "specs"

_learned: Catalogue | None = None


def learn(settings: Mapping[str, str], *, load: bool = True) -> None:
    """Which services the settings tell of by their documents (OPENAPI), beside those of PLACES.

    Each process that asks for tools calls this once, at its start. `load` reads the documents at
    once; without it they are read when somebody asks. Raises `NotConfigured` naming the setting.
    """
    global _learned
    if not settings.get("OPENAPI") and not any(path.suffix != ".md" for path in SPECS.glob("*")):
        _learned = None
        return
    from integrations.openapi.catalogue import Catalogue

    catalogue = Catalogue(settings, taken=[place.split(".")[1] for place in PLACES])
    if load:
        catalogue.load()
    _learned = catalogue if catalogue.names else None


def learned() -> Catalogue | None:
    """The services by documents, where there are any."""
    return _learned


def service_names() -> tuple[str, ...]:
    """Of every service; no document is read for it."""
    return (*(each.name for each in _built_in()), *(_learned.names if _learned else ()))


def credentials_of(service: str) -> Mapping[str, bool]:
    """The settings that say as whom a service by a document is called, and whether each is a secret."""
    if _learned is None or service not in _learned.names:
        return {}
    from integrations.openapi.chosen import CREDENTIALS, SETTING

    return {f"{SETTING}_{service.upper()}_{what}": secret for what, secret in CREDENTIALS.items()}


def services() -> tuple[Integration, ...]:
    """Every service; of those by a document, with the tools that were named until now."""
    return (*_built_in(), *(_learned.services() if _learned else ()))


def tools() -> Mapping[str, Tool]:
    """Every tool there is, by its name. What is not in here cannot be called."""
    fixed = MappingProxyType({tool.name: tool for service in _built_in() for tool in service.tools})
    if _learned is None:
        return fixed
    from integrations.openapi.catalogue import AllTools

    return AllTools(fixed, _learned)


def integration_of(tool: str) -> Integration:
    """The integration that a tool belongs to. Raises KeyError for a tool that does not exist."""
    for service in _built_in():
        if any(each.name == tool for each in service.tools):
            return service
    if _learned is None:
        raise KeyError(tool)
    _learned.tool(tool)
    return _learned.service(tool.partition(".")[0]).integration()


@cache
def _built_in() -> tuple[Integration, ...]:
    """Each of PLACES, imported when it is first asked for: whoever only hears a webhook needs none."""
    found = []
    for place in PLACES:
        module, _, name = place.partition(":")
        found.append(getattr(import_module(module), name))
    return tuple(found)
