"""What every running sandbox has, whichever service it stands for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from aiohttp import web

from integrations.sandboxes.faults import FaultList

OnWire = Callable[[dict[str, Any]], None]


class Store(Protocol):
    def close(self) -> None: ...


class Running(Protocol):
    """`duplicates`: how many more times each webhook is delivered. `wake` tells of a new delivery."""

    duplicates: int
    paused: bool

    @property
    def webhook_url(self) -> str: ...

    @property
    def clock(self) -> Callable[[], float]: ...

    @property
    def on_wire(self) -> OnWire: ...

    @property
    def wake(self) -> asyncio.Event: ...

    @property
    def store(self) -> Store: ...

    @property
    def faults(self) -> FaultList: ...


def home_of(request: web.Request, tail: str) -> str:
    """The address that this sandbox is mounted at, from the request's own."""
    prefix = request.path[: -len(tail)] if tail and request.path.endswith(tail) else ""
    return f"{request.scheme}://{request.host}{prefix.rstrip('/')}"


def deaf(_: object) -> None:
    """Nobody listens to the wire."""
