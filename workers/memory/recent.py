"""The last words of a conversation, kept in Valkey for whoever reads the next ones.

Postgres has them all; here is a copy that costs no query. Lost, it is read anew. It ends by itself, is
bounded in length and time, and holds nothing of who wants nothing kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from bot.text import one_line

MOST, LONGEST = 20, 500  # lines, and characters of one
SECONDS = 3_600
PATIENCE = 0.25  # seconds: a copy that takes longer is worth less than a read
MOST_UNSURE = 10_000


class Recent:
    """Whoever cannot reach it hears None, and reads in Postgres."""

    def __init__(self, redis_url: str) -> None:
        from redis import asyncio as redis

        self._redis: Any = redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=1)
        self._adding: dict[str, asyncio.Task[None]] = {}  # by conversation, so that they stay in order
        self._unsure: dict[str, None] = {}  # what could not be added to: the copy there is too short

    async def lines(self, tenant: UUID, conversation: str) -> list[str] | None:
        """Oldest first; None where there is no copy."""
        key = _key(tenant, conversation)
        if (adding := self._adding.get(key)) is not None:
            await asyncio.wait({adding})
        if key in self._unsure:
            if not await self._do(self._redis.delete(key)):
                return None
            self._unsure.pop(key, None)
            return None
        found = await self._ask(self._redis.lrange(key, 0, -1))
        return [line.decode("utf-8", "replace") for line in found] if found else None

    async def put(self, tenant: UUID, conversation: str, lines: Sequence[str]) -> None:
        """All of it anew."""
        key, kept = _key(tenant, conversation), _cut(lines)
        if kept:
            pipe = self._redis.pipeline(transaction=True)
            pipe.delete(key).rpush(key, *kept).expire(key, SECONDS)
            await self._do(pipe.execute())

    def add(self, tenant: UUID, conversation: str, lines: Sequence[str]) -> None:
        """Behind what is there; where nothing is, nothing: half a copy would pass for a whole one."""
        key, kept = _key(tenant, conversation), _cut(lines)
        if not kept:
            return
        task = self._adding[key] = asyncio.create_task(self._add(key, kept, self._adding.get(key)))
        task.add_done_callback(lambda done: self._adding.pop(key) if self._adding.get(key) is done else None)

    async def settled(self) -> None:
        """Until what was added is there."""
        while self._adding:
            await asyncio.wait(set(self._adding.values()))

    async def close(self) -> None:
        for task in list(self._adding.values()):
            task.cancel()
        with suppress(Exception):
            await asyncio.wait_for(self._redis.aclose(), 2)

    async def _add(self, key: str, lines: Sequence[str], after: asyncio.Task[None] | None) -> None:
        if after is not None:
            await asyncio.wait({after})
        pipe = self._redis.pipeline(transaction=True)
        pipe.rpushx(key, *lines).ltrim(key, -MOST, -1).expire(key, SECONDS)
        if not await self._do(pipe.execute()):
            if len(self._unsure) >= MOST_UNSURE:
                self._unsure.pop(next(iter(self._unsure)))
            self._unsure[key] = None

    async def _do(self, work: Any) -> bool:
        """Whether it was done."""
        return await self._ask(work, failed=False) is not False

    async def _ask(self, work: Any, failed: Any = None) -> Any:
        from redis.exceptions import RedisError

        try:
            return await asyncio.wait_for(work, PATIENCE)
        except (RedisError, OSError, TimeoutError):
            return failed


def keys_of(tenant: UUID) -> str:
    """How the keys of a tenant begin."""
    return f"countersign:recent:{tenant}:"


def _key(tenant: UUID, conversation: str) -> str:
    return keys_of(tenant) + conversation


def _cut(lines: Sequence[str]) -> list[str]:
    return [one_line(line, LONGEST) for line in lines if line.strip()][-MOST:]
