"""What holds for the whole tree, whoever adds to it: sizes, colours, imports, and lists that must agree."""

from __future__ import annotations

import ast
import re
import shutil
import typing
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import reply
from bot.platforms import PLATFORMS
from bot.platforms.base import Client, Door
from bot.platforms.slack import render as slack
from bot.platforms.teams import render as teams
from bot.platforms.web import render as web
from bot.reply import (
    Ask,
    Block,
    Button,
    Buttons,
    Cited,
    Divider,
    Facts,
    Heading,
    Lines,
    Link,
    Option,
    Paragraph,
    Reply,
    Select,
    Statement,
    Tone,
)
from flows.effects import Effect
from flows.policy_file import load_policy
from integrations import services, tools
from integrations.base import Arguments, Result, Reversibility, Risk
from workers.push import CATALOG, POLICY, load_catalog

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("bot", "flows", "integrations", "workers")
WALL, PLEASANT = 400, 300
NOT_OURS = {"node_modules", "dist", "__pycache__"}
WRITTEN = {".py", ".ts", ".tsx", ".css", ".mjs", ".yaml", ".yml", ".toml", ".mako", ".sh"}

# What a decision must not depend on: the clock, chance, the network, the machine.
IMPURE = {
    "asyncio", "time", "datetime", "random", "secrets", "uuid", "socket", "ssl", "http", "urllib", "requests",
    "aiohttp", "os", "subprocess", "threading", "multiprocessing", "asyncpg", "redis", "celery", "sqlalchemy",
}  # fmt: skip
# The vendors' clients block, so integrations do; these two speak HTTP themselves.
ASYNC_INTEGRATIONS = {"models", "sandbox", "sandboxes"}
SAME_FILES = {"__init__", "client", "door", "inbound", "limits", "manifest", "render", "runtime", "verify"}


def sources(*tops: str) -> Iterator[Path]:
    for top in tops:
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in WRITTEN and not NOT_OURS & set(path.parts):
                yield path


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


# ── size and prose ───────────────────────────────────────────────────────────────────────


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    lengths = {path: path.read_text().count("\n") for path in sources(*PACKAGES, "migrations", "tests")}
    roomy = sorted(name(path) for path, lines in lengths.items() if PLEASANT <= lines <= WALL)
    if roomy:
        warnings.warn(f"{len(roomy)} files of 300 lines and more: look for the second noun", stacklevel=1)

    assert {name(path): lines for path, lines in lengths.items() if lines > WALL} == {}


def test_nothing_is_left_to_be_done_in_the_source() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
    found = [
        name(path) for path in sources(*PACKAGES, "migrations", "tests") if marks.search(path.read_text())
    ]

    assert found == []


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    trees = {path: ast.parse(path.read_text()) for path in sources(*PACKAGES) if path.suffix == ".py"}

    assert [name(p) for p, tree in trees.items() if tree.body and not ast.get_docstring(tree)] == []


def test_only_the_setting_up_prints_for_the_rest_has_a_log_or_a_console() -> None:
    assert [where for where in calls_of("print", *PACKAGES) if not where.startswith("bot/setup/")] == []


def calls_of(function: str, *tops: str) -> list[str]:
    found = []
    for path in sources(*tops):
        if path.suffix == ".py":
            nodes = ast.walk(ast.parse(path.read_text()))
            found += [
                f"{name(path)}:{node.lineno}"
                for node in nodes
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
            ]
    return found


# ── one colour per package ───────────────────────────────────────────────────────────────


def impurities(source: str) -> list[str]:
    """What in this source reaches for the outside, or waits."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [each.name for each in names if each.name.partition(".")[0] in IMPURE]
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in IMPURE:
                found.append(module)
            case ast.AsyncFunctionDef(name=called):
                found.append(f"async {called}")
            case ast.Call(func=ast.Name(id="open" | "input" | "exec" | "eval" as called)):
                found.append(called)
    return found


def test_deciding_has_no_clock_no_chance_and_no_network() -> None:
    found = {name(p): impurities(p.read_text()) for p in sources("flows") if p.suffix == ".py"}

    assert {path: reached for path, reached in found.items() if reached} == {}


@pytest.mark.parametrize(
    "line",
    [
        "import time",
        "from datetime import datetime",
        "from os import environ",
        "async def f(): ...",
        "open('x')",
    ],
)
def test_what_would_make_deciding_impure_is_found(line: str) -> None:
    assert impurities(line)


def test_integrations_block_as_their_vendors_do_but_for_what_speaks_http_itself() -> None:
    waiting = [
        name(path)
        for path in sources("integrations")
        if path.suffix == ".py"
        and not ASYNC_INTEGRATIONS & set(path.parts)
        and any(isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(ast.parse(path.read_text())))
    ]

    assert waiting == []


# ── lists that must agree ────────────────────────────────────────────────────────────────


def named_in_cases(path: Path) -> set[str]:
    """Every class that a `case` of this file names."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return {
        node.cls.id for node in nodes if isinstance(node, ast.MatchClass) and isinstance(node.cls, ast.Name)
    }


def test_every_effect_of_the_mind_is_carried_out() -> None:
    effects = {effect.__name__ for effect in typing.get_args(Effect)}

    assert effects - named_in_cases(ROOT / "workers" / "effects.py") == set()


def test_every_block_has_a_shape_on_each_platform() -> None:
    blocks = {block.__name__ for block in typing.get_args(Block)}

    assert {type(each).__name__ for each in EVERY_BLOCK} == blocks
    assert blocks - named_in_cases(ROOT / "bot" / "platforms" / "slack" / "blocks.py") == set()
    assert blocks - named_in_cases(ROOT / "bot" / "platforms" / "web" / "render.py") == set()
    assert (
        blocks
        - named_in_cases(ROOT / "bot" / "platforms" / "teams" / "cards.py")
        - named_in_cases(ROOT / "bot" / "platforms" / "teams" / "elements.py")
        == set()
    )


EVERY_BLOCK: tuple[Block, ...] = (
    Heading("a heading"),
    *(Paragraph(f"a {tone} paragraph", tone) for tone in Tone),
    Facts((("a label", "a value"),)),
    Lines((("a line", "what it comes to"),)),
    Cited((Statement("a statement", (Link("its source", "https://example.com/1"),)),)),
    Buttons((Button("a button", "act", "value"), Button("a link", "open", url="https://example.com/"))),
    Select("a menu", "choose", (Option("an option", "1"),)),
    Ask("reason", "a question on the card"),
    Divider(),
)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_platform_draws_every_block_with_all_its_words(platform: str) -> None:
    drawn = str({"slack": slack, "teams": teams, "web": web}[platform].render(Reply("in short", EVERY_BLOCK)))
    words = ["a heading", "a label", "a value", "a line", "what it comes to", "a button", "an option"]
    words += ["a statement", "its source", "https://example.com/1"]
    words += [f"a {tone} paragraph" for tone in Tone]

    # Slack has no inputs on messages: there the reason is asked for in a form.
    words += ["a question on the card"] if platform != "slack" else []
    assert [each for each in words if each not in drawn] == []


def test_every_shape_of_a_reply_is_part_of_one() -> None:
    """A block added to bot/reply.py is one that a Reply can hold."""
    declared = {
        thing.__name__
        for thing in vars(reply).values()
        if isinstance(thing, type) and thing.__module__ == "bot.reply"
    }
    parts = {"Style", "Tone", "Button", "Option", "Reply", "Field", "Form", "Link", "Statement"}

    assert declared - parts == {block.__name__ for block in typing.get_args(Block)}


def test_platforms_are_siblings_with_the_same_files() -> None:
    for platform in PLATFORMS:
        files = {path.stem for path in (ROOT / "bot" / "platforms" / platform).glob("*.py")}
        assert SAME_FILES - files == set(), platform


def test_platforms_speak_and_hear_by_the_same_names() -> None:
    from bot.platforms.slack.client import SlackClient
    from bot.platforms.slack.door import SlackDoor
    from bot.platforms.teams.client import TeamsClient
    from bot.platforms.teams.door import TeamsDoor
    from bot.platforms.web.client import WebClient
    from bot.platforms.web.door import WebDoor

    clients, doors = (SlackClient, TeamsClient, WebClient), (SlackDoor, TeamsDoor, WebDoor)
    for protocol, ours in ((Client, clients), (Door, doors)):
        wanted = {each for each in vars(protocol) if not each.startswith("_")}
        for platform in ours:
            assert wanted - set(dir(platform)) == set(), platform


@pytest.mark.parametrize("tool", tools().values(), ids=lambda tool: tool.name)
def test_every_tool_says_what_it_risks_and_whether_it_can_be_undone(tool: typing.Any) -> None:
    assert isinstance(tool.risk, Risk)
    assert isinstance(tool.reversibility, Reversibility)
    assert (tool.risk is Risk.READ) == (tool.reversibility is Reversibility.READ_ONLY)
    assert issubclass(tool.arguments, Arguments)
    assert issubclass(tool.result, Result)
    assert tool.risk is not Risk.MONEY or (tool.amount and tool.describe), "a card must show what money moves"


def test_every_tool_is_named_for_its_integration_and_its_folder() -> None:
    for integration in services():
        assert (ROOT / "integrations" / integration.name / "tools.py").exists()
        assert all(tool.name.startswith(f"{integration.name}.") for tool in integration.tools)


def test_the_shipped_flows_and_policy_load_and_name_only_tools_that_exist() -> None:
    flows = load_catalog(CATALOG)
    called = {getattr(step, "call", None) for flow in flows for step in flow.steps.values()} - {None}

    assert called <= set(tools())
    assert {flow.id for flow in flows} == {path.stem for path in CATALOG.glob("*.yaml")}
    assert load_policy(POLICY).rules


def test_every_migration_says_first_what_it_does_and_why_it_is_safe() -> None:
    for path in (ROOT / "migrations" / "versions").glob("*.py"):
        said = ast.get_docstring(ast.parse(path.read_text())) or ""
        assert len(said.splitlines()) >= 3, f"{name(path)}: what it does, an empty line, why it is safe"


def test_make_needs_no_program_that_setup_does_not_bring() -> None:
    """The Makefile calls the virtual environment and the shell's own commands, nothing else."""
    makefile = (ROOT / "Makefile").read_text()
    called = re.findall(r"^\t@?(?:exec )?(\S+)", makefile, re.MULTILINE)

    assert {each for each in called if not each.startswith((".venv/", "$("))} <= {"echo", "rm"}
    assert shutil.which("make") is None or "setup:" in makefile


# ── twins ────────────────────────────────────────────────────────────────────────────────


def twins(source: str) -> tuple[set[str], set[str]]:
    """Tests that carry the mark, and tests that call themselves a twin."""
    tests = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    marked = {test.name for test in tests if any("mark.twin" in ast.unparse(d) for d in test.decorator_list)}
    return marked, {test.name for test in tests if test.name.startswith("test_twin_")}


def test_whatever_calls_itself_a_twin_is_counted_as_one() -> None:
    """`pytest -m twin` is the list of guards; a twin without the mark would not be on it."""
    unmarked, count = {}, 0
    for path in sources("tests"):
        if path.name.startswith("test_"):
            marked, called = twins(path.read_text())
            count += len(marked)
            if called - marked:
                unmarked[name(path)] = sorted(called - marked)

    assert unmarked == {}
    assert count >= 100
