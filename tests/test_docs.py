"""The pages people read: whatever they name is there, and what they say in numbers is so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from bot.cli import app
from bot.settings import Settings
from integrations.openapi.chosen import FIELDS as fields_of_openapi
from tests.pages import PAGES, ROOT, blocks, every_test, quoted, sources, text
from workers.store.schema import metadata

OTHERS = (".env.example", "Makefile", "Dockerfile", "docker-compose.yml", "bot/workbench/page/README.md")
SETTINGS = {name.upper() for name in Settings.model_fields}
NO_SETTINGS = {"POSTGRES_PASSWORD", "PYTHON", "SHOW_WORKER", "FAULT"}
TOPS = ("bot/", "flows/", "integrations/", "workers/", "migrations/", "manifests/", "tests/", "docs/", ".ci/")
FILES = re.compile(r"[A-Za-z.][\w.-]*\.(?:md|toml|yml|lock|ini)|Makefile|Dockerfile|LICENSE|\.env\.example")
LARGEST_PICTURE = 300_000

# In pieces, so that this file does not name them either.
NEVER_NAMED = [
    "pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "docker" + ".io",
    "/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/", "/tm" + "p/",
]  # fmt: skip


# ── names ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", PAGES)
def test_every_test_that_is_named_exists(name: str) -> None:
    named = {code for code in quoted(name) if re.fullmatch(r"test_\w+", code)}

    assert named - every_test() == set()


@pytest.mark.parametrize("name", PAGES)
def test_every_path_that_is_named_exists(name: str) -> None:
    named = {word for code in quoted(name) for word in code.split()}
    paths = {each for each in named if each.startswith(TOPS) or FILES.fullmatch(each)}

    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    words = text(name)
    links = re.findall(r"\]\(([^)#]+)\)", words) + re.findall(r'<img src="([^"]+)"', words)

    beside = (ROOT / name).parent
    assert [link for link in links if "://" not in link and not (beside / link).exists()] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_setting_that_is_named_exists(name: str) -> None:
    named = {
        found[1]
        for code in quoted(name)
        for found in re.finditer(r"(?<![\w.])([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{4,})(?==|\b)", code)
    }
    constants = set(re.findall(r"^([A-Z][A-Z0-9_]+)\b.*=", sources(), re.MULTILINE))

    # Of a family only the beginning is fixed: OPENAPI_<NAME>_<FIELD>, whatever the service is called.
    one_of = {
        each for each in named if each.startswith("OPENAPI_") and each.endswith(tuple(fields_of_openapi))
    }
    known = SETTINGS | NO_SETTINGS | constants | one_of | {"POST", "VERSION", "UPDATE", "DEBUG"}

    assert named - known == set()


@pytest.mark.parametrize("name", PAGES)
def test_every_make_target_that_is_named_exists(name: str) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {found[1] for code in quoted(name) for found in re.finditer(r"(?:^|\s)make (\w+)", code)}

    assert named - targets == set()


def test_every_make_target_is_told_to_those_who_work_here() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)) - {"help"}

    assert [target for target in sorted(targets) if f"make {target}" not in text("CONTRIBUTING.md")] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_command_that_is_named_exists_with_its_options(name: str) -> None:
    problems = [
        problem
        for code in quoted(name)
        if (found := re.match(r"(?:\S+=\S+ )*(?:\.venv/bin/)?countersign ([a-z].*)", code))
        for problem in unknown(found[1])
    ]

    assert problems == []


def unknown(line: str) -> Iterator[str]:
    """What the program would not understand; `a|b` are several commands."""
    command: Any = typer.main.get_command(app)
    words = line.split()
    while words and hasattr(command, "commands"):
        names = words.pop(0).split("|")
        missing = [name for name in names if name not in command.commands]
        if missing:
            yield f"countersign {line}: no command {missing}"
            return
        command = command.commands[names[0]]
    options = {option for param in command.params for option in param.opts}
    for word in words:
        if word.startswith("--") and word not in options:
            yield f"countersign {line}: no option {word}"


@pytest.mark.parametrize("name", PAGES)
def test_a_line_that_can_be_copied_has_all_that_its_command_needs(name: str) -> None:
    lines = [line.partition("#")[0] for block in blocks(name, "sh") for line in block.splitlines()]
    commands = [found[1] for line in lines if (found := re.search(r"countersign ([a-z].*)", line))]

    assert [line for line in commands if too_short(line)] == []


def too_short(line: str) -> bool:
    command: Any = typer.main.get_command(app)
    words = line.split()
    while words and hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    needed = [each for each in command.params if each.param_type_name == "argument" and each.required]
    return len([word for word in words if not word.startswith("-")]) < len(needed)


def test_a_line_without_its_arguments_would_be_noticed() -> None:
    assert too_short("flows diff")
    assert not too_short("flows diff flows/catalog/order.yaml")


@pytest.mark.parametrize(
    ("line", "known"), [("flows lint", True), ("flows paint", False), ("serve --roles x", False)]
)
def test_an_unknown_command_would_be_noticed(line: str, known: bool) -> None:
    assert (list(unknown(line)) == []) is known


# ── what must not be there, and pictures ─────────────────────────────────────────────────


@pytest.mark.parametrize("name", [*PAGES, *OTHERS])
def test_no_page_names_a_registrys_host_or_a_path_of_somebodys_machine(name: str) -> None:
    # What a container has at its own root is nobody's machine.
    words = text(name).replace("STATE_DIR=/tm" + "p/countersign", "")

    assert [each for each in NEVER_NAMED if each in words] == []


def test_pictures_are_small_and_none_is_unused() -> None:
    pictures = sorted((ROOT / "docs").glob("*.png"))

    assert [path.name for path in pictures if path.stat().st_size > LARGEST_PICTURE] == []
    assert [path.name for path in pictures if f"docs/{path.name}" not in text("README.md")] == []


# ── what ARCHITECTURE and CONTRIBUTING say is so ─────────────────────────────────────────


def test_the_thirteen_promises_each_name_a_file_and_a_test() -> None:
    rows = re.findall(r"^\| (\d+) \|(.+)\|$", text("ARCHITECTURE.md"), re.MULTILINE)

    assert [int(number) for number, _ in rows] == list(range(1, 14))
    assert [number for number, row in rows if "`test_" not in row] == []
    assert [number for number, row in rows if not re.search(r"`(bot|flows|workers)/|`twin`", row)] == []


def test_every_table_is_described_once_and_no_other() -> None:
    data = text("ARCHITECTURE.md").partition("## Data")[2].partition("Keys that matter")[0]
    rows = re.findall(r"^\| (`.+?) \|", data, re.MULTILINE)
    described = [name for row in rows for name in re.findall(r"`(\w+)`", row)]

    assert sorted(described) == sorted(metadata.tables)


def test_every_function_that_crosses_tenants_is_told_and_every_other_runs_as_its_caller() -> None:
    crossing: set[str] = set()
    calling: set[str] = set()
    for path in (ROOT / "migrations" / "versions").glob("*.py"):
        for each in re.split(r"create (?:or replace )?function ", path.read_text())[1:]:
            name, head = each.partition("(")[0], each.partition("$$")[0]
            (crossing if "security definer" in head else calling).add(name)
    page = text("ARCHITECTURE.md")
    told = page.partition("**The only ways across tenants")[2].partition("\n\n")[0]
    others = page.partition("**One round trip for each stage")[2].partition("\n\n")[0]

    assert crossing == {name for name in re.findall(r"`(\w+)`", told) if name in crossing | calling}
    assert calling == {name for name in re.findall(r"`(\w+)`", others) if name in crossing | calling}


# What the pages say is missing, and what would be there if it were not.
MISSING = {
    ("ARCHITECTURE.md", "entries are not sealed yet"): ("migrations/versions", r"function seal_audit\b"),
    ("README.md", "memory, and files"): ("workers/store", r"\bmemories\b"),
    ("README.md", "`/forget` and export"): ("workers/forget", r"def forget"),
    ("README.md", "a web chat"): ("bot/platforms", r"path = [\"']/chat[\"']"),
    ("README.md", "an API as models have one"): ("bot", r"[\"']/v1/chat/completions[\"']"),
    ("README.md", "Jira, GitHub and Notion;"): ("integrations", r"^    \"integrations\.jira\.tools:JIRA\""),
}


@pytest.mark.parametrize(("name", "words"), MISSING, ids=lambda value: value[:30])
def test_what_is_said_to_be_missing_is_missing_and_what_is_missing_is_said(name: str, words: str) -> None:
    where, sign = MISSING[name, words]
    there = [
        path
        for path in (ROOT / where).rglob("*")
        if path.suffix in (".py", ".yaml") and re.search(sign, path.read_text(), re.MULTILINE)
    ]

    assert (words in text(name)) == (there == []), f"look at {there or name} and change the other"


def test_each_point_of_what_has_to_stay_true_names_what_proves_it() -> None:
    table = text("CONTRIBUTING.md").partition("## What has to stay true")[2]
    rows = [row for row in re.findall(r"^\| (.+) \|$", table, re.MULTILINE) if " | " in row][1:]
    points = {int(number) for number in re.findall(r"^\| \*\*(\d+) ", table, re.MULTILINE)}
    later = set(re.findall(r"^\| \*\*(\d\.\d) ", table, re.MULTILINE))

    assert points == set(range(1, 13))
    assert {f"3.{n}" for n in range(1, 10)} | {f"4.{n}" for n in range(1, 9)} <= later
    assert [row[:40] for row in rows if "`test_" not in row and not row.startswith(("point", "---"))] == []


def test_the_changelog_begins_with_the_version_that_this_is() -> None:
    version = re.search(r'^version = "(.+)"', text("pyproject.toml"), re.MULTILINE)
    newest = re.search(r"^## (\S+)", text("CHANGELOG.md"), re.MULTILINE)

    assert version is not None
    assert newest is not None
    assert newest[1] == version[1]
