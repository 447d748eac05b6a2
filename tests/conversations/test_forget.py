"""Somebody says /forget: what is open is cancelled, cards lose their name, and nothing of them is found."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from redis import asyncio as redis

from bot.embedded import private
from bot.embedded.places import postgres_programs, server_user
from bot.front import create_app
from bot.front_forget import add_forget
from tests.conversations.test_order import LARGE
from tests.stack import WORKER_LOG, Stack, running
from tests.workers.forget.planted import holding
from workers import assemble
from workers.audit_verify import verify
from workers.forget import export
from workers.forget.broker import Cache
from workers.forget.desk import desk
from workers.forget.erasing import Eraser
from workers.forget.front import forgetters
from workers.forget.keeper import Keeper
from workers.forget.steps import World

CANARY = "zqcanary88"
PATIENCE = 30.0


@pytest_asyncio.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    with private() as servers:
        folder = tmp_path_factory.mktemp("forget")
        async with running(servers, folder) as stack:
            yield stack


def keeper(stack: Stack) -> Keeper:
    tools, settings = stack.engine.tools, stack.settings
    assert tools.forgetting is not None
    world = World(tools.forgetting.signer, tools.doors, 0)
    return Keeper(stack.db, Eraser(stack.db, world, Cache(settings.secret("redis_url")), rest=0))


async def until_done(stack: Stack) -> None:
    keeping = keeper(stack)
    for _ in range(40):
        if not await keeping.sweep():
            return
    rows = await stack.fetch("select state, step, position, lap from forgettings")
    raise AssertionError(f"never done: {[dict(row) for row in rows]}")


async def said_everywhere(stack: Stack) -> Any:
    """Messages on both platforms, a paid order, one that waits for an approver, a cache entry."""
    slack, teams = stack.world.slack, stack.world.teams
    await slack.say("ada", "dm", f"hello {CANARY}")
    await slack.wait_for("I can do this", channel="dm", who="ada", timeout=PATIENCE)
    lease = f"The {CANARY} lease. The rent is due on the third of each month. Pets are not allowed."
    files = [await stack.world.upload(f"{CANARY}.txt", lease.encode(), "text/plain")]
    asked = await teams.say("ada", "personal", "When is the rent due?", files=files)
    await teams.wait_for("third of each month", chat="personal", who="ada", after=asked, timeout=PATIENCE)
    await teams.say("ada", "personal", "order two colas")
    await teams.wait_for("Confirm your cart", chat="personal", who="ada", timeout=PATIENCE)
    await teams.say("ada", "personal", f"what is {CANARY}?")
    said = await slack.say("grace", "orders", "@Countersign order two colas")
    await slack.wait_for("Confirm your cart", thread=said, timeout=PATIENCE)
    await slack.say("ada", "orders", f"I want some too {CANARY}", thread=said)
    paid = await slack.say("ada", "orders", f"@Countersign {LARGE}")
    card = await slack.wait_for("Confirm your cart", thread=paid, button="Yes, order it", timeout=PATIENCE)
    await slack.press("ada", card, "Yes, order it")
    ask = await slack.wait_for("Approve?", channel="approvals", button="Approve", timeout=PATIENCE)
    await slack.press("grace", ask, "Approve")
    await slack.wait_for("Receipt", thread=paid, timeout=PATIENCE)
    open_ = await slack.say("ada", "orders", f"@Countersign {LARGE}")
    card = await slack.wait_for("Confirm your cart", thread=open_, button="Yes, order it", timeout=PATIENCE)
    await slack.press("ada", card, "Yes, order it")
    waits = await slack.wait_for(
        "Approve?", channel="approvals", button="Approve", after=ask, timeout=PATIENCE
    )
    client: Any = redis.from_url(stack.settings.secret("redis_url"))
    await client.set("context:of:somebody", f"U0ADA0000 said {CANARY}")
    await client.aclose()
    return ask, waits


async def in_valkey(stack: Stack, *texts: str) -> list[str]:
    client: Any = redis.from_url(stack.settings.secret("redis_url"))
    found = []
    async for key in client.scan_iter():
        value = await client.get(key) if await client.type(key) == b"string" else b""
        if any(text.encode() in key + (value or b"") for text in texts):
            found.append(key.decode())
    await client.aclose()
    return found


def in_files(folder: Path, text: str) -> list[str]:
    """Of ours, the worker's log among them: what the stand-ins keep is Slack's and Microsoft's."""
    files = [path for path in folder.rglob("*") if path.is_file() and "workbench" not in str(path)]
    assert any(path.name == WORKER_LOG and path.stat().st_size for path in files)
    return [path.name for path in files if text.encode() in path.read_bytes()]


def dumped(address: str) -> str:
    """The whole database, as whoever keeps backups has it."""
    program = postgres_programs(server_user()) / "pg_dump"
    done = subprocess.run([program, "--dbname", address], capture_output=True, check=True, timeout=60)
    return done.stdout.decode("utf-8", "replace").lower()


async def test_after_forget_nothing_is_found_and_whoever_comes_back_is_somebody_new(
    stack: Stack, capfd: pytest.CaptureFixture[str]
) -> None:
    slack = stack.world.slack
    paid, waits = await said_everywhere(stack)
    [before] = await stack.fetch("select id from people where email = 'ada@example.com'")
    names = [f"{CANARY}", "ada@example.com", "ada reyes", "u0ada0000"]
    assert {"files.name", "files.words"} <= set(await holding(stack.db, stack.tenant, CANARY))
    assert len([name for text in names for name in await holding(stack.db, stack.tenant, text)]) > 20

    await slack.command("ada", "orders", "/forget")
    card = await slack.wait_for("Shall I forget you?", who="ada", channel="orders", button="Forget me")
    assert "Is cancelled first" in card.words
    await slack.press("ada", card, "Forget me")
    await slack.wait_for("I am forgetting you", who="ada", channel="orders")
    await until_done(stack)

    told = await slack.wait_for("You are forgotten", who="ada", channel="orders", timeout=PATIENCE)
    assert "Signature" in told.words
    await slack.wait_until(waits, "asked to be forgotten", timeout=PATIENCE)
    await slack.wait_until(paid, "asked to be forgotten", timeout=PATIENCE)
    assert "Ada" not in slack.now(waits).words
    assert "Ada" not in slack.now(paid).words
    await until_done(stack)

    left = {text: await holding(stack.db, stack.tenant, text) for text in names}
    assert left == {text: [] for text in names}
    assert await in_valkey(stack, CANARY, "U0ADA0000") == []
    out, err = capfd.readouterr()
    assert CANARY not in out + err
    assert in_files(stack.settings.state_dir, CANARY) == []
    whole = await asyncio.to_thread(dumped, stack.admin_dsn)
    assert "grace@example.com" in whole
    assert [text for text in names if text in whole] == []
    assert await asyncio.to_thread(verify, stack.settings) == 0

    again = await slack.say("ada", "dm", "hello again")
    await slack.wait_for("I can do this", thread=again, timeout=PATIENCE)
    [after] = await stack.fetch("select id from people where email = 'ada@example.com'")
    assert after["id"] != before["id"]


async def test_a_link_that_is_told_in_private_gives_all_that_is_kept_and_nothing_of_others(
    stack: Stack,
) -> None:
    slack = stack.world.slack
    await slack.say("omar", "dm", "hello, this is omarcanary")
    await slack.wait_for("I can do this", channel="dm", who="omar")
    tools = stack.engine.tools
    assert tools.forgetting is not None
    [omar] = await stack.fetch("select id from people where email = 'omar@example.com'")
    found = [
        (table, row)
        async for table, row in export.rows(
            stack.db, stack.tenant, omar["id"], tools.forgetting.vault, tools.doors
        )
    ]
    assert "omarcanary" in str(found)
    assert {"people", "accounts", "inbox", "outbox"} <= {table for table, _ in found}
    assert "grace@example.com" not in str(found)


async def test_a_tenants_own_server_has_somebody_forgotten_by_http_once_and_again(stack: Stack) -> None:
    slack = stack.world.slack
    await slack.say("omar", "dm", "hello")
    await slack.wait_for("I can do this", channel="dm", who="omar")
    by = desk(stack.settings)
    there = forgetters(stack.settings, stack.db, assemble.doors(stack.settings))
    application = create_app([], stack.inbox, extra=lambda app: add_forget(app, there))
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/forget"
    try:
        async with aiohttp.ClientSession() as session:

            async def ask(**more: Any) -> tuple[int, Any]:
                async with session.post(url, json={"person": "omar@example.com"}, **more) as answer:
                    return answer.status, await answer.json()

            assert (await ask())[0] == 401
            assert (await ask(cookies={"token": by.bearer(stack.tenant)}))[0] == 401
            entitled = {"Authorization": f"Bearer {by.bearer(stack.tenant)}"}
            status, first = await ask(headers=entitled)
            assert status in (200, 202)
            await until_done(stack)
            status, second = await ask(headers=entitled)
            assert (status, second["receipt"]) == (200, first["receipt"])
            assert second["state"] == "done"
            async with session.post(url, json={"person": "nobody@example.com"}, headers=entitled) as none:
                assert none.status == 404
    finally:
        await runner.cleanup()
    assert await holding(stack.db, stack.tenant, "omar@example.com") == []
