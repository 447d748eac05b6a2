"""Every copy of an approval's card. Whatever changes a card goes through here, so that all show the same.

The copies are messages of the run's conversation: there their order is kept, whoever pressed where.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from bot.reply import Reply
from bot.turn import Account, MessageRef, Place
from workers import cards
from workers.approvers import words
from workers.approvers.situation import Known
from workers.commit import Commit
from workers.store import codec, homes
from workers.store.approvals import Approval
from workers.store.door import Connection
from workers.store.outbox import Message


@dataclass(frozen=True, slots=True)
class Copy:
    """`account`: whose it is, of one in private. `external`: as the platform knows it, once it is there."""

    id: str
    place: Place
    account: Account | None
    external: str | None


async def show(
    c: Connection,
    tenant: UUID,
    commit: Commit,
    approval: Approval,
    card: Reply,
    mark: str,
    pressed: MessageRef | None = None,
) -> None:
    """Every copy becomes this card, the one that was pressed first.

    `mark` names this change of this card, in letters, digits and underscores: shown once, however
    often it is asked for.
    """
    for copy in _first(await there(c, tenant, approval.id), pressed):
        commit.messages.append(Message(f"{copy.id}:{mark}", "update", copy.place, card, target=copy.id))
    await homes.news(c, tenant)


async def redraw(
    c: Connection, tenant: UUID, commit: Commit, approval: Approval, known: Known, mark: str
) -> None:
    """What is open still, with its buttons: who has agreed and who must still."""
    drawn = cards.asking(approval.card, approval.id, words.standing(known))
    await show(c, tenant, commit, approval, drawn, mark)


async def there(c: Connection, tenant: UUID, approval: str) -> list[Copy]:
    """Those that arrived, or may arrive still."""
    rows = await c.fetch(
        "select o.id, o.place, o.account, o.external_id from approval_cards k join outbox o"
        " on o.tenant_id = k.tenant_id and o.id = k.outbox_id"
        " where k.tenant_id = $1 and k.approval_id = $2 and o.state in ('queued', 'sending', 'sent')"
        " order by o.seq",
        tenant,
        approval,
    )
    return [
        Copy(
            row["id"],
            codec.loads(row["place"]),
            codec.loads(row["account"]) if row["account"] else None,
            row["external_id"],
        )
        for row in rows
    ]


def _first(found: list[Copy], pressed: MessageRef | None) -> list[Copy]:
    """Whoever pressed looks at that one."""
    if pressed is None:
        return found
    at = (pressed.channel, pressed.id)
    return sorted(found, key=lambda each: (each.place.channel, each.external) != at)
