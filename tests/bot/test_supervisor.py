"""Children kept alive, and none left behind."""

import sys
from pathlib import Path

import pytest

from bot import supervisor
from bot.processes import identify, wait_gone
from bot.supervisor import Child, GaveUp, Supervisor, end_leftovers, last_lines, pause_before_restart

FAKE = str(Path(__file__).with_name("fake_child.py"))
ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).parents[2])}


def check_for_ever(one: Supervisor) -> None:
    for _ in range(100_000):
        one.check()


def test_each_death_is_followed_by_a_longer_pause_and_too_many_by_none() -> None:
    pauses = [pause_before_restart([0.0] * deaths, now=1.0) for deaths in range(1, 7)]

    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0, None]


def test_deaths_of_long_ago_are_forgotten() -> None:
    assert pause_before_restart([0.0] * 9, now=100.0) == 0.0


def test_the_pause_has_an_upper_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "MOST_DEATHS", 99)

    assert pause_before_restart([0.0] * 50, now=1.0) == supervisor.LONGEST_PAUSE


@pytest.mark.processes
def test_one_that_keeps_dying_is_given_up_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        supervisor, "pause_before_restart", lambda deaths, now: None if len(deaths) > 2 else 0.0
    )
    child = Child("engine", (sys.executable, "-c", "raise SystemExit('no more')"), tmp_path / "engine.log")
    heard: list[str] = []
    one = Supervisor([child], ENVIRONMENT, tmp_path / "children.json", heard.append)
    one.start()

    with pytest.raises(GaveUp, match=r"engine keeps dying .*engine\.log.*\n(.*\n)*no more"):
        check_for_ever(one)
    one.stop()

    assert heard == ["engine died (exit status 1); starting it again"] * 2


@pytest.mark.processes
def test_one_that_ignores_sigterm_is_killed_after_its_grace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "GRACE", 0.2)
    log = tmp_path / "stubborn.log"
    child = Child("stubborn", (sys.executable, FAKE, "stubborn", "0"), log)
    one = Supervisor([child], ENVIRONMENT, tmp_path / "children.json")
    one.start()
    while "is up" not in last_lines(log):
        one.check()
    pid = one.pids()["stubborn"]

    one.stop()

    assert identify(pid) is None
    assert not (tmp_path / "children.json").exists()


@pytest.mark.processes
def test_what_a_killed_supervisor_left_is_ended_by_the_next_start(tmp_path: Path) -> None:
    register = tmp_path / "children.json"
    log = tmp_path / "stubborn.log"
    one = Supervisor([Child("stubborn", (sys.executable, FAKE, "stubborn", "0"), log)], ENVIRONMENT, register)
    one.start()
    process = identify(one.pids()["stubborn"])

    assert process
    assert end_leftovers(register) == 1
    assert wait_gone(process, 5)
    assert end_leftovers(register) == 0
    one.stop()


def test_a_register_that_names_a_pid_of_somebody_else_harms_nobody(tmp_path: Path) -> None:
    import os

    (tmp_path / "children.json").write_text(f'[[{os.getpid()}, "born at another time"]]')

    assert end_leftovers(tmp_path / "children.json") == 0


@pytest.mark.parametrize("text", ["", "{", "[1]", '[["x", 1]]', "null"])
def test_a_damaged_register_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / "children.json").write_text(text)

    assert end_leftovers(tmp_path / "children.json") == 0


def test_a_log_that_grew_large_makes_room_and_one_older_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "LARGEST_LOG", 10)
    log = tmp_path / "front.log"
    log.write_text("twelve bytes")
    one = Supervisor(
        [Child("front", (sys.executable, "-c", ""), log)], ENVIRONMENT, tmp_path / "children.json"
    )
    one.start()
    one.stop()

    assert (tmp_path / "front.old").read_text() == "twelve bytes"
