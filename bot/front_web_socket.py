"""GET /ws: frames both ways. Who it is says the first frame, never the address; each act is stored first.

What is sent is read from the database by each socket at its own pace, so that nothing piles up for a
slow one, and whoever comes back with the last number they saw gets what they missed.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from aiohttp import WSMsgType, web

from bot import tracing
from bot.errors import InboxRefused, Malformed, Unverified
from bot.front_answers import Refused, error
from bot.front_web import hear, reply_to
from bot.limits import Buckets
from bot.platforms.web import frames, inbound, verify
from bot.platforms.web.base import Who
from bot.platforms.web.door import fresh_id
from bot.platforms.web.frames import Json
from bot.platforms.web.inbound import PLATFORM
from bot.platforms.web.limits import FRAME_BYTES
from bot.platforms.web.runtime import Ear

if TYPE_CHECKING:
    from bot.front_web import Heard, Web

log = structlog.get_logger()

# Why we close: as docs/web.md says. 1001 is a restart, 1009 a frame that is too large.
UNKNOWN, SLOW, FULL, FLOOD, ODD = 4001, 4008, 4013, 4029, 4400
PAGE = 50  # messages that are read at once
MOST_ANSWERING = 8  # presses of one socket whose answers are waited for at a time


class Closed(Exception):
    """This socket is over, for this reason."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


class Sockets:
    def __init__(self, there: Web) -> None:
        self._there = there
        self._open: set[web.WebSocketResponse] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        hub = self._there.hub
        try:
            self._there.door.check_origin(request.headers.get("Origin", ""))
        except Unverified:
            return error(403)
        socket = web.WebSocketResponse(
            heartbeat=hub.pace.heartbeat, max_msg_size=FRAME_BYTES, timeout=1.0, compress=False
        )
        if not socket.can_prepare(request).ok:
            return error(400)
        if not hub.strangers.enter():
            return error(503, Retry_After="1")
        known = False
        try:
            await socket.prepare(request)
            self._open.add(socket)
            talk = Talk(self._there, socket, request)
            try:
                ear = await talk.hello()
            finally:
                hub.strangers.leave()
                known = True
            await talk.run(ear)
        except Closed as closed:
            await _close(socket, closed.code, closed.why)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if not known:
                hub.strangers.leave()
            self._open.discard(socket)
        return socket

    async def close(self) -> None:
        """So that a restart is quick; whoever was here comes back and misses nothing."""
        going = [_close(socket, 1001, "restarting") for socket in set(self._open)]
        await asyncio.gather(*going, return_exceptions=True)


class Talk:
    """One socket, from its first frame to its end."""

    def __init__(self, there: Web, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._there, self._socket, self._request = there, socket, request
        pace = there.hub.pace
        self._frames = Buckets(pace.frames, pace.frames_burst, keys=1, clock=there.hub.clock)
        self._answering: set[asyncio.Task[None]] = set()

    async def hello(self) -> Ear:
        pace = self._there.hub.pace
        try:
            async with asyncio.timeout(pace.hello_seconds):
                frame = await self._next()
        except TimeoutError:
            raise Closed(UNKNOWN, "say hello first") from None
        if frame is None or frame.get("type") != "hello":
            raise Closed(UNKNOWN, "say hello first")
        who = await self._who(frame)
        try:
            channel = inbound.channel(who.user, frames.conversation(frame))
            after = frames.number(frame, "after", -1)
        except Malformed as problem:
            raise Closed(ODD, str(problem)) from None
        ear = Ear(who, pace)
        if not self._there.hub.enter(ear):
            raise Closed(FULL, "too many are connected")
        self._there.hub.open(ear, inbound.home(who.user), -1)
        self._there.hub.open(ear, channel, after)
        return ear

    async def run(self, ear: Ear) -> None:
        await self._welcome(ear)
        sending = asyncio.create_task(self._send_all(ear))
        reading = asyncio.create_task(self._read_all(ear))
        try:
            done, _ = await asyncio.wait({sending, reading}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._there.hub.leave(ear)
            for each in (sending, reading, *self._answering):
                each.cancel()
            await asyncio.gather(sending, reading, *self._answering, return_exceptions=True)

    # ── what comes in ──

    async def _read_all(self, ear: Ear) -> None:
        while (frame := await self._next()) is not None:
            try:
                await self._frame(ear, frame)
            except Malformed as problem:
                await self._refuse(frame, "malformed", str(problem))
            except Refused as refused:
                self._there.guard.counted.event(PLATFORM, refused.outcome)
                await self._refuse(frame, "slow_down", "That was too much at once. Try again in a moment.")
            except InboxRefused:
                self._there.guard.counted.event(PLATFORM, "not_stored")
                await self._refuse(frame, "try_again", "That could not be stored. Send it again.")

    async def _next(self) -> Json | None:
        """The next frame; None: they are gone. It is counted before it is read."""
        message = await self._socket.receive()
        if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
            return None
        if not self._frames.take("frames"):
            raise Closed(FLOOD, "too many frames")
        if message.type != WSMsgType.TEXT:
            raise Closed(ODD, "frames are text")
        try:
            return frames.parse(message.data)
        except Malformed as problem:
            raise Closed(ODD, str(problem)) from None

    async def _frame(self, ear: Ear, frame: Json) -> None:
        match frame.get("type"):
            case "ack":
                channel = inbound.channel(ear.who.user, frames.conversation(frame))
                ear.acked(channel, frames.number(frame, "sequence", 0))
                ear.acked(inbound.home(ear.who.user), frames.number(frame, "home", 0))
            case "open":
                channel = inbound.channel(ear.who.user, frames.conversation(frame))
                if not self._there.hub.open(ear, channel, frames.number(frame, "after", -1)):
                    await self._refuse(frame, "too_many", "Too many conversations are open on this socket.")
            case "ping":
                await self._send({"type": "pong"})
            case "hello":
                await self._renewed(ear, frame)
            case "dismiss":
                channel = inbound.channel(ear.who.user, frames.conversation(frame))
                await self._there.lobby.close_form(ear.who, channel, frames.text(frame, "message", 200))
            case _:
                await self._act(ear, frame)

    async def _act(self, ear: Ear, frame: Json) -> None:
        act = frames.act(frame, fresh_id())
        if not frame.get("type"):
            raise Malformed("A frame has a type.")
        # The token is looked at each time: what was revoked a moment ago says nothing any more.
        await self._check(ear.who)
        began = time.perf_counter()
        with tracing.span("ack", platform=PLATFORM):
            heard = await hear(self._there, ear.who, act)
        if heard is None:
            raise Closed(UNKNOWN, "the web is not connected here")
        counted = self._there.guard.counted
        counted.event(PLATFORM, "stored" if heard.new else "duplicate")
        counted.acked(PLATFORM, time.perf_counter() - began)
        await self._send({"type": "ack", "to": act.id, "turn": str(heard.turn.id), "new": heard.new,
                          "conversation": act.conversation})  # fmt: skip
        if heard.turn.wants_answer:
            if len(self._answering) >= MOST_ANSWERING:
                raise Refused(429, "rate")
            task = asyncio.create_task(self._answer(act.id, heard))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, id: str, heard: Heard) -> None:
        told = await reply_to(self._there, heard)
        with suppress(ConnectionError, Closed):
            await self._send({"type": "answer", "to": id, **told})

    async def _refuse(self, frame: Json, code: str, text: str) -> None:
        to = frame.get("id")
        await self._send(
            {"type": "error", "to": to if isinstance(to, str) else "", "code": code, "text": text}
        )

    async def _renewed(self, ear: Ear, frame: Json) -> None:
        who = await self._who(frame)
        if (who.tenant, who.user) != (ear.who.tenant, ear.who.user):
            raise Closed(UNKNOWN, "this token is somebody else's")
        self._there.hub.renew(ear, who)
        await self._welcome(ear)

    async def _who(self, frame: Json) -> Who:
        token = frame.get("token")
        try:
            return await self._there.door.who(verify.checked(token if isinstance(token, str) else ""))
        except Unverified:
            raise Closed(UNKNOWN, "this token counts for nothing") from None
        except InboxRefused:
            raise Closed(FULL, "try again") from None

    async def _check(self, who: Who) -> None:
        keys = self._there.door.keys
        if keys is None or not await keys.still(who):
            raise Closed(UNKNOWN, "this token counts no more")

    # ── what goes out ──

    async def _welcome(self, ear: Ear) -> None:
        window = self._there.hub.pace.window
        await self._send({"type": "welcome", "expires": int(ear.who.expires), "window": window})

    async def _send_all(self, ear: Ear) -> None:
        """What is new, as soon as it is hinted at; and now and then whatever was hinted at in vain."""
        pace, clock = self._there.hub.pace, self._there.hub.clock
        looked = clock()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(pace.look_seconds):
                    await ear.news.wait()
            ear.news.clear()
            if ear.gave_up(clock()):
                raise Closed(SLOW, "nothing was acknowledged for too long")
            try:
                if ear.doubted or clock() - looked >= pace.look_seconds:
                    looked, ear.doubted = clock(), False
                    await self._check(ear.who)
                    ear.mark_all()
                dirty, live = ear.take()
                for channel in dirty:
                    await self._catch_up(ear, channel)
            except InboxRefused:
                continue  # the database is away; what is missing comes at the next look
            for channel, news in live:
                await self._live(channel, news)

    async def _catch_up(self, ear: Ear, channel: str) -> None:
        while True:
            seen = ear.seen[channel]
            rows = await self._there.lobby.missed(ear.who, channel, seen, PAGE)
            for row in rows:
                if not ear.may_send(channel, self._there.hub.clock()):
                    return
                ear.sent(channel, row.seq)
                await self._send(frames.shown(row, inbound.name_of(channel), seen))
            if seen < 0 and not rows:
                ear.seen[channel] = 0
            if len(rows) < PAGE or seen < 0:
                return

    async def _live(self, channel: str, news: Any) -> None:
        name = inbound.name_of(channel)
        match news:
            case {"working": True}:
                await self._send({"type": "working", "conversation": name})
            case {"delta": {"id": str(id), "at": int(at), "words": str(words)}}:
                await self._send({"type": "delta", "conversation": name, "id": id, "at": at, "words": words})

    async def _send(self, frame: Json) -> None:
        """Whoever does not take a frame for so long is let go, and misses nothing once back."""
        try:
            async with asyncio.timeout(self._there.hub.pace.send_seconds):
                await self._socket.send_str(orjson.dumps(frame).decode())
        except TimeoutError:
            log.info("web.slow")
            transport = self._request.transport
            if transport is not None:
                transport.abort()
            raise Closed(SLOW, "too slow") from None


async def _close(socket: web.WebSocketResponse, code: int, why: str) -> None:
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(2):
            await socket.close(code=code, message=why.encode()[:120])
