"""The database in trouble: work is refused with a word, not lost, not half done, and goes on by itself.

F60 to F63 and F66 of the crash matrix; see test_points.py. Its own servers, because they are killed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from bot.embedded import private, start
from bot.embedded.postgres import Postgres
from bot.limits import Limits
from tests.faults.invariants import new_problems, problems
from tests.faults.rig import Rig, running_rig

pytestmark = pytest.mark.processes

SAYING = "<@U0BOTBOT0> what can you do?"
MEMBERS = ("front1", "engine1", "engine2", "worker1")


@pytest_asyncio.fixture(scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    with private() as servers:
        async with running_rig(servers, tmp_path_factory.mktemp("rig"), MEMBERS) as rig:
            yield rig


@pytest_asyncio.fixture
async def rig(whole: Rig) -> AsyncIterator[Rig]:
    whole.disarm()
    whole.calm()
    await whole.ready()
    whole.known = set(await problems(whole))
    yield whole


def postgres_of(rig: Rig) -> Postgres:
    assert rig.servers.postgres is not None
    return rig.servers.postgres


class Load:
    """People who go on while something happens; every status that they were given."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._over = asyncio.Event()
        self.statuses: set[int] = set()
        self._threads: list[str] = []

    async def _talk(self) -> None:
        while not self._over.is_set():
            ts = self._rig.ts()
            body = self._rig.mention(SAYING, ts)
            for _ in range(600):
                status = await self._rig.send(body, "application/json", tries=1)
                self.statuses.add(status)
                if status == 200:
                    self._threads.append(ts)
                    break
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.02)

    async def during(self, trouble: AsyncIterator[None]) -> None:
        """Talk before, in and after the trouble; then every acknowledged word is answered once."""
        people = [asyncio.create_task(self._talk()) for _ in range(4)]
        orders = [asyncio.create_task(self._rig.order(seconds=40)) for _ in range(2)]
        await asyncio.sleep(0.4)
        async for _ in trouble:
            pass
        await asyncio.sleep(0.5)
        self._over.set()
        await asyncio.gather(*people, *orders)
        stub = self._rig.stub
        await stub.until(lambda: all(stub.in_thread(ts) for ts in self._threads), "every answer", 40)
        await settled(self._rig)
        assert all(len(stub.in_thread(ts)) == 1 for ts in self._threads)


async def settled(rig: Rig) -> None:
    """The rig's own connections may have been broken as well."""
    async with asyncio.timeout(40):
        while True:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await rig.settled(30)
                return
            await asyncio.sleep(0.1)


async def test_f61_a_restart_of_postgres_under_load_costs_503s_and_nothing_else(rig: Rig) -> None:
    async def restart() -> AsyncIterator[None]:
        await asyncio.to_thread(postgres_of(rig).stop)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(postgres_of(rig).start, durable=False)
        yield

    load = Load(rig)
    await load.during(restart())

    assert load.statuses <= {200, 503}, load.statuses
    assert 503 in load.statuses
    assert await new_problems(rig) == []


async def test_f60_kill_9_of_the_postmaster_under_load(rig: Rig) -> None:
    async def kill() -> AsyncIterator[None]:
        process = postgres_of(rig).process()
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(postgres_of(rig).start, durable=False)
        yield

    load = Load(rig)
    await load.during(kill())

    assert load.statuses <= {200, 503}, load.statuses
    assert await new_problems(rig) == []


async def test_f62_no_connection_left_costs_503s_and_nothing_else(rig: Rig) -> None:
    """All of ours are cut, and Postgres lets none of us in."""
    admin = await asyncpg.connect(rig.servers.database_url)

    async def let_nobody_in() -> AsyncIterator[None]:
        await admin.execute("alter role countersign_app connection limit 0")
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'countersign_app'"
        )
        await asyncio.sleep(1.0)
        await admin.execute("alter role countersign_app connection limit -1")
        yield

    load = Load(rig)
    await load.during(let_nobody_in())
    await admin.close()

    assert load.statuses <= {200, 503}, load.statuses
    assert 503 in load.statuses
    assert await new_problems(rig) == []


async def test_f62_a_pool_whose_every_connection_waits_costs_503s_and_what_was_refused_is_one_event(
    rig: Rig,
) -> None:
    """A migration holds a table: what the platform was refused is stored after all, and comes again."""
    admin = await asyncpg.connect(rig.servers.database_url)

    async def hold() -> AsyncIterator[None]:
        async with admin.transaction():
            await admin.execute("lock table inbox in access exclusive mode")
            await asyncio.sleep(Limits().store_seconds + 0.5)
        yield

    load = Load(rig)
    await load.during(hold())
    await admin.close()

    assert load.statuses <= {200, 503}, load.statuses
    assert 503 in load.statuses
    assert await new_problems(rig) == []


async def test_serialization_failures_are_tried_again(rig: Rig) -> None:
    """A database that is set to be serializable refuses what overlaps; nobody notices but by the time."""
    admin = await asyncpg.connect(rig.servers.database_url)
    role = "alter role countersign_app"
    await admin.execute(f"{role} set default_transaction_isolation = 'serializable'")
    rig.replace(list(rig.members.values()))
    await rig.ready()
    try:
        await asyncio.gather(*(rig.order(seconds=60) for _ in range(4)))
        await rig.settled()
        told = "\n".join(member.told() for member in rig.members.values())
    finally:
        await admin.execute(f"{role} reset default_transaction_isolation")
        await admin.close()
        rig.replace(list(rig.members.values()))
        await rig.ready()

    assert "SerializationError" in told, "none came to pass"
    assert await new_problems(rig) == []


async def test_f66_kill_9_of_everything_then_a_start_goes_on_where_it_was(rig: Rig) -> None:
    orders = [asyncio.create_task(rig.order(seconds=40)) for _ in range(4)]
    await rig.stub.until(lambda: any("Charging" in m["text"] for m in rig.stub.messages[-8:]), "a charge")
    for member in rig.members.values():
        member.wanted = False
        member.signal(signal.SIGKILL)
    for server in (rig.servers.postgres, rig.servers.valkey):
        assert server is not None
        process = server.process()
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
    await asyncio.sleep(0.3)
    await asyncio.to_thread(postgres_of(rig).start, durable=False)
    assert rig.servers.valkey is not None
    await asyncio.to_thread(rig.servers.valkey.start)
    for member in rig.members.values():
        member.wanted = True

    await asyncio.gather(*orders)
    await settled(rig)
    assert await new_problems(rig) == []


# ── the disk ─────────────────────────────────────────────────────────────────────────────


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system that is soon full; only root may make one."""
    folder = Path(tempfile.mkdtemp(prefix="cs-disk-"))
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0711", "tmpfs", str(folder)],
        capture_output=True,
        timeout=10,
        check=False,
    )
    if made.returncode:
        folder.rmdir()
        pytest.skip("no file system can be mounted here, so no disk can be filled")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, timeout=10, check=False)
        shutil.rmtree(folder, ignore_errors=True)


async def test_f63_a_full_disk_refuses_events_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with small_disk(300) as disk:
        servers = start(disk, durable=False)
        try:
            async with running_rig(servers, tmp_path, ("front1", "engine1", "worker1")) as rig:
                await rig.order()
                filler = disk / "filler"
                fill(filler)
                ts = rig.ts()
                body = rig.mention(SAYING + " " + "x" * 30_000, ts)
                statuses = [await rig.send(body, "application/json", tries=1)]
                async with asyncio.timeout(30):
                    while 503 not in statuses:
                        another = rig.mention(SAYING + " " + "x" * 30_000, rig.ts())
                        statuses.append(await rig.send(another, "application/json", tries=1))
                filler.unlink()
                await asyncio.to_thread(postgres_of(rig).start, durable=False)
                await rig.ready()
                assert await rig.send(body, "application/json") == 200
                await rig.stub.until(lambda: rig.stub.in_thread(ts), "the answer", 40)
                await rig.order(seconds=40)
                await settled(rig)
                assert await new_problems(rig) == []
                assert set(statuses) <= {200, 503}
        finally:
            await asyncio.to_thread(servers.stop, at_once=True)


def fill(path: Path) -> None:
    """Until nothing more fits."""
    block = b"\0" * (1 << 16)
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(block) == len(block):
            pass
