"""Shows what a model writes while it does: pieces from the worker, over Valkey, into a message that grows.

A preview and nothing more. What counts is the effect's result in Postgres; whatever is lost here, the
message that the run says takes the preview's place (`workers.streams_end`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import structlog

from bot.errors import PlatformError
from bot.platforms.base import Client
from bot.platforms.streaming import MARK, Grown, Streams, StreamStopped, streams_of
from bot.text_out import NOWHERE, Growing, Listed
from bot.turn import Account, Place
from workers import streams_keeper
from workers.hints import Hints
from workers.store import streams
from workers.store.door import Database
from workers.streams_buffer import Buffer, pause_before

log = structlog.get_logger()

CHANNEL = "countersign:stream:"
FLAG = "countersign:stop:"
LEASE = 10.0  # seconds: what a crash delays the final message by, at most
CALL = 4.0  # seconds for one call to a platform; less than half of the lease
EXPECTED = 900.0  # seconds after which nothing more is expected
MOST = 2_000  # previews of one process
LEFT = 3.0  # seconds after which a preview that nothing took the place of is closed
STOPPED_FOR = 900
PASSING = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


@dataclass(slots=True, eq=False)
class Preview:
    tenant: UUID
    key: str
    place: Place
    account: Account | None
    requester: UUID
    buffer: Buffer = field(default_factory=Buffer)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False
    task: asyncio.Task[None] | None = None
    announcing: asyncio.Task[Grown | None] | None = None
    messages: list[Grown] = field(default_factory=list)
    until: float = 0.0  # by our own clock: how long nobody else speaks for it
    asked: bool = False  # the model is: a worker has it, so its row is there
    armed: bool = False  # it is noted that a message may be begun
    doubt: bool = False  # one was, and nobody knows what became of it


class Previews:
    """Of one engine. `name` is the channel on which it hears the pieces of what it shows."""

    def __init__(
        self,
        db: Database,
        clients: Mapping[str, Client],
        hints: Hints,
        *,
        clock: Callable[[], float] = time.monotonic,
        link_hosts: Listed = NOWHERE,
    ) -> None:
        self._db, self._clients, self._hints, self._clock = db, clients, hints, clock
        self._link_hosts = link_hosts
        self.name = f"{CHANNEL}{uuid4().hex}"
        self._previews: dict[str, Preview] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            await self._hints.hear(self.name, self.heard)
        finally:
            await self.close()

    async def close(self) -> None:
        tasks = [each.task for each in self._previews.values() if each.task is not None]
        for each in self._previews.values():
            self._end(each)
        if tasks:
            await asyncio.wait(tasks, timeout=CALL)
        for task in (*tasks, *self._closing):
            task.cancel()

    def can_show(self, place: Place) -> bool:
        return streams_of(self._clients.get(place.platform)) is not None and len(self._previews) < MOST

    def expect(self, tenant: UUID, key: str, place: Place, account: Account | None, requester: UUID) -> None:
        """Its row is being written, in a transaction that may still fail; then nothing will ever be heard."""
        if key in self._previews:
            return
        looked_at = Buffer(Growing(self._link_hosts).feed)
        preview = Preview(tenant, key, place, account, requester, looked_at)
        preview.until = self._clock() + LEASE
        self._previews[key] = preview
        preview.task = asyncio.create_task(self._watch(preview))
        preview.task.add_done_callback(lambda _: self._previews.pop(key, None))

    def heard(self, message: str) -> None:
        """A piece, or that there are no more."""
        try:
            piece = orjson.loads(message)
            preview = self._previews.get(piece["k"])
            if preview is None:
                return
            if piece.get("end"):
                self._end(preview)
                return
            preview.buffer.add(int(piece["at"]), str(piece["d"]))
            preview.asked = True
            preview.news.set()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("stream.unreadable", problem=type(error).__name__)

    async def end(self, stream: streams.Stream) -> None:
        """The final message wants its place: whoever still speaks for it is to come to an end."""
        preview = self._previews.get(stream.key)
        if preview is not None and preview.task is not None:
            self._end(preview)
            await asyncio.wait({preview.task}, timeout=CALL + 1)
        elif stream.listener != self.name:
            await self._hints.tell(stream.listener, orjson.dumps({"k": stream.key, "end": True}).decode())

    async def stop(self, tenant: UUID, key: str) -> bool:
        """Somebody said stop: the worker sees it in Valkey at once, and in the row if that is lost."""
        async with self._db.tenant(tenant) as c:
            stopped = await streams.stop(c, tenant, key)
        await self._hints.mark(f"{FLAG}{tenant}:{key}", STOPPED_FOR)
        return stopped

    @staticmethod
    def _end(preview: Preview) -> None:
        preview.ended = True
        preview.news.set()

    async def _watch(self, preview: Preview) -> None:
        growing = streams_of(self._clients.get(preview.place.platform))
        assert growing is not None
        try:
            async with asyncio.timeout(EXPECTED):
                await self._show(preview, growing)
        except TimeoutError:
            log.info("stream.silent")
        except StreamStopped:
            with suppress(*PASSING):
                await self.stop(preview.tenant, preview.key)
        except (PlatformError, *PASSING) as error:
            log.info("stream.left", platform=preview.place.platform, problem=str(error)[:200])
        finally:
            if preview.announcing is not None:
                preview.announcing.cancel()
            with suppress(*PASSING):
                async with self._db.tenant(preview.tenant) as c:
                    await streams.rest(c, preview.tenant, preview.key, doubt=preview.doubt)
            closing = asyncio.create_task(self._close_what_is_left(preview.tenant))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _close_what_is_left(self, tenant: UUID) -> None:
        """Where nothing was said in its place: the run was cancelled meanwhile."""
        await asyncio.sleep(LEFT)
        with suppress(*PASSING):
            await streams_keeper.close_orphans(self._db, self._clients, tenant, LEFT / 2)

    async def _show(self, preview: Preview, growing: Streams) -> None:
        await self._first(preview, growing)
        last = -growing.pause
        while not preview.ended and not preview.buffer.broken:
            words = preview.buffer.ready
            if not words:
                await self._news(preview, self._until_renewal(preview))
                await self._keep(preview)
                continue
            pause = pause_before(len(words), self._clock() - last, growing.pause, growing.eager)
            if pause > 0:
                await self._news(preview, pause)
                continue
            last = self._clock()
            await self._next(preview, growing)

    async def _first(self, preview: Preview, growing: Streams) -> None:
        """Until there is something to show; after some silence it is announced that something will come."""
        began, announced = self._clock(), False
        while not preview.ended and not preview.buffer.ready:
            if preview.asked and not preview.armed:
                await self._hold(preview, starting=True)  # now, so that the first words need not wait for it
                continue
            left = growing.patience - (self._clock() - began)
            if not announced and left <= 0:
                announced = True
                if await self._keep(preview):
                    preview.announcing = asyncio.create_task(self._announce(preview, growing))
            await self._news(preview, self._until_renewal(preview) if announced else left)
            await self._keep(preview)
        preview.buffer.begin()
        if preview.announcing is None or not growing.remembers:
            return  # it is in nobody's way
        if (grown := await preview.announcing) is not None:
            preview.messages.append(grown)
            await asyncio.sleep(max(0.0, growing.pause - (self._clock() - began - growing.patience)))

    async def _announce(self, preview: Preview, growing: Streams) -> Grown | None:
        try:
            if growing.remembers and growing.where(preview.place):
                await self._hold(preview, starting=True)
            async with asyncio.timeout(CALL):
                grown = await growing.announce(preview.place, preview.account)
        except (PlatformError, *PASSING) as error:
            log.info("stream.unannounced", problem=str(error)[:200])
            return None
        if grown is not None:
            await self._note(preview, [grown])
            preview.armed = False
        return grown

    async def _next(self, preview: Preview, growing: Streams) -> None:
        """The next piece into the message, or into the one after it."""
        if not growing.where(preview.place):
            preview.buffer.take(len(preview.buffer.ready))
            return
        grown = preview.messages[-1] if preview.messages else None
        words = preview.buffer.take(growing.room(grown, preview.buffer.ready))
        if grown is not None and not words:
            async with asyncio.timeout(CALL):
                await growing.close(grown)
            preview.buffer.begin()
            grown, words = None, preview.buffer.take(growing.room(None, preview.buffer.ready))
        try:
            if grown is None:
                await self._begin(preview, growing, words)
            else:
                await self._grow(preview, growing, grown, words)
        except PlatformError as error:
            # Where it may have been shown, showing it again would double it: the rest is left to the end.
            if not error.retryable or error.unknown:
                raise
            preview.buffer.put_back(words)
            await self._pause(preview, min(error.retry_after or growing.pause, EXPECTED))

    async def _begin(self, preview: Preview, growing: Streams, words: str) -> None:
        if not preview.armed or not await self._keep(preview):
            await self._hold(preview, starting=True)
        preview.doubt = True
        try:
            async with asyncio.timeout(CALL):
                grown = await growing.begin(
                    preview.place, preview.account, words, marker=f"{MARK}{preview.key}"
                )
        except PlatformError as error:
            preview.doubt = error.unknown
            raise
        preview.messages.append(grown)
        preview.armed = False
        await self._note(preview, preview.messages, words if growing.remembers else None)

    async def _grow(self, preview: Preview, growing: Streams, grown: Grown, words: str) -> None:
        if growing.remembers:
            await self._hold(preview, words=grown.words + words)
        elif not await self._keep(preview):
            raise TimeoutError
        async with asyncio.timeout(CALL):
            preview.messages[-1] = await growing.grow(grown, words)

    async def _hold(self, preview: Preview, *, starting: bool = False, words: str | None = None) -> None:
        """Ours for another lease, or somebody else ends it."""
        now = self._clock()
        async with self._db.tenant(preview.tenant) as c:
            if starting:
                held = await streams.starting(c, preview.tenant, preview.key, LEASE)
            else:
                held = await streams.renew(c, preview.tenant, preview.key, LEASE, words)
        if not held:
            self._end(preview)
            raise TimeoutError
        preview.until = now + LEASE
        preview.armed = preview.armed or starting

    async def _note(self, preview: Preview, messages: list[Grown], words: str | None = None) -> None:
        now = self._clock()
        async with self._db.tenant(preview.tenant) as c:
            held = await streams.grown(c, preview.tenant, preview.key, LEASE, messages)
            if held and words is not None:
                await streams.renew(c, preview.tenant, preview.key, LEASE, words)
        preview.doubt = False
        if held:
            preview.until = now + LEASE
        else:
            self._end(preview)

    async def _keep(self, preview: Preview) -> bool:
        """Renews what has less than half of its time left."""
        if preview.ended:
            return False
        if self._until_renewal(preview) <= 0:
            await self._hold(preview)
        return True

    def _until_renewal(self, preview: Preview) -> float:
        return preview.until - LEASE / 2 - self._clock()

    async def _news(self, preview: Preview, seconds: float) -> None:
        """Something came, or so many seconds went by."""
        with suppress(TimeoutError):
            await asyncio.wait_for(preview.news.wait(), max(seconds, 0.001))
        preview.news.clear()

    async def _pause(self, preview: Preview, seconds: float) -> None:
        end = self._clock() + seconds
        while not preview.ended and (left := end - self._clock()) > 0:
            await self._news(preview, min(left, max(self._until_renewal(preview), 0.01)))
            await self._keep(preview)


def piece(key: str, at: int, words: str) -> str:
    """As `Previews.heard` reads it."""
    return orjson.dumps({"k": key, "at": at, "d": words}).decode()


def ended(key: str) -> str:
    said: dict[str, Any] = {"k": key, "end": True}
    return orjson.dumps(said).decode()
