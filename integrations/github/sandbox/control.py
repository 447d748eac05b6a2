"""/_sandbox: faults, latency, other people's doings and what is there. This machine only."""

from __future__ import annotations

from aiohttp import web

from integrations.github.sandbox.seed import seed
from integrations.github.sandbox.state import SANDBOX, Sandbox
from integrations.github.sandbox.store import Data
from integrations.github.sandbox.work import Work
from integrations.sandboxes.controlling import Route, basics, body_of, done, whole

MOST_RECORDS = 60


async def latency(request: web.Request) -> web.Response:
    """{"ms": how much longer every call takes}."""
    request.app[SANDBOX].latency_ms = whole(await body_of(request), "ms", 60_000, 0)
    return done()


async def list_webhooks(request: web.Request) -> web.Response:
    rows = request.app[SANDBOX].store.deliveries()
    return web.json_response(
        [{"guid": guid, "event": event, "state": state, "attempts": n} for guid, event, state, n in rows]
    )


async def redeliver(request: web.Request) -> web.Response:
    """{"guid"}: once more, as the button in GitHub's settings does; without one, all that failed."""
    sandbox, wanted = request.app[SANDBOX], await body_of(request)
    with sandbox.store.transaction():
        count = sandbox.store.redeliver(str(wanted.get("guid", "")), sandbox.clock())
    sandbox.wake.set()
    return web.json_response({"count": count})


async def act(request: web.Request) -> web.Response:
    """{"who", "act", "number", "repository"?, …}: another person does something there.

    `act` is open (title, body), comment (body), close (reason, merged), reopen, label (label),
    assign or unassign (login), delete.
    """
    sandbox, wanted = request.app[SANDBOX], await body_of(request)
    work = Work(sandbox.store, sandbox.clock(), _home(request, sandbox), str(wanted.get("who", "ada")))
    with sandbox.store.transaction():
        done = _act(work, wanted)
    sandbox.wake.set()
    return web.json_response(done)


def _act(work: Work, wanted: Data) -> Data:
    repo = work.repository(str(wanted.get("repository") or _first(work)))
    what, text = str(wanted.get("act", "")), str(wanted.get("body", ""))
    if what == "open":
        return work.shown(work.open(repo, str(wanted.get("title", "Something is wrong")), text, [], []))
    number = wanted.get("number")
    if type(number) is not int:
        raise ValueError("number is a whole number")
    issue = work.issue(repo["full_name"], number)
    login = str(wanted.get("login", ""))
    match what:
        case "comment":
            return work.comment(issue, text)
        case "close":
            work.set_state(issue, "closed", wanted.get("reason"), merged=bool(wanted.get("merged")))
        case "reopen":
            work.set_state(issue, "open", None)
        case "label":
            work.add_labels(issue, [str(wanted.get("label", "bug"))])
        case "assign":
            work.add_assignees(issue, [login])
        case "unassign":
            work.remove_assignees(issue, [login])
        case "delete":
            work.delete(issue)
            return {"deleted": number}
        case _:
            raise ValueError("act is open, comment, close, reopen, label, assign, unassign or delete")
    return work.shown(issue)


async def rights(request: web.Request) -> web.Response:
    """{"repository"?, "push", "has_issues", "archived", "hidden"}: what we may do there, and what it is."""
    sandbox, wanted = request.app[SANDBOX], await body_of(request)
    with sandbox.store.transaction():
        work = Work(sandbox.store, sandbox.clock(), "", "")
        name = str(wanted.get("repository") or _first(work))
        repo = sandbox.store.get("repo", name)
        if repo is None:
            raise ValueError("there is no such repository")
        changes = {key: wanted[key] for key in ("push", "has_issues", "archived", "hidden") if key in wanted}
        if not all(isinstance(value, bool) for value in changes.values()):
            raise ValueError("each is true or false")
        sandbox.store.put("repo", name, repo | changes)
    return done()


async def state(request: web.Request) -> web.Response:
    """Everything, as it is kept: what tests count."""
    store = request.app[SANDBOX].store
    kinds = ("repo", "user", "issue", "comment", "notified", "referenced")
    return web.json_response({kind: store.all(kind) for kind in kinds})


async def records(request: web.Request) -> web.Response:
    return web.json_response(all_records(request.app[SANDBOX], _home(request, request.app[SANDBOX])))


async def reset(request: web.Request) -> web.Response:
    sandbox = request.app[SANDBOX]
    with sandbox.store.transaction():
        sandbox.store.clear()
        seed(sandbox.store, sandbox.clock())
    sandbox.faults.waiting.clear()
    sandbox.duplicates, sandbox.paused, sandbox.latency_ms = 0, False, 0
    return done()


def all_records(sandbox: Sandbox, home: str) -> list[Data]:
    """SandboxRecord in the page's protocol, what changed last first."""
    work = Work(sandbox.store, sandbox.clock(), home, "")
    found = sorted(sandbox.store.all("issue"), key=lambda each: each["updated_at"], reverse=True)
    people = work.people()
    return [
        {
            "service": "GitHub",
            "object": "pull request" if each["pull"] else "issue",
            "id": f"{each['repo']}#{each['number']}",
            "title": each["title"],
            "status": "deleted" if each.get("deleted") else each["state"],
            "json": work.shown(each, people),
        }
        for each in found[:MOST_RECORDS]
    ]


def _first(work: Work) -> str:
    repos = work.store.all("repo")
    return str(repos[0]["full_name"]) if repos else ""


def _home(request: web.Request, sandbox: Sandbox) -> str:
    prefix = request.path.partition("/_sandbox/")[0]
    return sandbox.home or f"{request.scheme}://{request.host}{prefix}"


ROUTES: tuple[Route, ...] = (
    *basics(SANDBOX),
    ("POST", "latency", latency),
    ("GET", "webhooks", list_webhooks),
    ("POST", "redeliver", redeliver),
    ("POST", "act", act),
    ("POST", "rights", rights),
    ("GET", "state", state),
    ("GET", "records", records),
    ("POST", "reset", reset),
)
