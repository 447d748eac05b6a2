"""The program: clear refusals, and nothing imported that a command does not need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import Settings

ROOT = Path(__file__).parents[2]
CLEAN = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
KEY = "k" * 43

pytestmark = pytest.mark.processes


def countersign(folder: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        env={**CLEAN, "PYTHONPATH": str(ROOT), **extra},
        check=False,
    )


def test_it_knows_its_version(tmp_path: Path) -> None:
    assert countersign(tmp_path, "version").stdout == "0.1.0\n"


@pytest.mark.parametrize("command", [("serve",), ("serve", "--role", "front"), ("worker",)])
def test_without_a_secret_key_nothing_serves(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = countersign(tmp_path, *command)

    assert done.returncode == 1
    assert done.stderr.startswith("✗ SECRET_KEY is not set")
    assert done.stderr.count("\n") == 1


def test_a_setting_that_makes_no_sense_is_named_in_one_line(tmp_path: Path) -> None:
    done = countersign(tmp_path, "serve", PORT="abc", SECRET_KEY=KEY)

    assert done.returncode == 1
    assert done.stderr.startswith("✗ PORT: ")
    assert done.stderr.count("\n") == 1


def test_a_secret_that_makes_no_sense_is_not_repeated(tmp_path: Path) -> None:
    done = countersign(tmp_path, "serve", RETENTION_DAYS="hunter2-hunter2")

    assert "hunter2" not in done.stderr


def test_stand_ins_are_refused_outside_up(tmp_path: Path) -> None:
    done = countersign(
        tmp_path,
        "serve",
        SECRET_KEY=KEY,
        DATABASE_URL="postgresql://db/x",
        REDIS_URL="redis://cache/0",
        STRIPE_API_BASE="http://127.0.0.1:3000/standin/stripe",
    )

    assert done.returncode == 1
    assert done.stderr.startswith("✗ STRIPE_API_BASE points at this machine")


def test_an_unknown_role_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    done = countersign(tmp_path, "serve", "--role", "back")

    assert done.returncode == 2
    assert "front, engine or all" in done.stderr


def test_a_migration_needs_a_database(tmp_path: Path) -> None:
    assert "DATABASE_URL is not set" in countersign(tmp_path, "migrate", SECRET_KEY=KEY).stderr


def test_what_only_up_may_say_is_not_shown_to_people(tmp_path: Path) -> None:
    for command in ((), ("serve",), ("worker",)):
        shown = countersign(tmp_path, *command, "--help").stdout
        assert "under-up" not in shown
        assert "up-front" not in shown


def test_the_manifest_for_slack_needs_nothing_set(tmp_path: Path) -> None:
    import yaml

    manifest = yaml.safe_load(countersign(tmp_path, "manifest", "slack").stdout)

    assert manifest["display_information"]["name"] == "Countersign"


def test_the_package_for_teams_names_what_is_missing(tmp_path: Path) -> None:
    done = countersign(tmp_path, "manifest", "teams")

    assert done.returncode == 1
    assert "MICROSOFT_APP_ID" in done.stderr
    assert not (tmp_path / "teams.zip").exists()


HEAVY = "alembic celery kombu openai stripe jira github notion_client botbuilder slack_bolt bot.workbench"


def test_the_program_itself_and_the_supervisor_import_nothing_heavy(tmp_path: Path) -> None:
    question = (
        f"import sys, bot.cli, bot.up; print([name for name in {HEAVY.split()} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", question], capture_output=True, text=True, cwd=ROOT, env=CLEAN, check=True
    )

    assert done.stdout.strip() == "[]"
