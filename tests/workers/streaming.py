"""A platform where messages grow, which can let whoever speaks to it die before or after any call."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

from bot.errors import PlatformError
from bot.platforms.base import Sent
from bot.platforms.streaming import Grown
from bot.reply import Reply
from bot.turn import Account, Place
from workers.store import streams
from workers.store.door import Database
from workers.streams import LEASE, Previews, ended, piece

PLACE = Place("fake", "T1", "C1", "1.0")
ADA = Account("fake", "T1", "U1")


class Killed(Exception):
    """The process died here."""


@dataclass
class Shown:
    text: str
    state: str = "growing"


@dataclass
class FakeStreams:
    """See `bot.platforms.streaming.Streams`. `dies` names a call and when: "begin 1 after"."""

    finds: bool = True
    edits: bool = False  # its last form may be overwritten by whoever comes late
    pause: float = 0.0
    eager: int = 1
    patience: float = 60.0
    remembers: bool = False
    longest: int = 1_000
    dies: str = ""
    messages: dict[str, Shown] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    refusals: list[PlatformError] = field(default_factory=list)
    gate: asyncio.Event | None = None

    def where(self, place: Place) -> bool:
        return True

    def room(self, grown: Grown | None, words: str) -> int:
        return max(0, min(len(words), self.longest - (grown.size if grown else 0)))

    async def announce(self, place: Place, account: Account | None) -> Grown | None:
        self.calls.append("announce")
        return None

    async def begin(self, place: Place, account: Account | None, words: str, *, marker: str) -> Grown:
        self._call("begin")
        id = f"m{len(self.messages) + 1}"
        self.messages[id] = Shown(words)
        self._after("begin")
        return Grown(place, id, "stream", words, len(words), 1)

    async def grow(self, grown: Grown, words: str) -> Grown:
        self._call("grow")
        if self.gate is not None:
            await self.gate.wait()
        if not self.edits and self.messages[grown.id].state != "growing":
            raise PlatformError("Fake", "it is closed")
        self.messages[grown.id].text = grown.words + words
        self._after("grow")
        return replace(grown, words=grown.words + words, size=grown.size + len(words))

    async def finish(self, grown: Grown, reply: Reply, *, marker: str) -> Sent:
        self._call("finish")
        if grown.id not in self.messages:
            raise PlatformError("Fake", "has no such message", gone=True)
        self.messages[grown.id] = Shown(reply.text, "closed")
        self._after("finish")
        return Sent(grown.id, grown.place.thread)

    async def close(self, grown: Grown) -> None:
        self._call("close")
        self.messages[grown.id].state = "closed"
        self._after("close")

    async def find(self, place: Place, *, marker: str, since: float, known: Collection[str]) -> Grown | None:
        lost = [id for id, each in self.messages.items() if id not in known and each.state == "growing"]
        return Grown(place, lost[0], "stream") if self.finds and lost else None

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.refusals:
            raise self.refusals.pop(0)
        if self.dies == f"{name} {self.calls.count(name)} before":
            raise Killed(name)

    def _after(self, name: str) -> None:
        if self.dies == f"{name} {self.calls.count(name)} after":
            raise Killed(name)


class FakeClient:
    """The half of a client that posts, and the half that streams."""

    name = "fake"

    def __init__(self, growing: FakeStreams) -> None:
        self.streams = growing

    def parts(self, reply: Reply) -> tuple[Reply, ...]:
        return (reply,)

    async def post(self, place: Place, reply: Reply) -> Sent:
        id = f"m{len(self.streams.messages) + 1}"
        self.streams.messages[id] = Shown(reply.text, "closed")
        return Sent(id, place.thread)


class FakeHints:
    """Valkey, as far as previews use it."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.marks: set[str] = set()

    async def tell(self, channel: str, message: str) -> None:
        self.told.append((channel, message))

    async def mark(self, name: str, seconds: int) -> None:
        self.marks.add(name)

    async def hear(self, channel: str, heard: Callable[[str], None]) -> None:
        await asyncio.Event().wait()


_numbers = itertools.count(1)


@dataclass
class Showing:
    """One preview, from the call on: what is told to it is what a worker tells."""

    db: Database
    tenant: UUID
    growing: FakeStreams
    key: str
    previews: Previews
    hints: FakeHints
    requester: UUID
    at: int = 0

    @classmethod
    async def begin(cls, db: Database, tenant: UUID, growing: FakeStreams, *, asked: bool = True) -> Showing:
        """`asked`: a worker has said that it begins, so it may be noted at once that a message may come."""
        key, requester, hints = f"r{next(_numbers)}:write:1", uuid4(), FakeHints()
        previews = engine(db, growing, hints)
        async with db.tenant(tenant) as c:
            await streams.expect(
                c, tenant, key, PLACE.conversation, PLACE, requester, ADA, previews.name, LEASE
            )
        previews.expect(tenant, key, PLACE, ADA, requester)
        if asked:
            previews.heard(piece(key, 0, ""))
        return cls(db, tenant, growing, key, previews, hints, requester)

    async def say(self, words: str) -> None:
        """Until it is shown, or nobody shows anything any more."""
        self.previews.heard(piece(self.key, self.at, words))
        self.at += len(words)
        calls = len(self.growing.calls)
        async with asyncio.timeout(10):
            while self.showing and len(self.growing.calls) == calls:
                await asyncio.sleep(0.002)

    async def end(self) -> None:
        self.previews.heard(ended(self.key))
        await self.rested()

    async def rested(self) -> None:
        async with asyncio.timeout(10):
            while self.showing:
                await asyncio.sleep(0.002)

    @property
    def showing(self) -> bool:
        return self.key in self.previews._previews

    async def expire(self) -> None:
        """Whoever held it has been dead for long enough."""
        async with self.db.tenant(self.tenant) as c:
            await c.execute(
                "update streams set until = now() - interval '1 second' where tenant_id = $1 and key = $2",
                self.tenant,
                self.key,
            )

    async def row(self) -> streams.Stream:
        async with self.db.tenant(self.tenant) as c:
            found = await streams.by_key(c, self.tenant, self.key)
        assert found is not None
        return found


def engine(db: Database, growing: FakeStreams, hints: FakeHints) -> Previews:
    return Previews(db, {"fake": FakeClient(growing)}, hints)  # type: ignore[arg-type,dict-item]  # stand-ins
