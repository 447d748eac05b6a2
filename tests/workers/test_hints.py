"""Hints: whoever listens can be told to stop at any moment."""

from __future__ import annotations

import asyncio

from bot.embedded import Servers
from workers.hints import ANSWERED, Hints


async def test_a_listener_ends_when_cancelled_even_while_it_connects(servers: Servers) -> None:
    for thousandths in range(12):
        hints = Hints(servers.redis_url)
        listening = asyncio.create_task(hints.hear(ANSWERED, lambda _: None))
        await asyncio.sleep(thousandths / 1000)
        listening.cancel()
        done, _ = await asyncio.wait({listening}, timeout=3)
        assert done, f"still listening {thousandths} ms after its start"
        assert listening.cancelled()
        await hints.close()
