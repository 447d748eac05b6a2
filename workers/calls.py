"""Carries out one effect: claim, act once, record. Killed at any instant, it still happens once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
import orjson
import structlog

from bot import faults, tracing
from bot.errors import CountersignError
from bot.metrics import metrics
from bot.settings import Settings
from flows import streamed
from integrations import integration_of, tools
from integrations.base import Attempt, Identity, Pending, Performed
from integrations.errors import IntegrationError, NotConfigured, OutcomeUnknown
from workers import documents, model_call, retry, sealed, tone
from workers.assemble import own_dsn, rules
from workers.audit_notes import came_back
from workers.clients import Clients
from workers.files import hands as files
from workers.files.drawer import Drawer
from workers.hints import Hints
from workers.knowledge.shelf import Models, Shelf
from workers.known import Library
from workers.memory import made, written
from workers.progress import Progress
from workers.reach import Reach
from workers.schedules import Book
from workers.services import Connected
from workers.store import audit, effects, runs, services, streams
from workers.store.door import Database, Lost
from workers.store.effects import Claimed
from workers.store.runs import Stored
from workers.streams_told import Telling

log = structlog.get_logger()

Answer = TypeVar("Answer")
GIVE_UP_WAITING = 60.0
LONGEST_KEY = 500
OTHER_ACCOUNT = "Since it was begun, another account was set for this service, so it was not tried again."


@dataclass(frozen=True, slots=True)
class Ready:
    """An effect of ours to carry out, and with whose account. `known`: who we are there was asked."""

    claimed: Claimed
    connected: Connected
    known: bool
    run: Stored


class Hands:
    """What a worker process holds: a loop for the database, and a client per account and thread.

    The vendors' clients block, so each task has a thread; the database is spoken to on one loop.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rules = rules(settings)
        documents.learn(settings)
        self._library = Library(money_tools=settings.money_tools)
        self._tools = tools()
        self._models = Models(settings.plain())
        self._mine = threading.local()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="database", daemon=True).start()
        self._db, self._hints = self._await(self._open())
        self._meter = self._await(model_call.opened(settings, self._db))
        self._memory = made.desk(settings, self._db)
        self._files = files.FileHands(settings, self._db, self._hints, self._meter)

    async def _open(self) -> tuple[Database, Hints]:
        return await Database.open(own_dsn(self._settings), size=6), Hints(self._settings.secret("redis_url"))

    def _await(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(GIVE_UP_WAITING)

    def run(self, key: str) -> None:
        """Run one effect; its result is the next event of the run that waits for it.

        Safe to run twice: a finished effect is left alone, one in other hands too, and the
        service sees the same idempotency key on every attempt.
        """
        if not isinstance(key, str) or len(key) > LONGEST_KEY:  # whoever can write to the broker wrote it
            log.warning("effect.no_key")
            return
        if key.startswith(files.TASK):
            self._loop.call_soon_threadsafe(self._files.begin, key)
            return
        ready = self._await(self._claim(key))
        if ready is None:
            return
        claimed = ready.claimed
        with tracing.span(
            "effect", claimed.trace, tool=claimed.tool, risk=claimed.risk, attempt=claimed.attempts
        ):
            self._carry_out(ready)
        self._loop.call_soon_threadsafe(self._hints.wake)

    def _carry_out(self, ready: Ready) -> None:
        claimed = ready.claimed
        key = claimed.key
        faults.point_sync("F21")
        try:
            done = self._perform(ready)
        except IntegrationError as error:
            self._record(self._put_back_or_give_up(claimed, error))
            faults.point_sync("F27")
        except Exception as error:
            # Ours to mend: it may have been carried out, so it is never repeated without the same key.
            log.error("effect.bug", key=key, tool=claimed.tool, exc_info=error)
            unknown = OutcomeUnknown(
                integration_of(claimed.tool).name, "gave an answer that I could not use."
            )
            self._record(self._put_back_or_give_up(claimed, unknown))
        else:
            faults.point_sync("F24")
            self._record(self._finish(ready, done))
            faults.point_sync("F25")
            self._introduce(ready)

    async def _claim(self, key: str) -> Ready | None:
        """Takes it, if what would run is what was approved; all in one transaction."""
        tenant = await effects.tenant_of(self._db, key)
        if tenant is None:
            return None
        async with self._db.tenant(tenant) as c:
            claimed = await effects.claim(c, tenant, key, self._settings.effect_lease)
            if claimed is None:
                return None
            ready = None
            if claimed.attempts > retry.MOST_ATTEMPTS:
                sentence = (
                    "It was tried too often without an answer, so I stopped; somebody has to look at it."
                )
                await effects.fail(c, claimed, "dead", "unknown", sentence)
                await audit.record(c, tenant, "effect.dead", key=key, tool=claimed.tool, code="unknown")
                metrics().effect(claimed.tool, "dead")
            elif claimed.tool not in self._tools:
                # The document that told of it is another one now, or is no longer named.
                state = "failed" if claimed.attempts == 1 else "unknown"
                sentence = f"There is no tool {claimed.tool} here any more, so nothing was sent."
                await effects.fail(c, claimed, state, "denied" if state == "failed" else state, sentence)
                metrics().effect(claimed.tool, state)
            else:
                stored = await runs.by_id(c, tenant, claimed.run_id)
                kept = await services.kept(c, tenant, integration_of(claimed.tool).name)
                assert stored is not None
                assert kept.policy is not None
                policy = await self._library.policy(c, tenant, kept.policy)
                try:
                    connected = self._rules.services.connected(tenant, kept)
                except CountersignError as error:
                    problem = f"{error} Nothing was done."
                else:
                    ready = Ready(claimed, connected, kept.account_of == connected.account, stored)
                    problem = await sealed.check(
                        c, tenant, claimed, stored.run, policy, self._rules, connected.account
                    )
                    if not problem and claimed.risk != "read" and kept.changed_since(claimed):
                        problem = OTHER_ACCOUNT
                if claimed.risk == "money" and not policy.money_tools:
                    problem = "Tools that move money are switched off here."
                if problem:
                    # A try before this one may have been carried out, whatever the rules say now.
                    state = "failed" if claimed.attempts == 1 else "unknown"
                    if state == "unknown":
                        problem += " An earlier try may have been carried out; somebody has to look."
                    code = "sealed" if state == "failed" else "unknown"
                    await effects.fail(c, claimed, state, code, problem)
                    metrics().effect(claimed.tool, state)
                    ready = None
        if ready is None:
            self._hints.wake()
        return ready

    def _clients(self) -> Clients:
        found: Clients = self._mine.__dict__.setdefault("clients", Clients())
        return found

    def _client(self, ready: Ready) -> Any:
        return self._clients().get(integration_of(ready.claimed.tool), ready.claimed.tenant, ready.connected)

    def _perform(self, ready: Ready) -> Performed:
        claimed = ready.claimed
        tool = self._tools[claimed.tool]
        client = self._client(ready)
        arguments = tool.arguments.model_validate(orjson.loads(claimed.arguments))
        progress = Progress(claimed, self._db, self._hints, self._loop)
        telling = self._await(self._watched(claimed)) if claimed.tool == streamed.CALL else None
        attempt = Attempt(
            claimed.key,
            claimed.attempts,
            claimed.began_at,
            progress,
            Reach(claimed.tenant, self._db, self._rules.services, self._clients(), self._await),
            Book(self._db, claimed.tenant, claimed.run_id, self._await),
            telling,
            Shelf(self._db, claimed.tenant, claimed.run_id, self._library, self._models, self._await),
            Drawer(self._db, claimed.tenant, claimed.conversation, self._await),
        )
        try:
            to, who = claimed.tenant, ready.run.run.requester.id
            with (
                model_call.asked_by(self._meter, self._await, to, ready.run),
                tone.written_for(claimed.tool, self._db, self._await, to, who),
                written.told(
                    claimed.tool, self._memory, self._await, to, ready.run, orjson.loads(claimed.arguments)
                ),
            ):
                return tool.perform(client, arguments, attempt)
        finally:
            progress.end()
            if telling is not None:
                telling.end()

    async def _watched(self, claimed: Claimed) -> Telling | None:
        """Somebody sees the words as they come; where that cannot be known, nobody does."""
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            async with self._db.tenant(claimed.tenant) as c:
                found = await streams.by_key(c, claimed.tenant, claimed.key)
            if found is not None:
                return Telling(claimed, found.listener, self._db, self._hints, self._loop)
        return None

    def _introduce(self, ready: Ready) -> None:
        """Once for each account: who we are there, so that what we do ourselves is not told as news.

        After the effect, so that it costs nobody who waits anything, and nothing depends on it.
        """
        whoami = integration_of(ready.claimed.tool).whoami
        if ready.known or whoami is None:
            return
        try:
            found = whoami(self._client(ready))
        except Exception as error:
            log.warning("service.unknown_self", service=ready.connected.service, problem=type(error).__name__)
            return
        self._record(self._know(ready, found))

    async def _know(self, ready: Ready, found: Identity) -> None:
        service, account = ready.connected.service, ready.connected.account
        async with self._db.tenant(ready.claimed.tenant) as c:
            await services.know(c, ready.claimed.tenant, service, found.id, found.name, account)

    async def _finish(self, ready: Ready, done: Performed) -> None:
        claimed, waiting = ready.claimed, isinstance(done, Pending)
        async with self._db.tenant(claimed.tenant) as c:
            await effects.finish(c, claimed, done.result, done.external_id, waiting=waiting)
            metrics().effect(claimed.tool, "waiting" if waiting else "done")
            what = "effect.begun" if waiting else "effect.done"
            await audit.record(c, claimed.tenant, what, key=claimed.key, tool=claimed.tool,
                               external=done.external_id or None, account=ready.connected.account,
                               attempt=claimed.attempts, **came_back(done.result))  # fmt: skip

    async def _put_back_or_give_up(self, claimed: Claimed, error: IntegrationError) -> None:
        pause = retry.pause_after(error, claimed.attempts)
        async with self._db.tenant(claimed.tenant) as c:
            if pause is not None:
                await effects.later(c, claimed, pause, error.code, str(error))
                metrics().retry(claimed.tool, error.code)
                return
            state = "failed" if isinstance(error, NotConfigured) else retry.state_after(error)
            sentence = str(error).rstrip(".") + "."
            if state == "unknown":
                sentence += " It may have been carried out; somebody has to look before it is tried again."
            # A flow must be able to tell "nothing was done" from "nobody knows".
            code = "unknown" if state == "unknown" else error.code
            await effects.fail(c, claimed, state, code, sentence)
            metrics().effect(claimed.tool, state)
            await audit.record(c, claimed.tenant, f"effect.{state}", key=claimed.key, tool=claimed.tool,
                               code=error.code, attempt=claimed.attempts)  # fmt: skip

    def _record(self, work: Coroutine[Any, Any, None]) -> None:
        """Should this fail, the lease runs out and the effect is looked at again."""
        try:
            self._await(work)
        except Lost:
            log.info("effect.lost")
        except Exception as error:
            log.warning("effect.not_recorded", problem=type(error).__name__)
