"""A stand-in for an OpenAI-shaped model server that speaks the real wire, streams too, and can misbehave.

`server.talk = Talk("Hello there.", pause=0.01)` is what it says from now on; `server.talks` holds what it
says to the next questions first. `server.seen` is what it was asked. Give `server.url` as OPENAI_BASE_URL,
VLLM_URL or EDGE_URL.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Talk:
    """How one question is answered, in a stream where one was asked for.

    `then`: "end" comes to its end as real servers do, "cut" hangs up, "hang" says nothing more.
    `raw`: exactly these bytes, in these pieces, after the 200, instead of the text.
    `status` other than 200: `body`, and nothing of the text.
    """

    text: str = "Hello."
    size: int = 4  # characters in a piece
    first_after: float = 0.0  # seconds
    pause: float = 0.0  # seconds between two pieces
    finish: str | None = "stop"
    then: str = "end"
    usage: bool = True
    refusal: str | None = None
    logprobs: Any = None
    raw: Sequence[bytes] = ()
    status: int = 200
    body: bytes = b'{"error": {"message": "no", "type": "x", "code": 500}}'
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class ModelsServer:
    """`answer`: makes the talk from what was asked, where it depends on it. `emitted`: when each piece
    left, by the monotonic clock. `stopped`: how many hung up before it was at its end."""

    url: str = ""
    talk: Talk = field(default_factory=Talk)
    talks: deque[Talk] = field(default_factory=deque)
    answer: Callable[[dict[str, Any]], Talk] | None = None
    seen: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    emitted: list[float] = field(default_factory=list)
    stopped: int = 0
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    def text_seen(self) -> str:
        """All that ever reached it."""
        return json.dumps(self.seen, ensure_ascii=False)

    async def models(self, _request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "tiny", "object": "model"}]})

    async def completions(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        self.seen.append(asked)
        self.keys.append(request.headers.get("Authorization", ""))
        usual = self.answer(asked) if self.answer else self.talk
        talk = self.talks.popleft() if self.talks else usual
        if talk.first_after:
            await asyncio.sleep(talk.first_after)
        if talk.status != 200:
            return web.Response(status=talk.status, body=talk.body, headers=talk.headers,
                                content_type="application/json")  # fmt: skip
        if asked.get("stream"):
            return await self._stream(request, asked, talk)
        if talk.then == "hang":
            await self.let_go.wait()
        if talk.then == "cut" and request.transport is not None:
            request.transport.close()
        return web.Response(body=b"".join(talk.raw) or json.dumps(whole(talk)).encode(),
                            content_type="application/json")  # fmt: skip

    async def _stream(self, request: web.Request, asked: Mapping[str, Any], talk: Talk) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        pieces = talk.raw or list(events(talk, (asked.get("stream_options") or {}).get("include_usage")))
        try:
            for at, piece in enumerate(pieces):
                if at and talk.pause:
                    await asyncio.sleep(talk.pause)
                self.emitted.append(time.monotonic())
                await response.write(piece)
            if talk.then == "hang":
                await self.let_go.wait()
            elif talk.then == "cut" and request.transport is not None:
                request.transport.abort()
        except (ConnectionError, asyncio.CancelledError):
            self.stopped += 1
            raise
        return response


def whole(talk: Talk) -> dict[str, Any]:
    message = {"role": "assistant", "content": talk.text, "refusal": talk.refusal}
    choice = {"index": 0, "message": message, "finish_reason": talk.finish, "logprobs": talk.logprobs}
    found = {"id": "c", "object": "chat.completion", "created": 1, "model": "tiny", "choices": [choice]}
    return found | ({"usage": USAGE} if talk.usage else {})


USAGE = {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}


def events(talk: Talk, with_usage: object = True) -> list[bytes]:
    """A role and no text, the pieces, why it ended, the usage without a choice, the mark of the end."""
    parts = [talk.text[at : at + talk.size] for at in range(0, len(talk.text), talk.size)]
    found = [event({"role": "assistant", "content": ""})]
    found += [event({"content": part}) for part in parts]
    if talk.refusal:
        found.append(event({"refusal": talk.refusal}))
    if talk.then == "end":
        if talk.finish is not None:
            found.append(event({}, talk.finish))
        if with_usage and talk.usage:
            found.append(data({"object": "chat.completion.chunk", "choices": [], "usage": USAGE}))
        found.append(b"data: [DONE]\n\n")
    return found


def event(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return data({"id": "c", "object": "chat.completion.chunk", "choices": [choice]})


def data(value: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


@asynccontextmanager
async def serving() -> AsyncIterator[ModelsServer]:
    server = ModelsServer()
    app = web.Application(client_max_size=4 << 20)
    app.router.add_post("/v1/chat/completions", server.completions)
    app.router.add_get("/v1/models", server.models)
    # As a real server: what nobody waits for any more is not made.
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield server
    finally:
        server.let_go.set()
        with suppress(Exception):
            await runner.cleanup()
