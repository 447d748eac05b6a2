"""`countersign tools …`: which tools there are, what each risks, and how a flow calls it."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import integrations
from bot.errors import ConfigurationError
from bot.settings import Settings
from flows.errors import FlowError
from flows.flow import Flow
from flows.loader import load_file
from integrations.base import Tool
from integrations.openapi.catalogue import OneService
from integrations.openapi.example import example
from integrations.openapi.source import DocumentError
from workers import documents
from workers.push import CATALOG

USUAL = Path("flows/catalog")
WIDEST = 60


def list_all(settings: Settings, document: str = "", catalog: Path = USUAL) -> int:
    """Every tool that is there, or all that a document offers."""
    documents.learn(settings)
    if document:
        _rows(_offered(_service(document)))
        return 0
    _name_those_of(catalog)
    _rows(_line(tool) for tool in integrations.tools().values())
    found = integrations.learned()
    for name in found.names if found else ():
        service = _service(name)
        left = len(service.document.operations) - len(service.named)
        if left:
            _say(f"{name} has {left} operations more: countersign tools list {name}")
    return 0


def show(settings: Settings, name: str) -> int:
    """One tool whole, with the schema of its arguments and an example of a step that calls it."""
    documents.learn(settings)
    tool = _tool(name)
    _say(f"{tool.name}: {tool.summary}")
    _say(f"risk {tool.risk.value}, {tool.reversibility.value}, {_from(tool)}")
    schema = tool.arguments.model_json_schema()
    given = example(schema)
    if tool.describe is not None and (calls := _calls(tool, given)):
        _say(f"calls {calls}")
    _say("")
    _say("Arguments:")
    _say(json.dumps(schema, indent=2, ensure_ascii=False))
    _say("")
    _say("In a flow:")
    _say(_step(tool, given))
    return 0


def _line(tool: Tool) -> tuple[str, ...]:
    return tool.name, tool.risk.value, tool.reversibility.value, _from(tool), tool.summary[:WIDEST]


def _offered(service: OneService) -> Iterator[tuple[str, ...]]:
    """What cannot be called stands there with the reason."""
    for name in sorted(service.document.operations):
        try:
            yield _line(service.tool(name))
        except DocumentError as error:
            yield f"{service.chosen.name}.{name}", "–", "cannot be called", f"the document {error}"
    for name, places in sorted(service.document.clashes.items()):
        yield f"{service.chosen.name}.{name}", "–", "cannot be called", f"{' and '.join(places)} share it"


def _from(tool: Tool) -> str:
    """A built-in one, or the document that it was made of, and its host."""
    name = tool.name.partition(".")[0]
    found = integrations.learned()
    if found is None or name not in found.names:
        return "built in"
    service = found.service(name)
    return f"by its document, at {service.server.host}"


def _tool(name: str) -> Tool:
    there = integrations.tools()
    if name in there:
        return there[name]
    service, _, operation = name.partition(".")
    found = integrations.learned()
    known = set(there)
    if found is not None and service in found.names:
        one = found.service(service)
        try:
            one.tool(operation)
        except DocumentError as error:
            raise ConfigurationError(f"{name} cannot be called: the document {error}.") from None
        except KeyError:
            known |= {f"{service}.{each}" for each in one.document.operations}
    close = difflib.get_close_matches(name, sorted(known), 3, 0.5)
    raise ConfigurationError(f"There is no tool {name[:80]!r}. Close to it: {', '.join(close) or 'nothing'}.")


def _service(name: str) -> OneService:
    found = integrations.learned()
    if found is None or name not in found.names:
        known = ", ".join(found.names) if found else "none; set OPENAPI"
        raise ConfigurationError(f"There is no document {name[:60]!r}. There are: {known}.")
    return found.service(name)


def _name_those_of(catalog: Path) -> None:
    """What a flow calls is there; a flow with mistakes is for `flows lint`."""
    folder = CATALOG if catalog == USUAL and not catalog.exists() else catalog
    for path in sorted(folder.glob("*.yaml")):
        try:
            flow: Flow = load_file(path, integrations.tools())
        except FlowError:
            continue
        for step in flow.steps.values():
            integrations.tools().get(getattr(step, "call", ""))


def _calls(tool: Tool, given: object) -> str:
    try:
        facts = tool.describe(given) if tool.describe else ()
    except ValueError:
        return ""
    return dict(facts).get("Calls", "")


def _step(tool: Tool, given: object) -> str:
    import yaml

    step = {"id": "call", "type": "tool", "call": tool.name, "with": given, "save": "answer"}
    text: str = yaml.safe_dump([step], sort_keys=False, allow_unicode=True, width=100)
    return text.rstrip()


def _rows(rows: Iterable[tuple[str, ...]]) -> None:
    kept = list(rows)
    widths = [max((len(row[at]) for row in kept if len(row) > at), default=0) for at in range(4)]
    for row in kept:
        cells = [cell.ljust(widths[at]) if at < len(widths) else cell for at, cell in enumerate(row)]
        _say("  ".join(cells).rstrip())


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
