"""Forgets whoever was planted."""

from __future__ import annotations

from typing import Any

from tests.conftest import SECRET
from tests.workers.forget.planted import Planted
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
