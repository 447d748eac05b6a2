"""Slack and Stripe for the crash tests: lean, slow before and after applying, and counting what was applied.

It lives in the test's own process and is never killed, so what it holds is what the world saw. Stripe is
the sandbox itself; Slack is the few methods that an order needs.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from integrations.stripe.sandbox import SANDBOX, Sandbox, create_sandbox

TEAM, BOT, BOT_ID = "T0STORM00", "U0BOTBOT0", "B0BOTBOT0"
CROWD = "U0CROWD"  # many people, each with an address of their own
MAIL = {"U0ADA0000": "ada@example.com", "U0GRACE00": "grace@example.com"}

Json = dict[str, Any]
Watch = Callable[[str, Json], Awaitable[None]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Stub:
    """What happened outside. `before` and `after` are called around every change, for tests to strike."""

    before: Watch | None = None
    after: Watch | None = None
    delay_before: float = 0.0
    delay_after: float = 0.0
    messages: list[Json] = field(default_factory=list)
    edits: Counter[str] = field(default_factory=Counter)
    whispers: list[Json] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    limited: int = 0  # so many posts are refused with 429
    url: str = ""
    sandbox: Sandbox | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _at: dict[tuple[str, str], Json] = field(default_factory=dict)
    _last: float = field(default_factory=time.time)

    def in_thread(self, thread: str) -> list[Json]:
        return [message for message in self.messages if message["thread_ts"] == thread]

    def payments(self) -> list[Json]:
        """Every payment that went through."""
        assert self.sandbox is not None
        found = self.sandbox.store.newest("payment_intent", most=1_000_000)
        return [each for each in found if each["status"] == "succeeded"]

    def payments_of(self, run: str) -> list[Json]:
        return [each for each in self.payments() if _run_of(each) == run]

    def forget_keys(self) -> None:
        """As Stripe does after a day."""
        assert self.sandbox is not None
        with self.sandbox.store.transaction():
            self.sandbox.store._db.execute("delete from keys")

    async def until(self, found: Callable[[], Any], what: str, seconds: float = 20.0) -> Any:
        """The first thing that `found` returns, looked for after every change."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    self.news.clear()
                    if thing := found():
                        return thing
                    await self.news.wait()
        except TimeoutError:
            told = [f"{m['thread_ts']} {m['text'][:90]!r}" for m in self.messages[-12:]]
            raise AssertionError("\n".join([f"{what}: not seen within {seconds:g} s", *told])) from None

    # ── Slack ──

    async def slack(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        asked = await _arguments(request)
        self.calls[method] += 1
        change = method.startswith("chat.")
        if change:
            await self._pause(self.delay_before)
            if self.limited > 0 and method == "chat.postMessage":
                self.limited -= 1
                return web.json_response({"ok": False, "error": "ratelimited"}, status=429,
                                         headers={"Retry-After": "1"})  # fmt: skip
            if self.before:
                await self.before(method, asked)
        answer = self._answer(method, asked)
        if change:
            self.news.set()
            if self.after:
                await self.after(method, asked)
            await self._pause(self.delay_after)
        return web.json_response(answer)

    def _answer(self, method: str, asked: Json) -> Json:
        match method:
            case "auth.test":
                return {
                    "ok": True,
                    "team_id": TEAM,
                    "user_id": BOT,
                    "bot_id": BOT_ID,
                    "team": "t",
                    "user": "b",
                }
            case "users.info":
                user = asked["user"]
                own = f"{user.lower()}@example.com" if user.startswith(CROWD) else "ada@example.com"
                profile = {"email": MAIL.get(user, own), "real_name": user}
                return {"ok": True, "user": {"id": user, "is_email_confirmed": True, "profile": profile}}
            case "chat.postMessage":
                return self._post(asked)
            case "chat.update":
                there = self._at.get((asked["channel"], asked["ts"]))
                if there is None:
                    return {"ok": False, "error": "message_not_found"}
                there.update(text=asked.get("text", ""), blocks=asked.get("blocks", []))
                self.edits[asked["ts"]] += 1
                return {"ok": True, "channel": asked["channel"], "ts": asked["ts"]}
            case "chat.postEphemeral":
                self.whispers.append(asked)
                return {"ok": True, "message_ts": self._ts()}
            case "conversations.replies" | "conversations.history":
                return {"ok": True, "messages": self._listed(method, asked), "has_more": False}
            case "conversations.open":
                return {"ok": True, "channel": {"id": "D" + str(asked["users"])[1:]}}
            case _:
                return {"ok": True}

    def _post(self, asked: Json) -> Json:
        ts = self._ts()
        message = {
            "channel": asked["channel"],
            "ts": ts,
            "thread_ts": asked.get("thread_ts") or ts,
            "text": asked.get("text", ""),
            "blocks": asked.get("blocks", []),
            "metadata": asked.get("metadata", {}),
            "bot_id": BOT_ID,
            "user": BOT,
            "at": time.monotonic(),
        }
        self.messages.append(message)
        self._at[message["channel"], ts] = message
        return {"ok": True, "channel": message["channel"], "ts": ts, "message": message}

    def _listed(self, method: str, asked: Json) -> list[Json]:
        oldest = float(asked.get("oldest", 0))
        thread = asked.get("ts")
        return [
            message
            for message in self.messages
            if message["channel"] == asked["channel"]
            and float(message["ts"]) >= oldest
            and (method == "conversations.history" or message["thread_ts"] == thread)
        ][-200:]

    def _ts(self) -> str:
        self._last = max(self._last + 0.000001, time.time())
        return f"{self._last:.6f}"

    # ── Stripe ──

    async def around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Around the sandbox: slow before and after it applies a change."""
        path = request.path.partition("/v1/")[2]
        if request.method != "POST" or not path:
            self.calls[f"look:{path}"] += 1
            return await handler(request)
        self.calls[path] += 1
        await self._pause(self.delay_before)
        if self.before:
            await self.before(path, {})
        answer = await handler(request)
        if self.after:
            await self.after(path, {})
        await self._pause(self.delay_after)
        return answer

    async def _pause(self, most: float) -> None:
        if most:
            await asyncio.sleep(random.random() * most)


def marker(message: Mapping[str, Any]) -> str:
    return str(message["metadata"].get("event_payload", {}).get("marker", ""))


def _run_of(payment: Json) -> str:
    return str(payment["metadata"]["effect_key"]).split(":", 1)[0]


async def _arguments(request: web.Request) -> Json:
    if request.method == "GET":
        return dict(request.query)
    if request.content_type == "application/json":
        given: Json = await request.json()
        return given
    form = await request.post()
    given = {name: str(value) for name, value in form.items()}
    return {name: json.loads(value) if value[:1] in "[{" else value for name, value in given.items()}


@asynccontextmanager
async def running_stub(folder: Path) -> AsyncIterator[Stub]:
    stub = Stub()

    @web.middleware
    async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await stub.around(request, handler)

    stripe = create_sandbox(folder / "stripe.sqlite3", webhook_url="", webhook_secret="whsec_" + "a" * 32)
    stub.sandbox = stripe[SANDBOX]
    app = web.Application(middlewares=[around])
    app.router.add_route("*", "/slack/{method}", stub.slack)
    app.add_subapp("/stripe", stripe)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    stub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield stub
    finally:
        await runner.cleanup()
