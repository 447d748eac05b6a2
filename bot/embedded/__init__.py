"""PostgreSQL and Valkey without an installation: for `countersign up` and for the tests.

`start` is idempotent and recovers from anything short of a broken disk; `stop` leaves nothing.
`private` gives the tests a pair of their own, which is gone afterwards whatever happens.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.embedded.places import home, server_user
from bot.embedded.postgres import Postgres, postgres_in
from bot.embedded.valkey import Valkey, valkey_in

# Lives on our standard input's pipe; when we die without a word it ends the pair and its folder.
_GUARD = (
    'cat >/dev/null; for p in "$@"; do case $p in /*) rm -rf "$p";; *) kill -9 "$p" 2>/dev/null;; esac; done'
)


@dataclass(frozen=True, slots=True)
class Servers:
    """What runs. A server that was not wanted is None, and its address empty."""

    postgres: Postgres | None = None
    valkey: Valkey | None = None

    @property
    def database_url(self) -> str:
        """The superuser's address, for asyncpg and, with its scheme changed, SQLAlchemy."""
        return self.postgres.url if self.postgres else ""

    @property
    def redis_url(self) -> str:
        """For redis-py."""
        return self.valkey.url if self.valkey else ""

    @property
    def celery_broker_url(self) -> str:
        """For Celery, which spells the same socket differently."""
        return self.valkey.celery_url if self.valkey else ""

    def alive(self) -> bool:
        """Every server's process is there."""
        return all(server.process() for server in (self.postgres, self.valkey) if server)

    def stop(self, *, at_once: bool = False) -> None:
        servers = [server for server in (self.valkey, self.postgres) if server]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda server: server.stop(at_once=at_once), servers))


def start(
    state_dir: Path, *, want_postgres: bool = True, want_valkey: bool = True, durable: bool = True
) -> Servers:
    """Both servers, ready, with their data under `state_dir`. Raises `ConfigurationError`."""
    base = home(state_dir, server_user())
    with _only_one(base / "servers.lock"), ThreadPoolExecutor(2) as pool:
        servers = Servers(
            postgres_in(base) if want_postgres else None,
            valkey_in(base) if want_valkey else None,
        )
        jobs = []
        if servers.postgres:
            jobs.append(pool.submit(servers.postgres.start, durable=durable))
        if servers.valkey:
            jobs.append(pool.submit(servers.valkey.start))
        for job in jobs:
            job.result()
    return servers


def find(state_dir: Path) -> Servers:
    """The servers of this folder, running or not; for stopping them."""
    base = home(state_dir, server_user())
    return Servers(
        postgres_in(base) if (base / "postgres").exists() else None,
        valkey_in(base) if (base / "valkey").exists() else None,
    )


@contextmanager
def private(*, want_postgres: bool = True, want_valkey: bool = True) -> Iterator[Servers]:
    """A pair of one's own in a folder of its own, both gone at the end, even of `kill -9`."""
    folder = Path(tempfile.mkdtemp(prefix="cs-"))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    servers = start(folder, want_postgres=want_postgres, want_valkey=want_valkey, durable=False)
    base = home(folder, server_user())
    guard = _guard(servers, {folder, base})
    try:
        yield servers
    finally:
        servers.stop(at_once=True)
        guard.kill()
        guard.communicate()
        for path in {folder, base}:
            shutil.rmtree(path, ignore_errors=True)


def _guard(servers: Servers, folders: set[Path]) -> subprocess.Popen[bytes]:
    running = [server.process() for server in (servers.postgres, servers.valkey) if server]
    what = [str(process.pid) for process in running if process] + [str(folder) for folder in folders]
    return subprocess.Popen(  # noqa: S603 - a fixed script, our own pids and folders
        ["/bin/sh", "-c", _GUARD, "guard", *what],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Two starts at once in one folder take turns."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
