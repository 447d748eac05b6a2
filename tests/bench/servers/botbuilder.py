"""Stock botbuilder: CloudAdapter with authentication off, and a handler that does nothing."""

from __future__ import annotations

import asyncio
import os

import uvloop
from aiohttp import web
from botbuilder.core import ActivityHandler
from botbuilder.integration.aiohttp import CloudAdapter, ConfigurationBotFrameworkAuthentication


class Unsigned:
    """What botbuilder takes for "no authentication": an empty app id."""

    APP_ID = ""
    APP_PASSWORD = ""
    APP_TYPE = "MultiTenant"
    APP_TENANTID = ""


async def main() -> None:
    adapter = CloudAdapter(ConfigurationBotFrameworkAuthentication(Unsigned))
    bot = ActivityHandler()

    async def hear(request: web.Request) -> web.StreamResponse:
        answer: web.StreamResponse = await adapter.process(request, bot)
        return answer

    server = web.Application()
    server.router.add_post("/api/messages", hear)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"]), backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
