"""Webhooks: signed, from a queue that survives us, each sent once, as GitHub does.

GitHub never tries again by itself. Whoever missed one asks for it: `POST /_sandbox/redeliver`.
"""

from __future__ import annotations

import json

import aiohttp

from integrations.github.sandbox.state import SANDBOX, Sandbox
from integrations.github.webhook import sign
from integrations.sandboxes.delivering import arrived, background, post


async def _one(sandbox: Sandbox, client: aiohttp.ClientSession) -> bool:
    due = sandbox.store.due(sandbox.clock())
    if due is None:
        return False
    number, guid, event, body, _ = due
    statuses = [await _post(sandbox, client, guid, event, body) for _ in range(1 + sandbox.duplicates)]
    with sandbox.store.transaction():
        sandbox.store.sent(number, "done" if any(arrived(status) for status in statuses) else "failed")
    return True


async def _post(sandbox: Sandbox, client: aiohttp.ClientSession, guid: str, event: str, body: str) -> int:
    # Several secrets are ours while we change them; a hook of GitHub's has one.
    secret = sandbox.webhook_secret.partition(",")[0].strip()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/sandbox",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid,
        "X-GitHub-Hook-ID": "1",
        "X-Hub-Signature-256": sign(body.encode(), secret),
    }
    title = f"{event}.{json.loads(body)['action']}"
    return await post(sandbox, client, "github", title, body, headers, "X-Hub-Signature-256")


deliveries = background(SANDBOX, _one)
