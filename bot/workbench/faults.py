"""Trouble on demand: what a platform does on a bad day, for the next calls of a method."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass

from aiohttp import web

from bot.workbench.cast import Json

KINDS = frozenset(
    {"429", "500_before", "500_after", "hang_before", "hang_after", "drop_after", "html", "error"}
)
# Of a file that is fetched, besides.
FILE_KINDS = frozenset({"expired", "lying", "drip", "endless", "redirect"})
MOST = 100


class BadFault(Exception):
    """A fault that is asked for does not exist; the message says what does."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`before`: nothing was done. `after`: it was done, and the caller does not learn it."""

    service: str
    method: str
    kind: str
    seconds: float = 1.0
    error: str = ""

    async def before(self, request: web.Request) -> web.Response | None:
        match self.kind:
            case "429":
                retry = {"Retry-After": f"{max(self.seconds, 0):g}"}
                body = {"ok": False, "error": "ratelimited"}
                return web.json_response(body, status=429, headers=retry)
            case "500_before":
                return web.Response(status=500, text="upstream error")
            case "hang_before":
                await asyncio.sleep(self.seconds)
                return web.Response(status=504, text="upstream time-out")
            case "html":
                return web.Response(text="<html><body>Maintenance</body></html>", content_type="text/html")
            case "error" if self.service == "slack":
                return web.json_response({"ok": False, "error": self.error})
            case "error":
                body = {"error": {"code": self.error, "message": self.error}}
                return web.json_response(body, status=403)
        return None

    async def after(self, request: web.Request, answer: web.StreamResponse) -> web.StreamResponse:
        match self.kind:
            case "500_after":
                return web.Response(status=500, text="upstream error")
            case "hang_after":
                await asyncio.sleep(self.seconds)
            case "drop_after" if request.transport is not None:
                request.transport.abort()
        return answer


class Faults:
    """Kept in memory only: a restart is a good day again."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, wish: Json) -> None:
        kind = str(wish.get("kind"))
        if kind not in KINDS and not (kind in FILE_KINDS and wish.get("method") == "files.download"):
            raise BadFault(f"kind has to be one of {', '.join(sorted(KINDS))}")
        if wish.get("service") not in ("slack", "teams"):
            raise BadFault("service has to be slack or teams")
        fault = Fault(
            service=str(wish["service"]),
            method=str(wish.get("method") or "*"),
            kind=kind,
            seconds=min(float(wish.get("seconds", 1.0)), 60.0),
            error=str(wish.get("error") or "fatal_error"),
        )
        times = min(int(wish.get("times", 1)), MOST)
        self._waiting = [*self._waiting, *itertools.repeat(fault, times)][-MOST:]

    def clear(self) -> None:
        self._waiting = []

    def take(self, service: str, method: str) -> Fault | None:
        """The first that fits this call, used up by it. A method is a whole name, or `*`."""
        for number, fault in enumerate(self._waiting):
            if fault.service == service and fault.method in ("*", method):
                return self._waiting.pop(number)
        return None
