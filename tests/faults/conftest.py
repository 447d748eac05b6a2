"""One set of processes for all these tests; whatever dies is started again."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.embedded import private
from tests.faults.invariants import problems
from tests.faults.rig import Rig, running_rig

MEMBERS = ("front1", "front2", "engine1", "engine2", "worker1", "worker2")


@pytest.fixture(scope="session", autouse=True)
def _linux() -> None:
    if sys.platform != "linux":
        pytest.skip(
            "who is frozen is read from /proc, and who outlives its parent is told by prctl: Linux only"
        )


@pytest_asyncio.fixture(scope="session")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """Two of each, with leases of less than a second."""
    with private() as servers:
        async with running_rig(servers, tmp_path_factory.mktemp("rig"), MEMBERS) as rig:
            yield rig


@pytest_asyncio.fixture
async def rig(whole: Rig) -> AsyncIterator[Rig]:
    """Quiet before and after, with no fault waiting."""
    whole.disarm()
    whole.calm()
    await whole.ready()
    whole.known = set(await problems(whole))
    yield whole
    whole.disarm()
    whole.calm()
