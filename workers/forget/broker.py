"""Valkey is a cache of ours and a broker: what tells of a person in it goes. Losing more loses nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog

from workers.forget.subject import Subject
from workers.memory import recent

log = structlog.get_logger()

# Celery's own keys hold names of effects and nothing else: who empties one loses work's latency for nothing.
CELERY = (b"_kombu", b"celery", b"unacked", b"countersign:effects")
MOST_KEYS = 2_000_000
MOST_BYTES = 4 * 1024 * 1024  # of one value


class Cache:
    """Empty address: there is none."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url

    async def forget(self, tenant: UUID, subject: Subject) -> int:
        """Drops every key that tells of them, by its name or by what is in it, and the tenant's copies of
        what was said last, whose lines do not say by whom. Trouble is no obstacle: what is in there is
        bounded in time, and an engine that starts anew finds it empty."""
        needles = [text.encode() for text in (*subject.ids, *subject.private, *subject.said_names)]
        needles += [str(person).encode() for person in subject.people]
        if not self._url or not needles:
            return 0
        from redis import asyncio as redis
        from redis.exceptions import RedisError

        client: Any = redis.from_url(self._url, socket_timeout=5, socket_connect_timeout=2)
        try:
            return await _walk(client, recent.keys_of(tenant).encode(), needles)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("forget.cache", problem=type(error).__name__)
            return 0
        finally:
            with suppress(Exception):
                await client.aclose()


async def _walk(client: Any, copies: bytes, needles: Sequence[bytes]) -> int:
    gone = seen = 0
    async for key in client.scan_iter(count=500):
        seen += 1
        if seen > MOST_KEYS:
            break
        if key.startswith(CELERY):
            continue
        if key.startswith(copies) or _tells(key, needles) or _tells(await _value(client, key), needles):
            gone += int(await client.delete(key))
    return gone


def _tells(data: bytes, needles: Sequence[bytes]) -> bool:
    return any(needle in data for needle in needles)


async def _value(client: Any, key: bytes) -> bytes:
    """All that is in it as bytes, whatever kind of value it is."""
    match await client.type(key):
        case b"string":
            parts = [await client.getrange(key, 0, MOST_BYTES)]
        case b"list":
            parts = await client.lrange(key, 0, -1)
        case b"hash":
            parts = [part for pair in (await client.hgetall(key)).items() for part in pair]
        case b"set":
            parts = list(await client.smembers(key))
        case b"zset":
            parts = await client.zrange(key, 0, -1)
        case b"stream":
            found = await client.xrange(key)
            parts = [part for _, fields in found for pair in fields.items() for part in pair]
        case _:
            parts = []
    return b"\n".join(bytes(part) for part in parts)[:MOST_BYTES]
