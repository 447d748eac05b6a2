"""Tables, roles and flows, before anything of ours runs; and not again while nothing changed.

It happens in a process of its own: the supervisor, which stays, need not hold alembic in memory.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from bot.embedded import Servers, wire
from bot.errors import ConfigurationError
from bot.keys import write_private

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("migrations", "workers", "flows", "integrations")
WITHIN = 600.0


def prepare(
    state: Path, servers: Servers, environment: Mapping[str, str], command: Iterable[str] | None = None
) -> dict[str, str]:
    """The variables that the prepared database adds: DATABASE_URL, now as the application's role."""
    stamp = state / "prepared.json"
    digest = _digest(environment, servers)
    if servers.postgres and (kept := _kept(stamp, digest)):
        return kept
    made = _run(environment, command or (sys.executable, "-m", "bot.cli", "prepare"))
    if servers.postgres:
        write_private(stamp, json.dumps({"digest": digest, "variables": made}))
    return made


def _run(environment: Mapping[str, str], command: Iterable[str]) -> dict[str, str]:
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            list(command),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ConfigurationError(f"The database was not ready within {WITHIN:.0f} s.") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["without a word"]
        raise ConfigurationError(f"The database could not be prepared: {lines[-1].strip()}")
    made = json.loads(done.stdout.splitlines()[-1])
    return {str(name): str(value) for name, value in made.items()}


def _digest(environment: Mapping[str, str], servers: Servers) -> str:
    """Of everything that a preparation rests on: our sources, the key, and the cluster itself."""
    found = hashlib.sha256()
    found.update(environment.get("SECRET_KEY", "").encode())
    if servers.postgres:
        (cluster,) = wire.ask(servers.postgres.sockets, "SELECT system_identifier FROM pg_control_system()")
        found.update(f"{cluster}{servers.postgres.sockets}".encode())
    policy = Path(environment.get("POLICY_FILE", "flows/policy.yaml"))
    for path in [*sorted(_files()), policy]:
        with suppress(OSError):
            found.update(hashlib.sha256(path.read_bytes()).digest() + str(path).encode())
    return found.hexdigest()


def _files() -> Iterable[Path]:
    for folder in SOURCES:
        for pattern in ("*.py", "*.yaml", "*.mako"):
            yield from (ROOT / folder).rglob(pattern)


def _kept(stamp: Path, digest: str) -> dict[str, str]:
    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(stamp.read_text())
        if kept["digest"] == digest:
            return dict(kept["variables"])
    return {}
