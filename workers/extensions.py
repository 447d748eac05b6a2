"""Listeners of those who extend the bot, on Bolt and on botbuilder as they know them.

`EXTENSIONS="my_package.my_module"` (several: separated by commas) names modules that Python can
import, by being installed or on PYTHONPATH. Each has one function:

    def register(slack, teams):
        if slack:                                   # a slack_bolt AsyncApp

            @slack.event("app_mention")
            async def also(event, say):
                await say(f"Filed: {event['text']}", thread_ts=event["ts"])

        if teams:                                   # bot.platforms.teams.runtime.Runtime
            teams.extend(MyActivityHandler)         # makes a botbuilder ActivityHandler

`slack` is None where Slack is not connected, `teams` where Teams is not. What a listener gets:

- Every event that we store (what people say to the bot, press, send off, install), after our own
  handling was committed, at least once: once, and again only where the process died before the
  listener was done. Reactions, edits and other bots' messages are not stored.
- A mention in Slack is `app_mention`, whichever of the two events that Slack sends for it came first.
- No guarantee of order between two events. After a crash, what was not heard to the end is heard
  again a few minutes later; an event that takes the process down five times is given up. A listener
  that fails is not called again for that event: what must not be lost belongs into a flow.

What it answers to `ack()` or to an invoke is seen by nobody: the response is long sent. A listener
that fails or hangs holds up nobody; it is given up after a minute. It runs with all that the bot
may do, so install what you trust. Unset, nothing of Bolt or botbuilder is even imported.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any
from uuid import UUID

import aiohttp
import asyncpg
import orjson
import structlog

from bot import faults
from bot.errors import ConfigurationError
from bot.platforms.base import Door, Payload
from bot.platforms.slack.tokens import TokenSource
from bot.settings import Settings
from bot.turn import Said, Turn
from workers.store import inbox, tenants, unheard
from workers.store.door import Database
from workers.store.inbox import Row

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp

log = structlog.get_logger()

AT_ONCE = 256  # beyond it a listener's events wait for the sweep, and its own alone
DRAIN = 5.0
QUIET = 120.0  # seconds after which nobody is hearing it any more: a listener is given up after a minute
SWEEP = 30.0
PAGE = 50
TROUBLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)

Dispatch = Callable[[Payload], Awaitable[object]]


class Extensions:
    """Hands each stored event to the listeners of its platform, at least once."""

    def __init__(
        self,
        doors: Mapping[str, Door],
        dispatch: Mapping[str, Dispatch],
        db: Database | None = None,
        *,
        quiet: float = QUIET,
    ) -> None:
        """Without `db` nothing is remembered: what is being heard when the process dies is lost."""
        self._doors = doors
        self._dispatch = dispatch
        self._db = db
        self._quiet = quiet
        self._running: set[asyncio.Task[None]] = set()

    def wants(self, row: Row) -> bool:
        return row.kind == inbox.TURN and row.source in self._dispatch

    async def expect(self, tenant: UUID, row: Row) -> None:
        """Before the row is dealt with: from now on it is heard, whoever dies."""
        if self._db is not None and self.wants(row):
            async with self._db.tenant(tenant) as c:
                await unheard.expect(c, tenant, row.id)

    def hear(self, tenant: UUID, row: Row) -> None:
        """Returns at once. Call it when the row is dealt with, and once."""
        if not self.wants(row):
            return
        if len(self._running) >= AT_ONCE:
            log.warning("extensions.late", source=row.source, row=row.id)
            return
        task = asyncio.create_task(self._run(tenant, row))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, tenant: UUID, row: Row) -> None:
        try:
            payload = orjson.loads(row.payload)
            turn = self._doors[row.source].to_turn(payload)
            if isinstance(turn, Turn):
                await self._dispatch[row.source](as_heard(payload, turn))
        except Exception as error:
            log.warning("extensions.failed", source=row.source, row=row.id, problem=type(error).__name__)
        await faults.point("F70")
        if self._db is not None:
            with suppress(*TROUBLE):  # then it is heard twice
                async with self._db.tenant(tenant) as c:
                    await unheard.heard(c, tenant, row.id)

    async def catch_up(self) -> int:
        """What others died over: heard now. How many events."""
        assert self._db is not None
        count = 0
        for tenant, _ in await tenants.every(self._db):
            while len(self._running) < AT_ONCE:
                async with self._db.tenant(tenant) as c:
                    rows = await unheard.late(c, tenant, self._quiet, PAGE)
                for row in rows:
                    self.hear(tenant, row)
                count += len(rows)
                if len(rows) < PAGE:
                    break
        return count

    async def sweep(self) -> None:
        """For ever: at the start, and slowly."""
        while True:
            with suppress(*TROUBLE):
                if count := await self.catch_up():
                    log.info("extensions.caught_up", events=count)
            await asyncio.sleep(min(SWEEP, self._quiet))

    async def close(self) -> None:
        """What is under way is given a few seconds."""
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=DRAIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def as_heard(payload: Payload, turn: Turn) -> Payload:
    """Of a mention's two events either may be the one that was stored: listeners see it as a mention."""
    match payload, turn.act:
        case {"event": {"type": "message"} as event}, Said(mentioned=True) if not turn.place.private:
            kept = {name: value for name, value in event.items() if name not in ("channel_type", "subtype")}
            return {**payload, "event": kept | {"type": "app_mention"}}
        case _:
            return payload


def load(
    settings: Settings,
    session: aiohttp.ClientSession,
    doors: Mapping[str, Door],
    tokens: TokenSource | None,
    db: Database | None = None,
) -> Extensions | None:
    """None where EXTENSIONS is unset. Raises `ConfigurationError` for a module that cannot be used."""
    names = [name.strip() for name in settings.extensions.split(",") if name.strip()]
    if not names:
        return None
    from bot.platforms.slack.runtime import Runtime as SlackRuntime
    from bot.platforms.teams.runtime import Runtime as TeamsRuntime

    slack = SlackRuntime(settings, session, tokens) if tokens is not None and "slack" in doors else None
    teams = TeamsRuntime(settings, session) if "teams" in doors else None
    for name in names:
        register = _register(name)
        _call(name, register, slack, teams)
    found: dict[str, Dispatch] = {}
    if slack is not None:
        found["slack"] = slack.dispatch
    if teams is not None:
        found["teams"] = teams.dispatch
    log.info("extensions.loaded", modules=names)
    return Extensions(doors, found, db)


def _call(name: str, register: Callable[..., Any], slack: Any, teams: Any) -> None:
    def with_app(app: AsyncApp | None) -> None:
        try:
            register(app, teams)
        except Exception as error:
            raise ConfigurationError(
                f"EXTENSIONS: {name}.register failed ({type(error).__name__})."
            ) from error

    if slack is None:
        with_app(None)
    else:
        slack.extend(with_app)


def _register(name: str) -> Callable[..., Any]:
    module = _imported(name)
    register = getattr(module, "register", None)
    if not callable(register):
        raise ConfigurationError(f"EXTENSIONS: {name} has no `def register(slack, teams)`.")
    found: Callable[..., Any] = register
    return found


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise ConfigurationError(
            f"EXTENSIONS: {name} cannot be imported ({type(error).__name__}). It must be installed in this "
            "environment, or its folder be on PYTHONPATH."
        ) from error
