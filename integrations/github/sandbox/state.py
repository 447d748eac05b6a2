"""All that a running sandbox holds beside its store, and the key under which the app carries it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from integrations.github.sandbox.faults import faults
from integrations.github.sandbox.store import Store
from integrations.sandboxes.faults import FaultList
from integrations.sandboxes.state import OnWire

__all__ = ["SANDBOX", "OnWire", "Sandbox", "parts_of"]

HOURLY = 5000


@dataclass(slots=True)
class Sandbox:
    """`wake` tells of a new delivery. `latency_ms` is added to each call. `used` counts this hour's."""

    store: Store
    webhook_url: str
    webhook_secret: str
    clock: Callable[[], float]
    on_wire: OnWire
    token: str = ""
    faults: FaultList = field(default_factory=faults)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    latency_ms: int = 0
    duplicates: int = 0
    paused: bool = False
    home: str = ""
    used: int = 0
    hour: int = 0

    def rate(self, now: float) -> dict[str, str]:
        """The headers that count. Nobody is stopped: for that there is a fault."""
        hour = int(now // 3600)
        self.used, self.hour = (self.used + 1, hour) if hour == self.hour else (1, hour)
        return {
            "x-ratelimit-limit": str(HOURLY),
            "x-ratelimit-remaining": str(max(HOURLY - self.used, 1)),
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-reset": str((hour + 1) * 3600),
            "x-ratelimit-resource": "core",
        }


SANDBOX = web.AppKey("SANDBOX", Sandbox)


# The first of these that is a whole part of the path begins GitHub's own.
_OURS = re.compile(r"/(?:user|app|search|repos)(?=/|$)")


def parts_of(request: web.Request) -> tuple[str, str]:
    """The address that this sandbox is mounted at, and the path behind it, still quoted."""
    raw = request.rel_url.raw_path
    found = _OURS.search(raw)
    place = found.start() if found else len(raw)
    return f"{request.scheme}://{request.host}{raw[:place]}", raw[place:]
