"""Keeps a few processes of ours running, and leaves none behind."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGTERM

from bot.errors import CountersignError
from bot.lifeline import SIGN
from bot.processes import POLL, Process, alive, end, identify

WINDOW = 60.0  # deaths longer ago are forgotten
MOST_DEATHS = 5
LONGEST_PAUSE = 8.0
GRACE = 10.0
LARGEST_LOG = 5 << 20
LAST_LINES = 12


class GaveUp(CountersignError):
    """A process died again and again; the message ends with its last log lines."""


@dataclass(frozen=True, slots=True)
class Child:
    """What to run, and where its output goes."""

    name: str
    command: tuple[str, ...]
    log: Path


@dataclass(slots=True)
class _Running:
    child: Child
    popen: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)
    start_at: float = 0.0


def pause_before_restart(deaths: Sequence[float], now: float) -> float | None:
    """Seconds to wait, longer with each recent death; None: too many, give up."""
    recent = [at for at in deaths if now - at < WINDOW]
    if len(recent) > MOST_DEATHS:
        return None
    return min(0.25 * 2.0 ** (len(recent) - 1), LONGEST_PAUSE) if recent else 0.0


class Supervisor:
    """Starts children in sessions of their own, so that only we decide when they end.

    `tell` hears, in a sentence, when a child died and when it comes back. `register` is the file that
    names our children, by which the next start finds what a `kill -9` may have left.
    """

    def __init__(
        self,
        children: Sequence[Child],
        environment: Mapping[str, str],
        register: Path,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._running = [_Running(child) for child in children]
        self._register = register
        self._tell = tell
        # The children hold the reading end: it ends when we do, however we end.
        self._far, self._near = os.pipe()
        self._environment = {**environment, SIGN: "1", "PYTHONUNBUFFERED": "1"}

    def start(self) -> None:
        for one in self._running:
            self._launch(one)

    def check(self) -> None:
        """Restart what died. To be called every fraction of a second; raises `GaveUp`."""
        now = time.monotonic()
        for one in self._running:
            if one.popen is not None and one.popen.poll() is not None:
                self._mourn(one, now)
            if one.popen is None and now >= one.start_at:
                self._launch(one)

    def stop(self) -> None:
        """SIGTERM to all at once, ten seconds of grace for all together, then SIGKILL."""
        popens = [one.popen for one in self._running if one.popen is not None]
        for popen in popens:
            popen.terminate()
        deadline = time.monotonic() + GRACE
        while any(popen.poll() is None for popen in popens) and time.monotonic() < deadline:
            time.sleep(POLL)
        for popen in popens:
            if popen.poll() is None:
                popen.kill()
            popen.wait()
        for number in (self._far, self._near):
            with suppress(OSError):
                os.close(number)
        self._register.unlink(missing_ok=True)

    def pids(self) -> dict[str, int]:
        return {one.child.name: one.popen.pid for one in self._running if one.popen is not None}

    def _launch(self, one: _Running) -> None:
        one.child.log.parent.mkdir(parents=True, exist_ok=True)
        _make_room(one.child.log)
        with one.child.log.open("ab") as log:
            one.popen = subprocess.Popen(  # noqa: S603 - our own commands
                one.child.command,
                stdin=self._far,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )
        self._note()

    def _mourn(self, one: _Running, now: float) -> None:
        assert one.popen is not None
        status, one.popen = one.popen.returncode, None
        one.deaths = [*one.deaths[-MOST_DEATHS:], now]
        pause = pause_before_restart(one.deaths, now)
        if pause is None:
            lines = last_lines(one.child.log)
            raise GaveUp(f"{one.child.name} keeps dying ({one.child.log}). Its last lines:\n{lines}")
        one.start_at = now + pause
        self._tell(f"{one.child.name} died ({_cause(status)}); starting it again")

    def _note(self) -> None:
        found = [identify(one.popen.pid) for one in self._running if one.popen is not None]
        listed = [[process.pid, process.born] for process in found if process]
        self._register.write_text(json.dumps(listed))


def end_leftovers(register: Path) -> int:
    """End the children of a supervisor that was killed; how many there still were."""
    try:
        listed = json.loads(register.read_text())
        left = [one for one in (Process(int(pid), str(born)) for pid, born in listed) if alive(one)]
    except (OSError, ValueError, TypeError):
        return 0
    for process in left:
        # They noticed already and are on their way; nothing is lost by hurrying them.
        end(process, (SIGTERM, 1.0), (SIGKILL, 5.0))
    register.unlink(missing_ok=True)
    return len(left)


def last_lines(log: Path, count: int = LAST_LINES) -> str:
    with suppress(OSError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 65536))
        return "\n".join(deque(file.read().decode(errors="replace").splitlines(), maxlen=count))
    return ""


def _make_room(log: Path) -> None:
    """Keep one older log beside the one that grew too large."""
    with suppress(OSError):
        if log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".old"))


def _cause(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"
