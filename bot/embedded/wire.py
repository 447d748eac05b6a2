"""The few words of PostgreSQL's protocol that a start needs: are you ready, and one statement.

A client library would cost the supervisor a tenth of a second and twenty megabytes.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from bot.embedded.places import POSTGRES_SOCKET

LIMIT = 1 << 20


class NotReady(Exception):
    """Nobody answers, or the server answers that it is not open yet."""


def ask(folder: Path, statement: str = "", *, database: str = "postgres", timeout: float = 5.0) -> list[str]:
    """The first column of the answer to `statement` (none: just log in).

    Raises `NotReady` where the server does not take sessions, `RuntimeError` where it refuses
    the statement.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(timeout)
            line.connect(str(folder / POSTGRES_SOCKET))
            line.sendall(_startup(database))
            _until_ready(line, NotReady)
            if not statement:
                return []
            line.sendall(_message(b"Q", statement.encode() + b"\0"))
            return _until_ready(line, RuntimeError)
    except (OSError, EOFError) as error:
        raise NotReady(str(error)) from error


def ready(folder: Path) -> bool:
    try:
        ask(folder, timeout=2.0)
    except NotReady:
        return False
    return True


def _startup(database: str) -> bytes:
    pairs = b"".join(part.encode() + b"\0" for part in ("user", "postgres", "database", database))
    body = struct.pack("!i", 196608) + pairs + b"\0"
    return struct.pack("!i", len(body) + 4) + body


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _until_ready(line: socket.socket, refused: type[Exception]) -> list[str]:
    rows: list[str] = []
    while True:
        kind, body = _read(line)
        match kind:
            case b"Z":
                return rows
            case b"E":
                raise refused(_error_text(body))
            case b"D":
                rows.append(_first_column(body))


def _read(line: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(line, 5)
    (length,) = struct.unpack("!i", head[1:])
    if not 4 <= length <= LIMIT:
        raise OSError("not PostgreSQL")
    return head[:1], _exactly(line, length - 4)


def _exactly(line: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = line.recv(count - len(parts))
        if not part:
            raise EOFError("connection closed")
        parts += part
    return bytes(parts)


def _error_text(body: bytes) -> str:
    fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
    return fields.get(b"M", "refused")


def _first_column(body: bytes) -> str:
    (length,) = struct.unpack("!i", body[2:6])
    return "" if length < 0 else body[6 : 6 + length].decode(errors="replace")
