"""A world of stand-ins, with a listener in the place of the bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.workbench.driver import LocalWorld, stand_ins
from tests.bot.workbench.listener import Listener


@pytest.fixture
async def listener() -> Listener:
    return Listener()


@pytest.fixture
async def world(tmp_path: Path, listener: Listener) -> AsyncIterator[LocalWorld]:
    def extend(app: web.Application) -> None:
        app.router.add_post("/slack/events", listener.hear)
        app.router.add_post("/api/messages", listener.hear)

    async with stand_ins(tmp_path, extend=extend) as made:
        made.retry_after(0.0, 0.01, 0.02)
        yield made
