"""Drives a workbench from Python, as the page does: for whole-conversation tests, storms and benches.

    async with stand_ins(tmp_path) as world:
        settings = world.settings()                    # a bot with these talks to the stand-ins
        world.bot_url = "http://127.0.0.1:4000"        # where that bot listens
        said = await world.slack.say("ada", "orders", "@Countersign order two colas")
        card = await world.slack.wait_for("2 × Cola", thread=said)
        await world.slack.press("ada", card, "Confirm")
        ask = await world.slack.wait_for(button="Approve", channel="approvals")
        await world.slack.press("grace", ask, "Approve")
        await world.slack.wait_for("receipt", thread=said)

Nothing here sleeps and hopes: `wait_for` wakes with every event and fails with what was seen.
`connect(url)` drives a workbench that already runs, such as the one of `countersign up`.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from aiohttp import web

from bot.settings import Settings
from bot.workbench.cast import Json
from bot.workbench.driver_slack import SlackDriver
from bot.workbench.driver_teams import TeamsDriver
from bot.workbench.environment import environment
from bot.workbench.keys import Keys, made, write_once
from bot.workbench.mounting import WORKBENCH, Inspect, MakeTrouble, Workbench, mount
from bot.workbench.sandbox import Sandbox
from bot.workbench.seen import Activity, Message, activity_of, message_of

SECONDS = 10.0
SOCKET_LIMIT = 16 * 1024 * 1024
CREDENTIALS = (
    "slack_bot_token",
    "slack_signing_secret",
    "slack_app_token",
    "microsoft_app_password",
    "stripe_api_key",
    "stripe_webhook_secret",
    "jira_api_token",
    "jira_webhook_secret",
    "github_token",
    "github_app_private_key",
    "github_webhook_secret",
    "notion_token",
    "notion_webhook_secret",
)
T = TypeVar("T")


class Refused(Exception):
    """The workbench, or the bot behind it, said no to what somebody did."""


class World:
    """A mirror of the workbench's state, kept up to date by its socket."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.slack = SlackDriver(self)
        self.teams = TeamsDriver(self)
        self.messages: dict[tuple[str, str], Message] = {}
        self.activities: dict[str, Activity] = {}
        self.modals: dict[str, Json] = {}
        self.homes: dict[str, list[Json]] = {}
        self.statuses: dict[str, str] = {}
        self.typing: set[str] = set()
        self.runs: list[Json] = []
        self.records: list[Json] = []
        self.wire: list[Json] = []
        self._seq = 0
        self._session = session
        self._news = asyncio.Event()

    # ── acting ──
    async def act(self, type: str, **more: Any) -> Json:
        """One action of protocol.ts. Raises `Refused` with the sentence that the page would show."""
        body = {
            "type": type,
            **{name.rstrip("_"): value for name, value in more.items() if value is not None},
        }
        headers = {"Origin": self.url}
        async with self._session.post(f"{self.url}/workbench/act", json=body, headers=headers) as answer:
            said: Json = await answer.json()
        if "error" in said:
            raise Refused(said["error"])
        return said

    async def upload(self, name: str, data: bytes, media: str, *, transcript: str = "") -> str:
        """A file that is about to be sent along with words; its id."""
        headers = {"Origin": self.url, "Content-Type": media}
        query = {"name": name, "transcript": transcript}
        address = f"{self.url}/workbench/files"
        async with self._session.post(address, params=query, data=data, headers=headers) as answer:
            return str((await answer.json())["id"])

    async def trouble(self, what: str, who: str = "grace", **more: Any) -> str:
        """deliver_twice, press_20, decline_card, expire, kill_worker or reset; what happened, in words.

        "fail" (service, how: 429, 500, slow, reset) is of a sandbox's next call, "act" (service,
        act, record) is what `who` does there themselves.
        """
        return str((await self.act("trouble", what=what, as_=who, **more))["note"])

    async def fault(self, service: str, kind: str, method: str = "*", **more: Any) -> None:
        """The next call of `method` ("chat.postMessage", "sendActivity") meets trouble.

        Kinds: 429, 500_before, 500_after, hang_before, hang_after, drop_after, html, error.
        `times`, `seconds` (Retry-After, or how long it hangs) and `error` may be given.
        """
        await self.act("fault", service=service, kind=kind, method=method, **more)

    async def resend(self, wire: Json) -> str:
        """Redelivers one row of the wire log, byte for byte, freshly signed."""
        return str((await self.act("resend", wire=wire["id"]))["note"])

    # ── waiting ──
    async def until(self, found: Callable[[], T | None], what: str, timeout: float = SECONDS) -> T:
        """The first thing that `found` returns (not None, not False), looked for after every event."""
        try:
            async with asyncio.timeout(timeout):
                while True:
                    self._news.clear()
                    thing = found()
                    if thing is not None and thing is not False:
                        return thing
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{what}: not seen within {timeout:g} s\n{self.told()}") from None

    async def wait_for_wire(
        self, title: str, *, platform: str = "", status: int | None = None, timeout: float = SECONDS
    ) -> Json:
        """The first row of the wire log whose title begins like this."""

        def found() -> Json | None:
            fitting = (row for row in self.wire if row["title"].startswith(title))
            return next(
                (
                    row
                    for row in fitting
                    if platform in ("", row["platform"]) and status in (None, row["status"])
                ),
                None,
            )

        return await self.until(found, f"a request {title!r}", timeout)

    async def wait_for_run(self, predicate: Callable[[Json], bool], *, timeout: float = SECONDS) -> Json:
        return await self.until(
            lambda: next((run for run in self.runs if predicate(run)), None), "a run", timeout
        )

    def told(self) -> str:
        """Everything of late, for a failed test's message."""
        said = [str(message) for message in list(self.messages.values())[-20:]]
        said += [str(activity) for activity in list(self.activities.values())[-20:]]
        rows = [
            f"{row['direction']} {row['title']} → {row['status']} {row['answer'][:120]}"
            for row in self.wire[-15:]
        ]
        return "\n".join(["seen:", *said, "the wire:", *rows])

    # ── the mirror ──
    async def refresh(self) -> None:
        async with self._session.get(f"{self.url}/workbench/state") as answer:
            state: Json = await answer.json()
        slack, teams = state["slack"] or {}, state["teams"] or {}
        self.messages = {(raw["channel"], raw["ts"]): message_of(raw) for raw in slack.get("messages", ())}
        self.activities = {raw["id"]: activity_of(raw) for raw in teams.get("activities", ())}
        self.modals = {modal["view_id"]: modal for modal in slack.get("modals", ())}
        self.homes = dict(slack.get("homes", {}))
        self.statuses = dict(slack.get("status", {}))
        self.typing = set(teams.get("typing", ()))
        self.runs, self.records, self.wire = state["runs"], state["records"], state["wire"]
        self._seq = state["seq"]
        self._news.set()

    async def follow(self) -> None:
        """Reads the socket for ever; a bot that restarts is waited for."""
        while True:
            with suppress(aiohttp.ClientError, ConnectionError):
                address = f"{self.url}/workbench/ws?after={self._seq}"
                async with self._session.ws_connect(
                    address, headers={"Origin": self.url}, max_msg_size=SOCKET_LIMIT
                ) as ws:
                    async for said in ws:
                        if said.type == aiohttp.WSMsgType.TEXT:
                            await self._apply(json.loads(said.data))
            await asyncio.sleep(0.2)

    async def _apply(self, event: Json) -> None:
        self._seq = event["seq"]
        match event:
            case {"type": "reset"}:
                await self.refresh()
            case {"type": "slack.message", "message": raw}:
                self.messages[raw["channel"], raw["ts"]] = message_of(raw)
            case {"type": "slack.delete", "channel": channel, "ts": ts}:
                self.messages.pop((channel, ts), None)
            case {"type": "slack.modal", "modal": modal}:
                self.modals[modal["view_id"]] = modal
            case {"type": "slack.modal_closed", "view_id": view}:
                self.modals.pop(view, None)
            case {"type": "slack.home", "person": person, "blocks": blocks}:
                self.homes[person] = blocks
            case {"type": "slack.status", "channel": channel, "thread_ts": ts, "status": status}:
                self.statuses[f"{channel}:{ts}"] = status
            case {"type": "teams.activity", "activity": raw}:
                self.activities[raw["id"]] = activity_of(raw)
            case {"type": "teams.delete", "id": id}:
                self.activities.pop(id, None)
            case {"type": "teams.typing", "conversation": conversation, "on": on}:
                (self.typing.add if on else self.typing.discard)(conversation)
            case {"type": "wire", "wire": row}:
                self.wire.append(row)
            case {"type": "runs", "runs": runs}:
                self.runs = runs
            case {"type": "records", "records": records}:
                self.records = records
        self._news.set()


class LocalWorld(World):
    """A world whose stand-ins run in this very process."""

    def __init__(self, bench: Workbench, url: str, session: aiohttp.ClientSession) -> None:
        super().__init__(url, session)
        self.bench = bench

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a bot that talks to these stand-ins."""
        return environment(self.bench.settings)

    def settings(self, **more: Any) -> Settings:
        """The same as settings, with whatever else a test wants (`database_url=…`)."""
        aimed = {name.lower(): value for name, value in self.environment.items()}
        return Settings(_env_file=None, **(aimed | {"state_dir": self.bench.settings.state_dir} | more))

    @property
    def bot_url(self) -> str:
        """Where the bot listens: requests to it go there."""
        return self.bench.courier.bot_url

    @bot_url.setter
    def bot_url(self, url: str) -> None:
        self.bench.courier.bot_url = url.rstrip("/")

    def retry_after(self, *pauses: float) -> None:
        """How soon an event that was refused comes again (real Slack: at once, 1 minute, 5 minutes)."""
        self.bench.courier.pauses = pauses

    async def settled(self) -> None:
        """Until no request to the bot is under way."""
        await self.bench.courier.settle()


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[World]:
    """Drives the workbench at this address."""
    async with aiohttp.ClientSession(trust_env=False) as session, _following(World(url, session)) as world:
        yield world


@asynccontextmanager
async def stand_ins(
    state_dir: Path,
    *,
    bot_url: str = "",
    inspect: Inspect | None = None,
    trouble: MakeTrouble | None = None,
    sandboxes: Iterable[Sandbox] = (),
    extend: Callable[[web.Application], None] | None = None,
) -> AsyncIterator[LocalWorld]:
    """Stand-ins on a free port. `extend` may add the bot's own routes to the same server."""
    write_once(state_dir, _keys())
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    unset: dict[str, Any] = dict.fromkeys(CREDENTIALS)
    app = web.Application()
    mount(
        app,
        settings=Settings(
            _env_file=None,
            host="127.0.0.1",
            port=port,
            state_dir=state_dir,
            approvals_channel="",
            slack_client_id="",
            microsoft_app_id="",
            teams_anonymous=False,
            jira_url="",
            jira_email="",
            github_app_id="",
            **unset,
        ),
        inspect=inspect or _no_runs,
        trouble=trouble or _no_trouble,
        sandboxes=sandboxes,
    )
    if extend is not None:
        extend(app)
    bench = app[WORKBENCH]
    if bot_url:
        bench.courier.bot_url = bot_url.rstrip("/")
    runner = web.AppRunner(app, shutdown_timeout=2.0)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    try:
        async with (
            aiohttp.ClientSession(trust_env=False) as session,
            _following(LocalWorld(bench, f"http://127.0.0.1:{port}", session)) as world,
        ):
            yield world
    finally:
        await runner.cleanup()


W = TypeVar("W", bound=World)


@asynccontextmanager
async def _following(world: W) -> AsyncIterator[W]:
    await world.refresh()
    following = asyncio.create_task(world.follow())
    try:
        yield world
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


@cache
def _keys() -> Keys:
    """One set for all worlds of a test run: making an RSA key costs half a second."""
    return made()


async def _no_runs() -> list[Json]:
    return []


async def _no_trouble(what: str, more: dict[str, Any]) -> str:
    return f"nothing here can {what}"
