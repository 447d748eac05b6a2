"""As `countersign up` has it: the workbench on the same server as the bot's own front."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

import bot.platforms.slack
import bot.platforms.teams
from bot.front import FrontRunner, create_app
from bot.limits import Limits
from bot.metrics import Metrics
from bot.settings import Settings
from bot.turn import Said, TenantId
from bot.workbench import environment, mount
from bot.workbench.driver import CREDENTIALS, World, connect
from tests.bot.front_fakes import ListInbox

READ_SECONDS = 0.3


class Anyones(ListInbox):
    """One tenant for whoever is verified."""

    async def tenant_of(self, platform: str, workspace: str) -> TenantId | None:
        return TenantId("tenant-1")


@pytest.fixture
async def inbox() -> Anyones:
    return Anyones()


@pytest.fixture
async def whole(tmp_path: Path, inbox: Anyones) -> AsyncIterator[World]:
    async def nothing() -> list[dict[str, Any]]:
        return []

    async def no_trouble(what: str, more: dict[str, Any]) -> str:
        return ""

    listening = socket.create_server(("127.0.0.1", 0))
    unset: dict[str, Any] = dict.fromkeys(CREDENTIALS)
    bare = Settings(_env_file=None, port=listening.getsockname()[1], state_dir=tmp_path, **unset)
    aimed: dict[str, Any] = {name.lower(): value for name, value in environment(bare).items()}
    settings = Settings(_env_file=None, port=bare.port, state_dir=tmp_path, **aimed)

    def extra(app: web.Application) -> None:
        mount(app, settings=settings, inspect=nothing, trouble=no_trouble)

    doors = [bot.platforms.slack.door(settings), bot.platforms.teams.door(settings)]
    limits = Limits(read_seconds=READ_SECONDS)
    runner = FrontRunner(create_app(doors, inbox, limits=limits, extra=extra, counted=Metrics()))
    await runner.setup()
    await web.SockSite(runner, listening).start()
    async with connect(f"http://127.0.0.1:{bare.port}") as world:
        yield world
    await runner.cleanup()


async def test_what_is_said_on_both_platforms_reaches_the_inbox_of_the_same_server(
    whole: World, inbox: Anyones
) -> None:
    await whole.slack.say("ada", "orders", "@Countersign order two colas")
    await whole.teams.say("ada", "orders", "@Countersign order two colas")
    await whole.wait_for_wire("app_mention", status=200)
    await whole.wait_for_wire("message.channels", status=200)
    await whole.wait_for_wire("message", platform="teams", status=200)
    await whole.until(lambda: len(inbox.arrivals) >= 2 or None, "two arrivals")

    assert {arrival.turn.account.platform for arrival in inbox.arrivals} == {"slack", "teams"}
    acts = [arrival.turn.act for arrival in inbox.arrivals]
    assert [act.text for act in acts if isinstance(act, Said)] == ["order two colas"] * 2


async def test_the_fronts_deadline_for_slow_requests_leaves_the_pages_socket_alone(whole: World) -> None:
    async with aiohttp.ClientSession() as session:
        ws = await session.ws_connect(f"{whole.url}/workbench/ws?after=0", headers={"Origin": whole.url})
        await asyncio.sleep(3 * READ_SECONDS)
        await whole.slack.say("ada", "general", "still listening?")
        said = ""
        while said != "still listening?":
            event = await ws.receive_json(timeout=5)
            said = event.get("message", {}).get("text", said)
        await ws.close()


async def test_an_inbox_that_refuses_gets_the_event_again(whole: World, inbox: Anyones) -> None:
    inbox.mood = "refusing"
    await whole.slack.say("ada", "dm", "hello")
    await whole.wait_for_wire("message.im", status=503)
    inbox.mood = "fine"
    await whole.until(lambda: _row(whole, "message.im (retry") or None, "a retry that is taken")
    assert len(inbox.arrivals) == 1


async def test_the_page_keeps_its_own_policy_and_unknown_paths_stay_unknown(whole: World) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(whole.url + "/") as answer:
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        async with session.get(whole.url + "/nowhere/at/all") as answer:
            assert answer.status == 404
        async with session.get(whole.url + "/healthz") as answer:
            assert answer.status == 200


def _row(world: World, title: str) -> dict[str, Any] | None:
    rows = (row for row in world.wire if row["title"].startswith(title) and row["status"] == 200)
    return next(rows, None)
