"""The socket: replay after a gap, news as they come, a restart, and a quick end."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.workbench import store as store_module
from bot.workbench.driver import LocalWorld, stand_ins
from bot.workbench.store import Store


def listen(session: aiohttp.ClientSession, world: LocalWorld, after: int) -> Any:
    url = f"{world.url}/workbench/ws?after={after}"
    return session.ws_connect(url, headers={"Origin": world.url})


async def test_what_was_missed_is_replayed_in_order_and_then_the_news(world: LocalWorld) -> None:
    start = world.bench.store.seq()
    await world.slack.say("ada", "general", "one")
    await world.slack.say("ada", "general", "two")
    async with aiohttp.ClientSession() as session, listen(session, world, start) as ws:
        said: list[str] = []
        numbers: list[int] = []
        asking = asyncio.create_task(world.slack.say("ada", "general", "three"))
        while "three" not in said:
            event = await ws.receive_json(timeout=5)
            numbers.append(event["seq"])
            if event["type"] == "slack.message":
                said.append(event["message"]["text"])
        await asking
    assert said == ["one", "two", "three"]
    assert numbers == list(range(start + 1, start + 1 + len(numbers)))


async def test_a_reader_from_another_time_is_told_to_start_over(world: LocalWorld) -> None:
    async with aiohttp.ClientSession() as session, listen(session, world, 10_000) as ws:
        event = await ws.receive_json(timeout=5)
    assert event["type"] == "reset"
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"{world.url}/workbench/ws?after=x", headers={"Origin": world.url})


def test_old_events_are_let_go_and_who_needs_them_starts_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "EVENTS_KEPT", 50)
    store = Store(tmp_path / "s.sqlite3")
    for number in range(300):
        store.emit({"type": "x", "n": number})

    assert store.events_after(1) is None
    assert store.events_after(300) == []
    assert [event["n"] for event in store.events_after(298) or ()] == [298, 299]
    store.close()


def test_the_wire_is_kept_to_its_last_rows(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite3")
    with store.change():
        for number in range(store_module.WIRE_KEPT + 20):
            store.log_wire({"n": number}, None)

    rows = store.wire(10_000)
    assert (len(rows), rows[0]["n"]) == (store_module.WIRE_KEPT, 20)
    store.close()


def test_a_change_that_fails_leaves_nothing_and_tells_nobody(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite3")
    told: list[int] = []
    store.listeners.add(lambda: told.append(1))

    def fails_halfway() -> None:
        with store.change():
            store.put("message", "a", {"a": 1})
            store.emit({"type": "x"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_halfway()

    assert (store.get("message", "a"), store.seq(), told) == (None, 0, [])
    store.close()


def test_numbers_grow_even_if_the_clock_goes_back_and_all_is_forgotten(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite3")
    first = store.tick("ts", 1000)
    second = store.tick("ts", 10)
    store.forget_everything()
    store.close()
    again = Store(tmp_path / "s.sqlite3")

    assert (first, second, again.tick("ts", 10)) == (1000, 1001, 1002)
    assert again.events_after(0) == [{"seq": 1, "type": "reset"}]
    again.close()


async def test_runs_are_pushed_when_they_change_and_only_then(tmp_path: Path) -> None:
    runs: list[dict[str, Any]] = [{"id": "r1", "status": "waiting"}]

    async def inspect() -> list[dict[str, Any]]:
        return [dict(run) for run in runs]

    async with stand_ins(tmp_path, inspect=inspect) as world:
        await world.wait_for_run(lambda run: run["status"] == "waiting")
        before = world.bench.store.seq()
        await asyncio.sleep(1.0)
        assert world.bench.store.seq() == before
        runs[0]["status"] = "done"
        await world.wait_for_run(lambda run: run["status"] == "done")


async def test_a_view_into_the_engine_that_fails_does_not_take_the_page_down(tmp_path: Path) -> None:
    async def inspect() -> list[dict[str, Any]]:
        raise ConnectionError("the database is gone")

    async with stand_ins(tmp_path, inspect=inspect) as world:
        assert world.runs == []
        await world.slack.say("ada", "general", "still here")


async def test_everything_said_is_there_after_a_restart(tmp_path: Path) -> None:
    async with stand_ins(tmp_path) as world:
        said = await world.slack.say("ada", "general", "remember")
        mentioned = await world.teams.say("ada", "orders", "@Countersign remember")
        seq = world.bench.store.seq()
    async with stand_ins(tmp_path) as world:
        assert [message.ts for message in world.slack.messages("general")] == [said.ts]
        assert [activity.id for activity in world.teams.activities("orders")] == [mentioned.id]
        assert world.bench.store.seq() >= seq


async def test_an_event_under_way_is_delivered_after_a_restart(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def hear(request: web.Request) -> web.Response:
        heard.append(await request.read())
        return web.Response()

    async with stand_ins(tmp_path, bot_url="http://127.0.0.1:1") as world:
        world.retry_after(60.0)
        await world.slack.say("ada", "dm", "are you there?")
        await world.wait_for_wire("message.im", status=0)
    async with stand_ins(tmp_path, extend=lambda app: _listen(app, hear)) as world:
        await world.wait_for_wire("message.im", status=200)
    assert len(heard) == 1
    assert b"are you there?" in heard[0]


def _listen(app: web.Application, hear: Any) -> None:
    app.router.add_post("/slack/events", hear)


async def test_it_ends_at_once_although_pages_are_open(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session:
        async with stand_ins(tmp_path) as world:
            sockets = [await listen(session, world, 0) for _ in range(9)]
            began = time.perf_counter()
        took = time.perf_counter() - began
        closed = [(await ws.receive(timeout=2)).type for ws in sockets]
    assert took < 1.5
    assert set(closed) <= {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.TEXT}
