"""The flow as a graph for people, and the promise that this package only decides."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from flows.flow import _quoted, edges, mermaid
from flows.loader import load_file
from integrations import tools
from tests.flows.builders import CATALOG, ROOT, flow_of

FILES = sorted((ROOT / "flows").rglob("*.py"))
NODE = re.compile(r'    [A-Za-z][\w-]*(\[\[|\[/|\[|\{\{|\(\[)"[^"]*"(\]\]|/\]|\]|\}\}|\]\))')
EDGE = re.compile(r'    [A-Za-z][\w-]* (-->|-->\|"[^"]*"\|) [A-Za-z][\w-]*')
OWN = re.compile(r"^    (end|graph|subgraph|style|class|click|default)\b", re.MULTILINE)


def well_formed(drawn: str) -> bool:
    head, *lines = drawn.splitlines()
    return head == "flowchart TD" and all(NODE.fullmatch(line) or EDGE.fullmatch(line) for line in lines)


@pytest.mark.parametrize("path", sorted(CATALOG.glob("*.yaml")), ids=lambda path: path.name)
def test_every_shipped_flow_is_drawn_whole(path: Path) -> None:
    flow = load_file(path, tools())
    drawn = mermaid(flow)
    assert well_formed(drawn)
    assert drawn.count("-->") == len(edges(flow))
    assert len(drawn.splitlines()) == 1 + len(flow.steps) + len(edges(flow))


HOSTILE = """
- {id: end, type: branch, cases: [
    {if: "run.id == '\\"]; click end javascript:alert(1) <script> `|` %% #quot;'", goto: graph}]}
- {id: graph, type: message, text: "x"}
- {id: graph_, type: message, text: "x", next: click}
- {id: click, type: tool, call: desk.look, on_error: {'"| --> x[<b>]': style}, next: style}
- {id: style, type: end}
"""


def test_labels_and_names_that_are_markup_are_drawn_as_text() -> None:
    flow = flow_of(HOSTILE)
    drawn = mermaid(flow)
    assert well_formed(drawn), drawn
    assert not OWN.search(drawn)
    assert "<" not in drawn
    assert "end_{{" in drawn
    assert "graph__[" in drawn


@pytest.mark.twin
def test_unquoted_the_same_label_would_end_its_box(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.flow._quoted", lambda label: label)
    assert not well_formed(mermaid(flow_of(HOSTILE)))
    assert _quoted('"<>|') == "#34;#60;#62;#124;"


MAY_IMPORT = {
    "__future__",
    "ast",
    "base64",
    "bisect",
    "collections",
    "itertools",
    "orjson",
    "dataclasses",
    "decimal",
    "difflib",
    "enum",
    "fnmatch",
    "functools",
    "hashlib",
    "json",
    "math",
    "operator",
    "pathlib",
    "re",
    "statistics",
    "typing",
    "unicodedata",
    "jinja2",
    "yaml",
    "flows",
    "bot",
}
READS_FILES = {"loader.py", "policy_file.py", "subflows.py"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_here_knows_the_clock_chance_the_network_or_our_other_packages(path: Path) -> None:
    for name in imported(path.read_text()):
        top = name.partition(".")[0]
        assert top in MAY_IMPORT, f"{path.name} imports {name}"
        if top == "bot":
            assert name.startswith(("bot.turn", "bot.reply")), f"{path.name} imports {name}"
        if top == "pathlib":
            assert path.name in READS_FILES, f"{path.name} imports {name}"


def imported(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [each.name for each in names]
            case ast.ImportFrom(module=str(module), level=0):
                found.append(module)
            case ast.Call(
                func=ast.Name(id="open" | "eval" | "exec" | "__import__" | "compile" | "input" as name)
            ):
                found.append(name)
            case ast.AsyncFunctionDef() | ast.Await():
                found.append("async")
    return found


@pytest.mark.twin
@pytest.mark.parametrize(
    "line",
    [
        "import time",
        "from random import choice",
        "import datetime",
        "import os",
        "import socket",
        "import asyncio",
        "from integrations import tools",
        "open('x')",
        "eval('1')",
        "async def f(): pass",
        "import secrets",
        "import uuid",
    ],
)
def test_the_scan_would_notice(line: str) -> None:
    assert not {each.partition(".")[0] for each in imported(line)} <= MAY_IMPORT


def test_no_file_here_is_longer_than_the_wall() -> None:
    assert max(len(path.read_text().splitlines()) for path in FILES) < 400
