"""POST /chat: what somebody says or presses, stored before it is answered, and what was said since.

The routes of the web stand beside the doors of `bot.front` and store as they do.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.errors import InboxRefused, Malformed
from bot.front import GUARD, Entrance, Guard, Handled, answered, stored
from bot.front_answers import Refused, error, say
from bot.front_inbox import Arrival
from bot.platforms.web import frames, inbound
from bot.platforms.web.base import Lobby, Row, Who
from bot.platforms.web.door import WebDoor, fresh_id
from bot.platforms.web.frames import Act
from bot.platforms.web.render import answer
from bot.platforms.web.runtime import Hub
from bot.turn import Turn

LOOK = 0.15  # seconds between looks while somebody waits for an answer
MOST_SHOWN = 100

Listen = Callable[[Callable[[Mapping[str, Any]], None]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Web:
    """What both routes of one front share. `listen` hands on hints until cancelled."""

    guard: Guard
    door: WebDoor
    lobby: Lobby
    hub: Hub


@dataclass(frozen=True, slots=True)
class Heard:
    """An act that is stored; `before` is the number after which its answers come."""

    arrival: Arrival
    new: bool
    before: int
    began: float

    @property
    def turn(self) -> Turn:
        return self.arrival.turn


def add_web(app: web.Application, door: WebDoor, lobby: Lobby, hub: Hub, listen: Listen) -> None:
    """Adds `/chat` and `/ws`; for `extra` of `create_app`."""
    from bot.front_web_socket import Sockets

    there = Web(app[GUARD], door, lobby, hub)
    sockets = Sockets(there)

    async def listening(_app: web.Application) -> Any:
        hearing = asyncio.ensure_future(listen(hub.heard))
        yield
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)

    async def closing(_app: web.Application) -> None:
        await sockets.close()

    app.router.add_route("*", door.path, Chat(there).handle)
    app.router.add_get("/ws", sockets.handle)
    app.cleanup_ctx.append(listening)
    app.on_shutdown.append(closing)


@dataclass(frozen=True, slots=True)
class Chat:
    there: Web

    async def handle(self, request: web.Request) -> web.Response:
        async def decide(headers: Mapping[str, str], body: bytes, _token: str) -> Handled:
            who = await self.there.door.entered(headers)
            try:
                frame = frames.parse(body)
                after, act = frames.number(frame, "after", -1), frames.act(frame, fresh_id())
                seconds = _seconds(request.query.get("wait", "0"))
                return await self._heard(who, act, after, min(seconds, self.there.hub.pace.wait_seconds))
            except Malformed as problem:
                return "malformed", say(400, {"error": str(problem)})

        return await Entrance(self.there.guard, self.there.door.name, decide).handle(request)

    async def _heard(self, who: Who, act: Act, after: int, seconds: float) -> Handled:
        heard = await hear(self.there, who, act)
        if heard is None:
            return "stranger", error(401)
        channel = inbound.channel(who.user, act.conversation)
        told = await reply_to(self.there, heard) if heard.turn.wants_answer else None
        before = after if after >= 0 else heard.before
        rows, done = await self._wait(who, channel, before, seconds) if seconds else ((), False)
        body = {
            "turn": str(heard.turn.id),
            "conversation": act.conversation,
            "new": heard.new,
            "sequence": rows[-1].seq if rows else before,
            "messages": [frames.shown(row, act.conversation, before) for row in rows if row.kind != "said"],
            "done": done,
        }
        if told is not None:
            body["answer"] = told
        return "stored" if heard.new else "duplicate", say(200, body)

    async def _wait(self, who: Who, channel: str, after: int, seconds: float) -> tuple[Sequence[Row], bool]:
        """Until nothing more is to be said for now, or the time is over; then what there is."""
        end = time.monotonic() + seconds
        try:
            while True:
                done = await self.there.lobby.settled(who, channel)
                if done or time.monotonic() >= end:
                    return await self.there.lobby.missed(who, channel, after, MOST_SHOWN), done
                await asyncio.sleep(LOOK)
        except InboxRefused:
            return (), False  # what was said is stored, and that is what was to be answered


async def hear(there: Web, who: Who, act: Act) -> Heard | None:
    """Stores it, after which it is safe. Raises `Refused` or `InboxRefused`; None: nobody's workspace."""
    began = time.monotonic()
    if not there.hub.acts.take(f"{who.tenant} {who.user}"):
        raise Refused(429, "rate", Retry_After="1")
    payload = frames.envelope(who, act)
    turn = there.door.to_turn(payload)
    assert isinstance(turn, Turn)
    channel, said = turn.place.channel, act.what.get("say")
    if said is not None:
        before = await there.lobby.said(who, channel, f"said:{act.id}", {"text": said})
    else:
        before = await there.lobby.last(who, channel)
    try:
        kept = await stored(there.guard, turn, payload)
    except InboxRefused:
        if said is not None:
            await there.lobby.unsaid(who, channel, f"said:{act.id}")
        raise
    if kept is None:
        return None
    arrival, new = kept
    return Heard(arrival, new, before, began)


async def reply_to(there: Web, heard: Heard) -> dict[str, Any]:
    """What the engine says to a press or a form, if it is in time."""
    return answer(await answered(there.guard, heard.arrival, heard.began))


def _seconds(text: str) -> float:
    if not (text.isascii() and text.isdecimal()) or len(text) > 3:
        raise Malformed("`wait` is a whole number of seconds.")
    return float(text)
