"""The pages that people read, as tests look at them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# For the one who runs it: the README is read in five minutes, what it leaves out stands in docs/.
MANUAL = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
PAGES = (*MANUAL, "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")


def text(page: str) -> str:
    return (ROOT / page).read_text()


def quoted(page: str) -> Iterator[str]:
    """What stands in backticks, and every line of a block of commands."""
    words = text(page)
    for kind, block in re.findall(r"```(\w*)\n(.*?)```", words, re.DOTALL):
        if kind == "sh":
            for line in block.splitlines():
                yield line.partition("#")[0].strip()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", words, flags=re.DOTALL))


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", text(page), re.DOTALL)


def every_test() -> set[str]:
    found = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        found |= set(re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE))
    return found


def sources() -> str:
    files = [path for top in ("bot", "flows", "integrations", "workers", "migrations")
             for path in (ROOT / top).rglob("*.py") if "node_modules" not in path.parts]  # fmt: skip
    return "\n".join(path.read_text() for path in files)
