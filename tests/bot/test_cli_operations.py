"""Commands and settings of those who run it."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from bot import cli, guards, tracing
from bot.settings import Settings


@pytest.fixture
def metrics_at_9000(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_settings", lambda: Settings(_env_file=None, metrics_port=9000))
    monkeypatch.setattr(guards, "check_serve", lambda *_, **__: None)


@pytest.mark.usefixtures("metrics_at_9000")
@pytest.mark.parametrize(("role", "port"), [("front", 9000), ("engine", 9001), ("worker", 9002)])
def test_under_up_each_role_has_a_metrics_port_of_its_own(role: str, port: int) -> None:
    assert cli._start(True, role).metrics_port == port


@pytest.mark.usefixtures("metrics_at_9000")
@pytest.mark.parametrize("role", ["front", "engine", "worker"])
def test_on_machines_of_their_own_all_have_the_port_that_was_set(role: str) -> None:
    assert cli._start(False, role).metrics_port == 9000


def test_where_no_metrics_are_wanted_there_are_none_under_up_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_settings", lambda: Settings(_env_file=None))
    monkeypatch.setattr(guards, "check_serve", lambda *_, **__: None)
    assert cli._start(True, "worker").metrics_port == 0


@pytest.mark.usefixtures("metrics_at_9000")
def test_traces_are_switched_on_by_their_endpoint_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(tracing, "set_up", lambda endpoint, role: asked.append((endpoint, role)))
    cli._start(False, "engine")
    assert asked == [("", "engine")]


@pytest.mark.parametrize("command", [["dead", "list"], ["dead", "retry", "inbox:1"], ["pause"], ["resume"]])
def test_without_a_database_the_commands_say_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(cli, "_settings", lambda: Settings(_env_file=None))
    result = CliRunner().invoke(cli.app, command)
    assert result.exit_code == 1
    assert "SECRET_KEY" in str(result.exception) or "DATABASE_URL" in str(result.exception)


def test_nothing_is_dropped_without_a_reason() -> None:
    result = CliRunner().invoke(cli.app, ["dead", "drop", "inbox:1"])
    assert result.exit_code == 2
    assert "--reason" in result.output
