"""countersign experiments …: what is under way, what came of it, and stopping and starting by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.embedded import Servers
from bot.errors import ConfigurationError
from bot.settings import Settings
from flows.arms import Taken
from tests.conftest import SECRET
from workers import experiments_cli, flows_cli
from workers.experiments import ended
from workers.store import definitions, tenants
from workers.store.door import Database

NAME = "greet.hello.text"
GREET = """
id: greet
description: "Say hello"
steps:
  - id: hello
    type: message
    text: {text}
  - id: done
    type: end
"""
TWO = '{variants: {a: "Hello.", b: "Hi!"}}'


@pytest.fixture
def settings(servers: Servers, app_dsn: str, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None, database_url=servers.database_url, secret_key=SECRET, state_dir=tmp_path / "none"
    )


@pytest.fixture
async def whose(db: Database) -> str:
    return str(await tenants.create(db, f"Tenant {uuid4()}"))


async def run(work: Callable[..., int], *arguments: Any) -> int:
    """As the program does it: outside of any loop."""
    return await asyncio.to_thread(work, *arguments)


async def pushed(settings: Settings, whose: str, tmp_path: Path, text: str = TWO) -> None:
    (tmp_path / "catalog").mkdir(exist_ok=True)
    (tmp_path / "catalog" / "greet.yaml").write_text(GREET.format(text=text))
    assert await run(flows_cli.push, settings, tmp_path / "catalog", whose) == 0


async def came(db: Database, whose: str, arm: str, good: int, bad: int, series: str = "a:1 b:1") -> None:
    """People of whom so many came to the goal, and so many to a bad end."""
    tenant = UUID(whose)
    async with db.tenant(tenant) as c:
        for number in range(good + bad):
            person = await c.fetchval(
                "insert into people (tenant_id, name) values ($1, 'Somebody') returning id", tenant
            )
            fine = number < good
            outcome: Any = "done" if fine else "cancelled"
            taken = Taken(str(person), NAME, series, "a", ("a", "b"), arm, outcome, fine, not fine)
            await ended(c, tenant, [taken])


async def test_a_list_names_each_experiment_with_the_people_of_each_variant(
    settings: Settings, whose: str, db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(experiments_cli.list_all, settings, whose)
    assert "No flow has variants" in capsys.readouterr().out
    await pushed(settings, whose, tmp_path)
    await came(db, whose, "a", 3, 0)
    capsys.readouterr()
    assert await run(experiments_cli.list_all, settings, whose) == 0
    assert capsys.readouterr().out == f"{NAME}  a 3 (control), b 0\n"


async def test_what_is_shown_says_what_came_of_each_how_sure_that_is_and_what_was_stopped(
    settings: Settings, whose: str, db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await pushed(settings, whose, tmp_path)
    await came(db, whose, "a", 20, 0)
    await came(db, whose, "b", 1, 19)
    await came(db, whose, "b", 7, 0, "a:9 b:1")
    capsys.readouterr()
    assert await run(experiments_cli.show, settings, NAME, whose) == 0
    shown = capsys.readouterr().out
    for part in (
        "greet.hello.text  goal: done",
        "a (control)  50 %",
        "100 % (",
        ": worse",
        "b was stopped by the guardrail on ",
        "people came to a bad end, against 0 of 20 people with a.",
        "b: cancelled 19, done 1",
        "before, with a:9 b:1: b 7 people, 7 came to it, 0 to a bad end",
        "holds however often you look",
    ):
        assert part in shown, shown


async def test_a_variant_is_stopped_by_hand_and_started_again(
    settings: Settings, whose: str, db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await pushed(settings, whose, tmp_path)
    assert await run(experiments_cli.stop, settings, NAME, "", "too cheeky", whose) == 0
    assert await run(experiments_cli.stop, settings, NAME, "b", "", whose) == 0
    out = capsys.readouterr().out
    assert "nobody new gets b; they get a." in out
    assert "b was stopped before." in out
    await run(experiments_cli.show, settings, NAME, whose)
    assert "b was stopped by hand on " in (shown := capsys.readouterr().out)
    assert "too cheeky" in shown
    assert await run(experiments_cli.start, settings, NAME, "", whose) == 0
    assert await run(experiments_cli.start, settings, NAME, "b", whose) == 0
    out = capsys.readouterr().out
    assert "b is given out again, and counting begins anew." in out
    assert "nothing of that was stopped." in out
    async with db.tenant(UUID(whose)) as c:
        entries = [bytes(row["entry"]).decode() for row in await c.fetch("select entry from audit")]
    assert sum("experiment.stopped" in entry for entry in entries) == 1
    assert sum("experiment.started" in entry for entry in entries) == 1


@pytest.mark.parametrize(
    ("name", "arm", "reason", "said"),
    [
        ("greet.nothing.text", "", "", "There are: greet.hello.text"),
        (NAME, "z", "", "has no variant 'z': a, b"),
        (NAME, "a", "", "a is the control"),
        (NAME, "b", "x" * 501, "at most 500 characters"),
        (NAME, "b", "two\nlines", "one line"),
        (NAME, "b", "\x1b[2J", "one line"),
    ],
)
async def test_what_cannot_be_stopped_is_told_and_nothing_changes(
    settings: Settings, whose: str, tmp_path: Path, name: str, arm: str, reason: str, said: str
) -> None:
    await pushed(settings, whose, tmp_path)
    with pytest.raises(ConfigurationError, match=said):
        await run(experiments_cli.stop, settings, name, arm, reason, whose)


async def test_an_experiment_that_no_flow_has_any_more_can_still_be_looked_at(
    settings: Settings, whose: str, db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await pushed(settings, whose, tmp_path)
    await came(db, whose, "b", 2, 1)
    await pushed(settings, whose, tmp_path, "Hello")
    capsys.readouterr()
    await run(experiments_cli.list_all, settings, whose)
    await run(experiments_cli.show, settings, NAME, whose)
    out = capsys.readouterr().out
    assert f"{NAME}  (in no active flow any more)" in out
    assert "b 3 people, 2 came to it" in out
    with pytest.raises(ConfigurationError, match="no active flow has variants"):
        await run(experiments_cli.show, settings, "greet.other.text", whose)


async def test_pushing_other_variants_says_for_whom_that_changes_something(
    settings: Settings, whose: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await pushed(settings, whose, tmp_path)
    assert "assigned anew" not in capsys.readouterr().out
    await pushed(settings, whose, tmp_path, "{variants: {a: x, c: y}}")
    assert "greet.hello.text: its variants changed (a, b became a, c)" in capsys.readouterr().out


async def test_activating_an_older_version_says_so_too(
    settings: Settings, whose: str, db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await pushed(settings, whose, tmp_path)
    async with db.tenant(UUID(whose)) as c:
        first = (await definitions.active_flows(c, UUID(whose)))["greet"]
    await pushed(settings, whose, tmp_path, "{variants: {a: x, c: y}}")
    capsys.readouterr()
    assert await run(flows_cli.activate, settings, "greet", first, whose) == 0
    assert "greet.hello.text: its variants changed (a, c became a, b)" in capsys.readouterr().out


async def test_a_stored_version_comes_back_with_its_variants(
    settings: Settings, whose: str, db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await pushed(settings, whose, tmp_path)
    async with db.tenant(UUID(whose)) as c:
        active = await definitions.active_flows(c, UUID(whose))
    capsys.readouterr()
    await run(flows_cli.show, settings, "greet", "", whose)
    (tmp_path / "catalog" / "greet.yaml").write_text(capsys.readouterr().out)
    await run(flows_cli.push, settings, tmp_path / "catalog", whose)
    assert f"greet  {active['greet']}  unchanged" in capsys.readouterr().out
