"""Holds an approval for whoever wants something of it: locked in the one order, and only where they may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from bot.reply import Reply
from bot.turn import Turn
from flows.approval_quorum import Counted, Refused
from workers import cards
from workers.approvers import ending, press, words
from workers.approvers.situation import Known
from workers.commit import Commit
from workers.known import World
from workers.seen import Seen, Tools
from workers.store import approvals, conversations
from workers.store.approvals import Approval
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.people import Person

UNKNOWN = "I do not know this request any more, so this changes nothing."


@dataclass(frozen=True, slots=True)
class Held:
    """An open approval that this person may have a say in."""

    approval: Approval
    known: Known
    judged: Counted


@asynccontextmanager
async def turn_of(tools: Tools, claimed: Claimed, id: str) -> AsyncIterator[Connection]:
    """The transaction of a turn about an approval: both conversations first, then whatever else, so that
    two who act crosswise never wait for each other."""
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        found = await ending.where_it_waits(c, claimed.tenant, id)
        if found and found != claimed.key:
            await conversations.lock(c, claimed.tenant, sorted({found, claimed.key}))
        yield c


@asynccontextmanager
async def attempt(c: Connection) -> AsyncIterator[None]:
    """What is written inside is taken back where it raises; what was written before stays."""
    await c.execute("savepoint attempt")
    try:
        yield
    except BaseException:
        await c.execute("rollback to savepoint attempt")
        raise
    await c.execute("release savepoint attempt")


async def held(
    c: Connection,
    tools: Tools,
    tenant: UUID,
    id: str,
    turn: Turn,
    person: Person,
    world: World,
    *,
    deciding: bool,
) -> Held | str:
    """Or why not. `deciding`: whoever could decide it right now; else whoever may at some stage."""
    approval = await approvals.by_id(c, tenant, id, lock=True)
    if approval is None:
        return UNKNOWN
    if not await approvals.is_open(c, approval):
        return await press.too_late(c, tenant, approval)
    policy = world.known.policy
    judged, known = await press.judge(
        c, tenant, approval, turn, person, policy, tools.rules, approving=deciding
    )
    return judged.because if isinstance(judged, Refused) else Held(approval, known, judged)


def show(commit: Commit, turn: Turn, seen: Seen, card: Reply) -> None:
    """The card stands where it was pressed; a form that stood apart from it just closes."""
    apart = turn.place.channel == turn.account.user
    if turn.wants_answer and not apart:
        commit.answer = card


def drawn(found: Held, known: Known | None = None) -> Reply:
    """The card with its buttons, as it is now."""
    known = known or found.known
    return cards.asking(found.approval.card, found.approval.id, words.standing(known))
