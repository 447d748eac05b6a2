"""The requester's own message about what waits: who has to agree, and a button to take it back."""

from __future__ import annotations

from uuid import UUID

from bot.reply import Button, Buttons, Paragraph, Reply, Tone
from bot.text import for_card
from bot.turn import Place
from workers.store import outbox
from workers.store.approvals import Approval
from workers.store.door import Connection
from workers.store.outbox import Message

WITHDRAW = "approval.withdraw"
SETTLED = {
    "approved": "Approved.",
    "rejected": "Rejected.",
    "expired": "Nobody decided before the time was over. That is no rejection.",
    "withdrawn": "Taken back.",
    "changed": "Changed by somebody who may decide it; see below.",
}


def waiting(approval: Approval, place: Place, whom: str) -> Message:
    """Posted where it was asked for."""
    text = f"I have asked {for_card(whom)}. Until somebody has decided, you can take it back."
    blocks = (Paragraph(text, Tone.SUBTLE), Buttons((Button("Withdraw", WITHDRAW, approval.id),)))
    return Message(_id(approval), "post", place, Reply(text, blocks))


async def settled(c: Connection, tenant: UUID, approval: Approval, state: str) -> list[Message]:
    """Without its button. Nothing where there is no such message, as for what was asked before."""
    if state not in SETTLED:
        return []
    there = await outbox.places(c, tenant, [_id(approval)])
    return [
        Message(f"{id}:{state}", "update", place, Reply(SETTLED[state]), target=id) for id, place in there
    ]


def _id(approval: Approval) -> str:
    return f"{approval.id}:asker"
