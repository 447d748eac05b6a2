"""The loop: claim a conversation, deal with what waits there in order, deliver, give it back."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from contextlib import suppress
from uuid import uuid4

import asyncpg
import structlog

from bot import faults, tracing
from bot.errors import PlatformError
from bot.metrics import metrics
from bot.settings import Settings
from workers import dead, learning_keeper, streams_keeper
from workers.audit_seal import Sealer, signer
from workers.commit import Commit
from workers.deliver import deliver
from workers.dispatch import Dispatch
from workers.files import keeper as files_keeper
from workers.hints import WAKE, Hints
from workers.memory import turning
from workers.retention import Keeper
from workers.seen import Seen, Tools
from workers.store import conversations, effects
from workers.store.conversations import Claimed
from workers.store.door import Lost
from workers.turns import Unreadable, handle, take

log = structlog.get_logger()

POLL = 0.2  # seconds: what a lost hint costs at most
SWEEP = 0.5
AT_ONCE = 16  # conversations in one claim
QUIET = 2.0
TROUBLE = 1.0  # before a conversation is tried again in which something was out of reach
FINISH = 7.0  # seconds that a turn under way has after SIGTERM; a supervisor kills after ten
LONGEST_CALL = 10.0  # seconds: what we asked of a platform has happened by then, or never will
PASSING = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, PlatformError)


class Engine:
    """One process's share of the work; any number run side by side.

    `concurrency` conversations are dealt with at once, so a slow one delays no other.
    """

    def __init__(self, tools: Tools, hints: Hints, dispatch: Dispatch, *, concurrency: int = 32) -> None:
        self.tools = tools
        self._hints = hints
        self._dispatch = dispatch
        self._most = concurrency
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:6]}"
        self._serving: set[asyncio.Task[None]] = set()
        self._full = False
        self._woken = asyncio.Event()
        self._stop = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then nothing new is claimed, and what is under way is finished or given back."""
        self._stop = stop
        helpers = [
            asyncio.create_task(self._hints.hear(WAKE, lambda _: self._woken.set())),
            asyncio.create_task(self._sweep()),
        ]
        if self.tools.previews is not None:
            helpers.append(asyncio.create_task(self.tools.previews.run()))
        if self.tools.extensions is not None:
            helpers.append(asyncio.create_task(self.tools.extensions.sweep()))
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                asked = min(self._most - len(self._serving), AT_ONCE)
                claimed = await self._claim(asked) if asked else []
                for each in claimed:
                    task = asyncio.create_task(self._serve(each))
                    self._serving.add(task)
                    task.add_done_callback(self._freed)
                if len(claimed) < asked or not asked:
                    # All that was due is ours by now; a full house waits for the first to leave.
                    self._full = len(self._serving) >= self._most
                    await self._pause(stopped)
        finally:
            stopped.cancel()
            for helper in helpers:
                helper.cancel()
            await self._finish()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _finish(self) -> None:
        if not self._serving:
            return
        _, late = await asyncio.wait(self._serving, timeout=FINISH)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1)

    async def _claim(self, most: int) -> list[Claimed]:
        self._woken.clear()
        try:
            return await conversations.claim(self.tools.db, self._owner, self.tools.lease, most)
        except PASSING as error:
            log.warning("engine.claim", problem=type(error).__name__)
            await asyncio.sleep(0.5)
            return []

    def _freed(self, task: asyncio.Task[None]) -> None:
        self._serving.discard(task)
        if self._full:
            self._woken.set()

    async def _pause(self, stopped: asyncio.Task[bool]) -> None:
        woken = asyncio.create_task(self._woken.wait())
        await asyncio.wait({woken, stopped}, timeout=POLL, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()

    async def _serve(self, claimed: Claimed) -> None:
        """One conversation, until nothing is due in it."""
        heart = asyncio.create_task(self._beat(claimed, asyncio.current_task()))
        try:
            await faults.point("F10")
            while not await self._step(claimed):
                if await conversations.release(self.tools.db, claimed, even_if_due=self._stop.is_set()):
                    break
            heart.cancel()
        except Lost:
            metrics().lease_lost()
            log.info("engine.lost", conversation=claimed.key)
        except asyncio.CancelledError:
            metrics().lease_lost()
            log.warning("engine.let_go", conversation=claimed.key, stopping=self._stop.is_set())
            if self._stop.is_set():
                heart.cancel()
                await self._shorten(claimed)
        except PASSING as error:
            # Whoever claims it next goes on from what is committed. Can it not even be given back
            # now, its lease runs out by itself.
            log.warning("engine.trouble", conversation=claimed.key, problem=type(error).__name__)
            wanted = getattr(error, "retry_after", None)
            with suppress(*PASSING):
                await conversations.set_aside(self.tools.db, claimed, wanted or TROUBLE)
        except Exception as error:
            log.error("engine.bug", conversation=claimed.key, exc_info=error)
        finally:
            heart.cancel()

    async def _shorten(self, claimed: Claimed) -> None:
        """Its lease ends soon, but not before what we may be asking of a platform has ended."""
        with suppress(Lost, *PASSING):
            await conversations.renew(self.tools.db, claimed, min(self.tools.lease, LONGEST_CALL))

    async def _step(self, claimed: Claimed) -> bool:
        """The next thing that waits, if any, and all that is to be said. True: it was given back, too."""
        seen = await take(self.tools, claimed)
        commit = None
        if seen is not None:
            await faults.point("F11")
            row = seen.row
            if self.tools.extensions is not None:
                await self.tools.extensions.expect(claimed.tenant, row)
            with tracing.span("turn", row.trace, source=row.source, kind=row.kind, attempt=row.attempts):
                commit = await self._handle(claimed, seen)
        written = commit if commit is not None and commit.written else None
        return await deliver(
            self.tools, claimed, written.head if written else None, looked=written is not None
        )

    async def _handle(self, claimed: Claimed, seen: Seen | Unreadable) -> Commit | None:
        """What was written; None where it was put off, or put aside."""
        began, row = time.monotonic(), seen.row
        try:
            commit = await handle(self.tools, claimed, seen)
        except (Lost, *PASSING):
            raise
        except Exception as error:
            # A bug must not hold up the conversation for ever: after a few tries the row is put aside.
            log.error("turn.bug", source=row.source, kind=row.kind, attempts=row.attempts, exc_info=error)
            if row.attempts < 3:
                await asyncio.sleep(0.1 * row.attempts)
                return None
            await dead.bury(self.tools, claimed, row, type(error).__name__)
            return None
        await faults.point("F15")
        self._dispatch.publish([call.key for call, _, _, state in commit.intents if state == "queued"])
        self._dispatch.publish([*commit.releases, *commit.tasks])
        if any(to != claimed.key for to, _, _ in commit.events):
            self._hints.wake()
        if isinstance(seen, Seen) and seen.awaited:
            self._hints.answered(row.dedupe)
        metrics().turn(row.source, "done", row.age + time.monotonic() - began)
        if isinstance(seen, Seen):
            turning.overheard(self.tools, claimed, seen, commit)
        if self.tools.extensions is not None:
            self.tools.extensions.hear(claimed.tenant, row)
        log.debug(
            "turn.done", source=row.source, kind=row.kind, ms=round((time.monotonic() - began) * 1000, 1)
        )
        return commit

    async def _beat(self, claimed: Claimed, serving: asyncio.Task[None] | None) -> None:
        """Renews the lease while we work; if that fails for too long, the work is stopped."""
        held_until = time.monotonic() + self.tools.lease
        while True:
            await asyncio.sleep(self.tools.lease / 3)
            try:
                await faults.point("F19")
                await conversations.renew(self.tools.db, claimed, self.tools.lease)
                held_until = time.monotonic() + self.tools.lease
            except Lost:
                break
            except PASSING:
                if time.monotonic() > held_until - self.tools.lease / 3:
                    break
        if serving:
            serving.cancel()

    async def _sweep(self) -> None:
        """Effects that nobody works on: the message was lost, or whoever had it died."""
        while True:
            await asyncio.sleep(SWEEP)
            with suppress(*PASSING):
                self._dispatch.publish(await effects.due(self.tools.db, 100, QUIET))


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """The engine's process."""
    from workers.assemble import assemble
    from workers.forget.keeper import forgetter
    from workers.knowledge.embedders import Embedders
    from workers.knowledge.keeper import VectorKeeper
    from workers.memory.keeper import MemoryKeeper

    async with assemble(settings, lease=settings.engine_lease) as engine:
        db = engine.tools.db
        keeping = asyncio.gather(
            Keeper(db, settings.retention_days, settings.abandoned_days).run(),
            learning_keeper.Keeper(db).run(),
            forgetter(settings, engine.tools).run(),
            Sealer(db, signer(settings.secret("secret_key"))).run(),
            VectorKeeper(db, Embedders(settings.plain())).run(),
            files_keeper.Keeper(db, settings.retention_days).run(),
            MemoryKeeper(db, Embedders(settings.plain()), settings.retention_days).run(),
            streams_keeper.Keeper(db, engine.tools.clients, settings.retention_days).run(),
        )
        log.info("engine.ready")
        try:
            await engine.run(stop)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
