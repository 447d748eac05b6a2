"""A stand-in for an OpenAI-shaped server, which answers as it was told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web


class ModelServer:
    """`behave` names what it does with the next questions; `seen` holds what it was asked."""

    def __init__(self) -> None:
        self.behave: str = "answer"
        self.answer: str = "{}"
        self.logprobs: Any = None
        self.finish: str | None = "stop"
        self.refusal: str | None = None
        self.seen: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.url = ""
        self.let_go = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        match self.behave:
            case "429":
                return web.json_response({"error": {"message": SECRET, "code": 429}}, status=429)
            case "500":
                return web.json_response({"error": {"message": SECRET, "type": "x", "code": 500}}, status=500)
            case "401":
                return web.json_response({"error": "Unauthorized"}, status=401)
            case "redirect":
                return web.Response(status=307, headers={"Location": self.url + "/elsewhere"})
            case "hang":
                await self.let_go.wait()
                return web.Response()
            case "drip":
                return await self._drip(request)
            case "huge" | "huge error":
                return await self._huge(request)
            case "sse":
                return await self._sse(request)
            case "broken":
                return web.Response(text='{"choices": [{"mess', content_type="application/json")
            case "cut":
                return web.Response(text="", headers={"Content-Length": "500"})
            case "empty":
                return web.json_response({"choices": []})
        return web.json_response(self._completion())

    def _completion(self) -> dict[str, Any]:
        message = {"role": "assistant", "content": self.answer, "refusal": self.refusal}
        choice = {"index": 0, "message": message, "finish_reason": self.finish, "logprobs": self.logprobs}
        return {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while not self.let_go.is_set():
            await response.write(b" ")
            await asyncio.sleep(0.02)
        return response

    async def _huge(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=500 if self.behave == "huge error" else 200)
        await response.prepare(request)
        for _ in range(2_000):
            await response.write(b" " * 16_384)
        return response

    async def _sse(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        chunk = {
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": {"content": self.answer}}],
        }
        await response.write(f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode())
        return response


SECRET = "a secret that the server sent back"


@asynccontextmanager
async def running() -> AsyncIterator[ModelServer]:
    server = ModelServer()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    server.url = f"http://127.0.0.1:{port}/v1"
    try:
        yield server
    finally:
        server.let_go.set()
        await runner.cleanup()
