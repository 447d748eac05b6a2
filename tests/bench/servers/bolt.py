"""Bare Bolt: acknowledges a mention and keeps nothing. The baseline of the durable ack."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import uvloop
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient


async def main() -> None:
    url, token = os.environ["SLACK_API_URL"], os.environ["SLACK_BOT_TOKEN"]
    client = AsyncWebClient(token=token, base_url=url)
    app = AsyncApp(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])

    async def mentioned(event: dict[str, Any]) -> None:
        return None

    app.event("app_mention")(mentioned)

    async def hear(request: web.Request) -> web.StreamResponse:
        heard: web.StreamResponse = await to_aiohttp_response(
            await app.async_dispatch(await to_bolt_request(request))
        )
        return heard

    server = web.Application()
    server.router.add_post("/slack/events", hear)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"]), backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
