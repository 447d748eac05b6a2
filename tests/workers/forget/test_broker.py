"""Valkey: what tells of somebody goes, whatever kind of value it is; what carries work stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest_asyncio
from redis import asyncio as redis

from bot.embedded import Servers
from bot.turn import Account
from workers.forget.broker import Cache
from workers.forget.subject import Subject
from workers.memory.recent import keys_of

HERE, ELSEWHERE = uuid4(), uuid4()
ADA = Subject(
    (), (Account("slack", "T1", "UZQBROKER"),), ("zqbroker@example.com",), (), {"slack:T1:DZQ:": "x"}
)


@pytest_asyncio.fixture
async def valkey(servers: Servers) -> AsyncIterator[Any]:
    client: Any = redis.from_url(servers.redis_url)
    yield client
    await client.aclose()


async def test_every_kind_of_value_is_looked_into(valkey: Any, servers: Servers) -> None:
    await valkey.set("forget:string", "says UZQBROKER")
    await valkey.rpush("forget:list", "a", "UZQBROKER")
    await valkey.hset("forget:hash", "UZQBROKER", "1")
    await valkey.sadd("forget:set", "zqbroker@example.com")
    await valkey.zadd("forget:zset", {"UZQBROKER": 1})
    await valkey.xadd("forget:stream", {"said": "UZQBROKER"})
    await valkey.set("forget:slack:T1:DZQ:", "their own conversation")
    await valkey.set("forget:other", "somebody else")
    await valkey.rpush(keys_of(HERE) + "slack:T1:C1:1.0", "Ada: two colas")
    await valkey.rpush(keys_of(ELSEWHERE) + "slack:T2:C1:1.0", "somebody else")
    await valkey.rpush("celery", '{"about": "UZQBROKER"}')

    assert await Cache(servers.redis_url).forget(HERE, ADA) == 8
    assert sorted(await valkey.keys("forget:*")) == [b"forget:other"]
    assert await valkey.exists("celery")
    assert await Cache(servers.redis_url).forget(HERE, ADA) == 0
    assert await valkey.delete("celery", "forget:other", keys_of(ELSEWHERE) + "slack:T2:C1:1.0") == 3


async def test_of_nobody_nothing_is_looked_for(servers: Servers) -> None:
    assert await Cache(servers.redis_url).forget(HERE, Subject(())) == 0


async def test_a_cache_that_is_away_is_no_obstacle() -> None:
    assert await Cache("redis://127.0.0.1:1/0").forget(HERE, ADA) == 0
    assert await Cache("").forget(HERE, ADA) == 0
