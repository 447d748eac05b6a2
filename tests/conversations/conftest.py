"""One bot for all conversations of a test process; each conversation has a thread of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.embedded import private
from tests.stack import Stack, running


@pytest_asyncio.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    with private() as servers:
        async with running(servers, tmp_path_factory.mktemp("bot")) as stack:
            yield stack
