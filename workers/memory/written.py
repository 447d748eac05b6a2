"""Tells a model that writes what was before: in the place where the run is, of whoever it is for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import asyncpg

from flows import streamed
from integrations.models.before import NOTHING, Before, remembering
from workers.memory import desk
from workers.memory.desk import Desk
from workers.store.runs import Stored

LONGEST = 500  # characters of what it is about, by which is looked for


@contextmanager
def told(
    tool: str, memory: Desk, wait: Callable[[Coroutine[Any, Any, Any]], Any], tenant: UUID, run: Stored,
    arguments: Mapping[str, Any],
) -> Iterator[None]:  # fmt: skip
    """Only where a model writes. What cannot be read is left out: it is not needed to write."""
    if tool != streamed.CALL or memory.recent is None:
        yield
        return
    found: Before = wait(_found(memory, tenant, run, arguments))
    with remembering(found):
        yield


async def _found(memory: Desk, tenant: UUID, run: Stored, arguments: Mapping[str, Any]) -> Before:
    assert memory.recent is not None
    try:
        recent = await memory.recent.lines(tenant, run.conversation) or []
        person = UUID(run.run.requester.id)
        near = await memory.recalled(tenant, person, run.place, about(arguments))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        return NOTHING
    return Before(tuple(recent), tuple(desk.in_words(each) for each in near))


def about(arguments: Mapping[str, Any]) -> str:
    """What the writing is about: the task, and the beginning of what is to be read."""
    texts = [each.get("text", "") for each in arguments.get("material") or () if isinstance(each, Mapping)]
    return " ".join([str(arguments.get("instructions", "")), *map(str, texts[:3])])[:LONGEST]
