"""The door against raw sockets: what is slow, huge, doubled or broken ends in a 4xx or a closed line."""

from __future__ import annotations

import asyncio
import gzip
import os
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot import front as front_module
from bot.front_server import GuardedHandler, GuardedServer
from bot.limits import MIB, Limits
from tests.bot.front_fakes import Front, a_front, post, status

QUICK = Limits(read_seconds=0.3, linger_seconds=0.1)
BODY = b'{"id":"E1"}'


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    async with a_front(QUICK) as running:
        yield running


async def test_a_plain_request_over_a_raw_socket_is_stored(front: Front) -> None:
    assert status(await front.raw(post(BODY))) == 200
    assert len(front.inbox.arrivals) == 1


@pytest.mark.parametrize("size", [MIB + 1, 1_000_000_000])
async def test_a_body_announced_too_large_is_413_before_it_is_read(front: Front, size: int) -> None:
    head = post(b"", b"Content-Length: %d" % size, length=False)
    assert status(await front.raw(head)) == 413
    assert front.door.read == 0


async def test_a_body_of_exactly_one_mebibyte_is_read(front: Front) -> None:
    body = b'{"id":"E1","text":"' + b"x" * (MIB - 21) + b'"}'
    assert len(body) == MIB
    assert status(await front.raw(post(body))) == 200


async def test_a_chunked_body_is_413_once_it_passes_the_limit(front: Front) -> None:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    head = post(b"", b"Transfer-Encoding: chunked", length=False)
    assert status(await front.raw(head, *[chunk] * 17, b"0\r\n\r\n")) in (413, 0)
    assert front.count("too_large") == 1
    assert front.inbox.arrivals == []


@pytest.mark.twin
async def test_twin_without_the_size_limit_the_same_body_reaches_the_door() -> None:
    async with a_front(Limits(body_bytes=10 * MIB)) as front:
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        head = post(b"", b"Transfer-Encoding: chunked", length=False)
        assert status(await front.raw(head, *[chunk] * 17, b"b\r\n" + BODY + b"\r\n0\r\n\r\n")) == 200
        assert len(front.inbox.arrivals) == 1


async def test_a_storm_of_one_byte_chunks_is_read_or_refused_but_never_500(front: Front) -> None:
    chunks = b"".join(b"1;x=%d\r\n \r\n" % n for n in range(50_000))
    raw = await front.raw(post(b"", b"Transfer-Encoding: chunked", length=False) + chunks + b"0\r\n\r\n")
    assert status(raw) in (400, 408, 413)
    assert front.inbox.arrivals == []


def _bombs() -> dict[str, tuple[bytes, bytes]]:
    return {
        "gzip bomb": (b"gzip", gzip.compress(b"\0" * 50_000_000, 9)),
        "forty thousand empty gzip members": (b"gzip", gzip.compress(b"") * 40_000),
        "deflate": (b"deflate", zlib.compress(BODY)),
        "brotli": (b"br", b"\x0b\x05\x80" + BODY),
        "zstd": (b"zstd", b"\x28\xb5\x2f\xfd" + BODY),
        "identity": (b"identity", BODY),
        "an unknown one": (b"made-up", BODY),
        "two": (b"gzip, gzip", gzip.compress(gzip.compress(BODY))),
    }


@pytest.mark.parametrize("name", list(_bombs()))
async def test_an_encoded_body_is_415_and_costs_nothing(front: Front, name: str) -> None:
    encoding, body = _bombs()[name]
    began = time.process_time()
    raw = await front.raw(post(body, b"Content-Encoding: " + encoding))
    assert status(raw) == 415
    assert time.process_time() - began < 0.3
    assert front.inbox.arrivals == []


@pytest.mark.twin
async def test_twin_without_the_refusal_an_encoded_body_is_unpacked_and_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(front_module, "check_headers", lambda *_: None)
    monkeypatch.setattr(front_module, "handler_args", lambda _limits: {"auto_decompress": True})
    async with a_front(QUICK) as front:
        assert status(await front.raw(post(gzip.compress(BODY), b"Content-Encoding: gzip"))) == 200
        assert len(front.inbox.arrivals) == 1


async def test_a_header_that_trickles_in_is_cut(front: Front) -> None:
    assert await _trickle(front, b"POST /fake HTTP/1.1\r\nHost: a\r\nX-A: ", b"b") < 2


async def test_a_body_that_trickles_in_is_cut(front: Front) -> None:
    assert await _trickle(front, post(b"", b"Content-Length: 1000", length=False, close=False), b" ") < 2


async def test_a_second_request_that_trickles_in_on_the_same_connection_is_cut(front: Front) -> None:
    first = post(BODY, close=False)
    assert await _trickle(front, first + b"POST /fake HTTP/1.1\r\nX-A: ", b"b") < 2
    assert len(front.inbox.arrivals) == 1


async def test_a_connection_that_says_nothing_is_cut(front: Front) -> None:
    began = time.monotonic()
    assert await front.raw() == b""
    assert time.monotonic() - began < 2


async def test_a_connection_between_two_requests_is_left_alone(front: Front) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
    for number in range(2):
        writer.write(post(b'{"id":"E%d"}' % number, close=False))
        assert status(await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 2)) == 200
        # Longer than the deadline of a request: idle is not slow.
        await asyncio.sleep(QUICK.read_seconds * 1.5)
    writer.close()
    assert len(front.inbox.arrivals) == 2


@pytest.mark.twin
async def test_twin_without_the_deadline_a_trickling_header_lives_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GuardedHandler, "_arm", lambda _self: None)
    async with a_front(QUICK) as front:
        assert await _trickle(front, b"POST /fake HTTP/1.1\r\nHost: a\r\nX-A: ", b"b", most=1.5) >= 1.5


async def test_two_hundred_slow_connections_do_not_keep_good_traffic_waiting(front: Front) -> None:
    slow = [asyncio.open_connection("127.0.0.1", front.port) for _ in range(200)]
    writers = [writer for _, writer in await asyncio.gather(*slow)]
    for number, writer in enumerate(writers):
        half = b"POST /fake HTTP/1.1\r\nHost: a\r\nX-A: " if number % 2 else post(BODY)[:-3]
        writer.write(half)
    took = []
    for number in range(20):
        began = time.perf_counter()
        assert status(await front.raw(post(b'{"id":"G%d"}' % number))) == 200
        took.append(time.perf_counter() - began)
    assert sorted(took)[10] < 0.1
    async with asyncio.timeout(5):
        while front.runner.server and len(front.runner.server.connections) > 0:
            await asyncio.sleep(0.02)
    for writer in writers:
        writer.close()
    assert len(front.inbox.arrivals) == 20


async def test_connections_beyond_the_cap_are_told_to_come_back_and_room_is_made_again() -> None:
    async with a_front(Limits(connections=3)) as front:
        held = [await asyncio.open_connection("127.0.0.1", front.port) for _ in range(3)]
        async with asyncio.timeout(5):
            while front.runner.server and len(front.runner.server.connections) < 3:
                await asyncio.sleep(0.01)
        assert status(await front.raw(post(BODY))) in (503, 0)
        assert front.inbox.arrivals == []
        for _, writer in held:
            writer.close()
        async with asyncio.timeout(5):
            while status(await front.raw(post(BODY))) != 200:
                await asyncio.sleep(0.01)


@pytest.mark.twin
async def test_twin_without_the_cap_any_number_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GuardedServer, "is_full", lambda _self, _most: False)
    async with a_front(Limits(connections=3)) as front:
        held = [await asyncio.open_connection("127.0.0.1", front.port) for _ in range(9)]
        assert status(await front.raw(post(BODY))) == 200
        for _, writer in held:
            writer.close()


async def test_unfinished_bodies_share_one_budget() -> None:
    async with a_front(Limits(buffered_bytes=100_000)) as front:
        head = post(b"", b"Content-Length: 90000", length=False, close=False)
        _, writer = await asyncio.open_connection("127.0.0.1", front.port)
        writer.write(head + b" " * 80_000)
        async with asyncio.timeout(5):
            while status(await front.raw(post(b" " * 30_000))) != 503:
                await asyncio.sleep(0.01)
        assert front.count("full") >= 1
        writer.close()
        async with asyncio.timeout(5):
            while status(await front.raw(post(BODY + b" " * 30_000))) != 200:
                await asyncio.sleep(0.01)


SMUGGLING = {
    "two lengths that differ": post(BODY, b"Content-Length: 5"),
    "two lengths in one line": post(BODY, b"Content-Length: 11, 5", length=False),
    "a negative length": post(BODY, b"Content-Length: -1", length=False),
    "a signed length": post(BODY, b"Content-Length: +11", length=False),
    "a length in hex": post(BODY, b"Content-Length: 0xb", length=False),
    "a length of words": post(BODY, b"Content-Length: many", length=False),
    "a length with an underscore": post(BODY, b"Content-Length: 1_1", length=False),
    "a length of Arabic digits": post(BODY, "Content-Length: ١١".encode(), length=False),
    "a length of 5,000 digits": post(BODY, b"Content-Length: " + b"9" * 5000, length=False),
    "length and chunked": post(b"0\r\n\r\n", b"Transfer-Encoding: chunked"),
    "chunked twice": post(b"0\r\n\r\n", b"Transfer-Encoding: chunked, chunked", length=False),
    "chunked, but not last": post(b"0\r\n\r\n", b"Transfer-Encoding: chunked, gzip", length=False),
    "an unknown transfer encoding": post(b"0\r\n\r\n", b"Transfer-Encoding: xchunked", length=False),
    "a chunk size that is no number": post(
        b"zz\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: chunked", length=False
    ),
    "a negative chunk": post(b"-5\r\n{}\r\n0\r\n\r\n", b"Transfer-Encoding: chunked", length=False),
    "a chunk that ends wrongly": post(b"2\r\n{}XX0\r\n\r\n", b"Transfer-Encoding: chunked", length=False),
    "a space before the colon": post(BODY, b"Content-Length : 5"),
    "a folded header": post(BODY, b"X-A: a\r\n b"),
    "a bare carriage return": post(BODY, b"X-A: a\rX-B: b"),
    "a null byte in a header": post(BODY, b"X-A: a\0b"),
    "10,000 header lines": post(BODY, *[b"X-%d: a" % n for n in range(10_000)]),
    "a header of 100 kB": post(BODY, b"X-A: " + b"a" * 100_000),
    "an address of 100 kB": post(BODY, path=b"/" + b"a" * 100_000),
    "an unknown protocol": b"POST /fake HTTP/9.9\r\nHost: a\r\n\r\n",
    "not HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100 + b"\r\n\r\n",
    "an empty request line": b" \r\n\r\n",
    "no content type": post(BODY).replace(b"Content-Type", b"X-Other"),
    "another content type": post(BODY).replace(b"application/json", b"text/xml"),
}


@pytest.mark.parametrize("name", list(SMUGGLING))
async def test_an_ambiguous_or_broken_request_is_refused_and_stores_nothing(front: Front, name: str) -> None:
    raw = await front.raw(SMUGGLING[name])
    assert 400 <= status(raw) < 500, raw[:200]
    assert b"aiohttp" not in raw
    assert b"Python" not in raw
    assert b"Traceback" not in raw
    assert front.inbox.arrivals == []


async def test_a_smuggled_second_request_is_never_seen_as_one(front: Front) -> None:
    inner = post(b'{"id":"SMUGGLED"}')
    both = post(b"0\r\n\r\n" + inner, b"Transfer-Encoding: chunked", close=False)
    raw = await front.raw(both)
    assert 400 <= status(raw) < 500
    assert front.inbox.arrivals == []


async def test_pipelined_requests_are_each_answered_in_order(front: Front) -> None:
    many = b"".join(post(b'{"id":"E%d"}' % n, close=n == 9) for n in range(10))
    assert (await front.raw(many)).count(b"HTTP/1.1 200") == 10
    assert [arrival.turn.id for arrival in front.inbox.arrivals] == [f"E{n}" for n in range(10)]


async def test_a_client_that_leaves_in_the_middle_of_its_body_stores_nothing(front: Front) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
    writer.write(post(BODY)[:-3])
    await writer.drain()
    writer.close()
    assert status(await front.raw(post(b'{"id":"after"}'))) == 200
    assert [arrival.turn.id for arrival in front.inbox.arrivals] == ["after"]
    del reader


async def test_a_client_that_leaves_before_the_answer_is_still_stored() -> None:
    async with a_front() as front:
        front.inbox.mood = "slow"
        _, writer = await asyncio.open_connection("127.0.0.1", front.port)
        writer.write(post(BODY))
        async with asyncio.timeout(5):
            while not front.door.read:
                await asyncio.sleep(0.005)
        writer.transport.abort()
        front.inbox.release.set()
        async with asyncio.timeout(5):
            while not front.inbox.arrivals:
                await asyncio.sleep(0.005)


async def test_two_hundred_large_bodies_at_once_cost_little_memory() -> None:
    async with a_front(Limits(buffered_bytes=8 * MIB)) as front:
        body = b" " * (MIB - 100)
        await front.raw(post(body))
        before = _resident()
        head = post(b"", b"Content-Length: %d" % (MIB - 100), length=False)
        held = []
        for _ in range(200):
            _, writer = await asyncio.open_connection("127.0.0.1", front.port)
            writer.write(head + body[:200_000])
            held.append(writer)
        await front.raw(post(BODY))
        grown = _resident() - before
        for writer in held:
            writer.transport.abort()
        # The senders' own buffers live in this process too, so the bound is generous.
        assert grown < 110 * MIB


async def test_an_oversized_header_is_answered_with_our_own_words(front: Front) -> None:
    async with aiohttp.ClientSession() as session:
        headers = {"X-A": "a" * 9000, "Accept": "text/html"}
        async with session.post(front.url + "/fake", data=b"", headers=headers) as response:
            assert response.status in (400, 431)
            assert response.content_type == "application/json"
            assert "error" in await response.json()
            assert response.headers["Server"] == "countersign"


async def _trickle(front: Front, start: bytes, drip: bytes, most: float = 5.0) -> float:
    """Seconds until the front closes, while a byte arrives every twentieth of a second."""
    reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
    began = time.monotonic()
    writer.write(start)
    try:
        while (passed := time.monotonic() - began) < most:
            try:
                if await asyncio.wait_for(reader.read(4096), 0.05) == b"":
                    return passed
            except TimeoutError:
                writer.write(drip)
    except ConnectionError:
        return time.monotonic() - began
    finally:
        writer.transport.abort()
    return passed


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
