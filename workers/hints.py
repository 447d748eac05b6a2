"""Hints over Valkey: "there is something to do". Losing one costs a poll's time, never an event."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

log = structlog.get_logger()

WAKE = "countersign:wake"
ANSWERED = "countersign:answered"
REST = 0.004  # seconds between two hints to look: an engine that looks finds all there is


class Hints:
    """Publishes without waiting for trouble, and hears until closed."""

    def __init__(self, redis_url: str) -> None:
        from redis import asyncio as redis

        self._redis: Any = redis.from_url(
            redis_url, socket_timeout=5, socket_connect_timeout=2, health_check_interval=30
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._resting = self._again = False

    def wake(self) -> None:
        """An engine should look. At once; after that, one hint serves all of the next milliseconds."""
        if self._resting:
            self._again = True
            return
        self._publish(WAKE, "1")
        self._resting = True
        asyncio.get_running_loop().call_later(REST, self._rested)

    def _rested(self) -> None:
        self._resting = False
        if self._again:
            self._again = False
            self.wake()

    def answered(self, dedupe: str) -> None:
        """The answer to this turn is stored."""
        self._publish(ANSWERED, dedupe)

    def _publish(self, channel: str, message: str) -> None:
        if len(self._tasks) < 1000:
            task = asyncio.create_task(self._send(channel, message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, channel: str, message: str) -> None:
        from redis.exceptions import RedisError

        with suppress(RedisError, OSError, TimeoutError):
            await self._redis.publish(channel, message)

    async def tell(self, channel: str, message: str) -> None:
        """What one waits for arrives in the order in which it was told, if at all."""
        await self._send(channel, message)

    async def mark(self, name: str, seconds: int) -> None:
        """A flag that anybody may look at until then; it may be lost."""
        from redis.exceptions import RedisError

        with suppress(RedisError, OSError, TimeoutError):
            await self._redis.set(name, b"1", ex=seconds)

    async def marked(self, name: str) -> bool:
        from redis.exceptions import RedisError

        with suppress(RedisError, OSError, TimeoutError):
            return bool(await self._redis.exists(name))
        return False

    async def hear(self, channel: str, heard: Callable[[str], None]) -> None:
        """Calls `heard` for every hint until cancelled; comes back by itself when Valkey does."""
        from redis.exceptions import RedisError

        me = asyncio.current_task()
        assert me is not None
        # redis swallows a cancellation that comes while it connects, so it is asked for here too.
        while not me.cancelling():
            try:
                async with self._redis.pubsub() as listener:
                    await listener.subscribe(channel)
                    while not me.cancelling():
                        message = await listener.get_message(ignore_subscribe_messages=True, timeout=2)
                        if message:
                            heard(message["data"].decode("utf-8", "replace"))
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("hints.lost", problem=type(error).__name__)
                await asyncio.sleep(0.5)
        raise asyncio.CancelledError

    async def ready(self) -> bool:
        from redis.exceptions import RedisError

        try:
            return bool(await asyncio.wait_for(self._redis.ping(), 2))
        except (RedisError, OSError, TimeoutError):
            return False

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        with suppress(Exception):
            await asyncio.wait_for(self._redis.aclose(), 2)
