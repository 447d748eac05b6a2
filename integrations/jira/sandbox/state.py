"""All that a running sandbox holds beside its store, and the key under which the app carries it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from integrations.jira.sandbox.faults import faults
from integrations.jira.sandbox.store import Store
from integrations.sandboxes.faults import FaultList
from integrations.sandboxes.state import OnWire, home_of

__all__ = ["SANDBOX", "OnWire", "Sandbox", "home_of"]


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
    faults: FaultList = field(default_factory=faults)
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
