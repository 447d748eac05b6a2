"""The tenant of the settings' own credentials."""

from __future__ import annotations

import asyncio

from workers.installs import own_tenant
from workers.store import tenants
from workers.store.door import Database


async def test_many_first_starts_at_once_make_one_tenant(db: Database) -> None:
    made = await asyncio.gather(*(own_tenant(db) for _ in range(20)))

    assert len(set(made)) == 1
    assert [tenant for tenant, _ in await tenants.every(db)].count(made[0]) == 1
