"""Webhooks: signed, sent from a queue that survives us, tried again as often as Jira does."""

from __future__ import annotations

import json

import aiohttp

from integrations.jira.sandbox.state import SANDBOX, Sandbox
from integrations.jira.webhook import sign
from integrations.sandboxes.delivering import arrived, background, post

# Seconds before the next try; Jira's own are minutes apart, which nobody would sit and watch.
PAUSES = (0.2, 1, 5, 15, 60)
AGAIN = frozenset({0, 408, 409, 425, 429})


async def _one(sandbox: Sandbox, client: aiohttp.ClientSession) -> bool:
    due = sandbox.store.due(sandbox.clock())
    if due is None:
        return False
    number, identifier, body, tries = due
    statuses = [await _post(sandbox, client, identifier, body, tries) for _ in range(1 + sandbox.duplicates)]
    best = min(statuses, key=lambda status: not arrived(status))
    with sandbox.store.transaction():
        if arrived(best):
            sandbox.store.tried(number, "done")
        elif (best in AGAIN or best >= 500) and tries < len(PAUSES):
            sandbox.store.tried(number, "waiting", sandbox.clock() + PAUSES[tries])
        else:
            sandbox.store.tried(number, "given up")
    return True


async def _post(
    sandbox: Sandbox, client: aiohttp.ClientSession, identifier: str, body: str, tries: int
) -> int:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Hub-Signature": sign(body.encode(), sandbox.webhook_secret),
        "X-Atlassian-Webhook-Identifier": identifier,
        "X-Atlassian-Webhook-Flow": "Primary",
        "User-Agent": "Atlassian Webhook HTTP Client (sandbox)",
    } | ({"X-Atlassian-Webhook-Retry": str(tries)} if tries else {})
    title = str(json.loads(body)["webhookEvent"])
    return await post(sandbox, client, "jira", title, body, headers, "X-Hub-Signature")


deliveries = background(SANDBOX, _one)
