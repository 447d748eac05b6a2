"""A keep-alive HTTP connection that costs the sender almost nothing, so that the load is not the load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast


class Line(asyncio.Protocol):
    """One request at a time. The bytes are ready-made; of the answer we want status and body."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < end + 4 + length:
            return
        body = self._buffer[end + 4 : end + 4 + length]
        self._buffer = self._buffer[end + 4 + length :]
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_result((int(head[9:12]), body))

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(problem or ConnectionResetError("the server hung up"))

    @property
    def open(self) -> bool:
        return self._transport is not None

    async def send(self, request: bytes) -> tuple[int, bytes]:
        if self._transport is None:
            raise ConnectionResetError("not connected")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Lines:
    """A pool: whoever sends takes a free line, and makes one where there is none (and again once)."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[Line] = []

    async def send(self, request: bytes) -> tuple[int, bytes]:
        while self._free:
            line = self._free.pop()
            if line.open:
                break
        else:
            line = await connect(self._port)
        answer = await line.send(request)
        self._free.append(line)
        return answer

    def close(self) -> None:
        for line in self._free:
            line.close()
        self._free.clear()


async def connect(port: int) -> Line:
    made: tuple[Any, Line] = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", port)
    return made[1]


@asynccontextmanager
async def lines(port: int) -> AsyncIterator[Lines]:
    pool = Lines(port)
    try:
        yield pool
    finally:
        pool.close()


def request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """One POST as bytes."""
    said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{said}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body
