"""What is written beside a thread, in a chat with us alone, may belong to what is open in one of its threads.

In Slack every message that is in no thread begins a conversation, in direct messages too, where people
simply go on writing. What means nothing by itself, and changes or fills something there, is heard there.
A yes is not: it could carry out what somebody did not mean.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol
from uuid import UUID

from bot.reply import Reply
from bot.turn import Said, Turn, TurnId
from flows import router
from flows.flow import Flow
from flows.understanding import Meaning
from integrations.models.base import ModelUnavailable
from workers.commit import Commit
from workers.seen import Seen, Tools, finish, write_all
from workers.store import inbox, runs
from workers.store.conversations import Claimed
from workers.store.outbox import Message
from workers.store.runs import Stored

FRESH = 3600.0  # seconds since it moved: people have an older one no longer in mind
ALONE = ("unknown", "value", "route", "yes", "no", "cancel", "repeat", "restart")
ANSWERS = ("cancel", "repeat", "restart")
ELSE = 0.2  # surer than that a sentence means something by itself
THERE = "Something of yours is open in a thread of this chat. Please answer there."


class Reads(Protocol):
    """As `advance.read`, without what is remembered."""

    async def __call__(
        self, tools: Tools, text: str, seen: Seen, stored: Stored, flow: Flow, /
    ) -> Meaning: ...


async def continued(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: UUID, meaning: Meaning, read: Reads
) -> Commit | None:
    """None: it stands alone, as everything does where nothing is open."""
    act = turn.act
    if not isinstance(act, Said) or not turn.place.private or not turn.place.thread or seen.files:
        return None
    if meaning.intent not in ALONE or meaning.about == "smalltalk":
        return None
    async with tools.db.tenant(claimed.tenant) as c:
        found = await runs.open_beside(c, claimed.tenant, person, turn.place, claimed.key, FRESH)
    if not found:
        return None
    commit, newest = Commit(), found[0]
    if await _takes(tools, claimed, seen, found, act.text, meaning, read):
        commit.messages.append(_said(turn, f"I take that for your open /{newest.run.flow}, in its thread."))
        there = replace(turn, id=TurnId(f"{turn.id}:there"), place=newest.place, wants_answer=False)
        async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
            await write_all(tools, c, claimed, seen, commit)
            await inbox.add_turn(c, claimed.tenant, newest.conversation, str(there.id), there)
        tools.wake()
        return commit
    if meaning.intent not in ("yes", "no", *ANSWERS) or meaning.confidence < router.PLAIN:
        return None
    commit.messages.append(_said(turn, THERE))
    return await finish(tools, claimed, seen, commit)


async def _takes(
    tools: Tools, claimed: Claimed, seen: Seen, found: list[Stored], text: str, alone: Meaning, read: Reads
) -> bool:
    """Whether the step that waits in the newest would take it up, and not merely ask again. Which of
    several is to be cancelled is not guessed. `alone`: what it means without any."""
    stored = found[0]
    flow = await tools.library.flow(tools.db, claimed.tenant, stored.run.flow, stored.run.flow_version)
    if flow is None:
        return False
    try:
        there = await read(tools, text, replace(seen, stored=stored, flow=flow), stored, flow)
    except ModelUnavailable:
        return False
    if there.intent in ANSWERS:
        return len(found) == 1 and there.confidence >= router.PLAIN
    # Whatever is said fits where words are asked for: there it must mean nothing else.
    fits = bool(there.values) and alone.route_confidence < ELSE
    return there.intent == "value" and (fits or any(each.known for each in there.changes))


def _said(turn: Turn, text: str) -> Message:
    return Message(f"say:{turn.id}", "post", turn.place, Reply(text))
