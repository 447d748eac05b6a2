"""People, and what is remembered of them, for the tests of memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from bot.turn import Place
from integrations.models.embedding_offline import NAME, vector
from workers.knowledge.embedders import Embedders
from workers.memory import scope
from workers.memory.desk import Desk
from workers.memory.recent import Recent
from workers.store import memories
from workers.store.door import Database

PRIVATE = Place("slack", "T1", "D1", private=True)
ORDERS = Place("slack", "T1", "C1", "17.1")
OTHER = Place("slack", "T1", "C2", "17.2")
TEAMS = Place("teams", "T1", "19:a@thread;messageid=5")
TWO = {"items": [{"name": "Margherita", "quantity": 2, "options": []}]}


async def person(db: Database, tenant: UUID) -> UUID:
    async with db.tenant(tenant) as c:
        found: UUID = await c.fetchval(
            "insert into people (tenant_id, name, email) values ($1, 'Ada', $2) returning id",
            tenant,
            f"{uuid4().hex}@example.com",
        )
    return found


async def keep(
    db: Database,
    tenant: UUID,
    who: UUID,
    body: str,
    place: Place = ORDERS,
    *,
    flow: str = "order",
    outcome: str = "done",
    slots: Mapping[str, Any] = TWO,
    conversation: str = "",
    days: int = 30,
    embedded: bool = True,
) -> int | None:
    """One memory, with its vector unless that is still to come."""
    async with db.tenant(tenant) as c:
        made = scope.made_in(place)
        id = await memories.add(
            c, tenant, who, uuid4().hex, flow, outcome, body, slots,
            conversation or place.conversation, made, days,
        )  # fmt: skip
        if id is not None and embedded:
            await memories.add_vectors(c, tenant, NAME, [(id, vector(body))])
    return id


def desk(db: Database, embedders: Embedders | None = None, recent: Recent | None = None) -> Desk:
    return Desk(db, embedders or Embedders({}), recent, 30)
