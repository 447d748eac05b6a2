"""A listener of somebody's own, beside the whole bot: it hears what people say, once, and speaks."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from types import ModuleType
from typing import Any

import pytest

from bot.embedded import private
from tests.stack import running


async def test_a_mention_reaches_a_listener_once_on_each_platform(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botbuilder.core import ActivityHandler

    heard: Counter[str] = Counter()

    class Also(ActivityHandler):  # type: ignore[misc]  # botbuilder is untyped
        async def on_message_activity(self, turn_context: Any) -> None:
            heard["teams"] += 1

    def register(slack: Any, teams: Any) -> None:
        @slack.event("app_mention")  # type: ignore[untyped-decorator]
        async def also(event: Any, say: Any) -> None:
            heard["slack"] += 1
            await say("Filed by an extension.", thread_ts=event["ts"])

        teams.extend(Also)

    module = ModuleType("extension_of_a_test")
    module.register = register  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "extension_of_a_test", module)
    folder = tmp_path_factory.mktemp("extended")
    with private() as servers:
        async with running(servers, folder, extensions="extension_of_a_test") as stack:
            slack, teams = stack.world.slack, stack.world.teams
            said = await slack.say("ada", "orders", "@Countersign order two margheritas and a cola")
            await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it")
            await slack.wait_for("Filed by an extension.", thread=said)
            said = await teams.say("ada", "Orders", "@Countersign order two colas")
            await teams.wait_for("Confirm your cart", thread=said)
            async with asyncio.timeout(10):
                while heard["teams"] < 1:
                    await asyncio.sleep(0.02)
            rows = await stack.fetch(
                "select source from inbox where kind = 'turn' and source in ('slack', 'teams')"
                " and convert_from(payload, 'utf8') like '%order two%'"
            )

    # As Slack sends it, twice; as it is stored, once; and so it is heard.
    assert sorted(row["source"] for row in rows) == ["slack", "teams"]
    assert heard == {"slack": 1, "teams": 1}
