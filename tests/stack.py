"""The whole bot for a test: embedded servers, stand-ins, front and engine here, a real worker beside."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
from aiohttp import web

from bot.embedded import Servers
from bot.front import create_app
from bot.settings import Settings
from bot.workbench.cast import APPROVALS_CHANNEL, APPROVALS_CHAT
from bot.workbench.driver import LocalWorld, stand_ins
from workers import assemble, bench, front, inspect, web_front
from workers.engine import Engine
from workers.inbox import GroupInbox, open_inbox
from workers.installs import own_tenant
from workers.known import Library
from workers.migrate import migrate
from workers.push import load_catalog, push
from workers.store.door import Database

ROOT = Path(__file__).resolve().parent.parent
BOTH = f"{APPROVALS_CHANNEL},{APPROVALS_CHAT}"
SECRET = "a-secret-key-for-tests-that-is-long-enough-0123456789"

WORKER_LOG = "worker.log"


@dataclass
class Stack:
    """What a conversation test talks to. `db` is the app role's."""

    world: LocalWorld
    settings: Settings
    db: Database
    tenant: UUID
    admin_dsn: str
    inbox: GroupInbox
    engine: Engine
    worker: subprocess.Popen[bytes]

    def restart_worker(self) -> None:
        self.worker.kill()
        self.worker.wait()
        self.worker = start_worker(self.settings)

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        async with self.db.tenant(self.tenant) as c:
            return await c.fetch(query, *arguments)

    async def lately_in(self, platform: str, *emails: str) -> None:
        """These were seen there last, whatever other tests had them do elsewhere: who they are is asked
        once in a while only, so what they just said does not show it."""
        await self.fetch(
            "update accounts a set seen_at = now() - make_interval(secs => case when a.platform = $1 then 0"
            " else 3600 end) from people p where p.tenant_id = a.tenant_id and p.id = a.person_id"
            " and p.email = any($2)",
            platform,
            list(emails),
        )

    async def at_stripe(self, object: str) -> list[dict[str, Any]]:
        """Everything of this kind that the sandbox has, the newest first; the page shows only the latest."""
        url = f"{self.world.url}/standin/stripe/_sandbox/records?most=10000"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            found: list[dict[str, Any]] = await answer.json(content_type=None)
        return [each for each in found if each["object"] == object]

    async def charges(self) -> list[dict[str, Any]]:
        """Every payment that went through."""
        return [each for each in await self.at_stripe("payment_intent") if each["status"] == "succeeded"]


def environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, **settings.plain()}


def start_worker(settings: Settings, log: Path | None = None) -> subprocess.Popen[bytes]:
    """What it says goes to `log`, or to the terminal with SHOW_WORKER, or nowhere."""
    with (log or Path(os.devnull)).open("ab") as file:
        said = None if os.environ.get("SHOW_WORKER") else file
        return subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "worker", "--under-up"],
            cwd=ROOT,
            env=environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )


@asynccontextmanager
async def running(servers: Servers, folder: Path, *, lease: float = 5.0, **more: Any) -> AsyncIterator[Stack]:
    """Everything, from an empty database to an answering bot."""
    admin = more.pop("database_url", servers.database_url)
    dsn = await asyncio.to_thread(migrate, admin, SECRET)
    await push(dsn, load_catalog(), ROOT / "flows" / "policy.yaml")
    db = await Database.open(dsn, size=4)
    tenant = await own_tenant(db)
    library = Library(money_tools=True)
    async with AsyncExitStack() as exits:
        exits.push_async_callback(db.close)

        async def runs() -> list[dict[str, Any]]:
            return await inspect.latest(db, library, tenant)

        import socket

        listening = socket.create_server(("127.0.0.1", 0))
        bot = f"http://127.0.0.1:{listening.getsockname()[1]}"
        unset = Settings(_env_file=None, state_dir=folder)
        world = await exits.enter_async_context(
            stand_ins(folder, inspect=runs, sandboxes=bench.sandboxes(unset, bot))
        )
        settings = world.settings(
            database_url=admin,
            redis_url=servers.redis_url,
            secret_key=SECRET,
            **{"approvers": "grace@example.com", "approvals_channel": BOTH, **more},
        )
        inbox = await open_inbox(dsn, servers.redis_url)
        exits.push_async_callback(inbox.close)
        app = create_app(
            front.heard_by_post(assemble.doors(settings)),
            inbox,
            hooks=front.hooks(settings, db),
            extra=await web_front.opened(settings, exits),
        )
        runner = web.AppRunner(app)
        await runner.setup()
        exits.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listening).start()
        world.bot_url = bot
        engine = await exits.enter_async_context(assemble.assemble(settings, lease=lease))
        stop = asyncio.Event()
        serving = asyncio.create_task(engine.run(stop))
        worker = start_worker(settings, folder / WORKER_LOG)
        stack = Stack(world, settings, db, tenant, admin, inbox, engine, worker)
        try:
            await _installed(stack)
            await world.teams.install("grace", "Approvals")
            await world.teams.wait_for("I am Countersign", chat="Approvals")
            yield stack
        finally:
            stop.set()
            await serving
            stack.worker.terminate()
            try:
                await asyncio.to_thread(stack.worker.wait, 10)
            except subprocess.TimeoutExpired:
                stack.worker.kill()


async def _installed(stack: Stack) -> None:
    """Until the engine has found out which workspaces its credentials are for."""
    async with asyncio.timeout(15):
        while len(await stack.fetch("select 1 from installations where platform in ('slack', 'teams')")) < 2:
            await asyncio.sleep(0.02)
