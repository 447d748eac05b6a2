"""Webhooks: signed, sent from a queue that survives us, again and again until somebody says 2xx."""

from __future__ import annotations

import json

import aiohttp

from integrations.sandboxes.delivering import arrived, background, post
from integrations.stripe.sandbox import checkout
from integrations.stripe.sandbox.state import SANDBOX, Sandbox
from integrations.stripe.webhook import sign

# Seconds before the next try; Stripe's own are hours apart, which nobody would sit and watch.
PAUSES = (0.2, 0.5, 1, 2, 5, 10, 30)
GIVE_UP_AFTER = 500


def _end_sessions(sandbox: Sandbox) -> None:
    checkout.expire_old(sandbox.store, sandbox.clock(), sandbox.home)


async def _one(sandbox: Sandbox, client: aiohttp.ClientSession) -> bool:
    due = sandbox.store.due(sandbox.clock())
    if due is None:
        return False
    number, _, body, tries = due
    statuses = [await _post(sandbox, client, body) for _ in range(1 + sandbox.duplicates)]
    with sandbox.store.transaction():
        if any(arrived(status) for status in statuses):
            sandbox.store.delivered(number)
        else:
            pause = PAUSES[min(tries, len(PAUSES) - 1)]
            sandbox.store.undelivered(number, sandbox.clock() + pause, tries + 1 >= GIVE_UP_AFTER)
    return True


async def _post(sandbox: Sandbox, client: aiohttp.ClientSession, body: str) -> int:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": sign(body.encode(), sandbox.webhook_secret, int(sandbox.clock())),
        "User-Agent": "Stripe/1.0 (sandbox)",
    }
    title = str(json.loads(body)["type"])
    return await post(sandbox, client, "stripe", title, body, headers, "Stripe-Signature")


deliveries = background(SANDBOX, _one, before=_end_sessions)
