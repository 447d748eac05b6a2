"""What a batch hears of its requests: one of them came to an end, wherever that was."""

from __future__ import annotations

from uuid import UUID

from workers.commit import Commit
from workers.store import batches
from workers.store.approvals import Approval
from workers.store.door import Connection

REDRAW = "batch.redraw"


async def changed(c: Connection, tenant: UUID, commit: Commit, approval: Approval, state: str) -> None:
    """One of its requests came to an end, wherever that was: the card says so."""
    batch = await batches.batch_of(c, tenant, approval.id)
    if batch is not None:
        await redraw(c, tenant, commit, batch, f"{approval.id}:{state}")


async def redraw(c: Connection, tenant: UUID, commit: Commit, batch: str, mark: str) -> None:
    conversation = await batches.conversation(c, tenant, batch)
    if conversation is not None:
        version = await batches.changed(c, tenant, batch)
        event = {"_": REDRAW, "batch": batch, "version": version}
        commit.events.append((conversation, f"{batch}:{mark}", event))
