"""What ends a socket of GET /ws: tokens that are over, floods, slow readers, silence, and a restart."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from bot.platforms.web.base import Who
from bot.platforms.web.limits import FRAME_BYTES, Pace
from bot.platforms.web.runtime import Ear, Hub
from tests.bot.platforms.web.web_stand import QUICK, T1, saying, standing


async def test_a_token_that_is_revoked_ends_its_sockets_at_once_and_no_others() -> None:
    pace = replace(QUICK, look_seconds=30)
    async with standing(pace) as stand, stand.hello("ada") as lost, stand.hello("ada again") as kept:
        stand.keys.revoked.add("token:a")
        stand.hub.heard({"r": f"{T1}:token:a"})
        assert await lost.code() == 4001
        await kept.send("ping")
        await kept.next("pong")


async def test_a_token_that_is_revoked_says_nothing_more_even_if_nobody_was_told() -> None:
    async with standing(replace(QUICK, look_seconds=30)) as stand, stand.hello("ada") as talking:
        stand.keys.revoked.add("token:a")
        await talking.send("press", action="approval.approve", value="r1")
        assert await talking.code() == 4001
        assert stand.inbox.turns == []


async def test_a_listener_whose_token_ends_is_let_go_at_the_next_look() -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        stand.keys.revoked.add("token:a")
        assert await talking.code() == 4001


@pytest.mark.twin
async def test_twin_without_the_look_at_the_token_a_revoked_one_would_approve(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def always(self: Any, who: Who) -> bool:
        return True

    async with standing() as stand, stand.hello("ada") as talking:
        monkeypatch.setattr(type(stand.keys), "still", always)
        stand.keys.revoked.add("token:a")
        await talking.send("press", action="approval.approve", value="r1")
        await talking.next("ack")
        assert len(stand.inbox.turns) == 1


async def test_a_newer_token_of_the_same_person_keeps_the_socket_another_persons_does_not() -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        await talking.send("hello", token="ada again")
        await talking.next("welcome")
        stand.keys.revoked.add("token:a")
        await talking.send("say", text="still here")
        await talking.next("ack")
        await talking.send("hello", token="grace")
        assert await talking.code() == 4001


async def test_a_frame_of_ten_megabytes_is_not_read_to_its_end() -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        with suppress(ConnectionError, aiohttp.ClientError):
            await talking.socket.send_str(json.dumps({"type": "say", "text": "x" * 10_000_000}))
        assert await talking.code() in (1009, 1006)
        assert stand.inbox.turns == []


@pytest.mark.twin
async def test_twin_without_the_limit_a_large_frame_is_taken_in_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.front_web_socket.FRAME_BYTES", 0)
    async with standing() as stand, stand.hello("ada") as talking:
        await talking.send("say", text="x" * (4 * FRAME_BYTES))
        assert (await talking.next("error"))["code"] == "malformed"


async def test_ten_thousand_frames_at_once_end_the_socket_and_cost_next_to_nothing() -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        reads = stand.lobby.reads
        with suppress(ConnectionError):
            for _ in range(10_000):
                await talking.socket.send_str('{"type":"ping"}')
        assert await talking.code() in (4029, 1006)
        assert stand.lobby.reads - reads < 40
        assert (stand.hub.count, stand.inbox.turns) == (0, [])


async def test_too_much_said_at_once_is_told_and_not_stored() -> None:
    pace = replace(QUICK, acts=0.001, acts_burst=3.0)
    async with standing(pace) as stand, stand.hello("ada") as one, stand.hello("ada again") as two:
        for at in range(3):
            await one.send("say", text=f"m{at}", id=f"x{at}")
            await one.next("ack")
        for each in (one, two):
            await each.send("say", text="one more")
            assert (await each.next("error"))["code"] == "slow_down"
        assert len(stand.inbox.turns) == 3


@pytest.mark.twin
async def test_twin_without_counting_a_flood_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.limits.Buckets.take", lambda self, key: True)
    async with standing(replace(QUICK, frames=1, frames_burst=5, acts_burst=3.0, window=500)) as stand:
        async with stand.hello("ada") as talking:
            for at in range(300):
                await talking.send("say", text=f"m{at}", id=f"x{at}")
            for _ in range(300):
                await talking.next("ack")
        assert len(stand.inbox.turns) == 300


async def test_whoever_acknowledges_nothing_is_sent_no_more_than_the_window_and_let_go() -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        for at in range(50):
            saying(stand, "ada", f"m{at}")
        seen = [await talking.next("message") for _ in range(QUICK.window)]
        assert [each["text"] for each in seen] == [f"m{at}" for at in range(5)]
        assert await talking.code() == 4008


async def test_whoever_acknowledges_gets_all_of_it() -> None:
    async with standing() as stand, stand.hello("ada") as talking:
        for at in range(50):
            saying(stand, "ada", f"m{at}")
        for at in range(50):
            frame = await talking.next("message")
            assert frame["text"] == f"m{at}"
            await talking.send("ack", sequence=frame["sequence"])
            if at % 20 == 19:  # frames are counted, too
                await asyncio.sleep(0)


async def test_whoever_takes_nothing_off_the_wire_is_let_go_and_holds_up_nobody() -> None:
    pace = Pace(send_seconds=0.3, look_seconds=0.05, window=100_000, frames_burst=1e6, acts_burst=1e6)
    async with standing(pace) as stand, stand.hello("ada") as other:
        reader, writer = await plug(stand.url, kept=4096)
        await half_open(reader, writer, "ada again")
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads has it
        big = "x" * 60_000
        for at in range(150):
            saying(stand, "ada", f"{at} {big}", id=f"b{at}")
        for _ in range(150):
            await other.next("message")
        async with asyncio.timeout(10):
            while stand.hub.count > 1:
                await asyncio.sleep(0.02)
        writer.close()


async def plug(url: str, kept: int = 65536) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection whose machine keeps little of what is not read."""
    plugged = socket.socket()
    plugged.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, kept)
    plugged.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plugged, ("127.0.0.1", int(url.rpartition(":")[2])))
    return await asyncio.open_connection(sock=plugged, limit=1024)


async def test_a_half_open_socket_is_noticed_by_its_silence() -> None:
    async with standing(replace(QUICK, heartbeat=0.2, look_seconds=30)) as stand:
        reader, writer = await plug(stand.url)
        await half_open(reader, writer, "ada")
        async with asyncio.timeout(10):
            while stand.hub.count:
                await asyncio.sleep(0.02)
        writer.close()


@pytest.mark.twin
async def test_twin_without_a_heartbeat_it_would_stay_for_ever() -> None:
    async with standing(replace(QUICK, heartbeat=3600.0, look_seconds=30)) as stand:
        reader, writer = await plug(stand.url)
        await half_open(reader, writer, "ada")
        await asyncio.sleep(0.6)
        assert stand.hub.count == 1
        writer.close()


async def half_open(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
    """Says hello as a client would, and then answers nothing, not even a ping."""
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert b"101" in await reader.readuntil(b"\r\n\r\n")
    said = json.dumps({"type": "hello", "token": token}).encode()
    assert len(said) < 126
    writer.write(bytes([0x81, 0x80 | len(said), 0, 0, 0, 0]) + said)
    await reader.readexactly(4)


async def test_one_person_holds_so_many_sockets_and_no_more() -> None:
    async with standing(replace(QUICK, sockets_of_one=2)) as stand:
        async with stand.hello("ada"), stand.hello("ada again"), stand.socket() as third:
            await third.send("hello", token="ada")
            assert await third.code() == 4013
            async with stand.hello("grace"):
                pass
        async with stand.hello("ada"):
            pass


async def test_strangers_take_up_so_many_places_and_no_more() -> None:
    pace = replace(QUICK, strangers=2, hello_seconds=5)
    async with standing(pace) as stand, stand.hello("ada") as known, stand.socket(), stand.socket():
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await stand.session.ws_connect(f"{stand.url}/ws")
        assert refused.value.status == 503
        await known.send("ping")
        await known.next("pong")


async def test_a_restart_says_so_and_waits_for_nobody() -> None:
    async with aiohttp.ClientSession() as session:
        async with standing() as stand:
            talk = await session.ws_connect(f"{stand.url}/ws")
            await talk.send_str(json.dumps({"type": "hello", "token": "ada"}))
            assert "welcome" in (await talk.receive()).data
            reading = asyncio.create_task(_to_the_end(talk))
        assert await reading == 1001


async def _to_the_end(talk: aiohttp.ClientWebSocketResponse) -> int | None:
    async for _ in talk:
        pass
    return talk.close_code


def test_a_hub_that_everybody_has_left_holds_nothing() -> None:
    hub = Hub(Pace())
    ears = [Ear(Who(T1, f"mail:{at}@example.com", f"token:{at % 3}", 2e9), hub.pace) for at in range(50)]
    for ear in ears:
        assert hub.enter(ear)
        for name in ("main", "other"):
            hub.open(ear, f"{ear.who.user}/{name}", -1)
        hub.renew(ear, replace(ear.who, credential="token:new"))
    for ear in ears:
        hub.leave(ear)
    assert (hub.count, hub._ears, hub._by_credential, dict(hub._of_one)) == (0, {}, {}, {})
