"""Webhooks: signed, sent from a queue that survives us, again and again until somebody says 2xx."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
from aiohttp import web

from integrations.stripe.sandbox import checkout
from integrations.stripe.sandbox.state import SANDBOX, Sandbox
from integrations.stripe.webhook import sign

# Seconds before the next try; Stripe's own are hours apart, which nobody would sit and watch.
PAUSES = (0.2, 0.5, 1, 2, 5, 10, 30)
GIVE_UP_AFTER = 500
LOOK = 0.2


async def deliveries(app: web.Application) -> AsyncIterator[None]:
    """The sandbox's background: deliver what is due, end the sessions whose time is over."""
    task = asyncio.create_task(_run(app[SANDBOX]))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    app[SANDBOX].store.close()


async def _run(sandbox: Sandbox) -> None:
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as client:
        while True:
            sandbox.wake.clear()
            checkout.expire_old(sandbox.store, sandbox.clock(), sandbox.home)
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
    number, _, body, tries = due
    delivered = False
    for _ in range(1 + sandbox.duplicates):
        delivered = await _post(sandbox, client, body) or delivered
    with sandbox.store.transaction():
        if delivered:
            sandbox.store.delivered(number)
        else:
            pause = PAUSES[min(tries, len(PAUSES) - 1)]
            sandbox.store.undelivered(number, sandbox.clock() + pause, tries + 1 >= GIVE_UP_AFTER)
    return True


async def _post(sandbox: Sandbox, client: aiohttp.ClientSession, body: str) -> bool:
    began, raw = time.perf_counter(), body.encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": sign(raw, sandbox.webhook_secret, int(sandbox.clock())),
        "User-Agent": "Stripe/1.0 (sandbox)",
    }
    status, answer = 0, ""
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
        async with client.post(sandbox.webhook_url, data=raw, headers=headers, allow_redirects=False) as got:
            status, answer = got.status, (await got.content.read(20_000)).decode("utf-8", "replace")
    sandbox.on_wire(
        {
            "at": datetime.fromtimestamp(sandbox.clock(), UTC).isoformat(),
            "platform": "stripe",
            "direction": "to bot",
            "title": str(json.loads(body)["type"]),
            "status": status,
            "ms": round((time.perf_counter() - began) * 1000, 1),
            "verified": "",
            "headers": headers | {"Stripe-Signature": headers["Stripe-Signature"][:24] + "…"},
            "body": body[:20_000],
            "answer": answer,
            "can_resend": True,
        }
    )
    return 200 <= status < 300
