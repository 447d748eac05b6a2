"""Before anything starts: is our port free, and do the servers that were named answer?"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bot.errors import ConfigurationError
from bot.processes import command

DEFAULTS = {"postgres": 5432, "postgresql": 5432, "redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671}
LISTENING = "0A"


def require_free(host: str, port: int) -> None:
    """Raises `ConfigurationError` that names who holds the port, where that can be found out."""
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, number) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except socket.gaierror as error:
        raise ConfigurationError(f"HOST={host} is no address of this machine.") from error
    except PermissionError as error:
        raise ConfigurationError(
            f"Port {port} needs more rights: set PORT to one above 1023 in .env."
        ) from error
    except OSError as error:
        raise ConfigurationError(
            f"Port {port} is taken{_by_whom(port)}: end that, or set PORT to another one in .env."
        ) from error


def free_port(host: str) -> int:
    """Any port that nobody holds right now, for PORT=0."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def require_answer(setting: str, url: str, *, timeout: float = 5.0) -> None:
    """Raises `ConfigurationError` where nobody listens at the address; tells nothing of the password."""
    try:
        parts = urlsplit(url)
        where = _target(url)
    except ValueError as error:
        raise ConfigurationError(
            f"{setting} is not an address. It looks like {_example(setting)}."
        ) from error
    if parts.scheme.partition("+")[0] not in {*DEFAULTS, "unix"}:
        raise ConfigurationError(f"{setting} does not begin as an address of it does: {_example(setting)}.")
    try:
        if isinstance(where, str):
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(timeout)
                line.connect(where)
        else:
            socket.create_connection(where, timeout=timeout).close()
    except OSError as error:
        name = where if isinstance(where, str) else f"{where[0]}:{where[1]}"
        raise ConfigurationError(
            f"{setting}: nothing answers at {name} ({error.strerror or error}). "
            f"Start that server, correct {setting}, or remove it to use the embedded one."
        ) from error


def _target(url: str) -> tuple[str, int] | str:
    parts = urlsplit(url)
    scheme, _, how = parts.scheme.partition("+")
    if scheme == "unix" or how == "socket":
        return parts.path
    host = parts.hostname or (parse_qs(parts.query).get("host") or ["127.0.0.1"])[0]
    port = parts.port or DEFAULTS.get(scheme, 0)
    return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)


def _example(setting: str) -> str:
    return {
        "DATABASE_URL": "postgresql://user:password@host:5432/name",
        "CELERY_BROKER_URL": "redis://host:6379/0 or amqp://user:password@host:5672//",
    }.get(setting, "redis://host:6379/0")


def _by_whom(port: int) -> str:
    pid = next(_listeners(port), None)
    if pid is None:
        return ""
    words = command(pid)
    return f" by process {pid}" + (f" ({words[:80]})" if words else "")


def _listeners(port: int) -> Iterator[int]:
    """The processes that listen on the port, as far as we may look (Linux)."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    if not sockets:
        return
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with suppress(OSError):
            if any(os.readlink(link) in sockets for link in folder.iterdir()):
                yield int(folder.parent.name)


def _inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for row in Path(table).read_text().splitlines()[1:]:
                fields = row.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    yield fields[9]
