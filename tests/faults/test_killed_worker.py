"""The worker as it is really started dies with SIGKILL; the charge still happens, and once.

Every other moment at which it may die is in test_points.py and test_effects_fire.py.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.embedded import private
from tests.conversations.test_order import SMALL, ordered
from tests.conversations.test_payment import sandbox
from tests.stack import Stack, running

pytestmark = pytest.mark.processes


@pytest_asyncio.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Short leases: what takes three quarters of a minute in earnest takes two seconds here."""
    with private() as servers:
        folder = tmp_path_factory.mktemp("bot")
        async with running(servers, folder, lease=2.0, effect_lease=2.0) as stack:
            yield stack


async def test_killed_while_stripe_is_being_called_it_is_charged_once(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, card = await ordered(stack, SMALL)
    await sandbox(stack, "fault", {"path": "payment_intents", "kind": "delay", "times": 1, "delay_ms": 1500})

    await slack.press("ada", card, "Yes, order it")
    await until_running(stack)
    stack.restart_worker()
    await slack.wait_for("Receipt", thread=said, timeout=30)

    assert len(await stack.charges()) == before + 1


async def test_without_any_worker_the_order_waits_and_is_charged_once_when_one_comes(stack: Stack) -> None:
    slack = stack.world.slack
    before = len(await stack.charges())
    said, card = await ordered(stack, SMALL)
    stack.worker.kill()
    stack.worker.wait()

    await slack.press("ada", card, "Yes, order it")
    await slack.wait_for("Charging", thread=said)
    await empty_the_broker(stack)
    stack.restart_worker()
    await slack.wait_for("Receipt", thread=said, timeout=30)

    assert len(await stack.charges()) == before + 1


async def empty_the_broker(stack: Stack) -> None:
    from redis import asyncio as redis

    client = redis.from_url(stack.settings.secret("redis_url"))
    await client.flushall()
    await client.aclose()


async def until_running(stack: Stack) -> None:
    """Until the charge is in the worker's hands."""
    import asyncio

    async with asyncio.timeout(15):
        while True:
            rows = await stack.fetch(
                "select state from effects where tool = 'stripe.charge' order by created_at desc limit 1"
            )
            if rows and rows[0]["state"] in ("running", "done"):
                return
            await asyncio.sleep(0.01)
