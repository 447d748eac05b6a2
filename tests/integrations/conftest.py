"""A server that says exactly what a test wants said, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

Script = Callable[[socket.socket], None]


class Server:
    """A port that reads one request and then does what the script says."""

    def __init__(self, script: Script) -> None:
        self.script, self.requests = script, list[bytes]()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                threading.Thread(target=self._one, args=(sock,), daemon=True).start()

    def _one(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            got = b""
            while b"\r\n\r\n" not in got:
                got += sock.recv(65536)
            self.requests.append(got)
            self.script(sock)


@pytest.fixture
def serve() -> Iterator[Callable[[Script], Server]]:
    servers: list[Server] = []

    def make(script: Script) -> Server:
        servers.append(Server(script))
        return servers[-1]

    yield make
    for server in servers:
        server.listener.close()
