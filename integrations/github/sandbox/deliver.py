"""Webhooks: signed, from a queue that survives us, each sent once, as GitHub does.

GitHub never tries again by itself. Whoever missed one asks for it: `POST /_sandbox/redeliver`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
from aiohttp import web

from integrations.github.sandbox.state import SANDBOX, Sandbox
from integrations.github.webhook import sign

LOOK = 0.2
# GitHub waits so long for an answer.
PATIENCE = 10


async def deliveries(app: web.Application) -> AsyncIterator[None]:
    """The sandbox's background."""
    task = asyncio.create_task(_run(app[SANDBOX]))
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    app[SANDBOX].store.close()


async def _run(sandbox: Sandbox) -> None:
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as client:
        while True:
            sandbox.wake.clear()
            while not sandbox.paused and sandbox.webhook_url and await _one(sandbox, client):
                pass
            # Not wait_for: up to Python 3.11 it may swallow the cancelling that ends us.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await sandbox.wake.wait()


async def _one(sandbox: Sandbox, client: aiohttp.ClientSession) -> bool:
    """Send the delivery that waits longest; False when none is due."""
    due = sandbox.store.due(sandbox.clock())
    if due is None:
        return False
    number, guid, event, body, _ = due
    delivered = False
    for _ in range(1 + sandbox.duplicates):
        delivered = await _post(sandbox, client, guid, event, body) or delivered
    with sandbox.store.transaction():
        sandbox.store.sent(number, "done" if delivered else "failed")
    return True


async def _post(sandbox: Sandbox, client: aiohttp.ClientSession, guid: str, event: str, body: str) -> bool:
    began, raw = time.perf_counter(), body.encode()
    # Several secrets are ours while we change them; a hook of GitHub's has one.
    secret = sandbox.webhook_secret.partition(",")[0].strip()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/sandbox",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid,
        "X-GitHub-Hook-ID": "1",
        "X-Hub-Signature-256": sign(raw, secret),
    }
    status, answer = 0, ""
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
        async with client.post(sandbox.webhook_url, data=raw, headers=headers, allow_redirects=False) as got:
            status, answer = got.status, (await got.content.read(20_000)).decode("utf-8", "replace")
    sandbox.on_wire(
        {
            "at": datetime.fromtimestamp(sandbox.clock(), UTC).isoformat(),
            "platform": "github",
            "direction": "to bot",
            "title": f"{event}.{json.loads(body)['action']}",
            "status": status,
            "ms": round((time.perf_counter() - began) * 1000, 1),
            "verified": "",
            "headers": headers | {"X-Hub-Signature-256": headers["X-Hub-Signature-256"][:16] + "…"},
            "body": body[:20_000],
            "answer": answer,
            "can_resend": True,
        }
    )
    return 200 <= status < 300
