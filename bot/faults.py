"""Fault points: where a test lets a process of ours die, freeze, lose a connection or dawdle.

    FAULT=F13                  the first time F13 is reached: kill -9 ourselves
    FAULT=F13:2:stop           the second time: freeze, until somebody sends SIGCONT
    FAULT=F19:1+:drop,F04:1:drop   every time: the connection breaks
    FAULT=F12:1:slow=1.5       the first time: take a second and a half
    FAULT=@/some/file          such a line is in this file, one for several processes, and may change

Test builds only: with FAULT and without COUNTERSIGN_TEST_BUILD=1 nothing starts. Unset, a point
costs a look at one global. The file is for processes that live on: counts are shared by all that
read it, a fault that struck is taken out of it, and noted in the file of the same name with `.hit`.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bot.errors import ConfigurationError

SLOW = 60.0  # seconds: longer than any lease of ours
_SHAPE = re.compile(
    r"(F[0-9]{2}[a-z]?)(?::([1-9][0-9]{0,3})(\+?))?(?::(kill|stop|drop|slow)(?:=([0-9.]{1,6}))?)?"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """`nth` time that its point is reached; `ever`: every time from then on."""

    id: str
    nth: int = 1
    ever: bool = False
    mode: str = "kill"
    seconds: float = SLOW

    def __str__(self) -> str:
        length = f"={self.seconds:g}" if self.mode == "slow" else ""
        return f"{self.id}:{self.nth}{'+' if self.ever else ''}:{self.mode}{length}"

    def strike(self, natural: type[Exception]) -> None:
        """What `mode` says, but for `slow`. `natural`: the error of a broken connection at this spot."""
        if self.mode == "drop":
            raise natural(f"{self.id}: dropped by a test")
        os.kill(os.getpid(), signal.SIGSTOP if self.mode == "stop" else signal.SIGKILL)


def parse(text: str) -> tuple[Fault, ...]:
    """Raises `ConfigurationError`."""
    return tuple(_parse(part.strip()) for part in text.split(",") if part.strip())


def _parse(text: str) -> Fault:
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ConfigurationError("FAULT is not of the form F13, F13:2:kill, F13:1+:drop or F13:1:slow=1.5.")
    id, nth, ever, mode, seconds = match.groups()
    return Fault(id, int(nth or 1), bool(ever), mode or "kill", float(seconds or SLOW))


class Armed:
    """The faults that wait for their turn, in this process or in a file shared with others."""

    def __init__(self, text: str) -> None:
        self._file = Path(text[1:]) if text.startswith("@") else None
        self._waiting = () if self._file else parse(text)
        self._lock = threading.Lock()

    def reached(self, id: str) -> Fault | None:
        """Counts, and answers the fault that strikes now."""
        with self._lock:
            if self._file is not None:
                return self._shared(self._file, id)
            self._waiting, struck = _count(self._waiting, id)
            return struck

    def _shared(self, path: Path, id: str) -> Fault | None:
        try:
            file = path.open("r+")
        except FileNotFoundError:
            return None
        with file:
            text = file.read()
            if id not in text:
                return None
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            waiting, struck = _count(parse(file.read()), id)
            file.seek(0)
            file.truncate()
            file.write(",".join(map(str, waiting)))
            file.flush()
            if struck is not None:
                with path.with_name(f"{path.name}.hit").open("a") as hits:
                    hits.write(f"{struck} {os.getpid()}\n")
            return struck


def _count(waiting: tuple[Fault, ...], id: str) -> tuple[tuple[Fault, ...], Fault | None]:
    left: list[Fault] = []
    struck = None
    for fault in waiting:
        if fault.id != id or (struck is not None and fault.nth == 1):
            left.append(fault)
        elif fault.nth > 1:
            left.append(replace(fault, nth=fault.nth - 1))
        else:
            struck = fault
            if fault.ever:
                left.append(fault)
    return tuple(left), struck


_armed: Armed | None = None


def arm(environment: Mapping[str, str] = os.environ) -> None:
    """Reads FAULT. Raises `ConfigurationError` outside of test builds."""
    global _armed
    text = environment.get("FAULT", "")
    if text and environment.get("COUNTERSIGN_TEST_BUILD") != "1":
        raise ConfigurationError("FAULT lets this process fail on purpose, for tests only: unset it.")
    _armed = Armed(text) if text else None


async def point(id: str, natural: type[Exception] = ConnectionResetError) -> None:
    """Here a test may strike. `natural`: what a broken connection raises here."""
    if _armed is not None and (fault := _armed.reached(id)) is not None:
        if fault.mode == "slow":
            await asyncio.sleep(fault.seconds)
        else:
            fault.strike(natural)


def point_sync(id: str, natural: type[Exception] = ConnectionResetError) -> None:
    """As `point`, for threads."""
    if _armed is not None and (fault := _armed.reached(id)) is not None:
        if fault.mode == "slow":
            time.sleep(fault.seconds)
        else:
            fault.strike(natural)
