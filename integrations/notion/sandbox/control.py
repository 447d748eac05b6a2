"""/_sandbox: faults, latency, what others do there, and what there is. This machine only."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from integrations.addresses import is_this_machine
from integrations.notion.sandbox import people, things
from integrations.notion.sandbox.deliver import handshake
from integrations.notion.sandbox.faults import Refusal
from integrations.notion.sandbox.seed import seed
from integrations.notion.sandbox.state import SANDBOX, Sandbox
from integrations.notion.sandbox.things import Data

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOST_RECORDS = 60


def local_only(handler: Handler) -> Handler:
    """From this machine, and not from a page in its browser: that would name another origin."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        foreign = origin is not None and origin != f"{request.scheme}://{request.host}"
        if not is_this_machine(request.remote or "") or foreign:
            return web.json_response({"error": "only from this machine"}, status=403)
        try:
            return await handler(request)
        except (ValueError, Refusal) as error:
            return web.json_response({"error": str(error)}, status=400)

    return guarded


async def fault(request: web.Request) -> web.Response:
    request.app[SANDBOX].faults.add(await _json(request))
    return web.json_response({"ok": True})


async def no_faults(request: web.Request) -> web.Response:
    request.app[SANDBOX].faults.waiting.clear()
    return web.json_response({"ok": True})


async def latency(request: web.Request) -> web.Response:
    """{"ms": for each call}."""
    request.app[SANDBOX].latency = _number(await _json(request), "ms", 60_000) / 1000
    return web.json_response({"ok": True})


async def lag(request: web.Request) -> web.Response:
    """{"query": seconds, "search": seconds}: how long a new page is not found."""
    sandbox, wanted = request.app[SANDBOX], await _json(request)
    sandbox.query_lag = _number(wanted, "query", 3600, sandbox.query_lag)
    sandbox.search_lag = _number(wanted, "search", 3600, sandbox.search_lag)
    return web.json_response({"ok": True})


async def limit(request: web.Request) -> web.Response:
    """{"per_minute": how many calls are answered in one, 0 for all}."""
    sandbox = request.app[SANDBOX]
    sandbox.per_minute = int(_number(await _json(request), "per_minute", 1_000_000))
    sandbox.calls.clear()
    return web.json_response({"ok": True})


async def webhooks(request: web.Request) -> web.Response:
    """{"duplicates": how many more times each is sent, "paused": whether any is sent}."""
    sandbox, wanted = request.app[SANDBOX], await _json(request)
    paused = wanted.get("paused", sandbox.paused)
    if not isinstance(paused, bool):
        raise ValueError("paused is true or false")
    sandbox.duplicates = int(_number(wanted, "duplicates", 10, sandbox.duplicates))
    sandbox.paused = paused
    sandbox.wake.set()
    return web.json_response({"ok": True})


async def list_webhooks(request: web.Request) -> web.Response:
    rows = request.app[SANDBOX].store.deliveries()
    return web.json_response([{"event": kind, "state": state, "attempts": n} for kind, state, n in rows])


async def subscribe(request: web.Request) -> web.Response:
    """Sends the verification token, as Notion does once for a new subscription."""
    return web.json_response({"status": await handshake(request.app[SANDBOX])})


async def act(request: web.Request) -> web.Response:
    """{"do": what, "page": id or title, "who": name, "text": words}: see `people.ACTS`."""
    sandbox, wanted = request.app[SANDBOX], await _json(request)
    with sandbox.store.transaction():
        done = people.act(sandbox, wanted)
    sandbox.wake.set()
    return web.json_response(things.public(done, sandbox.home))


async def state(request: web.Request) -> web.Response:
    """Every page with its blocks and comments, newest first, and how many there are of one effect."""
    sandbox = request.app[SANDBOX]
    pages = sorted(sandbox.store.all("page"), key=lambda page: -page["_made"])
    return web.json_response({"pages": [_whole(sandbox, page) for page in pages]})


async def records(request: web.Request) -> web.Response:
    return web.json_response(all_records(request.app[SANDBOX]))


async def reset(request: web.Request) -> web.Response:
    sandbox = request.app[SANDBOX]
    with sandbox.store.transaction():
        sandbox.store.clear()
        seed(sandbox.store, sandbox.clock())
    sandbox.faults.waiting.clear()
    sandbox.latency, sandbox.query_lag, sandbox.search_lag = 0.0, 1.0, 5.0
    sandbox.duplicates, sandbox.paused, sandbox.per_minute = 0, False, 0
    return web.json_response({"ok": True})


def all_records(sandbox: Sandbox) -> list[Data]:
    """SandboxRecord in the page's protocol, newest first."""
    pages = sorted(sandbox.store.all("page"), key=lambda page: -page["_edited"])
    return [
        {
            "service": "Notion",
            "object": "page",
            "id": page["id"],
            "title": things.title_of(page) or "Untitled",
            "status": "in the trash" if page["in_trash"] else people.status_of(page),
            "json": things.public(page, sandbox.home),
        }
        for page in pages[:MOST_RECORDS]
    ]


def _whole(sandbox: Sandbox, page: Data) -> Data:
    found = sandbox.store.under("block", page["id"])
    return {
        "id": page["id"],
        "title": things.title_of(page),
        "created_by": page["created_by"]["id"],
        "in_trash": page["in_trash"],
        "blocks": [people.words_of(block) for block in found if not block["in_trash"]],
        "comments": [
            things.public(each, sandbox.home) for each in sandbox.store.under("comment", page["id"])
        ],
        "page": things.public(page, sandbox.home),
    }


def _number(wanted: Data, name: str, most: float, usual: float | None = None) -> float:
    value: Any = wanted.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise ValueError(f"{name} is a number from 0 to {most:.0f}")
    return float(value)


async def _json(request: web.Request) -> Data:
    if request.content_type != "application/json":
        raise ValueError("the body is JSON")
    try:
        wanted = json.loads(await request.content.read(65_536))
    except (ValueError, RecursionError):
        raise ValueError("the body is JSON") from None
    if not isinstance(wanted, dict):
        raise ValueError("the body is an object")
    return wanted


ROUTES = (
    ("POST", "fault", fault),
    ("DELETE", "fault", no_faults),
    ("POST", "latency", latency),
    ("POST", "lag", lag),
    ("POST", "limit", limit),
    ("POST", "webhooks", webhooks),
    ("GET", "webhooks", list_webhooks),
    ("POST", "subscribe", subscribe),
    ("POST", "act", act),
    ("GET", "state", state),
    ("GET", "records", records),
    ("POST", "reset", reset),
)
