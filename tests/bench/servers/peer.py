"""The peer's Python port, set up as its own guide says, with the retry on 429 that it leaves off.

It runs in an environment of its own, so it imports nothing of ours.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import uvloop
from aiohttp import web
from chat_sdk import Chat, ChatConfig
from chat_sdk.adapters.slack import create_slack_adapter
from chat_sdk.adapters.slack.types import SlackAdapterConfig
from chat_sdk.state.memory import create_memory_state
from chat_sdk.state.postgres import create_postgres_state
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)

HELP = (
    "I can take an order from the menu: I collect the items, you confirm, I charge once and send the receipt."
)


async def main() -> None:
    retries = [AsyncConnectionErrorRetryHandler(), AsyncRateLimitErrorRetryHandler(max_retry_count=10)]
    adapter = create_slack_adapter(
        SlackAdapterConfig(
            api_url=os.environ["SLACK_API_URL"],
            bot_token=os.environ["SLACK_BOT_TOKEN"],
            signing_secret=os.environ["SLACK_SIGNING_SECRET"],
            web_client_options={"retry_handlers": retries},
        )
    )
    url = os.environ.get("PEER_POSTGRES", "")
    state = create_postgres_state(url=url) if url else create_memory_state()
    chat = Chat(
        ChatConfig(adapters={"slack": adapter}, state=state, user_name="countersign", logger="silent")
    )

    async def answer(thread: Any, message: Any, *_: Any) -> None:
        await thread.post(HELP)

    chat.on_mention(answer)

    async def hear(request: web.Request) -> web.Response:
        said = await chat.webhooks["slack"](request)
        return web.Response(status=said["status"], text=str(said["body"] or ""))

    await chat.initialize()
    server = web.Application()
    server.router.add_post("/slack/events", hear)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"]), backlog=1024).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
