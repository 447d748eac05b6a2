"""Webhooks: signed, sent from a queue that survives us, again until somebody says 2xx or 8 times."""

from __future__ import annotations

import json

import aiohttp

from integrations.notion.sandbox.state import SANDBOX, Sandbox
from integrations.notion.webhook import HEADER, sign
from integrations.sandboxes.delivering import arrived, background, post, session

# Seconds before the next try; Notion's own go up to hours, which nobody would sit and watch.
PAUSES = (0.2, 0.5, 1, 2, 5, 10, 30)
MOST_TRIES = 8
HEADERS = {"Content-Type": "application/json", "User-Agent": "notion-api (sandbox)"}


async def handshake(sandbox: Sandbox) -> int:
    """The first request of a subscription: the token, and no signature."""
    body = json.dumps({"verification_token": sandbox.webhook_secret})
    masked = '{"verification_token": "…"}'
    async with session() as client:
        return await post(sandbox, client, "notion", "verification", body, HEADERS, shown=masked)


async def _one(sandbox: Sandbox, client: aiohttp.ClientSession) -> bool:
    due = sandbox.store.due(sandbox.clock())
    if due is None:
        return False
    number, stored, tries = due
    body = json.dumps(json.loads(stored) | {"attempt_number": tries + 1})
    statuses = [await _post(sandbox, client, body) for _ in range(1 + sandbox.duplicates)]
    with sandbox.store.transaction():
        if any(arrived(status) for status in statuses):
            sandbox.store.delivered(number)
        else:
            pause = PAUSES[min(tries, len(PAUSES) - 1)]
            sandbox.store.undelivered(number, sandbox.clock() + pause, tries + 1 >= MOST_TRIES)
    return True


async def _post(sandbox: Sandbox, client: aiohttp.ClientSession, body: str) -> int:
    headers = HEADERS | {HEADER: sign(body.encode(), sandbox.webhook_secret)}
    return await post(sandbox, client, "notion", str(json.loads(body)["type"]), body, headers, HEADER)


deliveries = background(SANDBOX, _one, look=0.1)
