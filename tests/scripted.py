"""A model server that says what a test tells it to, when it tells it to; and a flow that shows the words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from aiohttp import web

from flows.loader import load
from flows.yaml_source import read
from integrations import tools
from workers.store import definitions
from workers.store.door import Database

FLOW = """
id: muse
description: "Write a sentence or two"
examples: ["muse about something"]
steps:
  - id: write
    type: think
    instructions: "Write it."
    material: ["There is a red lamp in the hall."]
    longest: 8000
    save: written
  - {id: told, type: message, text: "{{ written.text }}"}
  - {id: done, type: end}
"""


class Script:
    """One conversation with the model: `say` lets it write, `end` lets it come to its end.

    `asked` is set once it is asked, `left` once whoever asked has gone.
    """

    def __init__(self) -> None:
        self.url = ""
        self.questions = 0
        self.asked = asyncio.Event()
        self.left = asyncio.Event()
        self._words: asyncio.Queue[str | None] = asyncio.Queue()

    def begin(self) -> None:
        """Anew, for the next test."""
        self.asked.clear()
        self.left.clear()
        self._words = asyncio.Queue()

    def say(self, *words: str) -> None:
        for each in words:
            self._words.put_nowait(each)

    def end(self) -> None:
        self._words.put_nowait(None)

    def break_off(self) -> None:
        """The stream ends without having come to its end."""
        self._words.put_nowait("\0")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if not body.get("stream"):
            return web.json_response({"error": {"message": "no", "code": 400}}, status=400)
        self.questions += 1
        words = self._words
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(_chunk({"role": "assistant", "content": ""}))
        self.asked.set()
        try:
            while (said := await words.get()) is not None:
                if said == "\0":
                    return response
                await response.write(_chunk({"content": said}))
            await response.write(_chunk({}, "stop") + b"data: [DONE]\n\n")
        except (ConnectionResetError, asyncio.CancelledError):
            self.left.set()
            raise
        return response


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(chunk)}\n\n".encode()


@asynccontextmanager
async def scripted() -> AsyncIterator[Script]:
    script = Script()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", script.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    script.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield script
    finally:
        await runner.cleanup()


async def activate(db: Database, tenant: UUID) -> None:
    """The flow, for this tenant."""
    flow = load(read("muse.yaml", FLOW.encode()), tools())
    async with db.tenant(tenant) as c:
        await definitions.keep_flow(c, tenant, flow.id, flow.version, flow.source)
        await definitions.activate_flow(c, tenant, flow.id, flow.version)
