"""The stand-in model server, where a test asks for it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from model_server import ModelServer, running


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with running() as started:
        yield started
