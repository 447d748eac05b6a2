"""A small flow with its tests, written where a test of ours wants them."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

from flows.errors import FlowError
from integrations import tools
from workers.flows_test import Outcome, run
from workers.flowtest.library import Library
from workers.flowtest.parse import Stage, load_script
from workers.flowtest.script import Script

FLOW = """
id: ask
description: "Ask, and read the menu"
steps:
  - {id: sure, type: confirm, text: "Shall I read it?", button: "Read it", yes: menu}
  - {id: menu, type: tool, call: stripe.catalogue, save: menu, on_error: {"*": sorry}}
  - {id: told, type: message, text: "There are {{ menu.products | length }} things.", next: done}
  - {id: sorry, type: message, text: "{{ error.sentence }} Try later.", next: done}
  - {id: done, type: end}
"""
EMPTY = "tools: {stripe.catalogue: {result: {currency: usd, products: []}}}\n"


def whole(conversations: str, head: str = EMPTY) -> str:
    return f"{head}conversations:\n{indent(dedent(conversations), '  ')}"


def written(folder: Path, conversations: str, flow: str = FLOW, head: str = EMPTY) -> Path:
    """The test file. `conversations` is the YAML of the list."""
    (folder / "flows" / "tests").mkdir(parents=True, exist_ok=True)
    (folder / "flows" / "ask.yaml").write_text(flow)
    path = folder / "flows" / "tests" / "ask.yaml"
    path.write_text(whole(conversations, head))
    return path


def played(folder: Path, conversations: str, flow: str = FLOW, head: str = EMPTY) -> Outcome:
    return run([written(folder, conversations, flow, head)])


def parsed(path: Path) -> Script:
    library = Library([path])
    return load_script(path, Stage(library.find, tools()))


def mistakes(folder: Path, conversations: str, head: str = EMPTY) -> list[str]:
    """What is wrong with a file, in words; empty where it is played."""
    try:
        parsed(written(folder, conversations, head=head))
    except FlowError as error:
        return [str(each) for each in error.mistakes]
    return []
