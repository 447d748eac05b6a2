"""All that a running sandbox holds beside its store, and the key under which the app carries it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from integrations.notion.sandbox.faults import faults
from integrations.notion.sandbox.store import Store
from integrations.sandboxes.faults import FaultList
from integrations.sandboxes.state import OnWire, home_of

__all__ = ["SANDBOX", "OnWire", "Sandbox", "home_of"]


@dataclass(slots=True)
class Sandbox:
    """`latency` is in seconds, for each call. `query_lag` and `search_lag`: how long a new page is
    missing from what is asked. `per_minute`: how many calls a minute are answered, 0: all.
    `duplicates`: how many more times each webhook is delivered.
    """

    store: Store
    webhook_url: str
    webhook_secret: str
    clock: Callable[[], float]
    on_wire: OnWire
    token: str = ""
    faults: FaultList = field(default_factory=faults)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    latency: float = 0.0
    query_lag: float = 1.0
    search_lag: float = 5.0
    per_minute: int = 0
    calls: list[float] = field(default_factory=list)
    duplicates: int = 0
    paused: bool = False
    home: str = ""

    def too_many(self, now: float) -> int:
        """Seconds to wait, or 0: a fixed budget for each window of a minute."""
        if not self.per_minute:
            return 0
        window = now - now % 60
        self.calls = [each for each in self.calls if each >= window]
        if len(self.calls) >= self.per_minute:
            return max(1, int(window + 60 - now + 0.999))
        self.calls.append(now)
        return 0


SANDBOX = web.AppKey("SANDBOX", Sandbox)
