"""PostgreSQL 18 from its wheel, on a Unix socket only, as a process of our own.

We run `postgres` itself: no helper that trusts stale pid files, opens folders to others, or
stops the server under somebody else. It outlives us when we are killed, and is found again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT
from urllib.parse import quote

from bot.embedded import wire
from bot.embedded.places import (
    POSTGRES_SOCKET,
    User,
    own_folder,
    postgres_programs,
    server_user,
    socket_folder,
)
from bot.errors import ConfigurationError
from bot.processes import POLL, Process, command, end, identify

DATABASE = "countersign"
PATIENCE = 60.0  # a start after a crash replays the log first
RETRY = 0.3
LOST = 3.0  # a running server makes its socket sooner

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "512MB",  # holds what a search among 100,000 pieces of pages touches; taken as needed
    "log_min_messages": "warning",
    # Neither statements nor row values belong in a log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
THROW_AWAY = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "256MB"}

# Children stay known, so that Python does not warn about a server that is meant to outlive it.
_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class Postgres:
    """One server: where its data and its socket are."""

    data: Path
    sockets: Path
    log: Path
    user: User

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/{DATABASE}?host={quote(str(self.sockets))}"

    def process(self) -> Process | None:
        """The living postmaster of this data folder."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        found = identify(pid)
        return found if found and str(self.data) in command(pid) else None

    def ready(self) -> bool:
        return wire.ready(self.sockets)

    def start(self, *, durable: bool = True) -> None:
        """Ready when this returns. Safe to call on a running, crashed or half-made server."""
        if not (self.data / "PG_VERSION").exists():
            self._create(durable=durable)
        deadline = time.monotonic() + PATIENCE
        lost_after = time.monotonic() + LOST
        while not (self.process() and self.ready()):
            if time.monotonic() > deadline:
                raise ConfigurationError(f"PostgreSQL does not start; its log: {self.log}")
            if self.process() is None:
                self._launch(durable=durable)
            elif time.monotonic() > lost_after and not (self.sockets / POSTGRES_SOCKET).exists():
                self.stop()  # it runs, but somebody cleared its socket away
            else:
                time.sleep(POLL)
        if not wire.ask(self.sockets, f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):  # noqa: S608 - ours
            wire.ask(self.sockets, f"CREATE DATABASE {DATABASE}", timeout=30)

    def stop(self, *, at_once: bool = False) -> None:
        """Gone when this returns. `at_once`: without writing back, for data nobody needs."""
        process = self.process()
        if process is not None:
            first = (SIGQUIT, 5.0) if at_once else (SIGINT, 20.0)
            end(process, first, (SIGQUIT, 5.0), (SIGKILL, 5.0))

    def _create(self, *, durable: bool) -> None:
        """A new cluster beside its place, then moved there: killed half-way, it is made anew."""
        making = self.data.with_name("making")
        shutil.rmtree(making, ignore_errors=True)
        own_folder(making, self.user)
        done = subprocess.run(  # noqa: S603 - our own program and paths
            [
                str(postgres_programs(self.user) / "initdb"),
                f"--pgdata={making}",
                "--username=postgres",
                "--auth=trust",  # whoever reaches the socket folder (0700) is us
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
                *([] if durable else ["--no-sync"]),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd="/",
            env=_environment(),
            user=self.user.become,
            group=self.user.become_group,
            extra_groups=[] if self.user.switch else None,
        )
        if done.returncode:
            raise ConfigurationError(_explain(done.stderr.strip().splitlines(), self.log))
        making.rename(self.data)

    def _launch(self, *, durable: bool) -> None:
        """Start the server and wait until it is ready, or has given up."""
        # Nobody runs here (`process` looked), but PostgreSQL believes a pid that a zombie or somebody
        # else has by now. Data that are really in use it knows by their shared memory.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        (self.sockets / f"{POSTGRES_SOCKET}.lock").unlink(missing_ok=True)
        settings = SETTINGS | {"unix_socket_directories": str(self.sockets)}
        settings |= {} if durable else THROW_AWAY
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            begin = log.tell()
            child = subprocess.Popen(  # noqa: S603 - our own program and paths
                [str(postgres_programs(self.user) / "postgres"), "-D", str(self.data), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                env=_environment(),
                user=self.user.become,
                group=self.user.become_group,
                extra_groups=[] if self.user.switch else None,
            )
        _started.append(child)
        deadline = time.monotonic() + PATIENCE
        while child.poll() is None and time.monotonic() < deadline:
            if self.ready():
                return
            time.sleep(POLL)
        if child.poll() is not None:
            self._judge(_log_since(self.log, begin))

    def _judge(self, lines: Sequence[str]) -> None:
        """A server that gave up: wait for what passes, and raise what does not."""
        text = "\n".join(lines)
        if "pre-existing shared memory" in text or "lock file" in text:
            # The children of a killed postmaster are about to notice its death.
            time.sleep(RETRY)
            return
        raise ConfigurationError(_explain(lines, self.log))


def postgres_in(base: Path, user: User | None = None) -> Postgres:
    """The server whose data are in `base/postgres`."""
    user = user or server_user()
    folder = base / "postgres"
    folder.mkdir(exist_ok=True, mode=0o711)
    sockets = socket_folder(base, "pg", user)
    return Postgres(folder / "data", sockets, folder / "log", user)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _log_since(log: Path, begin: int) -> list[str]:
    with log.open("rb") as file:
        file.seek(begin)
        return file.read(65536).decode(errors="replace").splitlines()


def _explain(lines: Sequence[str], log: Path) -> str:
    if any("No space left on device" in line for line in lines):
        return "The disk is full: PostgreSQL cannot start. Free some space and start again."
    if any("data directory has group or world access" in line for line in lines):
        return f"PostgreSQL's data folder is open to others: chmod 700 it. Its log: {log}"
    return f"PostgreSQL gave up: {lines[-1] if lines else 'without a word'} (its log: {log})"
