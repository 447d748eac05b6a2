"""The worker's half: a model's words, told piece by piece to the engine that shows them, until stopped."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import suppress

import asyncpg

from workers.hints import Hints
from workers.store import streams
from workers.store.door import Database
from workers.store.effects import Claimed
from workers.streams import FLAG, ended, piece

LOOK = 0.2  # seconds between two looks into Valkey
LOOKS = 5  # of those, one goes to the database
PASSING = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class Telling:
    """`integrations.models.shown.Shown`. Any thread may call; Valkey and database are spoken to on `loop`."""

    def __init__(
        self, claimed: Claimed, listener: str, db: Database, hints: Hints, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._claimed, self._listener = claimed, listener
        self._db, self._hints, self._loop = db, hints, loop
        self._pieces: asyncio.Queue[str | None] = asyncio.Queue()
        self._stopped = threading.Event()
        self._at = 0
        self.begun = False
        # The first is empty: whoever shows it makes ready while the model thinks.
        loop.call_soon_threadsafe(self._pieces.put_nowait, piece(claimed.key, 0, ""))
        self._telling: Future[None] = asyncio.run_coroutine_threadsafe(self._tell(), loop)
        self._looking: Future[None] = asyncio.run_coroutine_threadsafe(self._look(), loop)

    def __call__(self, words: str) -> None:
        words = "".join(each if each.isprintable() or each == "\n" else " " for each in words)
        if not words:
            return
        self.begun = True
        said = piece(self._claimed.key, self._at, words)
        self._at += len(words)
        self._loop.call_soon_threadsafe(self._pieces.put_nowait, said)

    def stopped(self) -> bool:
        return self._stopped.is_set()

    def end(self) -> None:
        """No more comes. What is still on its way arrives before this does."""
        self._loop.call_soon_threadsafe(self._pieces.put_nowait, ended(self._claimed.key))
        self._loop.call_soon_threadsafe(self._pieces.put_nowait, None)
        self._looking.cancel()

    async def _tell(self) -> None:
        while (said := await self._pieces.get()) is not None:
            await self._hints.tell(self._listener, said)

    async def _look(self) -> None:
        flag = f"{FLAG}{self._claimed.tenant}:{self._claimed.key}"
        number = 0
        while not self._stopped.is_set():
            number += 1
            if await self._hints.marked(flag) or (number % LOOKS == 0 and await self._unwanted()):
                self._stopped.set()
                return
            await asyncio.sleep(LOOK)

    async def _unwanted(self) -> bool:
        claimed = self._claimed
        with suppress(*PASSING):
            async with self._db.tenant(claimed.tenant) as c:
                return await streams.is_unwanted(c, claimed.tenant, claimed.key)
        return False
