"""Stop: typed in the thread, pressed below the message, or on the platform's own button."""

from __future__ import annotations

import re

from bot.platforms.base import STOP
from bot.reply import Reply
from bot.turn import Turn
from workers.commit import Commit
from workers.seen import Seen, Tools, finish, tell
from workers.store import streams
from workers.store.conversations import Claimed
from workers.store.people import Person
from workers.store.streams import Stream

__all__ = ["STOP", "pressed", "said"]

TYPED = re.compile(r"\s*(?:please\s+)?(?:stop|halt|enough|that is enough|that's enough)(?:\s+(?:it|please))?\s*[.!]*\s*\Z", re.I)  # fmt: skip  # noqa: E501 (one pattern)
OVER = "There is nothing left to be stopped."


async def said(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, text: str
) -> Commit | None:
    """None where it means something else: nothing is being written here, or it is another's."""
    stored = seen.stored
    if tools.previews is None or stored is None or not stored.run.waiting or not TYPED.match(text):
        return None
    async with tools.db.tenant(claimed.tenant) as c:
        stream = await streams.by_key(c, claimed.tenant, stored.run.waiting)
    if stream is None or stream.requester != person.id or stream.final is not None:
        return None
    await tools.previews.stop(claimed.tenant, stream.key)
    return await finish(tools, claimed, seen, Commit())


async def pressed(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    """The message itself shows that it was stopped, so only a press that changes nothing is answered."""
    commit = Commit()
    async with tools.db.tenant(claimed.tenant) as c:
        stream = await streams.in_conversation(c, claimed.tenant, claimed.key)
    problem = _problem(stream, person)
    if problem or stream is None or tools.previews is None:
        tell(commit, turn, Reply(problem or OVER))
    else:
        await tools.previews.stop(claimed.tenant, stream.key)
    return await finish(tools, claimed, seen, commit)


def _problem(stream: Stream | None, person: Person) -> str:
    if stream is None or stream.final is not None:
        return OVER
    return "" if stream.requester == person.id else "Only the person who asked can stop this."
