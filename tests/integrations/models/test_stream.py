"""Streams as real servers send them, and as they break: shown whole, or said not to be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
import pytest_asyncio

from integrations.models import chat, wire
from integrations.models.base import ModelUnavailable, Problem
from integrations.models.breaker import forget_breakers
from integrations.models.chat import ChatClient
from integrations.models.metering import Asking, asking
from integrations.models.wire import LONGEST_LINE
from tests.models_server import ModelsServer, Talk, data, event, serving

ASKED = [{"role": "user", "content": "Say something."}]
END = b"data: [DONE]\n\n"


@pytest_asyncio.fixture
async def near() -> AsyncIterator[ModelsServer]:
    forget_breakers()
    async with serving() as server:
        yield server


async def streamed(
    server: ModelsServer, talk: Talk, *, deadline: float = 5.0, idle: float = 5.0, kind: str = "vllm"
) -> tuple[str, Problem | None, list[str]]:
    server.talk = talk
    client = ChatClient(kind, server.url, "tiny", deadline=deadline, idle=idle)
    pieces: list[str] = []
    problem = None
    try:
        async with aclosing(client.stream(ASKED, 100)) as coming:
            async for piece in coming:
                pieces.append(piece)
    except ModelUnavailable as error:
        problem = error.problem
    finally:
        await client.close()
    return "".join(pieces), problem, pieces


async def test_the_pieces_come_as_they_are_sent_and_are_the_text(near: ModelsServer) -> None:
    text, problem, pieces = await streamed(near, Talk("Grüße, 世界! 🙂 and more", size=3))

    assert (text, problem) == ("Grüße, 世界! 🙂 and more", None)
    assert len(pieces) > 5
    assert near.seen[0]["stream_options"] == {"include_usage": True}
    assert near.seen[0]["max_tokens"] == 100


async def test_the_first_piece_does_not_wait_for_the_others(near: ModelsServer) -> None:
    near.talk = Talk("one two three four", pause=0.2)
    client = ChatClient("vllm", near.url, "tiny")
    async with aclosing(client.stream(ASKED, 100)) as coming:
        first = await anext(coming)
        assert first == "one "
        assert len(near.emitted) == 2  # the role, and that
    await client.close()


async def test_bytes_that_are_cut_anywhere_make_the_same_text(near: ModelsServer) -> None:
    whole = event({"content": "é世🙂"}) + event({"content": "…"}, "stop") + END
    text, problem, _ = await streamed(near, Talk(raw=[bytes([each]) for each in whole]))

    assert (text, problem) == ("é世🙂…", None)


@pytest.mark.parametrize(
    ("raw", "text", "problem"),
    [
        pytest.param([event({"content": "Hi"}), END], "Hi", Problem.DOWN, id="4 no reason"),
        pytest.param([event({"role": "assistant", "content": ""})], "", Problem.DOWN, id="4 a role only"),
        pytest.param(
            [event({"content": "Hi"}), data({"error": {"message": "x", "code": 500}})], "Hi", Problem.DOWN,
            id="5 an error after the 200",
        ),
        pytest.param([data({"error": {"code": 503}})], "", Problem.BUSY, id="5 overload after the 200"),
        pytest.param([event({"content": "Hi"}), event({}, "abort"), END], "Hi", Problem.DOWN, id="3 abort"),
        pytest.param([event({"content": "Hi"}), event({}, "length"), END], "Hi", Problem.CUT, id="8 length"),
        pytest.param([event({"content": "Hi"}), event({}, "content_filter")], "Hi", Problem.REFUSED, id="f"),
        pytest.param([event({"refusal": "no"}), event({}, "stop")], "", Problem.REFUSED, id="a refusal"),
        pytest.param([event({"tool_calls": [{"index": 0}]})], "", Problem.SHAPE, id="8-12 a call of a tool"),
        pytest.param(
            [event({"content": "<tool"}), event({"content": '_call>{"a'})], "", Problem.SHAPE,
            id="8 a raw call as text",
        ),
        pytest.param([b"data: {nonsense\n\n"], "", Problem.SHAPE, id="no JSON"),
        pytest.param([b"data: " + b"[" * 90_000 + b"\n\n"], "", Problem.SHAPE, id="deep JSON"),
        pytest.param([b"<html>proxy error</html>"], "", Problem.DOWN, id="no events at all"),
        pytest.param([b"data: " + b"x" * (LONGEST_LINE + 9)], "", Problem.SHAPE, id="an endless line"),
        pytest.param([b"data: x\n" * 90_000], "", Problem.SHAPE, id="an endless event"),
        pytest.param(
            [b": keep-alive\n\n", event({"content": "Hi"}), b": keep-alive\n\n", event({}, "stop"), END],
            "Hi", None, id="6 comments between",
        ),
        pytest.param(
            [event({"content": "Hi"}, "stop"), data({"choices": [], "usage": {"prompt_tokens": 1}}), END],
            "Hi", None, id="2 a last event without choices",
        ),
        pytest.param(
            [event({"content": None}), event({"content": "a <tool_call> b"}), event({}, "stop"), END],
            "a <tool_call> b", None, id="1 no content, and text that only names a call",
        ),
        pytest.param([event({"content": "<to"}), event({}, "stop"), END], "<to", None, id="held"),
        pytest.param([event({"content": "a\ufffdb"}, "stop"), END], "a\ufffdb", None, id="7 U+FFFD"),
        pytest.param(
            [event({"content": "Hi"}).replace(b"\n", b"\r\n"), event({}, "stop").replace(b"\n", b"\r\n")],
            "Hi", None, id="lines that end with both",
        ),
        pytest.param([b'data: {"choices": [{}]}\n\n', event({}, "stop")], "", None, id="odd"),
    ],
)  # fmt: skip
async def test_what_servers_send_is_told_apart(
    near: ModelsServer, raw: list[bytes], text: str, problem: Problem | None
) -> None:
    found = await streamed(near, Talk(raw=raw), deadline=1.0)

    assert found[:2] == (text, problem)


async def test_a_stream_that_is_cut_is_told_and_not_begun_again_once_something_was_shown(
    near: ModelsServer,
) -> None:
    text, problem, _ = await streamed(near, Talk("Hello there", then="cut"))

    assert text.startswith("Hell")
    assert problem is Problem.DOWN
    assert len(near.seen) == 1


async def test_before_anything_was_shown_it_is_begun_again_once(near: ModelsServer) -> None:
    near.talks.extend([Talk(raw=[event({"role": "assistant", "content": ""})])])
    assert (await streamed(near, Talk("Hello")))[:2] == ("Hello", None)
    assert len(near.seen) == 2

    near.talks.extend([Talk(status=500), Talk(status=500), Talk("never")])
    assert (await streamed(near, Talk("never")))[:2] == ("", Problem.DOWN)
    assert len(near.seen) == 4


@pytest.mark.twin
async def test_twin_if_it_were_begun_again_after_something_was_shown_it_would_be_shown_twice(
    near: ModelsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Eager(ChatClient):
        async def stream(self, messages: Any, most_tokens: int) -> AsyncIterator[str]:
            for _ in range(2):
                try:
                    async for piece in super().stream(messages, most_tokens):
                        yield piece
                    return
                except ModelUnavailable:
                    continue

    monkeypatch.setattr(chat, "pause_before_retry", lambda *_: None)
    near.talks.append(Talk("Hello", then="cut", size=5))
    near.talk = Talk("Hello")
    client = Eager("vllm", near.url, "tiny")
    assert "".join([piece async for piece in client.stream(ASKED, 9)]) == "HelloHello"
    await client.close()


@pytest.mark.parametrize(
    "talk",
    [
        Talk("Hello", then="hang"),
        Talk(raw=[b": keep-alive\n\n"] * 1_000, pause=0.02),
        Talk(raw=[b": x\n\n"] * 1_000, pause=0.02),
    ],
    ids=["21 hangs as its server is shut down", "6 nothing but comments", "drips"],
)
async def test_a_stream_that_says_nothing_new_is_left(near: ModelsServer, talk: Talk) -> None:
    began = time.monotonic()
    _, problem, _ = await streamed(near, talk, deadline=9.0, idle=0.3)

    assert problem is Problem.SLOW
    assert time.monotonic() - began < 2.0


async def test_dripping_pieces_end_at_the_total_deadline(near: ModelsServer) -> None:
    began = time.monotonic()
    text, problem, _ = await streamed(near, Talk("x" * 4_000, size=1, pause=0.02), deadline=0.5, idle=5.0)

    assert problem is Problem.SLOW
    assert 0 < len(text) < 60
    assert time.monotonic() - began < 2.0


async def test_the_turns_own_deadline_counts_too(near: ModelsServer) -> None:
    with asking(Asking(until=time.monotonic() + 0.3)):
        began = time.monotonic()
        _, problem, _ = await streamed(near, Talk("x" * 4_000, size=1, pause=0.02), deadline=9.0)

    assert problem is Problem.SLOW
    assert time.monotonic() - began < 1.5


async def test_what_is_streamed_is_bounded(near: ModelsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "MAX_STREAM", 100_000)
    _, problem, _ = await streamed(near, Talk("x" * 200_000, size=1_000))

    assert problem is Problem.SHAPE


@pytest.mark.twin
async def test_twin_without_the_bound_all_of_it_is_taken(near: ModelsServer) -> None:
    text, problem, _ = await streamed(near, Talk("x" * 200_000, size=1_000))

    assert (len(text), problem) == (200_000, None)


@pytest.mark.twin
def test_twin_without_the_reason_a_clean_end_would_pass_for_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire.Pieces, "end", lambda self: "")
    pieces = wire.Pieces("vllm")

    assert pieces.take(event({"content": "Pay 1"})[6:]) + pieces.end() == "Pay 1"


async def test_whoever_leaves_a_stream_stops_the_server_and_frees_the_place(near: ModelsServer) -> None:
    near.talk = Talk("x" * 4_000, size=1, pause=0.005)
    client = ChatClient("vllm", near.url, "tiny")
    for _ in range(chat.AT_ONCE + 2):
        async with aclosing(client.stream(ASKED, 100)) as coming:
            assert await anext(coming) == "x"
    async with asyncio.timeout(3):
        while near.stopped < chat.AT_ONCE + 2:
            await asyncio.sleep(0.01)
    await client.close()


async def test_a_cancelled_reader_frees_the_place_too(near: ModelsServer) -> None:
    near.talk = Talk("Hello", then="hang")
    client = ChatClient("vllm", near.url, "tiny")
    got = asyncio.Event()

    async def read() -> None:
        async with aclosing(client.stream(ASKED, 100)) as coming:
            async for _ in coming:
                got.set()

    task = asyncio.create_task(read())
    await got.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert client._places._value == chat.AT_ONCE
    await client.close()


async def test_what_it_cost_is_noted_by_the_servers_count_or_by_estimate(near: ModelsServer) -> None:
    with asking(Asking()) as on_behalf:
        await streamed(near, Talk("Hello there"))
        await streamed(near, Talk("Hello there", then="cut"))
        await streamed(near, Talk("Hello there", usage=False))
    counted, cut, uncounted = on_behalf.uses

    assert (counted.usage.prompt, counted.usage.completion, counted.estimated) == (120, 30, False)
    assert (cut.problem, cut.estimated) == ("down", True)
    assert (uncounted.usage.prompt, uncounted.usage.completion, uncounted.estimated) == (4, 3, True)
