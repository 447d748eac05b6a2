"""Where benches lie: PostgreSQL and Valkey with their guarantees on, the stub, and bots as real processes."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from bot import embedded, ports
from bot.settings import Settings
from bot.workbench import cast, keys
from bot.workbench.environment import environment
from tests.bench.stub import Stub, stub
from workers.installs import own_tenant
from workers.migrate import migrate
from workers.push import load_catalog, push
from workers.store import tenants
from workers.store.door import Database

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-key-for-benches-that-is-long-enough-0123456789"
BOTH = f"{cast.APPROVALS_CHANNEL},{cast.APPROVALS_CHAT}"
PATIENCE = 60.0


@dataclass(slots=True)
class Bot:
    """One bot's processes. `database` is the superuser's address; the bot itself acts as the app's role."""

    port: int
    database: str
    variables: Mapping[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    logs: dict[str, Path] = field(default_factory=dict)

    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self.processes.items()}

    def engines(self) -> list[int]:
        return [process.pid for name, process in self.processes.items() if name.startswith("engine")]

    def freeze(self) -> None:
        """Nothing of it runs until `thaw`: for measuring another bot beside it."""
        for process in self.processes.values():
            process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)


@dataclass(slots=True)
class Bed:
    """Shared by all benches of a run. Each bot has a database of its own, copied from a migrated one."""

    folder: Path
    servers: embedded.Servers
    stub: Stub
    base: Mapping[str, str]
    _made: int = 0

    @property
    def postgres(self) -> int:
        assert self.servers.postgres
        process = self.servers.postgres.process()
        assert process
        return process.pid

    @property
    def valkey(self) -> int:
        assert self.servers.valkey
        process = self.servers.valkey.process()
        assert process
        return process.pid

    async def database(self) -> str:
        self._made += 1
        name = f"bench{self._made}"
        admin = await asyncpg.connect(_named(self.servers.database_url, "postgres"))
        try:
            await admin.execute(f"create database {name} template {embedded.postgres.DATABASE}")
        finally:
            await admin.close()
        return _named(self.servers.database_url, name)

    @asynccontextmanager
    async def bot(
        self, *, engines: int = 1, worker: bool = False, front: bool = True, database: str = ""
    ) -> AsyncIterator[Bot]:
        database = database or await self.database()
        port = ports.free_port("127.0.0.1")
        variables = {**self.base, "DATABASE_URL": database, "PORT": str(port)}
        bot = Bot(port, database, variables)
        async with AsyncExitStack() as exits:
            if worker:
                variables |= await self._sandbox(bot, variables, exits)
            if front:
                await self.start(bot, "front", ["-m", "tests.bench.servers.front"], exits)
                await listening(bot, "front")
            if worker:
                await self.start(bot, "worker", ["-m", "bot.cli", "worker", "--under-up"], exits)
            for number in range(engines):
                await self.engine(bot, number, exits)
            yield bot

    async def engine(self, bot: Bot, number: int, exits: AsyncExitStack) -> None:
        name = f"engine{number or ''}"
        await self.start(bot, name, ["-m", "bot.cli", "serve", "--role", "engine", "--under-up"], exits)
        async with asyncio.timeout(PATIENCE):
            while "engine.ready" not in bot.logs[name].read_text(errors="replace"):
                _alive(bot, name)
                await asyncio.sleep(0.02)

    async def _sandbox(self, bot: Bot, variables: Mapping[str, str], exits: AsyncExitStack) -> dict[str, str]:
        port = ports.free_port("127.0.0.1")
        more = {
            "PORT": str(port),
            "SANDBOX_FILE": str(self.folder / f"stripe{port}.sqlite3"),
            "SANDBOX_WEBHOOK": f"http://127.0.0.1:{bot.port}/webhooks/stripe",
        }
        await self.start(bot, "sandbox", ["-m", "tests.bench.servers.sandbox"], exits, {**variables, **more})
        await listening(bot, "sandbox", port)
        return {"STRIPE_API_BASE": f"http://127.0.0.1:{port}/standin/stripe"}

    async def start(
        self,
        bot: Bot,
        name: str,
        arguments: list[str],
        exits: AsyncExitStack,
        variables: Mapping[str, str] | None = None,
        program: str = sys.executable,
    ) -> None:
        """A process of the bot, ended when `exits` closes."""
        log = self.folder / f"{name}-{bot.port}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [program, *arguments],
                cwd=self.folder,  # away from the developer's own .env
                env={**inherited(), "PYTHONPATH": str(ROOT), **(variables or bot.variables)},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        bot.processes[name], bot.logs[name] = process, log
        exits.push_async_callback(asyncio.to_thread, end, process)


def end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def inherited() -> dict[str, str]:
    """Our environment without any setting of the bot's: a bench never talks to a real service."""
    settings = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name.upper() not in settings}


def without_settings() -> None:
    """The same for this very process."""
    for name in set(os.environ) - set(inherited()):
        del os.environ[name]


async def listening(bot: Bot, name: str, port: int = 0) -> None:
    """Until this process of the bot takes connections. Raises `Died` with its last words."""
    async with asyncio.timeout(PATIENCE):
        while True:
            _alive(bot, name)
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port or bot.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


class Died(Exception):
    """A process of a bench ended by itself."""


def _alive(bot: Bot, name: str) -> None:
    if bot.processes[name].poll() is not None:
        words = bot.logs[name].read_text(errors="replace").strip().splitlines()[-3:]
        raise Died(f"{name} ended: {' | '.join(words)[:600]}")


@asynccontextmanager
async def bed() -> AsyncIterator[Bed]:
    folder = Path(tempfile.mkdtemp(prefix="cs-bench-"))
    folder.chmod(0o711)
    made = keys.made()
    keys.write_once(folder, made)
    async with AsyncExitStack() as exits:
        exits.callback(shutil.rmtree, folder, ignore_errors=True)
        servers = await asyncio.to_thread(embedded.start, folder)
        exits.push_async_callback(asyncio.to_thread, lambda: servers.stop(at_once=True))
        await _prepare(servers.database_url)
        there = await exits.enter_async_context(stub(made))
        yield Bed(folder, servers, there, _variables(folder, servers, there.port))


async def _prepare(url: str) -> None:
    """The database that the others are copied from: migrated, with flows, and both platforms installed."""
    dsn = await asyncio.to_thread(migrate, url, SECRET)
    await push(dsn, load_catalog(), ROOT / "flows" / "policy.yaml")
    db = await Database.open(dsn, size=1)
    tenant = await own_tenant(db)
    async with db.tenant(tenant) as c:
        await tenants.install(c, tenant, "slack", cast.TEAM, cast.BOT_USER, None)
        await tenants.install(c, tenant, "teams", cast.TENANT, "", None)
    await db.close()


def _variables(folder: Path, servers: embedded.Servers, port: int) -> dict[str, str]:
    unset: dict[str, Any] = {"host": "127.0.0.1", "port": port, "state_dir": folder}
    aimed = environment(Settings(_env_file=None, **unset))
    return aimed | {
        "REDIS_URL": servers.redis_url,
        "CELERY_BROKER_URL": servers.celery_broker_url,
        "SECRET_KEY": SECRET,
        "STATE_DIR": str(folder),
        "HOST": "127.0.0.1",
        "APPROVALS_CHANNEL": BOTH,
        "LOG_LEVEL": "INFO",
    }


def _named(url: str, database: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, ""))


async def fetch(bot: Bot, query: str, *arguments: Any) -> list[Any]:
    """As the superuser, who sees every row."""
    connection = await asyncpg.connect(bot.database)
    try:
        rows: list[Any] = await connection.fetch(query, *arguments)
        return rows
    finally:
        await connection.close()


async def own(bot: Bot) -> Any:
    """The bot's one tenant."""
    return (await fetch(bot, "select tenant_id from tenants"))[0][0]
