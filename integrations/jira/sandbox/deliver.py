"""Webhooks: signed, sent from a queue that survives us, tried again as often as Jira does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
from aiohttp import web

from integrations.jira.sandbox.state import SANDBOX, Sandbox
from integrations.jira.webhook import sign

# Seconds before the next try; Jira's own are minutes apart, which nobody would sit and watch.
PAUSES = (0.2, 1, 5, 15, 60)
AGAIN = frozenset({0, 408, 409, 425, 429})
LOOK = 0.2


async def deliveries(app: web.Application) -> AsyncIterator[None]:
    """The sandbox's background: deliver what is due."""
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
    number, identifier, body, tries = due
    statuses = [await _post(sandbox, client, identifier, body, tries) for _ in range(1 + sandbox.duplicates)]
    best = min(statuses, key=lambda status: not 200 <= status < 300)
    with sandbox.store.transaction():
        if 200 <= best < 300:
            sandbox.store.tried(number, "done")
        elif (best in AGAIN or best >= 500) and tries < len(PAUSES):
            sandbox.store.tried(number, "waiting", sandbox.clock() + PAUSES[tries])
        else:
            sandbox.store.tried(number, "given up")
    return True


async def _post(
    sandbox: Sandbox, client: aiohttp.ClientSession, identifier: str, body: str, tries: int
) -> int:
    began, raw = time.perf_counter(), body.encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Hub-Signature": sign(raw, sandbox.webhook_secret),
        "X-Atlassian-Webhook-Identifier": identifier,
        "X-Atlassian-Webhook-Flow": "Primary",
        "User-Agent": "Atlassian Webhook HTTP Client (sandbox)",
    } | ({"X-Atlassian-Webhook-Retry": str(tries)} if tries else {})
    status, answer = 0, ""
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
        async with client.post(sandbox.webhook_url, data=raw, headers=headers, allow_redirects=False) as got:
            status, answer = got.status, (await got.content.read(20_000)).decode("utf-8", "replace")
    sandbox.on_wire(
        {
            "at": datetime.fromtimestamp(sandbox.clock(), UTC).isoformat(),
            "platform": "jira",
            "direction": "to bot",
            "title": str(json.loads(body)["webhookEvent"]),
            "status": status,
            "ms": round((time.perf_counter() - began) * 1000, 1),
            "verified": "",
            "headers": headers | {"X-Hub-Signature": headers["X-Hub-Signature"][:16] + "…"},
            "body": body[:20_000],
            "answer": answer,
            "can_resend": True,
        }
    )
    return status
