"""Webhooks of a sandbox: from a queue that survives us, one after the other, told to the wire."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import aiohttp
from aiohttp import web

from integrations.sandboxes.state import Running

PATIENCE = 10  # seconds for which an answer is waited for
SHOWN = 20_000
S = TypeVar("S", bound=Running)
# Sends the delivery that waits longest; False when none is due.
One = Callable[[S, aiohttp.ClientSession], Awaitable[bool]]


def background(
    key: web.AppKey[S], one: One[S], *, look: float = 0.2, before: Callable[[S], None] | None = None
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Delivers what is due, for as long as the app runs. `look`: seconds after which to look without a
    bell, since a retry's time comes without one. `before` is done at each look.
    """

    async def deliveries(app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(_run(app[key], one, look, before))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        app[key].store.close()

    return deliveries


def session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE), trust_env=False)


async def _run(sandbox: S, one: One[S], look: float, before: Callable[[S], None] | None) -> None:
    async with session() as client:
        while True:
            sandbox.wake.clear()
            if before is not None:
                before(sandbox)
            while not sandbox.paused and sandbox.webhook_url and await one(sandbox, client):
                pass
            # Not wait_for: up to Python 3.11 it may swallow the cancelling that ends us.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(look):
                    await sandbox.wake.wait()


async def post(
    sandbox: Running,
    client: aiohttp.ClientSession,
    platform: str,
    title: str,
    body: str,
    headers: Mapping[str, str],
    signature: str = "",
    shown: str = "",
) -> int:
    """The status that it was answered with; 0: nobody answered.

    `signature` names the header that the wire shows the beginning of only; `shown` is what the
    wire shows in place of a body that is secret. What is secret cannot be sent again from there.
    """
    began, raw = time.perf_counter(), body.encode()
    status, answer = 0, ""
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
        async with client.post(sandbox.webhook_url, data=raw, headers=headers, allow_redirects=False) as got:
            status, answer = got.status, (await got.content.read(SHOWN)).decode("utf-8", "replace")
    masked = {signature: headers[signature][:18] + "…"} if signature else {}
    sandbox.on_wire(
        {
            "at": datetime.fromtimestamp(sandbox.clock(), UTC).isoformat(),
            "platform": platform,
            "direction": "to bot",
            "title": title,
            "status": status,
            "ms": round((time.perf_counter() - began) * 1000, 1),
            "verified": "",
            "headers": dict(headers) | masked,
            "body": shown or body[:SHOWN],
            "answer": answer,
            "can_resend": not shown,
        }
    )
    return status


def arrived(status: int) -> bool:
    return 200 <= status < 300
