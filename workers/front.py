"""The front's process: doors, webhooks, the pages of the install flow, and Socket Mode, over one inbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

import structlog
from aiohttp import web

from bot import legal, net, serving
from bot.front import create_app
from bot.front_forget import add_forget
from bot.front_inbox import Hook
from bot.hooks import Hook as ServiceHook
from bot.platforms.base import Door
from bot.settings import Settings, is_sandbox
from workers import documents, hooked, installs, web_front
from workers.assemble import doors, own_dsn
from workers.forget.front import forgetters
from workers.inbox import GroupInbox, open_inbox
from workers.services import Services
from workers.slack_socket import Storing
from workers.store.door import Database

log = structlog.get_logger()

Extra = Callable[[web.Application], None]


async def run(settings: Settings, stop: asyncio.Event, *, extra: Extra | None = None) -> None:
    """Until `stop`. `extra` adds routes; the workbench, under `up`.

    Socket Mode runs here, beside HTTP, because here is the inbox; any number of fronts may run,
    and Slack gives each event to one of their connections.
    """
    documents.learn(settings, load=False)
    async with AsyncExitStack() as stack:
        inbox = await open_inbox(
            own_dsn(settings),
            settings.secret("redis_url"),
            playground=settings.teams_anonymous and settings.on_loopback,
            expects=installs.expected(settings),
        )
        stack.push_async_callback(inbox.close)
        secrets = await Database.open(own_dsn(settings), size=2)
        stack.push_async_callback(secrets.close)
        found = doors(settings)
        pages = await install_pages(settings, stack)
        add_web = await web_front.opened(settings, stack)

        def more(application: web.Application) -> None:
            legal.add_pages(application, settings)
            application.add_routes(pages)
            add_web(application)
            add_forget(application, forgetters(settings, secrets, found))
            if extra is not None:
                extra(application)

        application = create_app(heard_by_post(found), inbox, hooks=hooks(settings, secrets), extra=more)
        async with asyncio.TaskGroup() as group:
            listening = (
                group.create_task(listen(settings, found["slack"], inbox)) if uses_socket(settings) else None
            )
            await serving.serve_http(application, settings, stop)
            if listening is not None:
                listening.cancel()


def heard_by_post(found: Mapping[str, Door]) -> list[Door]:
    """All but the web, which has a socket too: its routes are added by `web_front`."""
    return [each for name, each in found.items() if name != "web"]


def hooks(settings: Settings, db: Database) -> list[Hook]:
    """The webhooks of the services that call us."""
    kept = Services(settings.plain(), settings.secret("secret_key"))
    signers = hooked.StoredSigners(db, kept)
    return [ServiceHook(each.caller, signers) for each in hooked.heard().values()]


def uses_socket(settings: Settings) -> bool:
    return bool(settings.secret("slack_app_token"))


async def listen(settings: Settings, door: Door, inbox: GroupInbox) -> None:
    """Socket Mode until cancelled. Raises `ConfigurationError` where Slack refuses SLACK_APP_TOKEN."""
    from bot.platforms.slack.socket import SocketMode

    async with net.session(allow_loopback=is_sandbox(settings.slack_api_url)) as session:
        await SocketMode(settings, session, door, Storing(door, inbox)).run()


async def install_pages(settings: Settings, stack: AsyncExitStack) -> list[web.RouteDef]:
    """GET /slack/install and GET /slack/oauth_redirect, where SLACK_CLIENT_ID is set."""
    if not settings.slack_client_id:
        return []
    from bot.platforms.slack import install
    from workers.installations import StoredInstallations

    db = await Database.open(own_dsn(settings), size=2)
    stack.push_async_callback(db.close)
    session = await stack.enter_async_context(net.session(allow_loopback=is_sandbox(settings.slack_api_url)))
    return install.routes(settings, session, StoredInstallations(db, settings))
