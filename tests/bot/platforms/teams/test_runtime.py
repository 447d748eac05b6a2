"""Handlers of those who extend the bot run behind the inbox."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from botbuilder.core import ActivityHandler, TurnContext

from bot.platforms.teams.runtime import Runtime
from bot.settings import Settings
from tests.bot.platforms.teams.botbuilder_stand import (
    Cards,
    Echo,
    Everything,
    press,
)
from tests.bot.platforms.teams.stand import (
    message,
)


async def test_a_registered_handler_gets_stored_activities(world: Everything, runtime: Runtime) -> None:
    runtime.extend(Echo)

    assert await runtime.dispatch(world.message()) is None
    assert world.connector.calls[-1].body["text"] == "pong"


async def test_a_handler_answers_an_invoke(world: Everything, runtime: Runtime) -> None:
    runtime.extend(Cards)
    answer = await runtime.dispatch(press(world))

    assert answer is not None
    assert answer.body["value"] == {"type": "AdaptiveCard"}


async def test_a_handler_that_fails_stops_nobody_else(world: Everything, runtime: Runtime) -> None:
    class Broken(ActivityHandler):  # type: ignore[misc]
        async def on_message_activity(self, turn_context: TurnContext) -> None:
            raise RuntimeError("oh")

    runtime.extend(Broken)
    runtime.extend(Echo)
    await runtime.dispatch(world.message())

    assert world.connector.calls[-1].body["text"] == "pong"


async def test_a_handler_that_hangs_is_given_up(
    world: Everything, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Endless(ActivityHandler):  # type: ignore[misc]
        async def on_message_activity(self, turn_context: TurnContext) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr("bot.platforms.teams.runtime.DEADLINE", 0.05)
    runtime.extend(Endless)

    assert await runtime.dispatch(world.message()) is None


async def test_an_address_that_is_not_teams_gets_no_token(world: Everything, runtime: Runtime) -> None:
    runtime.extend(Echo)
    await runtime.dispatch(message(serviceUrl="https://evil.example/"))

    assert (world.connector.logins, world.connector.calls) == (0, [])


def test_the_door_and_the_client_import_no_botbuilder() -> None:
    script = (
        "import sys, bot.platforms.teams as teams, bot.platforms.teams.client, bot.platforms.teams.runtime\n"
        "heavy = {'botbuilder', 'botframework', 'msrest', 'msal', 'requests'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_a_runtime_without_handlers_costs_nothing() -> None:
    found = Runtime(Settings(_env_file=None), None)  # type: ignore[arg-type]

    assert asyncio.run(found.dispatch(message())) is None
