"""The injector: off unless asked for, refused outside of test builds, and exact about when it strikes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import faults
from bot.errors import ConfigurationError
from bot.faults import Armed, Fault, parse

ROOT = Path(__file__).resolve().parent.parent.parent
TEST_BUILD = {"COUNTERSIGN_TEST_BUILD": "1"}


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    faults.arm({})


async def test_unset_a_point_does_nothing() -> None:
    faults.arm({})

    await faults.point("F13")
    faults.point_sync("F21")


def test_outside_of_a_test_build_a_fault_is_refused_and_nothing_is_armed() -> None:
    for environment in ({"FAULT": "F13"}, {"FAULT": "F13", "COUNTERSIGN_TEST_BUILD": "yes"}):
        with pytest.raises(ConfigurationError, match="unset it"):
            faults.arm(environment)
        faults.point_sync("F13")


@pytest.mark.parametrize("command", [["serve", "--role", "front"], ["serve", "--role", "engine"], ["worker"]])
def test_no_process_of_ours_starts_with_a_fault_outside_of_a_test_build(command: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "COUNTERSIGN_TEST_BUILD"}
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", *command],
        cwd=ROOT,
        env=environment | {"FAULT": "F13:1:kill"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "FAULT lets this process fail on purpose" in done.stderr


@pytest.mark.twin
def test_without_the_refusal_a_fault_would_strike_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_armed", Armed("F13:1:drop"))

    with pytest.raises(ConnectionResetError):
        faults.point_sync("F13")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("F13", Fault("F13")),
        ("F13:2", Fault("F13", 2)),
        ("F13:stop", Fault("F13", mode="stop")),
        ("F19:3+:drop", Fault("F19", 3, ever=True, mode="drop")),
        ("F12:1:slow=1.5", Fault("F12", mode="slow", seconds=1.5)),
    ],
)
def test_a_fault_is_read_and_written_alike(text: str, fault: Fault) -> None:
    assert parse(text) == (fault,)
    assert parse(str(fault)) == (fault,)


@pytest.mark.parametrize(
    "text", ["13", "F1", "F13:0", "F13:kil", "F13:1:kill:now", "F13 F14", "F13:1:slow=x"]
)
def test_what_is_no_fault_is_refused_with_what_would_be_one(text: str) -> None:
    with pytest.raises(ConfigurationError, match="F13:2:kill"):
        parse(text)


def test_the_nth_time_counts_and_only_that() -> None:
    armed = Armed("F13:3:drop")

    assert [armed.reached("F13") is not None for _ in range(5)] == [False, False, True, False, False]
    assert armed.reached("F14") is None


def test_from_the_nth_time_on_counts_every_time() -> None:
    armed = Armed("F13:2+:drop")

    assert [armed.reached("F13") is not None for _ in range(4)] == [False, True, True, True]


def test_several_faults_wait_for_themselves() -> None:
    armed = Armed("F13:1:drop, F21:2:drop")

    assert armed.reached("F21") is None
    assert armed.reached("F13") is not None
    assert armed.reached("F21") is not None


def test_a_file_is_shared_by_those_who_read_it_and_a_fault_strikes_one_of_them(tmp_path: Path) -> None:
    path = tmp_path / "faults"
    one, other = Armed(f"@{path}"), Armed(f"@{path}")
    assert one.reached("F13") is None, "a file that is not there arms nothing"
    path.write_text("F13:3:drop,F14:1:drop")

    found = [one.reached("F13"), other.reached("F13"), one.reached("F13"), other.reached("F13")]

    assert [fault is not None for fault in found] == [False, False, True, False]
    assert path.read_text() == "F14:1:drop"
    assert (tmp_path / "faults.hit").read_text() == f"F13:1:drop {os.getpid()}\n"


async def test_drop_raises_what_is_natural_there() -> None:
    faults.arm({"FAULT": "F13:1:drop,F14:1:drop"} | TEST_BUILD)

    with pytest.raises(ConnectionResetError):
        await faults.point("F13")
    with pytest.raises(TimeoutError):
        await faults.point("F14", TimeoutError)


async def test_slow_takes_its_time() -> None:
    faults.arm({"FAULT": "F13:1:slow=0.05,F14:1:slow=0.05"} | TEST_BUILD)
    began = time.monotonic()

    await faults.point("F13")
    faults.point_sync("F14")

    assert time.monotonic() - began >= 0.1


def test_kill_and_stop_are_signals_that_nobody_can_catch(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    faults.arm({"FAULT": "F13:1:kill,F14:1:stop"} | TEST_BUILD)

    faults.point_sync("F13")
    faults.point_sync("F14")

    assert sent == [(os.getpid(), signal.SIGKILL), (os.getpid(), signal.SIGSTOP)]
