"""Puts the workbench into an aiohttp application: the page, its socket, and the stand-ins."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from bot.settings import Settings
from bot.workbench import page, security, slack_chat, slack_events, wire
from bot.workbench.actions import Actions
from bot.workbench.cast import Json
from bot.workbench.courier import Courier
from bot.workbench.environment import SERVICE, base_url, uses_sandbox, uses_slack, uses_teams
from bot.workbench.faults import Faults
from bot.workbench.files import Files
from bot.workbench.keys import folder, keys
from bot.workbench.live import Live
from bot.workbench.sandbox import Sandbox, Sandboxes
from bot.workbench.security import TooLarge, guarded, read_body
from bot.workbench.slack_api import SlackApi
from bot.workbench.slack_people import NotPossible, SlackPeople
from bot.workbench.slack_world import SlackError, SlackWorld
from bot.workbench.state import state
from bot.workbench.store import Store
from bot.workbench.teams_api import TeamsApi
from bot.workbench.teams_graph import TeamsGraph
from bot.workbench.teams_people import TeamsPeople
from bot.workbench.teams_tokens import Tokens
from bot.workbench.teams_world import TeamsWorld
from bot.workbench.trouble import Trouble

Inspect = Callable[[], Awaitable[list[Json]]]
MakeTrouble = Callable[[str, dict[str, Any]], Awaitable[str]]


class Workbench:
    """All parts, put together once per process."""

    def __init__(
        self,
        settings: Settings,
        inspect: Inspect,
        trouble: MakeTrouble,
        *,
        sandboxes: Iterable[Sandbox] = (),
        install: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        base = base_url(settings)
        made = keys(settings.state_dir)
        self.settings = settings
        self.install = install
        self.store = Store(folder(settings.state_dir) / "standins.sqlite3", clock)
        self.faults = Faults()
        self.tokens = Tokens(made, base, clock)
        self.courier = Courier(
            self.store,
            base,
            signers={
                "slack": lambda body: slack_events.signature(made.slack_signing_secret, body, clock()),
                "teams": self.tokens.signed_headers,
            },
            verified={"slack": "v0 signature ✓", "teams": "JWT ✓"},
        )
        self.sandboxes = Sandboxes(sandboxes, base)
        self.slack_world = SlackWorld(self.store, base)
        self.slack = SlackPeople(self.slack_world, self.courier)
        self.files = Files(base, made, self.tokens, self.faults)
        told = {"files.info": lambda world, args: self.files.info(args)}
        self.slack_api = SlackApi(self.slack_world, made, self.faults, told)
        teams_world = TeamsWorld(self.store)
        self.teams = TeamsPeople(teams_world, self.courier, self.tokens)
        self.teams_api = TeamsApi(teams_world, self.tokens, self.faults)
        self.teams_graph = TeamsGraph(base, self.tokens, self.faults, self.store)
        makes = Trouble(self.store, self.slack, self.teams, self.courier, trouble, self.sandboxes)
        self.actions = Actions(
            self.store, self.slack, self.teams, self.courier, self.faults, makes, self.files
        )
        self.live = Live(self.store, {"runs": inspect, "records": self.sandboxes.records})

    # ── handlers ──
    async def state(self, request: web.Request) -> web.StreamResponse:
        runs = await self.live.look("runs")
        records = await self.live.look("records")
        picture = state(self.store, self.settings, runs, records, self.sandboxes.names)
        return web.json_response(picture, headers={"Cache-Control": "no-store"})

    async def act(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/json":
            return web.json_response({"error": "an action is sent as application/json"}, status=415)
        try:
            action = json.loads(await read_body(request))
            return web.json_response(await self.actions.perform(action))
        except TooLarge:
            return web.json_response({"error": "that is too much at once"}, status=413)
        except NotPossible as refusal:
            return web.json_response({"error": str(refusal)}, status=400)
        except (ValueError, RecursionError):
            return web.json_response({"error": "that is not JSON"}, status=400)

    async def hook(self, request: web.Request) -> web.StreamResponse:
        """A response_url of the Slack stand-in."""
        began = time.perf_counter()
        try:
            raw = await read_body(request)
            said = json.loads(raw)
            if not isinstance(said, dict):
                raise ValueError("not an object")
            with self.store.change():
                slack_chat.respond(self.slack_world, request.match_info["token"], said)
            answer = web.Response(text="ok")
        except TooLarge:
            return web.Response(status=413)
        except SlackError as error:
            answer = web.json_response({"ok": False, "error": error.code}, status=404)
        except ValueError:
            answer = web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        wire.log(
            self.store,
            platform="slack",
            direction="from bot",
            title="response_url",
            status=answer.status,
            ms=(time.perf_counter() - began) * 1000,
            headers=request.headers,
            body=raw.decode(errors="replace"),
            answer=answer.text or "",
        )
        return answer

    async def openid(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.tokens.openid())

    async def jwks(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self.tokens.jwks())

    def sandbox_wire(self, service: str, row: Mapping[str, Any]) -> None:
        """What a sandbox saw, in whatever part of our words it tells it."""
        self.sandboxes.at(service).touched()
        to_bot = row.get("direction") == "to bot"
        wire.log(
            self.store,
            platform=service,
            direction="to bot" if to_bot else "from bot",
            title=str(row.get("title", ""))[:200],
            status=int(row.get("status") or 0),
            ms=float(row.get("ms") or 0.0),
            verified=str(row.get("verified", "")),
            headers={str(name): str(value) for name, value in dict(row.get("headers") or {}).items()},
            body=_as_text(row.get("body", "")),
            answer=_as_text(row.get("answer", "")),
        )

    # ── life ──
    async def running(self, app: web.Application) -> AsyncIterator[None]:
        await self.courier.open()
        await self.sandboxes.open()
        self.courier.resume()
        if self.install and uses_teams(self.settings) and self.store.seq() == 0:
            self.teams.install_everywhere()
        yield
        await self.courier.close()
        await self.sandboxes.close()
        self.store.close()

    async def shut_down(self, app: web.Application) -> None:
        await self.live.close()


WORKBENCH: web.AppKey[Workbench] = web.AppKey("workbench", Workbench)


def mount(
    app: web.Application,
    *,
    settings: Settings,
    inspect: Inspect,
    trouble: MakeTrouble,
    sandboxes: Iterable[Sandbox] = (),
    install: bool = False,
    clock: Callable[[], float] = time.time,
) -> None:
    """Adds the page, `/workbench/…` and `/standin/…` to `app`; refuses unless bound to loopback.

    `inspect` gives the runs as the page has them (`Run` in protocol.ts). `trouble` performs
    "expire" and "kill_worker" and says in a sentence what it did. Of `sandboxes` those are mounted
    whose service nobody set up for real. `install`: on the very first start Teams tells the bot
    that it was added to the approvals channel and to everybody's chat.
    """
    security.refuse_off_loopback(settings)
    here = [each for each in sandboxes if uses_sandbox(settings, SERVICE[each.name])]
    bench = Workbench(settings, inspect, trouble, sandboxes=here, install=install, clock=clock)
    app[WORKBENCH] = bench
    _add_page(app, bench)
    if uses_slack(settings):
        for method in ("GET", "POST"):
            app.router.add_route(method, "/standin/slack/api/{method}", guarded(bench.slack_api.handle))
        app.router.add_post("/standin/slack/hooks/{token}", guarded(bench.hook))
        app.router.add_get("/standin/slack/files/{id}/{name}", guarded(bench.files.slack))
    if uses_teams(settings):
        _add_teams(app, bench)
    for sandbox in here:
        inner = sandbox.make(partial(bench.sandbox_wire, sandbox.name))
        inner.middlewares.insert(0, security.guard)
        app.add_subapp(f"/standin/{sandbox.name}", inner)
    app.cleanup_ctx.append(bench.running)
    app.on_shutdown.append(bench.shut_down)


def _add_page(app: web.Application, bench: Workbench) -> None:
    app.router.add_get("/", guarded(page.index))
    app.router.add_get("/workbench/state", guarded(bench.state))
    app.router.add_get("/workbench/ws", guarded(bench.live.socket, origin_required=True))
    app.router.add_post("/workbench/act", guarded(bench.act, origin_required=True))
    app.router.add_post("/workbench/files", guarded(bench.files.upload, origin_required=True))
    app.router.add_get(f"/{{folder:assets}}/{{name:{page.NAME}}}", guarded(page.file))
    app.router.add_get(rf"/{{name:{page.NAME}\.[a-z0-9]+}}", guarded(page.file))


def _add_teams(app: web.Application, bench: Workbench) -> None:
    app.router.add_get("/standin/teams/openid", guarded(bench.openid))
    app.router.add_get("/standin/teams/keys", guarded(bench.jwks))
    app.router.add_post("/standin/teams/login", guarded(bench.tokens.login))
    app.router.add_post("/standin/teams/login/{rest:.*}", guarded(bench.tokens.login))
    app.router.add_get("/standin/teams/files/open/{id}/{key}/{name}", guarded(bench.files.teams_open))
    picture = "/standin/teams/service/v3/attachments/{id}/views/original"
    app.router.add_get(picture, guarded(bench.files.teams_inline))
    routes = bench.teams_api.routes("/standin/teams/service")
    for method, path, handler in routes + bench.teams_graph.routes("/standin/teams/graph"):
        app.router.add_route(method, path, guarded(handler))


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else json.dumps(value, default=str)
