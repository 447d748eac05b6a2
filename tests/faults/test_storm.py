"""Half a minute of everything dying at random: nothing lost, nothing doubled, nothing out of order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.embedded import private
from tests.faults.storm import storm

pytestmark = pytest.mark.processes


async def test_thirty_seconds_of_kill_9_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    with private() as servers:
        done = await storm(servers, tmp_path, 30)

    print(json.dumps(done.report))
    assert done.found == []
    assert done.report["kills"]["all"] >= 30
    assert done.report["events"] >= 50
    assert done.report["copies"] > 0
    assert done.report["tried_again"]["effects"] + done.report["tried_again"]["messages"] > 0


@pytest.mark.twin
async def test_without_look_ups_and_keys_the_same_storm_is_found_to_double_things(tmp_path: Path) -> None:
    with private() as servers:
        done = await storm(servers, tmp_path, 9, unsafe=True)

    print(json.dumps(done.report))
    assert done.report["doubles"] > 0
