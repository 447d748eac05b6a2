"""/_sandbox: faults, latency, what others do there, and what there is. This machine only."""

from __future__ import annotations

from aiohttp import web

from integrations.notion.sandbox import people, things
from integrations.notion.sandbox.deliver import handshake
from integrations.notion.sandbox.seed import seed
from integrations.notion.sandbox.state import SANDBOX, Sandbox
from integrations.notion.sandbox.things import Data
from integrations.sandboxes.controlling import Route, basics, body_of, done, number

MOST_RECORDS = 60


async def latency(request: web.Request) -> web.Response:
    """{"ms": for each call}."""
    request.app[SANDBOX].latency = number(await body_of(request), "ms", 60_000) / 1000
    return done()


async def lag(request: web.Request) -> web.Response:
    """{"query": seconds, "search": seconds}: how long a new page is not found."""
    sandbox, wanted = request.app[SANDBOX], await body_of(request)
    sandbox.query_lag = number(wanted, "query", 3600, sandbox.query_lag)
    sandbox.search_lag = number(wanted, "search", 3600, sandbox.search_lag)
    return done()


async def limit(request: web.Request) -> web.Response:
    """{"per_minute": how many calls are answered in one, 0 for all}."""
    sandbox = request.app[SANDBOX]
    sandbox.per_minute = int(number(await body_of(request), "per_minute", 1_000_000))
    sandbox.calls.clear()
    return done()


async def list_webhooks(request: web.Request) -> web.Response:
    rows = request.app[SANDBOX].store.deliveries()
    return web.json_response([{"event": kind, "state": state, "attempts": n} for kind, state, n in rows])


async def subscribe(request: web.Request) -> web.Response:
    """Sends the verification token, as Notion does once for a new subscription."""
    return web.json_response({"status": await handshake(request.app[SANDBOX])})


async def act(request: web.Request) -> web.Response:
    """{"do": what, "page": id or title, "who": name, "text": words}: see `people.ACTS`."""
    sandbox, wanted = request.app[SANDBOX], await body_of(request)
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
    return done()


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


ROUTES: tuple[Route, ...] = (
    *basics(SANDBOX),
    ("POST", "latency", latency),
    ("POST", "lag", lag),
    ("POST", "limit", limit),
    ("GET", "webhooks", list_webhooks),
    ("POST", "subscribe", subscribe),
    ("POST", "act", act),
    ("GET", "state", state),
    ("GET", "records", records),
    ("POST", "reset", reset),
)
