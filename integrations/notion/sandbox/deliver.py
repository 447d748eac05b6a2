"""Webhooks: signed, sent from a queue that survives us, again until somebody says 2xx or 8 times."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from integrations.notion.sandbox.state import SANDBOX, Sandbox
from integrations.notion.webhook import HEADER, sign

# Seconds before the next try; Notion's own go up to hours, which nobody would sit and watch.
PAUSES = (0.2, 0.5, 1, 2, 5, 10, 30)
MOST_TRIES = 8
LOOK = 0.1


async def deliveries(app: web.Application) -> AsyncIterator[None]:
    """The sandbox's background: deliver what is due."""
    task = asyncio.create_task(_run(app[SANDBOX]))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    app[SANDBOX].store.close()


async def handshake(sandbox: Sandbox) -> int:
    """The first request of a subscription: the token, and no signature."""
    async with _session() as client:
        return await _post(sandbox, client, json.dumps({"verification_token": sandbox.webhook_secret}), {})


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10), trust_env=False)


async def _run(sandbox: Sandbox) -> None:
    async with _session() as client:
        while True:
            sandbox.wake.clear()
            while not sandbox.paused and sandbox.webhook_url and await _one(sandbox, client):
                pass
            # A retry's time comes without a bell, so we look again by ourselves.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(sandbox.wake.wait(), LOOK)


async def _one(sandbox: Sandbox, client: aiohttp.ClientSession) -> bool:
    """Send the delivery that waits longest; False when none is due."""
    due = sandbox.store.due(sandbox.clock())
    if due is None:
        return False
    number, stored, tries = due
    body = json.dumps(json.loads(stored) | {"attempt_number": tries + 1})
    signed = {HEADER: sign(body.encode(), sandbox.webhook_secret)}
    delivered = False
    for _ in range(1 + sandbox.duplicates):
        status = await _post(sandbox, client, body, signed)
        delivered = delivered or 200 <= status < 300
    with sandbox.store.transaction():
        if delivered:
            sandbox.store.delivered(number)
        else:
            pause = PAUSES[min(tries, len(PAUSES) - 1)]
            sandbox.store.undelivered(number, sandbox.clock() + pause, tries + 1 >= MOST_TRIES)
    return True


async def _post(sandbox: Sandbox, client: aiohttp.ClientSession, body: str, signed: dict[str, str]) -> int:
    began, raw = time.perf_counter(), body.encode()
    headers = {"Content-Type": "application/json", "User-Agent": "notion-api (sandbox)"} | signed
    status, answer = 0, ""
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
        async with client.post(sandbox.webhook_url, data=raw, headers=headers, allow_redirects=False) as got:
            status, answer = got.status, (await got.content.read(20_000)).decode("utf-8", "replace")
    event: dict[str, Any] = json.loads(body)
    sandbox.on_wire(
        {
            "at": datetime.fromtimestamp(sandbox.clock(), UTC).isoformat(),
            "platform": "notion",
            "direction": "to bot",
            "title": str(event.get("type", "verification")),
            "status": status,
            "ms": round((time.perf_counter() - began) * 1000, 1),
            "verified": "",
            "headers": headers | {name: f"{value[:18]}…" for name, value in signed.items()},
            "body": body[:20_000] if signed else '{"verification_token": "…"}',
            "answer": answer,
            "can_resend": bool(signed),
        }
    )
    return status
