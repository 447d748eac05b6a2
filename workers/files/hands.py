"""Reads, in a worker, the files of one message: takes it, looks at each, notes what was read.

A message of the broker carries a name and nothing else. Whoever dies over it lets go of it when its lease
runs out; the conversation's own timer has it tried again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack, nullcontext, suppress
from uuid import UUID

import asyncpg
import structlog

from bot import faults, net
from bot.files import LARGEST, MOST, Source
from bot.settings import Settings, is_sandbox
from integrations.errors import NotConfigured
from integrations.models.seeing import Seer, seer
from integrations.models.transcribing import Transcriber, transcriber
from workers.files.looking import Eyes, look
from workers.hints import Hints
from workers.knowledge.apart import Apart
from workers.model_meter import Meter
from workers.store import files
from workers.store.door import Database, Lost
from workers.store.files import Read, Taken

log = structlog.get_logger()

PREFIX = "files"
TASK = f"{PREFIX}:"  # what begins so is ours; a run never does
LEASE = 45.0  # renewed at a third of it while we read
LONGEST = 150.0  # seconds for all files of one message
AT_ONCE = 2  # messages; each holds one file in memory at a time
LATE = "it took too long to read: please send it alone, or a smaller one"
GONE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


def task_of(tenant: UUID, key: str) -> str:
    """What the broker is told."""
    return f"{PREFIX}:{tenant}:{key}"


def meant(task: str) -> tuple[UUID, str] | None:
    """Tenant and key; None where it names something else."""
    prefix, _, rest = task.partition(":")
    tenant, _, key = rest.partition(":")
    if prefix != PREFIX or not key:
        return None
    try:
        return UUID(tenant), key
    except ValueError:
        return None


class FileHands:
    """Of one worker process, on the loop of its database; made there."""

    def __init__(self, settings: Settings, db: Database, hints: Hints, meter: Meter | None) -> None:
        self._settings, self._db, self._hints, self._meter = settings, db, hints, meter
        self._places = asyncio.Semaphore(AT_ONCE)
        self._open: tuple[Mapping[str, Source], Eyes] | None = None
        self._opening = asyncio.Lock()
        self._kept: set[asyncio.Task[bool]] = set()

    def begin(self, task: str) -> None:
        """Beside everything else; whoever carries out effects waits for none of it."""
        found = meant(task)
        if found is not None:
            running = asyncio.create_task(self.read(*found))
            self._kept.add(running)
            running.add_done_callback(self._kept.discard)

    async def read(self, tenant: UUID, key: str) -> bool:
        """Whether it was ours to read, and was."""
        async with self._places:
            try:
                return await self._read(tenant, key)
            except GONE as error:
                log.warning("files.trouble", problem=type(error).__name__)
            except Lost:
                log.info("files.lost")
            except Exception as error:
                log.error("files.bug", exc_info=error)
            return False

    async def _read(self, tenant: UUID, key: str) -> bool:
        async with self._db.tenant(tenant) as c:
            taken = await files.claim(c, tenant, key, LEASE)
        if taken is None:
            return False
        await faults.point("F70")
        heart = asyncio.create_task(self._beat(taken))
        try:
            found = await self._all(taken)
        finally:
            heart.cancel()
        await faults.point("F71")
        async with self._db.tenant(tenant) as c:
            await files.finish(c, taken, found)
        self._hints.wake()
        return True

    async def _all(self, taken: Taken) -> list[Read]:
        """One after the other, and what time is over for is said to be so."""
        sources, eyes = await self._ready()
        place, act = taken.turn.place, taken.turn.act
        source = sources.get(place.platform)
        end = time.monotonic() + LONGEST
        found: list[Read] = []
        async with AsyncExitStack() as exits:
            on_behalf = (
                self._meter.on_behalf(taken.tenant, taken.person, place, LONGEST) if self._meter else None
            )
            await exits.enter_async_context(on_behalf or nullcontext())
            for file in getattr(act, "files", ())[:MOST]:
                if source is None:
                    found.append(Read(file.name, "", problem="files are not read on this platform"))
                    continue
                try:
                    async with asyncio.timeout(end - time.monotonic()):
                        found.append(await look(source, place.workspace, file, eyes))
                except TimeoutError:
                    found.append(Read(file.name, "", problem=LATE))
        return found

    async def _beat(self, taken: Taken) -> None:
        while True:
            await asyncio.sleep(LEASE / 3)
            with suppress(*GONE):
                async with self._db.tenant(taken.tenant) as c:
                    await files.renew(c, taken, LEASE)

    async def _ready(self) -> tuple[Mapping[str, Source], Eyes]:
        async with self._opening:
            if self._open is None:
                self._open = sources(self._settings, self._db), eyes(self._settings)
            return self._open


def sources(settings: Settings, db: Database) -> dict[str, Source]:
    """Of the platforms that are connected. Their clients are not, since nobody speaks here."""
    from workers.assemble import hears_slack

    sandbox = any(is_sandbox(url) for url in (settings.slack_api_url, settings.teams_login_url) if url)
    loopback = sandbox or settings.teams_anonymous
    found: dict[str, Source] = {}
    if hears_slack(settings):
        from bot.platforms.slack.fetching import SlackFiles
        from workers import slack_tokens

        session = net.session(allow_loopback=loopback, total=60.0, most_bytes=LARGEST)
        found["slack"] = SlackFiles(settings, session, slack_tokens.tokens(db, settings, session))
    if settings.microsoft_app_id or settings.teams_anonymous:
        from bot.platforms.teams import tokens
        from bot.platforms.teams.fetching import TeamsFiles

        session = net.session(allow_loopback=loopback, total=60.0, most_bytes=LARGEST)
        ours = tokens.tokens(settings, session) if settings.microsoft_app_id else None
        found["teams"] = TeamsFiles(settings, session, ours)
    return found


def eyes(settings: Settings) -> Eyes:
    """Who is set up wrongly is not asked: what can be read without them is."""
    sees: Seer | None = None
    hears: Transcriber | None = None
    plain = settings.plain()
    try:
        sees = seer(plain)
    except NotConfigured as error:
        log.warning("files.no_seer", problem=str(error))
    try:
        hears = transcriber(plain)
    except NotConfigured as error:
        log.warning("files.no_transcriber", problem=str(error))
    return Eyes(Apart(), sees, hears)
