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
from flows.flow import Flow
from flows.understanding import Meaning
from integrations.models.base import ModelUnavailable
from workers.commit import Commit
from workers.seen import Seen, Tools, write_all
from workers.store import inbox, runs
from workers.store.conversations import Claimed
from workers.store.outbox import Message
from workers.store.runs import Stored

FRESH = 3600.0  # seconds since it moved: people have an older one no longer in mind
ALONE = ("unknown", "value", "route", "yes", "no", "cancel", "repeat", "restart")
ANSWERS = ("cancel", "repeat", "restart")
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
    commit = Commit()
    if len(found) == 1 and await _understood(tools, claimed, seen, found[0], act.text, meaning, read):
        [stored] = found
        commit.messages.append(_said(turn, f"I take that for your open /{stored.run.flow}, in its thread."))
        there = replace(turn, id=TurnId(f"{turn.id}:there"), place=stored.place, wants_answer=False)
        async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
            await write_all(tools, c, claimed, seen, commit)
            await inbox.add_turn(c, claimed.tenant, stored.conversation, str(there.id), there)
        tools.wake()
        return commit
    if meaning.intent not in ("yes", "no", *ANSWERS):
        return None
    commit.messages.append(_said(turn, THERE))
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def _understood(
    tools: Tools, claimed: Claimed, seen: Seen, stored: Stored, text: str, alone: Meaning, read: Reads
) -> bool:
    """Whether the step that waits there would take it up, and not merely ask again. `alone`: what it
    means without it."""
    flow = await tools.library.flow(tools.db, claimed.tenant, stored.run.flow, stored.run.flow_version)
    if flow is None:
        return False
    try:
        found = await read(tools, text, replace(seen, stored=stored, flow=flow), stored, flow)
    except ModelUnavailable:
        return False
    # Whatever is said fits where words are asked for: there it must mean nothing else.
    fits = any(each.known for each in found.changes) or (bool(found.values) and not alone.route)
    return found.intent in ANSWERS or (found.intent == "value" and fits)


def _said(turn: Turn, text: str) -> Message:
    return Message(f"say:{turn.id}", "post", turn.place, Reply(text))
