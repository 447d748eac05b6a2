"""/_sandbox: faults, what other people do there, records and counts. This machine only."""

from __future__ import annotations

from aiohttp import web

from integrations.jira.marks import looks_like_a_mark
from integrations.jira.sandbox import others, things
from integrations.jira.sandbox.seed import seed
from integrations.jira.sandbox.state import LAG, SANDBOX, Sandbox, home_of
from integrations.jira.sandbox.store import Data
from integrations.sandboxes.controlling import Handler, Route, basics, body_of, done, whole

MOST_RECORDS = 60


def at_home(handler: Handler) -> Handler:
    """The first call tells the address that links are made of."""

    async def told(request: web.Request) -> web.StreamResponse:
        sandbox = request.app[SANDBOX]
        sandbox.home = sandbox.home or home_of(request, request.path[request.path.index("/_sandbox/") :])
        return await handler(request)

    return told


async def latency(request: web.Request) -> web.Response:
    """{"ms": before every answer}."""
    request.app[SANDBOX].latency = whole(await body_of(request), "ms", 60_000)
    return done()


async def lag(request: web.Request) -> web.Response:
    """{"ms": how far Cloud's search is behind}."""
    request.app[SANDBOX].lag = whole(await body_of(request), "ms", 3_600_000) / 1000
    return done()


async def rights(request: web.Request) -> web.Response:
    """{"denied": rights that we do not have, "off_screen": fields that no new ticket can be given}."""
    sandbox, wanted = request.app[SANDBOX], await body_of(request)
    sandbox.denied = _names(wanted, "denied", sandbox.denied)
    sandbox.off_screen = _names(wanted, "off_screen", sandbox.off_screen)
    return done()


async def list_webhooks(request: web.Request) -> web.Response:
    rows = request.app[SANDBOX].store.deliveries()
    return web.json_response([{"event": event, "state": state, "attempts": n} for event, state, n in rows])


async def act(request: web.Request) -> web.Response:
    """Another person does something there: see integrations/jira/sandbox/others.py."""
    sandbox = request.app[SANDBOX]
    done = others.act(sandbox, await body_of(request))
    sandbox.wake.set()
    return web.json_response(done)


async def state(request: web.Request) -> web.Response:
    """Tickets with their comments, and how many tickets carry a mark of ours: what the invariants count."""
    store, home = request.app[SANDBOX].store, request.app[SANDBOX].home
    version = request.app[SANDBOX].version
    issues = [
        things.issue(store, each, version, home)
        | {
            "comments": [
                things.comment(store, said, version, home, properties=True) for said in store.comments(each)
            ],
            "properties": each["properties"],
        }
        for each in store.issues()
    ]
    ours = [each["key"] for each in store.issues() if each["creator"] == things.ME]
    return web.json_response({"issues": issues, "ours": ours})


async def records(request: web.Request) -> web.Response:
    return web.json_response(all_records(request.app[SANDBOX]))


async def reset(request: web.Request) -> web.Response:
    sandbox = request.app[SANDBOX]
    with sandbox.store.transaction():
        sandbox.store.clear()
        seed(sandbox.store, sandbox.clock())
    sandbox.faults.waiting.clear()
    sandbox.duplicates, sandbox.paused = 0, False
    sandbox.latency, sandbox.lag = 0, LAG
    sandbox.denied = sandbox.off_screen = frozenset()
    return done()


def all_records(sandbox: Sandbox) -> list[Data]:
    """SandboxRecord in the page's protocol, what changed last first."""
    found = sorted(sandbox.store.issues(), key=lambda each: -float(each["updated"]))
    return [_record(sandbox, each) for each in found[:MOST_RECORDS]]


def _record(sandbox: Sandbox, found: Data) -> Data:
    shown = things.issue(sandbox.store, found, 2, sandbox.home)
    shown["fields"]["labels"] = [each for each in found["labels"] if not looks_like_a_mark(each)]
    return {
        "service": "Jira",
        "object": found["type"],
        "id": found["id"],
        "title": f"{found['key']} · {found['summary']}",
        "status": found["status"],
        "json": shown,
    }


def _names(wanted: Data, name: str, before: frozenset[str]) -> frozenset[str]:
    value = wanted.get(name, list(before))
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError(f"{name} is a list of names")
    return frozenset(value)


ROUTES: tuple[Route, ...] = (
    *basics(SANDBOX),
    ("POST", "latency", latency),
    ("POST", "lag", lag),
    ("POST", "rights", rights),
    ("GET", "webhooks", list_webhooks),
    ("POST", "act", act),
    ("GET", "state", state),
    ("GET", "records", records),
    ("POST", "reset", reset),
)
