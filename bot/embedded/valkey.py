"""Valkey from its wheel: appendonly, never evicting, on a Unix socket only."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM
from urllib.parse import quote

from bot.embedded.places import server_user, socket_folder, valkey_program
from bot.errors import ConfigurationError
from bot.processes import POLL, Process, command, end, identify

PATIENCE = 30.0

_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class Valkey:
    """One server: where its data and its socket are."""

    data: Path
    sockets: Path
    log: Path

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """As redis-py writes it."""
        return f"unix://{quote(str(self.socket))}?db=0"

    @property
    def celery_url(self) -> str:
        """As Celery writes it."""
        return f"redis+socket://{quote(str(self.socket))}?virtual_host=0"

    def process(self) -> Process | None:
        try:
            pid = int((self.data / "pid").read_text())
        except (OSError, ValueError):
            return None
        found = identify(pid)
        return found if found and str(self.data) in command(pid) else None

    def ready(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(2.0)
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(5) == b"+PONG"
        except OSError:
            return False

    def start(self) -> None:
        """Ready when this returns. A log file that cannot be read is put aside: a broker keeps nothing."""
        if self._until_ready():
            return
        if (self.data / "appendonlydir").exists():
            (self.data / "appendonlydir").rename(self.data / f"unreadable-{time.time_ns()}")
            if self._until_ready():
                return
        raise ConfigurationError(f"Valkey does not start; its log: {self.log}")

    def stop(self, *, at_once: bool = False) -> None:
        """Gone when this returns."""
        process = self.process()
        if process is not None:
            end(process, *([] if at_once else [(SIGTERM, 10.0)]), (SIGKILL, 5.0))

    def _until_ready(self) -> bool:
        child = None if self.process() else self._launch()
        deadline = time.monotonic() + PATIENCE
        while not self.ready():
            gone = child.poll() is not None if child else self.process() is None
            if time.monotonic() > deadline or (gone and child):
                return False
            if gone:
                child = self._launch()
            time.sleep(POLL)
        return True

    def _launch(self) -> subprocess.Popen[bytes]:
        with suppress(FileNotFoundError):
            (self.data / "pid").unlink()
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "pidfile": str(self.data / "pid"),
            "logfile": str(self.log),
            "daemonize": "no",
            # The command line is how we know our own server again.
            "set-proc-title": "no",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        child = subprocess.Popen(  # noqa: S603 - our own program and paths
            [str(valkey_program()), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        _started.append(child)
        return child


def valkey_in(base: Path) -> Valkey:
    """The server whose data are in `base/valkey`."""
    folder = base / "valkey"
    folder.mkdir(exist_ok=True, mode=0o700)
    return Valkey(folder, socket_folder(base, "vk", server_user()), folder / "log")
