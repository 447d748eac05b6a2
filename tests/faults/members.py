"""Our processes, one by one: started by the launcher, signalled by their identity."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.processes import Process, alive

ROOT = Path(__file__).resolve().parent.parent.parent

Json = dict[str, Any]


class Launcher:
    """The process that makes processes."""

    def __init__(self) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.launcher"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._popen.stdout is not None
        assert self._popen.stdout.readline() == b"ready\n"

    def launch(self, wanted: Json) -> int:
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._popen.stdin.write(json.dumps(wanted).encode() + b"\n")
        self._popen.stdin.flush()
        return int(self._popen.stdout.readline())

    def close(self) -> None:
        """All that it made dies with it."""
        self._popen.kill()
        self._popen.communicate()


@dataclass
class Member:
    """One of our processes. `wanted`: the keeper starts it again when it dies."""

    name: str
    args: tuple[str, ...]
    env: dict[str, str]
    log: Path
    patches: Json = field(default_factory=dict)
    process: Process | None = None
    wanted: bool = True
    deaths: int = 0
    frozen_since: float | None = None

    def alive(self) -> bool:
        return self.process is not None and alive(self.process)

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.kill(self.process.pid, number)

    def frozen(self) -> bool:
        if self.process is None:
            return False
        with suppress(OSError):
            stat = Path(f"/proc/{self.process.pid}/stat").read_text()
            return stat.rpartition(")")[2].split()[0] == "T"
        return False

    def told(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""
