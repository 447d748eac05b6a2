"""“Looks good, go ahead”, typed where an approval waits: a card to press for whoever may, a word for others.

What is typed never decides. The card is the same approval with the same code, shown to that one person.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from bot.reply import Paragraph, Reply, Tone
from bot.turn import Pressed, Said, Turn
from flows.approval_quorum import Refused
from flows.consent import agrees
from workers import cards, handing
from workers.approvers import groups, press, words
from workers.approvers.situation import Known
from workers.commit import Commit
from workers.seen import Seen, Tools, tell, write_all
from workers.store import approvals
from workers.store.approvals import Approval
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.people import Person

ONLY_A_PRESS = "What is typed decides nothing. If you mean this, press the button:"
WHICH = (
    "More than one request waits here, and what is typed decides none. Press the button of the one you mean."
)
DECIDED = "This is decided already."


@dataclass(frozen=True, slots=True)
class Meant:
    """`approval` is empty where more than one could be meant. `ours`: it was said to us, so silence would be
    no answer: in the thread of the card, by our name, or in private. `alone`: nothing else points at it."""

    approval: str
    ours: bool
    alone: bool = False


async def meant(tools: Tools, claimed: Claimed, turn: Turn) -> Meant | None:
    """What a yes is about; None where it is no yes, or nothing waits here. Words are looked at first, so
    that whatever else is said costs nothing."""
    act = turn.act
    if not isinstance(act, Said) or not agrees(act.text):
        return None
    addressed = act.mentioned or turn.place.private
    async with tools.db.tenant(claimed.tenant) as c:
        here = await _waiting_here(c, claimed.tenant, turn)
        threaded = {id for id, roots in here.items() if turn.place.thread and turn.place.thread in roots}
        if len(threaded) == 1:
            return Meant(threaded.pop(), ours=True)
        asked = await _asked_here(c, claimed.tenant, claimed.key)
    if len(asked) == 1:
        return Meant(asked[0], ours=addressed)
    if not addressed or not here:
        return None
    return Meant(next(iter(here)) if len(here) == 1 else "", ours=True, alone=True)


async def _waiting_here(c: Connection, tenant: UUID, turn: Turn) -> dict[str, set[str]]:
    """Each approval with a copy in this channel or chat that waits, and the threads that its copies root."""
    rows = await c.fetch(
        "select a.id, o.external_id, o.thread from approvals a join approval_cards k"
        " on k.tenant_id = a.tenant_id and k.approval_id = a.id join outbox o"
        " on o.tenant_id = k.tenant_id and o.id = k.outbox_id and o.state = 'sent'"
        " where a.tenant_id = $1 and a.state = 'pending' and a.expires_at > now()"
        " and o.place->>'platform' = $2 and o.place->>'workspace' = $3 and o.place->>'channel' = $4",
        tenant,
        turn.place.platform,
        turn.place.workspace,
        turn.place.channel,
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["id"], set()).update({row["external_id"], row["thread"]} - {None})
    return found


async def _asked_here(c: Connection, tenant: UUID, conversation: str) -> list[str]:
    """Those that were asked for in this very thread."""
    rows = await c.fetch(
        "select id from approvals where tenant_id = $1 and state = 'pending' and conversation = $2"
        " and expires_at > now() limit 2",
        tenant,
        conversation,
    )
    return [row["id"] for row in rows]


async def offered(
    tools: Tools, claimed: Claimed, seen: Seen, turn: Turn, person: Person, found: Meant
) -> Commit | None:
    """None where it was meant otherwise: to a run of one's own, or to somebody whose matter one has."""
    assert isinstance(turn.act, Said)
    stored = seen.stored
    if stored is not None and stored.run.requester.id == str(person.id):
        return None
    if found.alone:
        passed = await handing.overheard(tools, claimed, seen, turn, person, turn.act.text)
        if passed is not None:
            return passed
    await groups.refresh(tools, claimed.tenant, seen.world.known.policy)
    commit = Commit()
    async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
        await answered(c, tools, claimed.tenant, commit, seen, turn, person, found)
        await write_all(tools, c, claimed, seen, commit)
    return commit


async def answered(
    c: Connection,
    tools: Tools,
    tenant: UUID,
    commit: Commit,
    seen: Seen,
    turn: Turn,
    person: Person,
    found: Meant,
) -> None:
    """To them alone. Whoever may not, and did not speak to us, hears nothing."""
    if not found.approval:
        tell(commit, turn, Reply(WHICH))
        return
    approval = await approvals.by_id(c, tenant, found.approval)
    if approval is None or not await approvals.is_open(c, approval):
        tell(commit, turn, Reply(DECIDED))
        return
    # Judged as if they had pressed, so that nobody is offered a button that refuses them.
    as_if = replace(turn, act=Pressed(cards.APPROVE, approval.id))
    policy = seen.world.known.policy
    judged, known = await press.judge(c, tenant, approval, as_if, person, policy, tools.rules)
    refused = isinstance(judged, Refused)
    commit.note("approval.typed", approval=approval.id, code=approval.code, by=str(person.id),
                entitled=not refused)  # fmt: skip
    if isinstance(judged, Refused):
        if found.ours:
            tell(commit, turn, Reply(judged.because))
        return
    tell(commit, turn, one_tap(approval, known, turn))


def one_tap(approval: Approval, known: Known, turn: Turn) -> Reply:
    """The same card with the same code. A mention rings where such a card is an ordinary message."""
    drawn = cards.asking(approval.card, approval.id, words.standing(known))
    mentions = (turn.account.user,) if turn.place.platform == "teams" else ()
    return Reply(f"{ONLY_A_PRESS} {approval.card.text}",
                 (Paragraph(ONLY_A_PRESS, Tone.STRONG), *drawn.blocks), mentions)  # fmt: skip
