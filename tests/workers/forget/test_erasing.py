"""Somebody with rows in every table is forgotten: nothing is found, and nobody else loses a byte."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest_asyncio

from tests.conftest import SECRET
from tests.workers.forget.planted import CANARY, Planted, plant
from workers.forget import receipt
from workers.forget.broker import Cache
from workers.forget.erasing import Eraser
from workers.forget.steps import World
from workers.store import forgetting
from workers.store.door import Database

SIGNER = receipt.signer(SECRET)


def eraser(db: Database, days: int = 0) -> Eraser:
    return Eraser(db, World(SIGNER, {}, days), Cache(""), rest=0)


async def forgotten(planted: Planted, days: int = 0, **more: Any) -> receipt.Receipt:
    async with planted.db.tenant(planted.tenant) as c:
        row = await forgetting.ask(
            c, planted.tenant, receipt.new_id(), planted.person, "test", block=more.get("block", False)
        )
    found = await eraser(planted.db, days).finish(planted.tenant, row.id, 60)
    assert found is not None
    return found


@pytest_asyncio.fixture
async def planted(db: Database, tenant: UUID) -> Planted:
    return await plant(db, tenant)


async def test_the_canary_stands_in_every_table_that_knows_a_person(planted: Planted) -> None:
    found = {name.partition(".")[0] for name in await planted.holding(CANARY)}
    assert len(found) >= 35


async def test_nothing_of_a_person_is_found_afterwards_in_any_column(planted: Planted) -> None:
    done = await forgotten(planted)
    assert done.done
    assert ", ".join(await planted.holding(CANARY)) == ""


async def test_the_colleague_loses_not_a_byte(planted: Planted) -> None:
    before = await planted.colleague()
    await forgotten(planted)
    assert await planted.colleague() == before
