"""Messages that grow in Teams: in personal chats only, one call a second, each with all that came before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Protocol

from bot.errors import PlatformError
from bot.platforms.base import Sent
from bot.platforms.streaming import Grown, StreamOver
from bot.reply import Reply
from bot.text import plain
from bot.turn import Account, Place

STREAM = "stream"
LONGEST = 18_000  # characters; Teams takes 100 kB of UTF-16, entities and all
THINKING = "Thinking…"

# A client may take these for HTML. A look-alike stands in while it grows: what is shown must never change.
LOOK_ALIKES = str.maketrans({"<": "‹", ">": "›", "&": "＆"})

Activity = dict[str, Any]


class Client(Protocol):
    """What of TeamsClient is used here."""

    async def drawn(self, place: Place, reply: Reply, marker: str) -> Activity: ...
    async def put(self, place: Place, activity: Activity, message_id: str = "") -> str: ...
    async def working(self, place: Place, account: Account) -> None: ...


class TeamsStreams:
    """See `bot.platforms.streaming.Streams`."""

    pause = 1.5
    eager = LONGEST
    patience = 0.7
    remembers = True

    def __init__(self, client: Client) -> None:
        self._client = client

    def where(self, place: Place) -> bool:
        return place.private

    def room(self, grown: Grown | None, words: str) -> int:
        return max(0, min(len(words), LONGEST - (grown.size if grown else 0)))

    async def announce(self, place: Place, account: Account | None) -> Grown | None:
        """The bar that says we think, which is the stream's first call; elsewhere the typing dots."""
        if not self.where(place):
            if account is not None:
                await self._client.working(place, account)
            return None
        id = await self._client.put(place, _update(THINKING, "informative", 1, ""))
        return Grown(place, id, STREAM, calls=1)

    async def begin(self, place: Place, account: Account | None, words: str, *, marker: str) -> Grown:
        id = await self._client.put(place, _update(grown_words(words), "streaming", 1, ""))
        if not id:
            raise PlatformError("Teams", "did not say which message it began", retryable=True, unknown=True)
        return Grown(place, id, STREAM, words, len(words), 1)

    async def grow(self, grown: Grown, words: str) -> Grown:
        """One that comes out of order is dropped by Teams, and the next one holds it."""
        whole, number = grown.words + words, grown.calls + 1
        await self._client.put(grown.place, _update(grown_words(whole), "streaming", number, grown.id))
        return replace(grown, words=whole, size=len(whole), calls=number)

    async def finish(self, grown: Grown, reply: Reply, *, marker: str) -> Sent:
        """The stream's last message, where it may be; else the stream is closed and its message replaced."""
        activity = await self._client.drawn(grown.place, reply, marker)
        shown = grown_words(grown.words)
        text = activity.get("text")
        try:
            if not shown or (isinstance(text, str) and text.startswith(shown)):
                id = await self._client.put(grown.place, _final(activity, grown.id))
                return Sent(id or grown.id)
            await self._client.put(grown.place, _final(_words_alone(shown), grown.id))
        except StreamOver:
            pass  # it is over already: by its time, by a try before this one, or by the person
        except PlatformError as error:
            if error.retryable or error.gone:
                raise
        await self._client.put(grown.place, activity, grown.id)
        return Sent(grown.id)

    async def close(self, grown: Grown) -> None:
        """What Teams has closed by itself, after two minutes, stays closed."""
        words = grown_words(grown.words) or "–"
        try:
            await self._client.put(grown.place, _final(_words_alone(words), grown.id))
        except PlatformError as error:
            if error.retryable:
                raise

    async def find(self, place: Place, *, marker: str, since: float, known: Collection[str]) -> Grown | None:
        """Teams has no look-up: whatever was begun there ends by itself after two minutes."""
        return None


def grown_words(words: str) -> str:
    """Character by character, so that what is shown is always the beginning of what will be."""
    return (
        "".join(map(plain, words)).translate(LOOK_ALIKES)
        if not words.isascii()
        else words.translate(LOOK_ALIKES)
    )


def _words_alone(words: str) -> Activity:
    return {"type": "message", "text": words, "textFormat": "plain"}


def _update(words: str, kind: str, number: int, stream: str) -> Activity:
    info: Activity = {"streamType": kind, "streamSequence": number}
    return _marked({"type": "typing", "text": words}, info | ({"streamId": stream} if stream else {}))


def _final(activity: Activity, stream: str) -> Activity:
    return _marked(activity, {"streamType": "final", "streamId": stream})


def _marked(activity: Activity, info: Activity) -> Activity:
    """Said twice, as entity and as channel data, as Microsoft's own library does."""
    entities = [*activity.get("entities", ()), {"type": "streaminfo", **info}]
    return {**activity, "entities": entities, "channelData": {**activity.get("channelData", {}), **info}}
