"""A thumb below what a model wrote: kept, once for each person and message, and acknowledged."""

from __future__ import annotations

from bot.platforms.base import DOWN, FEEDBACK, UP
from bot.reply import Reply
from bot.turn import Pressed, Turn
from workers.commit import Commit
from workers.seen import Seen, Tools, finish, tell
from workers.store import feedback
from workers.store.conversations import Claimed
from workers.store.people import Person

ACTION = FEEDBACK
THANKS = "Thank you, noted."
AGAIN = "Noted; this replaces what you said before."
NOTHING = "I could not tell what that was about, so nothing was noted."


async def pressed(tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person) -> Commit:
    act, commit = turn.act, Commit()
    assert isinstance(act, Pressed)
    if act.message is None or act.value not in (UP, DOWN):
        tell(commit, turn, Reply(NOTHING))
        return await finish(tools, claimed, seen, commit)
    words = str(act.answers.get("text", ""))
    async with tools.db.tenant(claimed.tenant) as c:
        first = await feedback.keep(
            c, claimed.tenant, claimed.key, act.message.id, person.id, act.value == UP, words
        )
    if turn.place.platform != "teams":  # which thanks by itself
        tell(commit, turn, Reply(THANKS if first else AGAIN))
    return await finish(tools, claimed, seen, commit)
