"""Messages that grow on the web: the words go to whoever looks at once, and into the row now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import replace

from bot.errors import PlatformError
from bot.platforms.base import Sent
from bot.platforms.streaming import Grown
from bot.platforms.web.base import Desk
from bot.platforms.web.limits import LONGEST_PIECE
from bot.platforms.web.render import render
from bot.reply import Reply
from bot.turn import Account, Place

MESSAGE, GROWING = "message", "growing"
KEPT_EVERY = 1.0  # seconds: what somebody who comes back in the middle may have to wait for


class WebStreams:
    """See `bot.platforms.streaming.Streams`. Whoever begins one again under the same marker finds it."""

    pause = 0.08
    eager = 64
    patience = 0.0
    remembers = False

    def __init__(self, desk: Desk, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk, self._clock = desk, clock
        self._kept: dict[str, float] = {}

    def where(self, place: Place) -> bool:
        return bool(place.channel)

    def room(self, grown: Grown | None, words: str) -> int:
        return max(0, min(len(words), LONGEST_PIECE - (grown.size if grown else 0)))

    async def announce(self, place: Place, account: Account | None) -> Grown | None:
        await self._desk.tell(place.workspace, place.channel, {"working": True})
        return None

    async def begin(self, place: Place, account: Account | None, words: str, *, marker: str) -> Grown:
        """One marker is given to all messages of a stream, so the place in it tells them apart."""
        at = 1
        while await self._desk.there(place.workspace, place.channel, f"{marker}#{at}"):
            at += 1
        id = f"{marker}#{at}"
        await self._desk.put(place.workspace, place.channel, id, GROWING, _body(words))
        self._kept[id] = self._clock()
        return Grown(place, id, GROWING, words, len(words), 1)

    async def grow(self, grown: Grown, words: str) -> Grown:
        place, whole = grown.place, grown.words + words
        delta = {"id": grown.id, "at": len(grown.words), "words": words}
        await self._desk.tell(place.workspace, place.channel, {"delta": delta})
        if self._clock() - self._kept.get(grown.id, 0.0) >= KEPT_EVERY:
            await self._keep(grown, whole, GROWING)
        return replace(grown, words=whole, size=len(whole), calls=grown.calls + 1)

    async def finish(self, grown: Grown, reply: Reply, *, marker: str) -> Sent:
        place = grown.place
        self._kept.pop(grown.id, None)
        await self._desk.change(place.workspace, place.channel, grown.id, MESSAGE, render(reply))
        return Sent(grown.id)

    async def close(self, grown: Grown) -> None:
        """With what was shown; where that is not known any more, with what the row has."""
        place = grown.place
        self._kept.pop(grown.id, None)
        there = await self._desk.there(place.workspace, place.channel, grown.id)
        if there is None or there.kind != GROWING:
            return
        words = grown.words if len(grown.words) > len(str(there.body.get("text", ""))) else there.body["text"]
        body = {**_body(words), "generated": True}
        await self._desk.change(place.workspace, place.channel, grown.id, MESSAGE, body)

    async def find(self, place: Place, *, marker: str, since: float, known: Collection[str]) -> Grown | None:
        at = 1
        while (row := await self._desk.there(place.workspace, place.channel, f"{marker}#{at}")) is not None:
            if row.id not in known:
                return Grown(place, row.id, GROWING, str(row.body.get("text", "")))
            at += 1
        return None

    async def _keep(self, grown: Grown, whole: str, kind: str) -> None:
        self._kept[grown.id] = self._clock()
        try:
            await self._desk.change(grown.place.workspace, grown.place.channel, grown.id, kind, _body(whole))
        except PlatformError as error:
            if error.gone:
                raise


def _body(words: str) -> dict[str, object]:
    return {"text": words, "blocks": [], "generated": True}
