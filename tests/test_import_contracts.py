"""Who may import whom: the contracts hold, and each of them is broken by what it forbids."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("bot", "flows", "integrations", "workers")
CLEAN = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}

# A line that must not be, where, and the contract that says so.
FORBIDDEN = {
    "serve opens the workbench": ("workers/front.py", "import bot.workbench", "The workbench and"),
    "the front's package opens it": ("bot/front.py", "import bot.workbench.mounting", "The workbench and"),
    "a tool opens its sandbox": (
        "integrations/stripe/client.py",
        "import integrations.stripe.sandbox.api",
        "The workbench and",
    ),
    "the engine opens what up runs": ("workers/engine.py", "import workers.bench", "Only the program"),
    "the bot knows its workers": ("bot/serving.py", "import workers.inbox", "Workers know everyone"),
    "a service knows the bot": ("integrations/http.py", "import bot.net", "Workers know everyone"),
    "a flow knows a platform": ("flows/engine.py", "import bot.platforms.slack.door", "Flows speak of"),
    "a flow knows the settings": ("flows/engine.py", "import bot.settings", "Of the bot, flows"),
    "a flow knows a service": ("flows/engine.py", "import integrations.money", "Flows speak of"),
    "somebody knows the program": ("workers/engine.py", "import bot.cli", "Nobody imports the program"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our sources alone, to be spoiled."""
    folder = tmp_path_factory.mktemp("sources")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if "node_modules" not in path.parts:
                target = folder / path.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
    return folder


def test_every_contract_holds(copy: Path) -> None:
    done = lint(copy)

    assert done.returncode == 0, done.stdout[-3000:]
    assert "0 broken" in done.stdout


@pytest.mark.twin
@pytest.mark.parametrize("name", FORBIDDEN)
def test_twin_each_forbidden_import_breaks_its_contract(copy: Path, name: str) -> None:
    place, line, contract = FORBIDDEN[name]
    path = copy / place
    kept = path.read_text()
    path.write_text(f"{kept}\n\ndef _spoiled() -> None:\n    {line}\n")
    try:
        done = lint(copy)
    finally:
        path.write_text(kept)

    broken = [said for said in done.stdout.splitlines() if "BROKEN" in said]
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr[-3000:]
    assert any(said.startswith(contract) for said in broken), broken


SERVED = "workers.front workers.engine workers.app workers.calls workers.assemble workers.slack_socket"


def test_what_serve_and_worker_load_holds_no_workbench_and_no_sandbox() -> None:
    script = (
        f"import sys, bot.cli, bot.serving, {', '.join(SERVED.split())}\n"
        "ours = [name for name in sys.modules if name.partition('.')[0] in ('bot', 'integrations')]\n"
        "print([name for name in ours if 'workbench' in name or 'sandbox' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=CLEAN,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout.strip() == "[]"
