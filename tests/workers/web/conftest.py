"""Ada writes on the web, in a tenant of her own."""

from __future__ import annotations

from uuid import UUID

import pytest
import pytest_asyncio

from bot.platforms.web import connect
from bot.platforms.web.base import Who
from bot.platforms.web.client import WebClient
from tests.workers.web.people import VAULT, Told, token
from workers.store.door import Database
from workers.web import WebDesk
from workers.web_keys import StoredKeys


@pytest.fixture
def hints() -> Told:
    return Told()


@pytest.fixture
def client(db: Database, hints: Told) -> WebClient:
    return connect(WebDesk(db, hints))


@pytest.fixture
def keys(db: Database) -> StoredKeys:
    return StoredKeys(db, VAULT)


@pytest_asyncio.fixture
async def ada(db: Database, tenant: UUID, keys: StoredKeys) -> Who:
    return await keys.who(await token(db, tenant, "ada@example.com"))
