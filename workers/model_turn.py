"""Opens the account on which a turn asks models: the one who speaks, or whose run it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from bot.turn import Place, Turn
from workers.seen import Seen, Tools
from workers.store.conversations import Claimed


@asynccontextmanager
async def asked_by(tools: Tools, claimed: Claimed, seen: Seen) -> AsyncIterator[None]:
    """What went where is in the audit with what followed from it; where nothing was written, by itself."""
    if tools.meter is None:
        yield
        return
    person, place = whose(seen)
    async with tools.meter.on_behalf(claimed.tenant, person, place) as asked:
        yield
        if asked.told:
            asked.went.clear()


def whose(seen: Seen) -> tuple[UUID | None, Place | None]:
    if isinstance(seen.turn, Turn):
        return (seen.person.id if seen.person else None), seen.turn.place
    if seen.stored is not None:
        return UUID(seen.stored.run.requester.id), seen.stored.place
    return None, None
