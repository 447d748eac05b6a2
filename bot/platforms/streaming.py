"""How a message grows on a platform where one can: a second half of a Client, which not every one has."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bot.errors import PlatformError
from bot.platforms.base import Sent
from bot.reply import Reply
from bot.turn import Account, Place

MARK = "stream:"  # what a marker of a growing message begins with


@dataclass(frozen=True, slots=True)
class Grown:
    """A message that grows. `kind` is the platform's own word for how; `words` is all that was shown in it.

    `size` is how full it is by the platform's count, `calls` how often it was told of.
    """

    place: Place
    id: str
    kind: str
    words: str = ""
    size: int = 0
    calls: int = 0


class StreamOver(PlatformError):
    """The platform takes nothing more into this message. What was shown stays."""


class StreamStopped(StreamOver):
    """The person pressed the platform's own Stop."""


class Streams(Protocol):
    """Every method raises `PlatformError` and nothing else. Words are plain text, made inert here.

    `pause`: seconds between two calls about one message, unless `eager` characters wait.
    `patience`: seconds of silence after which it is announced that something is coming.
    `remembers`: `finish` and `close` want all the words that were shown, also from another process.
    """

    pause: float
    eager: int
    patience: float
    remembers: bool

    def where(self, place: Place) -> bool:
        """Whether a message can grow there."""
        ...

    def room(self, grown: Grown | None, words: str) -> int:
        """How many of these characters still go into this message; 0: the next one has to begin."""
        ...

    async def announce(self, place: Place, account: Account | None) -> Grown | None:
        """Something is coming. Best effort; the message that will grow, where that is one already."""
        ...

    async def begin(self, place: Place, account: Account | None, words: str, *, marker: str) -> Grown:
        """A new message. `unknown`: it may be there."""
        ...

    async def grow(self, grown: Grown, words: str) -> Grown:
        """`words` come after those that are there. `StreamOver`: nothing more goes into it."""
        ...

    async def finish(self, grown: Grown, reply: Reply, *, marker: str) -> Sent:
        """The message as if `reply` had been posted in its place; as often as one likes.

        Raises `PlatformError(gone=True)` where it is not there any more.
        """
        ...

    async def close(self, grown: Grown) -> None:
        """It grows no more and stays as it is; as often as one likes."""
        ...

    async def find(self, place: Place, *, marker: str, since: float, known: Collection[str]) -> Grown | None:
        """The message that was begun by whoever died before noting it; None where nobody can tell."""
        ...


@runtime_checkable
class StreamingClient(Protocol):
    """A `Client` that has this half, too."""

    streams: Streams


def streams_of(client: object) -> Streams | None:
    return client.streams if isinstance(client, StreamingClient) else None
