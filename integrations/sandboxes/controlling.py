"""/_sandbox: what the control side of every sandbox can do. This machine only."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import web

from integrations.addresses import is_this_machine
from integrations.sandboxes.state import Running

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Route = tuple[str, str, Handler]
S = TypeVar("S", bound=Running)

LARGEST = 262_144
MOST_DUPLICATES = 10


def local_only(handler: Handler, *refusals: type[Exception]) -> Handler:
    """From this machine, and not from a page in its browser: that would name another origin.

    A ValueError, or one of `refusals`, is a mistake of whoever asked.
    """

    mistakes: tuple[type[Exception], ...] = (ValueError, *refusals)

    async def guarded(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        foreign = origin is not None and origin != f"{request.scheme}://{request.host}"
        if not is_this_machine(request.remote or "") or foreign:
            return web.json_response({"error": "only from this machine"}, status=403)
        try:
            return await handler(request)
        except mistakes as error:
            said = str(error) or json.dumps(getattr(error, "body", ""))
            return web.json_response({"error": said}, status=400)

    return guarded


def basics(key: web.AppKey[S]) -> tuple[Route, ...]:
    """Faults, and how webhooks are sent."""

    async def fault(request: web.Request) -> web.Response:
        request.app[key].faults.add(await body_of(request))
        return done()

    async def no_faults(request: web.Request) -> web.Response:
        request.app[key].faults.waiting.clear()
        return done()

    async def webhooks(request: web.Request) -> web.Response:
        """{"duplicates": how many more times each is sent, "paused": whether any is sent}."""
        sandbox, wanted = request.app[key], await body_of(request)
        duplicates = whole(wanted, "duplicates", MOST_DUPLICATES, sandbox.duplicates)
        paused = wanted.get("paused", sandbox.paused)
        if not isinstance(paused, bool):
            raise ValueError("paused is true or false")
        sandbox.duplicates, sandbox.paused = duplicates, paused
        sandbox.wake.set()
        return done()

    return ("POST", "fault", fault), ("DELETE", "fault", no_faults), ("POST", "webhooks", webhooks)


def done() -> web.Response:
    return web.json_response({"ok": True})


def number(wanted: dict[str, Any], name: str, most: float, usual: float | None = None) -> float:
    """Raises ValueError unless it is a number from 0 to `most`."""
    value = wanted.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError(f"{name} is a number from 0 to {most:.0f}")
    return float(value)


def whole(wanted: dict[str, Any], name: str, most: int, usual: int | None = None) -> int:
    """Raises ValueError unless it is a whole number from 0 to `most`."""
    value = wanted.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise ValueError(f"{name} is a whole number from 0 to {most}")
    return value


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises ValueError for anything else, and for what is too large."""
    if request.content_type != "application/json":
        raise ValueError("the body is JSON")
    raw = bytearray()
    async for chunk in request.content.iter_any():
        raw += chunk
        if len(raw) > LARGEST:
            raise ValueError("the body is too large")
    try:
        wanted = json.loads(raw)
    except (ValueError, RecursionError):
        raise ValueError("the body is JSON") from None
    if not isinstance(wanted, dict):
        raise ValueError("the body is an object")
    return wanted
