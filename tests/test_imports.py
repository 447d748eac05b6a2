"""Who may import whom: the contracts, that they bite, and what a process holds in memory."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("bot", "flows", "integrations", "workers")

SMALL = {
    "bot/turn.py": "",
    "bot/platforms/base.py": "",
    "flows/engine.py": "import bot.turn",
    "integrations/base.py": "",
    "workers/engine.py": "import flows.engine, bot.platforms.base, integrations.base",
}
TOO_MUCH = {
    "flows/asks_a_service.py": "import integrations.base",
    "flows/knows_a_platform.py": "import bot.platforms.base",
    "bot/knows_the_mind.py": "import flows.engine",
    "integrations/knows_the_workers.py": "import workers.engine",
    "integrations/knows_the_bot.py": "import bot.turn",
}


def python(code: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    return python(code, folder)


def test_each_package_imports_only_what_reaches_it() -> None:
    done = lint_imports(ROOT)

    assert done.returncode == 0, done.stdout[-3000:]


def test_one_import_too_many_breaks_the_contracts(tmp_path: Path) -> None:
    """The same contracts, on a small tree of the same names."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    write(tmp_path, {module_file(name): "" for name in named_by(contracts)} | SMALL)
    (tmp_path / ".importlinter").write_text("\n".join(as_ini(contracts)) + "\n")
    kept = lint_imports(tmp_path)

    write(tmp_path, TOO_MUCH)
    broken = lint_imports(tmp_path)

    assert kept.returncode == 0, kept.stdout
    assert broken.returncode == 1
    culprits = [file.removesuffix(".py").replace("/", ".") for file in TOO_MUCH]
    assert [each for each in culprits if each not in broken.stdout] == []


def write(folder: Path, files: dict[str, str]) -> None:
    for file, text in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        for package in (path.parent, *path.parent.parents):
            if package.is_relative_to(folder) and package != folder:
                (package / "__init__.py").touch()
        path.write_text(text + "\n")


def module_file(module: str) -> str:
    """Every module is a folder here, so that those inside it may be named too."""
    return module.replace(".", "/") + "/__init__.py"


MODULES = ("source_modules", "forbidden_modules", "protected_modules", "allowed_importers", "layers")


def named_by(contracts: list[dict[str, Any]]) -> Iterator[str]:
    """The modules that the contracts speak of."""
    for contract in contracts:
        for field in MODULES:
            for entry in contract.get(field, []):
                yield from (each.strip("() ").replace("*", "anything") for each in entry.split("|"))


def as_ini(contracts: list[dict[str, Any]]) -> Iterator[str]:
    """In the file format that needs no pyproject."""
    yield from ("[importlinter]", "root_packages =", *(f"    {package}" for package in PACKAGES))
    for number, contract in enumerate(contracts):
        yield f"[importlinter:contract:{number}]"
        for field, value in contract.items():
            if isinstance(value, list):
                yield from (f"{field} =", *(f"    {each}" for each in value))
            else:
                yield f"{field} = {value}"


def test_the_fronts_process_holds_no_vendor_sdk() -> None:
    """Everything that `serve --role front` imports; the workbench under `up` is apart."""
    heavy = (
        "slack_bolt slack_sdk botbuilder stripe openai alembic sqlalchemy celery jira github notion_client"
    )
    done = python(
        "import sys, bot.front, bot.serving, bot.hooks, bot.legal, bot.platforms.slack, bot.platforms.teams\n"
        "import workers.front, workers.slack_socket\n"
        f"print([m for m in {heavy.split()!r} if m in sys.modules])"
    )

    assert done.stdout.strip() == "[]", done.stderr


def test_what_serves_imports_neither_the_workbench_nor_a_sandbox() -> None:
    done = python(
        "import sys, bot.cli, workers.front, workers.engine, workers.assemble, workers.calls, workers.app\n"
        "ours = [m for m in sys.modules if m.partition('.')[0] in ('bot', 'integrations', 'workers')]\n"
        "print([m for m in ours if 'workbench' in m or 'sandbox' in m])"
    )

    assert done.stdout.strip() == "[]", done.stderr
