"""A tenant with a person, a conversation and a run in it, for what hangs on those."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio

from tests.workers.store.rows import seed
from workers.store import conversations
from workers.store.door import Database


@dataclass(frozen=True, slots=True)
class There:
    """What is there already. Its rows are of 2030 and due to nobody."""

    tenant: UUID
    conversation: str
    run: str
    person: UUID
    db: Database

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        async with self.db.tenant(self.tenant) as c:
            rows: list[Any] = await c.fetch(query, *arguments)
            return rows

    async def value(self, query: str, *arguments: Any) -> Any:
        return (await self.fetch(query, *arguments))[0][0]

    async def claimed(self, lease: float = 30.0) -> conversations.Claimed:
        """Its conversation, woken and claimed; whatever else is due is left to run out."""
        async with self.db.tenant(self.tenant) as c:
            await conversations.wake(c, self.tenant, self.conversation)
        found = await conversations.claim(self.db, "a test", lease, 100)
        [mine] = [each for each in found if each.tenant == self.tenant and each.key == self.conversation]
        return mine


@pytest_asyncio.fixture
async def there(db: Database, idle: None) -> There:
    tenant = uuid4()
    async with db.tenant(tenant) as c:
        rows = await seed(c, tenant)
        await c.execute("delete from approval_cards; delete from shadow_policies; delete from home_views")
        await c.execute("update timers set state = 'fired'; update outbox set state = 'sent'")
        await c.execute("update inbox set state = 1; update effects set state = 'done'")
        await c.execute("update conversations set lease_until = '-infinity', ready_at = 'infinity'")
    return There(tenant, rows["conversations"]["key"], rows["runs"]["id"], rows["people"]["id"], db)
