"""All that a running sandbox holds beside its store, and the keys under which the app carries it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from integrations.sandboxes.faults import FaultList
from integrations.sandboxes.state import OnWire, home_of
from integrations.stripe.sandbox.faults import faults
from integrations.stripe.sandbox.store import Store

__all__ = ["SANDBOX", "OnWire", "Sandbox", "home_of"]


@dataclass(slots=True)
class Sandbox:
    """`running` are the idempotency keys of requests in flight; `wake` tells of a new delivery.

    `duplicates`: how many more times each webhook is delivered. `home` is learned from the first request.
    `search_lag`: seconds by which a search runs behind.
    """

    store: Store
    webhook_url: str
    webhook_secret: str
    clock: Callable[[], float]
    on_wire: OnWire
    api_key: str = ""
    faults: FaultList = field(default_factory=faults)
    running: set[str] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    duplicates: int = 0
    paused: bool = False
    home: str = ""
    search_lag: float = 1.0


SANDBOX = web.AppKey("SANDBOX", Sandbox)
