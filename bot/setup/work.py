"""Running one thing after another with a line for each, and not again what is done already."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / ".countersign" / "log"
LAST_LINES = 15

_printing = threading.Lock()


class Failed(Exception):
    """A step failed. The message is what the person at the terminal should read."""


def say(text: str) -> None:
    with _printing:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def plain(command: Sequence[str | Path]) -> list[str]:
    return [str(part) for part in command]


@dataclass(frozen=True, slots=True)
class Done:
    status: int
    output: str
    seconds: float


def run(
    command: Sequence[str | Path],
    *,
    folder: Path = ROOT,
    extra: Mapping[str, str] | None = None,
    within: float = 900.0,
    errors_too: bool = True,
) -> Done:
    """What came of it; a command that cannot start, or takes too long, has failed as well."""
    began = time.monotonic()
    try:
        done = subprocess.run(  # noqa: S603 - commands of our own
            plain(command),
            cwd=folder,
            env={**os.environ, **(extra or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if errors_too else subprocess.DEVNULL,
            timeout=within,
            check=False,
        )
        status, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as error:
        status, output = 124, (error.stdout or b"") + f"\nnot done within {within:.0f} s".encode()
    except OSError as error:
        status, output = 127, f"{error.filename}: {error.strerror}".encode()
    return Done(status, output.decode(errors="replace"), time.monotonic() - began)


def must(what: str, command: Sequence[str | Path], *, folder: Path = ROOT, within: float = 900.0) -> None:
    """Run it and say how long it took. Raises `Failed` with the last lines of what it printed."""
    done = run(command, folder=folder, within=within)
    if done.status:
        raise Failed(f"{what} failed:\n{tail(done.output)}{_hint(done.output)}")
    say(f"  ✓ {what} ({done.seconds:.1f} s)")


def tail(output: str) -> str:
    return "\n".join("    " + line for line in output.splitlines()[-LAST_LINES:])


def _hint(output: str) -> str:
    if "No space left on device" in output or "ENOSPC" in output:
        return "\n  The disk is full: free some space and run it again."
    return ""


def digest(paths: Iterable[Path], *words: str) -> str:
    """Of names and contents; a missing file counts as missing."""
    found = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        with suppress(OSError):
            found.update(str(path.relative_to(ROOT)).encode() + b"\0")
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def is_current(stamp: Path, wanted: str) -> bool:
    try:
        return stamp.read_text() == wanted
    except OSError:
        return False


def write_stamp(stamp: Path, wanted: str) -> None:
    making = stamp.with_name(f"{stamp.name}.new")
    making.write_text(wanted)
    making.replace(stamp)


@contextmanager
def alone() -> Iterator[None]:
    """Two of us in one folder take turns."""
    path = ROOT / ".countersign" / "setup.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  … another setup is at work in this folder; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
