"""Puts an engine together from the settings: database, clients, reader, broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from bot import net
from bot.errors import CountersignError
from bot.platforms.base import Client, Door
from bot.settings import Settings, is_sandbox
from bot.text_out import listed
from workers import documents
from workers.approve import Rules
from workers.known import Library
from workers.pacing import LIMITS, Limit, Pacer
from workers.services import Services
from workers.store.door import Database
from workers.store.dsn import app_dsn

if TYPE_CHECKING:
    from workers.engine import Engine
    from workers.hints import Hints

log = structlog.get_logger()

LEASE = 30.0


def rules(settings: Settings) -> Rules:
    def parts(text: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())

    services = Services(settings.plain(), settings.secret("secret_key"))
    return Rules(parts(settings.approvals_channel), parts(settings.approvers), services)


def own_dsn(settings: Settings) -> str:
    """The database as the app's role, whoever's address was given."""
    return app_dsn(settings.secret("database_url"), settings.secret("secret_key"))


def hears_slack(settings: Settings) -> bool:
    """Over HTTP, by Socket Mode, or both. Without a signing secret the HTTP door refuses everything."""
    return bool(settings.secret("slack_signing_secret") or settings.secret("slack_app_token"))


def doors(settings: Settings) -> dict[str, Door]:
    """Of the platforms that are connected."""
    found: dict[str, Door] = {}
    if hears_slack(settings):
        from bot.platforms import slack

        found["slack"] = slack.door(settings)
    if settings.microsoft_app_id or settings.teams_anonymous:
        from bot.platforms import teams

        found["teams"] = teams.door(settings)
    from bot.platforms import web

    return found | {"web": web.door(settings)}


def limits(settings: Settings) -> dict[str, tuple[Limit, ...]]:
    """How fast each platform may be written to. Stand-ins take what comes, and refuse when told to."""
    unlimited = {
        "slack": is_sandbox(settings.slack_api_url),
        "teams": settings.teams_anonymous or is_sandbox(settings.teams_login_url),
    }
    return {platform: limit for platform, limit in LIMITS.items() if not unlimited[platform]}


def web_client(db: Database, hints: Hints) -> Client:
    """There, it is us who keep what is said, so there is nothing to be connected."""
    from bot.platforms import web
    from workers.web import WebDesk

    return web.connect(WebDesk(db, hints))


@asynccontextmanager
async def assemble(
    settings: Settings, *, lease: float = LEASE, concurrency: int = 32
) -> AsyncIterator[Engine]:
    from integrations.models import reader
    from workers import extensions
    from workers.app import make_app
    from workers.dispatch import Dispatch
    from workers.engine import Engine
    from workers.forget.desk import desk
    from workers.hints import Hints
    from workers.installs import Installer
    from workers.memory import made
    from workers.model_meter import meter
    from workers.seen import Tools
    from workers.streams import Previews

    await asyncio.to_thread(documents.learn, settings)
    db = await Database.open(own_dsn(settings), size=12)
    hints = Hints(settings.secret("redis_url"))
    link_hosts = listed(settings.link_hosts)
    sandbox = any(is_sandbox(url) for url in (settings.slack_api_url, settings.teams_login_url) if url)
    session = net.session(allow_loopback=sandbox or settings.teams_anonymous)
    reading = reader(settings.plain())
    counting = meter(settings, db)
    dispatch = Dispatch(make_app(settings))
    clients: dict[str, Client] = {}
    tokens = None
    if hears_slack(settings):
        from bot.platforms.slack import client as slack
        from workers import slack_tokens

        tokens = slack_tokens.tokens(db, settings, session)
        clients["slack"] = slack.connect(settings, session, tokens)
    if settings.microsoft_app_id or settings.teams_anonymous:
        from bot.platforms import teams

        clients["teams"] = teams.connect(settings, session)
    clients["web"] = web_client(db, hints)
    hearing = doors(settings)
    listeners = extensions.load(settings, session, hearing, tokens, db)
    tools = Tools(
        db=db,
        library=Library(money_tools=settings.money_tools),
        doors=hearing,
        clients=clients,
        reader=reading,
        rules=rules(settings),
        lease=lease,
        extensions=listeners,
        pacer=Pacer(limits(settings)),
        wake=hints.wake,
        previews=Previews(db, clients, hints, link_hosts=link_hosts),
        link_hosts=link_hosts,
        meter=counting,
        forgetting=desk(settings),
        memory=(memory := made.desk(settings, db)),
    )
    installing = asyncio.create_task(Installer(db, settings, session).run())
    installing.add_done_callback(_told)
    written = asyncio.create_task(counting.run()) if counting else None
    try:
        yield Engine(tools, hints, dispatch, concurrency=concurrency)
    finally:
        installing.cancel()
        if listeners is not None:
            await listeners.close()
        dispatch.close()
        for client in clients.values():
            await client.close()
        await reading.close()
        if counting and written:
            written.cancel()
            await counting.end()
        await session.close()
        await hints.close()
        await memory.close()
        await db.close()


def _told(installing: asyncio.Task[None]) -> None:
    """What kept a workspace from being noted is in the log: until it is mended, its events are nobody's."""
    if not installing.cancelled() and (error := installing.exception()) is not None:
        problem = str(error) if isinstance(error, CountersignError) else type(error).__name__
        log.error("installs.failed", problem=problem)
