"""All that a running sandbox holds beside its store, and the key under which the app carries it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from integrations.jira.sandbox.faults import Faults
from integrations.jira.sandbox.store import Store

OnWire = Callable[[dict[str, Any]], None]

# Seconds until Cloud's search shows what changed. Data Center's index is up to date.
LAG = 1.0


@dataclass(slots=True)
class Sandbox:
    """`wake` tells of a new delivery; `latency` is milliseconds before each answer; `home` is learned.

    `duplicates`: how many more times each webhook is delivered. `denied`: rights that we do not have.
    `off_screen`: fields that no ticket can be given when it is made. `version`: by which we were last asked.
    """

    store: Store
    webhook_url: str
    webhook_secret: str
    clock: Callable[[], float]
    on_wire: OnWire
    token: str = ""
    faults: Faults = field(default_factory=Faults)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    lag: float = LAG
    latency: int = 0
    duplicates: int = 0
    paused: bool = False
    denied: frozenset[str] = frozenset()
    off_screen: frozenset[str] = frozenset()
    home: str = ""
    version: int = 3


SANDBOX = web.AppKey("SANDBOX", Sandbox)


def home_of(request: web.Request, tail: str) -> str:
    """The address that this sandbox is mounted at, from the request's own."""
    prefix = request.path[: -len(tail)] if tail and request.path.endswith(tail) else ""
    return f"{request.scheme}://{request.host}{prefix.rstrip('/')}"
