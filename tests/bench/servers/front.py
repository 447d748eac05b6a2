"""Our front as `countersign serve --role front` runs it, with the tenant's own rate limit opened wide."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

from bot import log, serving
from bot.front import create_app
from bot.hooks import StripeHook
from bot.limits import Limits
from bot.settings import Settings
from integrations.stripe import webhook
from workers.assemble import doors, own_dsn
from workers.inbox import open_inbox


async def front(settings: Settings, stop: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        inbox = await open_inbox(own_dsn(settings), settings.secret("redis_url"))
        stack.push_async_callback(inbox.close)
        stripe = StripeHook(
            webhook.verify,
            settings.secret("stripe_webhook_secret"),
            forged=webhook.NotFromStripe,
            malformed=webhook.NotAnEvent,
        )
        limits = Limits(tenant_rate=1e9, tenant_burst=1e9)
        app = create_app(list(doors(settings).values()), inbox, hooks=[stripe], limits=limits)
        await serving.serve_http(app, settings, stop)


if __name__ == "__main__":
    settings = Settings()
    log.set_up(settings.log_level)
    serving.run([partial(front, settings)])
