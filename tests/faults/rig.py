"""Fronts, engines and workers as real processes with short leases, and somebody who uses them.

    async with running_rig(servers, folder) as rig:
        await rig.arm("F13:1:kill")
        order = await rig.order()              # says it, says yes, waits for the receipt
        rig.check(order)                       # one card, one charge, one receipt

A keeper starts again whatever died, and wakes after a while whatever was frozen.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp

from bot.embedded import Servers
from bot.processes import identify
from tests.faults import events
from tests.faults.members import ROOT, Json, Launcher, Member
from tests.faults.stub import BOT, Stub, running_stub
from workers.installs import own_tenant
from workers.migrate import migrate
from workers.push import load_catalog, push
from workers.store.door import Database

SECRET = "a-secret-key-for-tests-that-is-long-enough-0123456789"
SIGNING = "a-signing-secret-of-the-crash-tests"
LEASE = 0.6
APPROVALS = "C0APPROVAL"
ADA, GRACE = "U0ADA0000", "U0GRACE00"
SMALL = f"<@{BOT}> order two margheritas and a cola"
LARGE = f"<@{BOT}> order six large margheritas and two colas"


@dataclass
class Order:
    """One order, as the person who gave it saw it. `thread` is the ts of what they said."""

    thread: str
    run: str = ""
    began: float = 0.0
    seconds: float = 0.0


class Rig:
    """Everything, and a person's hands."""

    def __init__(self, servers: Servers, stub: Stub, db: Database, tenant: UUID, folder: Path) -> None:
        self.servers = servers
        self.stub = stub
        self.db = db
        self.tenant = tenant
        self.folder = folder
        self.members: dict[str, Member] = {}
        self.fronts: list[str] = []
        self.refused = 0  # answers that were not 200
        self.thaw_after = LEASE * 2.5 + 0.2
        self.known: set[str] = set()  # what earlier tests did on purpose
        self._faults = folder / "faults"
        self._faults.write_text("")
        self._launcher: Launcher | None = None
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=8), trust_env=False)
        self._said = 0
        self._base = self._environment()

    # ── processes ──

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": self.servers.database_url,
            "REDIS_URL": self.servers.redis_url,
            "SECRET_KEY": SECRET,
            "SLACK_BOT_TOKEN": "xoxb-crash-tests",
            "SLACK_SIGNING_SECRET": SIGNING,
            "SLACK_API_URL": f"{self.stub.url}/slack/",
            "STRIPE_API_KEY": "sk_test_crash",
            "STRIPE_API_BASE": f"{self.stub.url}/stripe",
            "APPROVALS_CHANNEL": APPROVALS,
            "APPROVERS": "grace@example.com",
            "ENGINE_LEASE": str(LEASE),
            "EFFECT_LEASE": str(LEASE),
            "LOG_LEVEL": "INFO",
            "FAULT": f"@{self._faults}",
            "COUNTERSIGN_TEST_BUILD": "1",
        }

    def add(self, name: str, *, patches: Json | None = None, **env: str) -> Member:
        """`front…`, `engine…` or `worker…`; started at once."""
        role = name.rstrip("0123456789")
        mine = dict(self._base)
        if role == "front":
            mine["PORT"] = str(_free_port())
            self.fronts.append(f"http://127.0.0.1:{mine['PORT']}")
        args = ("worker", "--under-up") if role == "worker" else ("serve", "--role", role, "--under-up")
        log = self.folder / f"{name}.log"
        member = Member(name, args, mine | env, log, {"hasty": True} | (patches or {}))
        self.members[name] = member
        self.start(member)
        return member

    def start(self, member: Member) -> None:
        if self._launcher is None:
            self._launcher = Launcher()
        wanted = {
            "args": member.args,
            "env": member.env,
            "cwd": str(self.folder),
            "log": str(member.log),
            "patches": member.patches,
        }
        pid = self._launcher.launch(wanted)
        member.process = identify(pid)
        member.frozen_since = None

    async def remove(self, *names: str) -> None:
        """Killed, and not started again."""
        for name in names:
            member = self.members.pop(name)
            member.wanted = False
            member.signal(signal.SIGKILL)
            if member.args[0] == "serve" and "front" in member.args:
                self.fronts.remove(f"http://127.0.0.1:{member.env['PORT']}")

    async def keep(self) -> None:
        """Starts again what died, wakes what is frozen; for ever."""
        while True:
            for member in list(self.members.values()):
                if member.wanted and not member.alive():
                    member.deaths += 1
                    self.start(member)
                elif member.frozen():
                    member.frozen_since = member.frozen_since or time.monotonic()
                    if time.monotonic() - member.frozen_since > self.thaw_after:
                        member.signal(signal.SIGCONT)
                        member.frozen_since = None
            await asyncio.sleep(0.03)

    async def ready(self, seconds: float = 30.0) -> None:
        """Until every front answers and somebody listens to every channel."""
        async with asyncio.timeout(seconds):
            for front in self.fronts:
                while not await self._healthy(front):
                    await asyncio.sleep(0.03)
            while not await self.fetch("select 1 from installations where platform = 'slack'"):
                await asyncio.sleep(0.03)

    async def _healthy(self, front: str) -> bool:
        try:
            async with self._http.get(f"{front}/readyz") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    def deaths(self) -> int:
        return sum(member.deaths for member in self.members.values())

    def calm(self) -> None:
        """The world is fast and well again."""
        stub = self.stub
        stub.before = stub.after = None
        stub.delay_before = stub.delay_after = 0.0
        stub.limited = 0

    @asynccontextmanager
    async def patched(self, role: str, patches: Json, **env: str) -> AsyncIterator[None]:
        """All of a role (or one by its name) started anew like this; as they were afterwards."""
        chosen = [m for m in self.members.values() if m.name.startswith(role)]
        before = [(m.patches, m.env) for m in chosen]
        for member in chosen:
            member.patches = {"hasty": True} | patches
            member.env = member.env | env
        self.replace(chosen)
        await self.ready()
        try:
            yield
        finally:
            for member, (patched, environment) in zip(chosen, before, strict=True):
                member.patches, member.env = patched, environment
            self.disarm()
            self.replace(chosen)
            await self.ready()

    def replace(self, members: Sequence[Member]) -> None:
        for member in members:
            member.signal(signal.SIGKILL)
            self.start(member)

    # ── faults ──

    def arm(self, spec: str) -> None:
        self._faults.with_name("faults.hit").unlink(missing_ok=True)
        self._faults.write_text(spec)

    def disarm(self) -> None:
        self._faults.write_text("")

    def struck(self) -> list[str]:
        """What came to pass, in order: "F13:1:kill 4711"."""
        with suppress(FileNotFoundError):
            return self._faults.with_name("faults.hit").read_text().splitlines()
        return []

    async def until_struck(self, seconds: float = 15.0) -> str:
        async with asyncio.timeout(seconds):
            while not (struck := self.struck()):
                await asyncio.sleep(0.01)
        return struck[0]

    # ── a person ──

    def ts(self) -> str:
        """In whole microseconds: a float of today's size cannot tell two of them apart for sure."""
        self._said = max(self._said + 1, time.time_ns() // 1000)
        return f"{self._said // 1_000_000}.{self._said % 1_000_000:06d}"

    async def send(
        self, body: bytes, kind: str, *, front: int = 0, tries: int = 400, secret: str = SIGNING
    ) -> int:
        """As Slack does: again, until it is answered 200. The last status, or 0."""
        status = 0
        for attempt in range(tries):
            front_url = self.fronts[(front + attempt) % len(self.fronts)]
            stamp = str(int(time.time()))
            digest = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
            headers = {
                "Content-Type": kind,
                "X-Slack-Request-Timestamp": stamp,
                "X-Slack-Signature": f"v0={digest}",
            }
            try:
                async with self._http.post(f"{front_url}/slack/events", data=body, headers=headers) as answer:
                    status = answer.status
            except (aiohttp.ClientError, TimeoutError, OSError):
                status = 0
            if status == 200:
                return status
            self.refused += 1
            if attempt + 1 < tries:
                await asyncio.sleep(0.05)
        return status

    def mention(self, text: str, ts: str, thread: str = "", user: str = ADA) -> bytes:
        return events.mention(text, ts, thread, user)

    async def say(self, text: str, thread: str = "", **more: Any) -> str:
        """The ts of what was said, once it is acknowledged."""
        ts = self.ts()
        status = await self.send(self.mention(text, ts, thread), "application/json", **more)
        assert status == 200, f"never acknowledged: {status}"
        return ts

    def press_of(self, message: Json, label: str, user: str = ADA) -> bytes:
        """The body of a press on a button of this message."""
        return events.press(message, label, user, self.ts())

    async def press(self, message: Json, label: str, user: str = ADA, **more: Any) -> None:
        body = self.press_of(message, label, user)
        status = await self.send(body, "application/x-www-form-urlencoded", **more)
        assert status == 200, f"never acknowledged: {status}"

    async def seen(self, thread: str, words: str, seconds: float = 20.0) -> Json:
        """The bot's message with these words in this thread."""

        def found() -> Json | None:
            return next((m for m in self.stub.in_thread(thread) if words in m["text"]), None)

        message: Json = await self.stub.until(found, f"{words!r} in {thread}", seconds)
        return message

    async def card(self, text: str = SMALL, seconds: float = 20.0) -> tuple[str, Json]:
        """Ordered; the thread, and the card to be confirmed."""
        thread = await self.say(text)
        return thread, await self.seen(thread, "Confirm your cart", seconds)

    async def order(self, text: str = SMALL, seconds: float = 25.0) -> Order:
        """From the first word to the receipt."""
        began = time.monotonic()
        thread, card = await self.card(text, seconds)
        await self.press(card, "Yes, order it")
        await self.seen(thread, "Receipt", seconds)
        return Order(thread, began=began, seconds=time.monotonic() - began)

    # ── looking ──

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        async with self.db.tenant(self.tenant) as c:
            return list(await c.fetch(query, *arguments))

    async def run_of(self, thread: str) -> Json:
        rows = await self.fetch("select * from runs where conversation like '%' || $1", thread)
        assert len(rows) == 1, f"{len(rows)} runs in {thread}"
        return dict(rows[0])

    async def settled(self, seconds: float = 20.0) -> None:
        """Until nothing waits anywhere."""
        async with asyncio.timeout(seconds):
            while await self.waiting():
                await asyncio.sleep(0.05)

    async def waiting(self) -> Json:
        """What is not dealt with: by table."""
        rows = await self.fetch(
            "select (select count(*) from inbox where state = 0) as inbox,"
            " (select count(*) from outbox where state in ('queued', 'sending')) as outbox,"
            " (select count(*) from effects where state in ('queued', 'running')) as effects"
        )
        return {name: count for name, count in dict(rows[0]).items() if count}

    async def close(self) -> None:
        await self._http.close()
        if self._launcher:
            self._launcher.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@asynccontextmanager
async def running_rig(
    servers: Servers,
    folder: Path,
    names: Sequence[str] = ("front1", "engine1", "engine2", "worker1"),
    *,
    patches: Json | None = None,
    setup: Callable[[Rig], None] | None = None,
    **env: str,
) -> AsyncIterator[Rig]:
    """Everything, from an empty database to an answering bot, with somebody who looks after it."""
    dsn = await asyncio.to_thread(migrate, servers.database_url, SECRET)
    await push(dsn, load_catalog(), ROOT / "flows" / "policy.yaml")
    db = await Database.open(dsn, size=3)
    async with running_stub(folder) as stub:
        rig = Rig(servers, stub, db, await own_tenant(db), folder)
        if setup:
            setup(rig)
        for name in names:
            rig.add(name, patches=patches, **env)
        keeping = asyncio.create_task(rig.keep())
        try:
            await rig.ready()
            yield rig
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await rig.close()
            await db.close()
