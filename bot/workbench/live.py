"""The page's socket: what happened since the page last looked, and then whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from bot.workbench.cast import Json
from bot.workbench.store import Store

HEARTBEAT = 20.0
MOST_SOCKETS = 64
SEND_SECONDS = 10.0
POLL_SECONDS = 0.3
INSPECT_SECONDS = 5.0

log = structlog.get_logger(__name__)
Look = Callable[[], Awaitable[list[Json]]]


class Live:
    """`looks` are asked while anybody watches, and their answer is an event when it has changed."""

    def __init__(self, store: Store, looks: dict[str, Look]) -> None:
        self._store = store
        self._looks = looks
        self._last: dict[str, list[Json]] = {}
        self._sockets: set[web.WebSocketResponse] = set()
        self._poller: asyncio.Task[None] | None = None

    async def look(self, name: str) -> list[Json]:
        """What is there now; the last known where it cannot be told, or takes too long."""
        try:
            async with asyncio.timeout(INSPECT_SECONDS):
                self._last[name] = await self._looks[name]()
        except Exception as error:
            log.warning("workbench.look_failed", what=name, error=type(error).__name__)
        return self._last.get(name, [])

    async def socket(self, request: web.Request) -> web.StreamResponse:
        if len(self._sockets) >= MOST_SOCKETS:
            return web.json_response({"error": "too many pages are open"}, status=503)
        try:
            after = int(request.query.get("after", "0"))
        except ValueError:
            return web.json_response({"error": "after has to be a number"}, status=400)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=4096, timeout=1.0)
        await socket.prepare(request)
        self._sockets.add(socket)
        self._watch()
        sender = asyncio.create_task(self._send(socket, after))
        try:
            async for message in socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    continue  # a page has nothing to tell us here: actions are POSTs
        finally:
            self._sockets.discard(socket)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return socket

    async def _send(self, socket: web.WebSocketResponse, seen: int) -> None:
        changed = asyncio.Event()
        self._store.listeners.add(changed.set)
        try:
            while not socket.closed:
                changed.clear()
                events = self._store.events_after(seen)
                if events is None:
                    events = [{"seq": self._store.seq(), "type": "reset"}]
                for event in events:
                    async with asyncio.timeout(SEND_SECONDS):
                        await socket.send_json(event)
                    seen = event["seq"]
                if not events:
                    await changed.wait()
        except (ConnectionError, TimeoutError):
            await socket.close()
        finally:
            self._store.listeners.discard(changed.set)

    def _watch(self) -> None:
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())

    async def _poll(self) -> None:
        while self._sockets:
            for name in self._looks:
                before = self._last.get(name)
                now = await self.look(name)
                if now != before:
                    self._store.emit({"type": name, name: now})
            await asyncio.sleep(POLL_SECONDS)

    async def close(self) -> None:
        """So that Ctrl-C is quick: an open socket would hold the server for a minute."""
        if self._poller is not None:
            self._poller.cancel()
        closing = (
            socket.close(code=WSCloseCode.GOING_AWAY, message=b"restarting") for socket in set(self._sockets)
        )
        await asyncio.gather(*closing, return_exceptions=True)
