"""How far an effect is, told to the run that waits for it: at most once a second, and holding nothing up."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import asyncpg
import structlog

from bot.text import one_line
from flows.events import Progressed
from workers.hints import Hints
from workers.store import codec, effects
from workers.store.door import Database
from workers.store.effects import Claimed
from workers.store.inbox import add_event

log = structlog.get_logger()

PAUSE = 1.0
LONGEST = 200


class Progress:
    """What comes too soon, or while the last is still being told, is dropped: the next one says more.

    Called by any thread; the database is spoken to on `loop`.
    """

    def __init__(
        self,
        claimed: Claimed,
        db: Database,
        hints: Hints,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._claimed, self._db, self._hints, self._loop = claimed, db, hints, loop
        self._clock = clock
        self._lock = threading.Lock()
        self._next = clock()
        self._number = 0
        self._telling = self._over = False

    def __call__(self, text: str) -> None:
        with self._lock:
            now = self._clock()
            if self._over or self._telling or now < self._next:
                return
            self._telling, self._next = True, now + PAUSE
            self._number += 1
            number = self._number
        asyncio.run_coroutine_threadsafe(self._tell(number, one_line(text, LONGEST)), self._loop)

    def end(self) -> None:
        """The result is there: nothing more is told."""
        with self._lock:
            self._over = True

    async def _tell(self, number: int, text: str) -> None:
        claimed = self._claimed
        try:
            async with self._db.tenant(claimed.tenant) as c:
                if self._over or not await effects.is_running(c, claimed):
                    return
                event = codec.to_json(Progressed(claimed.key, text))
                dedupe = f"progress:{claimed.key}:{claimed.fence}.{number}"
                await add_event(c, claimed.tenant, claimed.conversation, dedupe, event)
            self._hints.wake()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.info("progress.dropped", problem=type(error).__name__)
        finally:
            with self._lock:
                self._telling = False
