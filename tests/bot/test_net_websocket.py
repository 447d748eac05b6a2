"""Websockets go out by the same door as every other call: Socket Mode needs them."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.net import RefusedCall, session


async def test_a_websocket_on_this_machine_is_let_through_and_outlives_a_call_s_time() -> None:
    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    app = web.Application()
    app.router.add_get("/", echo)
    async with (
        TestServer(app) as server,
        session(allow_loopback=True, total=0.2) as calling,
        calling.ws_connect(f"ws://127.0.0.1:{server.port}/") as talking,
    ):
        await asyncio.sleep(0.4)  # what is tried is that time passes
        await talking.send_str("still here")
        assert await talking.receive_str(timeout=5) == "still here"


@pytest.mark.parametrize("address", ["ws://127.0.0.1:9/", "ws://elsewhere.example/"])
async def test_an_unencrypted_websocket_is_refused(address: str) -> None:
    async with session() as calling:
        with pytest.raises(RefusedCall):
            await calling.ws_connect(address)
