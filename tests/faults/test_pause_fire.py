"""The kill switch under load: however it is thrown, nothing begins two seconds later, and nothing is lost."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.embedded import Servers
from flows.effects import Call
from tests.conftest import SECRET
from tests.faults.uncalled import Stand, leave, stand
from tests.workers.sealed_case import ARGUMENTS
from workers import calls
from workers.store import effects, tenants
from workers.store.door import Database

MANY, HANDS, TAKES = 240, 8, 0.02
WITHIN = 2.0
LOOK = 2.5  # seconds for which it is watched afterwards


@pytest.fixture
async def there(db: Database, servers: Servers, idle: None) -> AsyncIterator[Stand]:
    found = await stand(db, servers)
    yield found
    await leave(found)


class Load:
    """Eight of a worker's threads, which try whatever is due again and again; when each call began."""

    def __init__(self, there: Stand, keys: list[str]) -> None:
        self.begun: list[float] = []
        self.left = deque(keys)
        self.over = threading.Event()
        self._there = there
        there.before = self._began
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(HANDS)]

    def _began(self) -> None:
        self.begun.append(time.monotonic())
        time.sleep(TAKES)

    def _work(self) -> None:
        while not self.over.is_set():
            try:
                key = self.left.popleft()
            except IndexError:
                return
            self._there.hands.run(key)
            self.left.append(key)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    async def until(self, number: int) -> None:
        async with asyncio.timeout(60):
            while len(self.begun) < number:
                await asyncio.sleep(0.01)

    async def end(self) -> None:
        self.over.set()
        for thread in self._threads:
            await asyncio.to_thread(thread.join, 30)


async def queued(there: Stand) -> list[str]:
    """Charges that are due, of a run that nobody listens to any more."""
    await there.say("ada", "/plain_stripe_charge please")
    [run] = await there.desk.fetch("select id, conversation from runs")
    keys = [f"{run['id']}:many:{number}" for number in range(MANY)]
    async with there.desk.db.tenant(there.desk.tenant) as c:
        version = await tenants.policy_version(c, there.desk.tenant)
        assert version
        for key in keys:
            call = Call(key, "stripe.charge", ARGUMENTS, "act")
            await effects.intend(
                c, there.desk.tenant, run["conversation"], run["id"], call, version, "money", "queued"
            )
    return keys


# ── how it is thrown ─────────────────────────────────────────────────────────────────────

Switch = Callable[[Stand, Servers, bool], Awaitable[None]]


async def typed(there: Stand, servers: Servers, paused: bool) -> None:
    """As the command, with a model that nobody answers for."""
    env = {
        "DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url, "SECRET_KEY": SECRET,
        "MODEL": "openai", "OPENAI_API_KEY": "sk-gone", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    }  # fmt: skip
    command = [("pause" if paused else "resume"), str(there.desk.tenant)]
    done = await asyncio.to_thread(CliRunner().invoke, app, command, env=env)
    assert done.exit_code == 0, done.output


async def in_the_database(there: Stand, servers: Servers, paused: bool) -> None:
    await there.desk.fetch("update tenants set paused = $1", paused)


@pytest.mark.parametrize("switch", [typed, in_the_database], ids=lambda each: each.__name__)
async def test_two_seconds_after_it_nothing_begins_and_all_of_it_happens_once_it_is_over(
    there: Stand, servers: Servers, switch: Switch
) -> None:
    load = Load(there, await queued(there))
    load.start()
    await load.until(MANY // 6)
    await switch(there, servers, True)
    thrown = time.monotonic()
    await asyncio.sleep(LOOK)
    before = list(load.begun)

    assert len(before) < MANY, "there was something left to stop"
    late = max(before) - thrown
    print(f"{switch.__name__}: the last of {len(before)} began {late * 1000:.0f} ms after it was paused")
    assert late < WITHIN
    rows = await there.desk.fetch(
        "select state, count(*) as n from effects where key like '%many%' group by 1"
    )
    assert {row["state"]: row["n"] for row in rows} == {"done": len(before), "queued": MANY - len(before)}

    await switch(there, servers, False)
    await load.until(MANY)
    await load.end()
    assert there.called["stripe.charge"] == len(load.begun) == MANY
    [row] = await there.desk.fetch(
        "select count(*) as n from effects where key like '%many%' and state = 'done'"
    )
    assert row["n"] == MANY


@pytest.mark.twin
async def test_without_the_look_at_the_claim_it_goes_on_for_as_long_as_there_is_something(
    there: Stand, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = effects.claim

    async def claim(c: Any, tenant: Any, key: str, lease: float) -> Any:
        paused = await c.fetchval("select paused from tenants")
        await c.execute("update tenants set paused = false")
        found = await real(c, tenant, key, lease)
        await c.execute("update tenants set paused = $1", paused)
        return found

    monkeypatch.setattr(calls.effects, "claim", claim)
    load = Load(there, await queued(there))
    load.start()
    await load.until(MANY // 6)
    await in_the_database(there, servers, True)
    await load.until(MANY)
    await load.end()
