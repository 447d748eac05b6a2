"""Processes by identity: a pid alone may by now belong to somebody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

POLL = 0.01


@dataclass(frozen=True, slots=True)
class Process:
    """One process of this machine: its pid, and when that pid was born (opaque, comparable)."""

    pid: int
    born: str


def identify(pid: int) -> Process | None:
    """The living process with this pid; None where there is none, or only its zombie."""
    if pid <= 0:
        return None
    born = _born_on_linux(pid) if sys.platform == "linux" else _born_elsewhere(pid)
    if born is None:
        # After the look, not before: it may have died in between, and others would count the zombie.
        _reap(pid)
        return None
    return Process(pid, born)


def alive(process: Process) -> bool:
    return identify(process.pid) == process


def command(pid: int) -> str:
    """The command line of a process, or nothing."""
    if sys.platform == "linux":
        with suppress(OSError):
            raw = Path(f"/proc/{pid}/cmdline").read_bytes()
            return raw.replace(b"\0", b" ").decode(errors="replace").strip()
        return ""
    return _ps(pid, "command=")


def wait_gone(process: Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while alive(process):
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL)
    return True


def end(process: Process, *steps: tuple[signal.Signals, float]) -> bool:
    """Send each signal in turn and wait its seconds, until the process is gone."""
    for number, seconds in steps:
        if not alive(process):
            return True
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
        if wait_gone(process, seconds):
            return True
    return not alive(process)


def _reap(pid: int) -> None:
    """Take a dead child of ours off the process table."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _born_on_linux(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    # The name is in brackets and may itself hold brackets and spaces.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else fields[19]


def _born_elsewhere(pid: int) -> str | None:
    state, _, born = _ps(pid, "state=,lstart=").partition(" ")
    return None if not state or state.startswith("Z") else born.strip()


def _ps(pid: int, columns: str) -> str:
    done = subprocess.run(  # noqa: S603 - fixed program, a number as its argument
        ["/bin/ps", "-o", columns, "-p", str(pid)], capture_output=True, text=True, timeout=5, check=False
    )
    return done.stdout.strip()
