"""Slack and Teams as a bot notices them: answers at once, and tells who waits what was posted where.

It runs in the bench's own process, which is also the one that sends: the moment an event leaves
and the moment its answer arrives are read from one clock.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson
from aiohttp import web

from bot.workbench import cast
from bot.workbench.keys import Keys
from bot.workbench.teams_tokens import Tokens

Json = dict[str, Any]
SLACK, TEAMS = "/standin/slack/api/", "/standin/teams/"


@dataclass(frozen=True, slots=True)
class Posted:
    """Something that the bot said, or an `update` of it. `id` is the message's own."""

    at: float
    kind: str
    id: str
    body: Json


Listener = Callable[[Posted], None]


@dataclass(slots=True)
class Stub:
    """`delay` in seconds before every answer. `posts` counts by thread, to find what came twice."""

    keys: Keys
    port: int
    delay: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    posts: Counter[str] = field(default_factory=Counter)
    listeners: dict[str, Listener] = field(default_factory=dict)
    everything: Listener | None = None
    tokens: Tokens = field(init=False)
    _next: int = 0
    _threads: dict[str, str] = field(default_factory=dict)
    _bearer: str = ""

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.keys, f"http://127.0.0.1:{self.port}")
        self._bearer = self.tokens.connector_token()

    def forget(self) -> None:
        """Between two measurements."""
        self.listeners.clear()
        self.everything = None
        self._threads.clear()
        self.posts.clear()
        self.calls.clear()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if self.delay:
            await asyncio.sleep(self.delay)
        path = unquote(request.path)
        raw = await request.read()
        if path.startswith(SLACK):
            answer = self._slack(path.removeprefix(SLACK), _body(request, raw))
        elif path.startswith(TEAMS):
            answer = self._teams(request.method, path.removeprefix(TEAMS), raw)
        else:
            return web.Response(status=404)
        return web.Response(body=orjson.dumps(answer), content_type="application/json")

    # ── Slack ──
    def _slack(self, method: str, said: Json) -> Json:
        self.calls[method] += 1
        match method:
            case "auth.test":
                return {"ok": True, "team_id": cast.TEAM, "user_id": cast.BOT_USER, "bot_id": cast.BOT_ID,
                        "user": "countersign", "team": "bench", "url": "http://127.0.0.1/"}  # fmt: skip
            case "users.info":
                return {"ok": True, "user": _slack_user(str(said.get("user", "")))}
            case "chat.postMessage":
                ts = self._ts()
                thread = str(said.get("thread_ts") or ts)
                self._threads[ts] = thread
                self._tell(thread, "post", ts, said)
                return {"ok": True, "ts": ts, "channel": said.get("channel"), "message": {"ts": ts}}
            case "chat.startStream":
                ts = self._ts()
                self._threads[ts] = str(said.get("thread_ts") or ts)
                self._tell(self._threads[ts], "stream", ts, said)
                return {"ok": True, "ts": ts, "channel": said.get("channel")}
            case "chat.update":
                ts = str(said.get("ts", ""))
                self._tell(self._threads.get(ts, ts), "update", ts, said)
                return {"ok": True, "ts": ts, "channel": said.get("channel"), "text": said.get("text", "")}
            case "conversations.open":
                return {"ok": True, "channel": {"id": f"D{said.get('users', '')}"}}
            case "conversations.history" | "conversations.replies":
                return {"ok": True, "messages": [], "has_more": False}
        return {"ok": True}

    def _ts(self) -> str:
        self._next += 1
        return f"{int(time.time())}.{self._next:06d}"

    # ── Teams ──
    def _teams(self, verb: str, path: str, raw: bytes) -> Any:
        self.calls[f"teams {verb} {path.split('/')[0]}"] += 1
        match path.split("/"):
            case ["openid"]:
                return self.tokens.openid()
            case ["keys"]:
                return self.tokens.jwks()
            case ["login"]:
                return {"access_token": self._bearer, "expires_in": 3599, "token_type": "Bearer"}
            case ["service", "v3", "conversations", conversation, "activities"]:
                self._next += 1
                id = f"a{self._next}"
                thread = conversation.partition(";messageid=")[2] or id
                self._threads[id] = thread
                self._tell(thread, "post", id, orjson.loads(raw))
                return {"id": id}
            case ["service", "v3", "conversations", conversation, "activities", id]:
                thread = self._threads.get(id) or conversation.partition(";messageid=")[2]
                self._tell(thread, "update", id, orjson.loads(raw))
                return {"id": id}
            case ["service", "v3", "conversations", _, "members", user]:
                return _teams_user(user)
            case ["service", "v3", "conversations"]:
                return {"id": "a:direct"}
        return {}

    def _tell(self, thread: str, kind: str, id: str, body: Json) -> None:
        if kind == "post":
            self.posts[thread] += 1
        listener = self.listeners.get(thread) or self.everything
        if listener is not None:
            listener(Posted(time.monotonic(), kind, id, body))


def _body(request: web.BaseRequest, raw: bytes) -> Json:
    if request.content_type == "application/json":
        return dict(orjson.loads(raw or b"{}"))
    text = raw.decode() or request.query_string
    return {name: values[-1] for name, values in parse_qs(text).items()} | dict(request.query)


def _slack_user(id: str) -> Json:
    person = cast.BY_SLACK.get(id)
    name, email = (person.name, person.email) if person else (f"Person {id}", f"{id.lower()}@example.com")
    profile = {"display_name": name, "real_name": name, "email": email}
    return {"id": id, "name": id.lower(), "real_name": name, "tz": "Europe/London", "profile": profile,
            "is_email_confirmed": True, "is_bot": False, "deleted": False}  # fmt: skip


def _teams_user(id: str) -> Json:
    person = cast.BY_TEAMS.get(id, cast.ADA)
    return {"id": person.teams, "name": person.name, "email": person.email, "userRole": "user",
            "userPrincipalName": person.email, "aadObjectId": person.aad}  # fmt: skip


@asynccontextmanager
async def stub(keys: Keys) -> AsyncIterator[Stub]:
    """On a free port, without router or middleware: what it costs is not to be noticed."""
    import socket

    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    there = Stub(keys, listening.getsockname()[1])
    runner = web.ServerRunner(web.Server(there.handle, access_log=None))
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield there
    finally:
        await runner.cleanup()
