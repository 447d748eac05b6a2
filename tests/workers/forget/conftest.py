"""Somebody with a row in every table."""

from __future__ import annotations

from uuid import UUID

import pytest_asyncio

from tests.workers.forget.planted import Planted, plant
from workers.store.door import Database


@pytest_asyncio.fixture
async def planted(db: Database, tenant: UUID) -> Planted:
    return await plant(db, tenant)
