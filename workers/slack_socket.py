"""Socket Mode's events into the inbox: checked as at the door over HTTP, stored before acknowledged."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import orjson
import structlog

from bot.errors import InboxRefused, Malformed
from bot.front_inbox import Arrival, Inbox
from bot.limits import Buckets, Limits
from bot.metrics import Metrics, metrics
from bot.platforms.base import Door, HttpAnswer, Payload
from bot.reply import Form, Reply
from bot.turn import Turn

log = structlog.get_logger()


class Storing:
    """What `SocketMode` calls with each payload that is a turn.

    Whatever it raises leaves the event unacknowledged, and Slack delivers it again; then it is
    a copy, if it was stored after all.
    """

    def __init__(
        self, door: Door, inbox: Inbox, *, limits: Limits | None = None, counted: Metrics | None = None
    ) -> None:
        self._door = door
        self._inbox = inbox
        self._limits = limits or Limits()
        self._rates = Buckets(self._limits.tenant_rate, self._limits.tenant_burst)
        self._counted = counted or metrics()

    async def __call__(self, payload: Payload) -> HttpAnswer | None:
        began = time.monotonic()
        turn = self._door.to_turn(payload)
        if not isinstance(turn, Turn):
            return None
        tenant = await self._inbox.tenant_of(turn.place.platform, turn.place.workspace)
        if tenant is None:
            self._counted.ignored(self._door.name, "unknown workspace")
            return None
        if not self._rates.take(tenant):
            self._counted.event(self._door.name, "rate")
            raise InboxRefused("this tenant sends too much")
        arrival = Arrival(tenant, turn, _packed(payload))
        async with asyncio.timeout(self._limits.store_seconds):
            new = await self._inbox.put(arrival)
        self._counted.event(self._door.name, "stored" if new else "duplicate")
        if not turn.wants_answer:
            return None
        return self._door.answer(turn, await self._answer(arrival, began))

    async def _answer(self, arrival: Arrival, began: float) -> Reply | Form | None:
        """The engine's words for the acknowledgement, if they come in time. The turn is safe either way."""
        budget = max(0.1, self._limits.answer_seconds - (time.monotonic() - began))
        with suppress(TimeoutError, InboxRefused):
            async with asyncio.timeout(budget + 0.1):
                return await self._inbox.answer(arrival, budget)
        return None


def _packed(payload: Payload) -> bytes:
    try:
        return orjson.dumps(payload)
    except TypeError as problem:
        raise Malformed("The payload holds what JSON cannot carry.") from problem
