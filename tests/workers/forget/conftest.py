"""Somebody with a row in every table."""

from __future__ import annotations

from uuid import UUID

import pytest
import pytest_asyncio

from tests.workers.forget.planted import Planted, plant
from workers.store.door import Database


@pytest.fixture
def only_here(tenant: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who goes through all tenants finds this one: others' made-up rows are about nobody."""

    async def every(_db: Database) -> list[tuple[UUID, str]]:
        return [(tenant, "here")]

    monkeypatch.setattr("workers.forget.keeper.tenants.every", every)


@pytest_asyncio.fixture
async def planted(db: Database, tenant: UUID) -> Planted:
    return await plant(db, tenant)
