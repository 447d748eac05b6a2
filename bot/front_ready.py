"""GET /healthz and /readyz: whether we are alive, and whether what we need answers."""

from __future__ import annotations

import asyncio
import time

import structlog
from aiohttp import web

from bot.front_answers import say
from bot.front_inbox import Inbox

log = structlog.get_logger()

FRESH_SECONDS = 1.0


class Readiness:
    """Asks at most once a second, however often it is asked: anyone may call it."""

    def __init__(self, inbox: Inbox, seconds: float) -> None:
        self._inbox = inbox
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._known: dict[str, bool] = {}
        self._asked = float("-inf")

    async def alive(self, _request: web.Request) -> web.Response:
        return say(200, {"alive": True})

    async def ready(self, _request: web.Request) -> web.Response:
        async with self._lock:
            if time.monotonic() - self._asked >= FRESH_SECONDS:
                self._known = await self._ask()
                self._asked = time.monotonic()
        ready = all(self._known.values())
        return say(200 if ready else 503, {"ready": ready, **self._known})

    async def _ask(self) -> dict[str, bool]:
        try:
            async with asyncio.timeout(self._seconds):
                return dict(await self._inbox.ready())
        except Exception as problem:
            log.warning("front.not_ready", error=type(problem).__name__)
            return {"inbox": False}
