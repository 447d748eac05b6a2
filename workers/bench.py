"""The front with the workbench and the stand-ins in it: what `countersign up` runs, and `serve` never.

The only module of the workers that may import them; nobody but the program may import this one
(a contract in pyproject.toml). An image for production holds neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from bot import workbench
from bot.settings import Settings
from bot.workbench.environment import base_url, uses_stripe
from integrations.stripe.sandbox import create_sandbox
from workers import front
from workers.assemble import own_dsn
from workers.inspect import Inspector, open_inspector


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Until `stop`. Bound to anything but this machine there is no workbench, and a front is all it is."""
    if not settings.on_loopback:
        await front.run(settings, stop)
        return
    inspector = await open_inspector(own_dsn(settings), settings)
    try:
        await front.run(settings, stop, extra=mounting(settings, inspector))
    finally:
        await inspector.close()


def mounting(settings: Settings, inspector: Inspector) -> front.Extra:
    def sandbox(on_wire: Callable[[Mapping[str, Any]], None]) -> web.Application:
        return create_sandbox(
            settings.state_dir / "workbench" / "stripe.sqlite3",
            webhook_url=f"{base_url(settings)}/webhooks/stripe",
            webhook_secret=settings.secret("stripe_webhook_secret"),
            api_key=settings.secret("stripe_api_key"),
            on_wire=on_wire,
        )

    def mount(application: web.Application) -> None:
        workbench.mount(
            application,
            settings=settings,
            inspect=inspector.runs,
            trouble=inspector.trouble,
            stripe=sandbox if uses_stripe(settings) else None,
            install=True,
        )

    return mount
