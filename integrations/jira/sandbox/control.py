"""/_sandbox: faults, what other people do there, records and counts. This machine only."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from integrations.addresses import is_this_machine
from integrations.jira.marks import looks_like_a_mark
from integrations.jira.sandbox import others, things
from integrations.jira.sandbox.faults import Refusal
from integrations.jira.sandbox.seed import seed
from integrations.jira.sandbox.state import LAG, SANDBOX, Sandbox, home_of
from integrations.jira.sandbox.store import Data

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOST_RECORDS = 60


def local_only(handler: Handler) -> Handler:
    """From this machine, and not from a page in its browser: that would name another origin."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        foreign = origin is not None and origin != f"{request.scheme}://{request.host}"
        if not is_this_machine(request.remote or "") or foreign:
            return web.json_response({"error": "only from this machine"}, status=403)
        sandbox = request.app[SANDBOX]
        sandbox.home = sandbox.home or home_of(request, request.path[request.path.index("/_sandbox/") :])
        try:
            return await handler(request)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        except Refusal as refusal:
            return web.json_response({"error": json.dumps(refusal.body)}, status=400)

    return guarded


async def fault(request: web.Request) -> web.Response:
    request.app[SANDBOX].faults.add(await _json(request))
    return web.json_response({"ok": True})


async def no_faults(request: web.Request) -> web.Response:
    request.app[SANDBOX].faults.waiting.clear()
    return web.json_response({"ok": True})


async def latency(request: web.Request) -> web.Response:
    """{"ms": before every answer}."""
    request.app[SANDBOX].latency = _whole(await _json(request), "ms", 60_000)
    return web.json_response({"ok": True})


async def lag(request: web.Request) -> web.Response:
    """{"ms": how far Cloud's search is behind}."""
    request.app[SANDBOX].lag = _whole(await _json(request), "ms", 3_600_000) / 1000
    return web.json_response({"ok": True})


async def rights(request: web.Request) -> web.Response:
    """{"denied": rights that we do not have, "off_screen": fields that no new ticket can be given}."""
    sandbox, wanted = request.app[SANDBOX], await _json(request)
    sandbox.denied = _names(wanted, "denied", sandbox.denied)
    sandbox.off_screen = _names(wanted, "off_screen", sandbox.off_screen)
    return web.json_response({"ok": True})


async def webhooks(request: web.Request) -> web.Response:
    """{"duplicates": how many more times each is sent, "paused": whether any is sent}."""
    sandbox, wanted = request.app[SANDBOX], await _json(request)
    duplicates, paused = wanted.get("duplicates", sandbox.duplicates), wanted.get("paused", sandbox.paused)
    if not isinstance(duplicates, int) or not 0 <= duplicates <= 10 or not isinstance(paused, bool):
        raise ValueError("duplicates is 0 to 10, paused is true or false")
    sandbox.duplicates, sandbox.paused = duplicates, paused
    sandbox.wake.set()
    return web.json_response({"ok": True})


async def list_webhooks(request: web.Request) -> web.Response:
    rows = request.app[SANDBOX].store.deliveries()
    return web.json_response([{"event": event, "state": state, "attempts": n} for event, state, n in rows])


async def act(request: web.Request) -> web.Response:
    """Another person does something there: see integrations/jira/sandbox/others.py."""
    sandbox = request.app[SANDBOX]
    done = others.act(sandbox, await _json(request))
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
    return web.json_response({"ok": True})


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


def _whole(wanted: Data, name: str, most: int) -> int:
    value = wanted.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError(f"{name} is a whole number up to {most}")
    return value


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
    ("POST", "rights", rights),
    ("POST", "webhooks", webhooks),
    ("GET", "webhooks", list_webhooks),
    ("POST", "act", act),
    ("GET", "state", state),
    ("GET", "records", records),
    ("POST", "reset", reset),
)
