"""Listeners of those who extend the bot: each stored event once, after ours, and in nobody's way."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import aiohttp
import orjson
import pytest

from bot.errors import ConfigurationError
from bot.platforms.base import Payload
from bot.platforms.slack import SlackDoor
from bot.platforms.slack.tokens import StaticToken
from bot.platforms.teams import TeamsDoor
from bot.settings import Settings
from tests.bot.platforms.slack.conftest import session, settings, shape, stand_in
from tests.bot.platforms.teams.botbuilder_stand import Echo, Everything
from tests.bot.platforms.teams.conftest import world
from tests.bot.platforms.teams.stand import activity, message
from workers import extensions
from workers.extensions import Extensions, as_heard, load
from workers.store.inbox import DELIVERY, EVENT, TURN, Row

__all__ = ["session", "settings", "shape", "stand_in", "world"]

Shape = Callable[[str], dict[str, Any]]
TENANT = uuid4()
ROOT = Path(__file__).resolve().parents[2]


def row(payload: Any, source: str = "slack", kind: str = TURN) -> Row:
    return Row(1, source, "d1", kind, orjson.dumps(payload), 1)


def doors() -> dict[str, Any]:
    return {"slack": SlackDoor(""), "teams": TeamsDoor(None, anonymous=True, sandbox=True)}


class Listener:
    def __init__(self) -> None:
        self.heard: list[Payload] = []
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.failure: Exception | None = None

    async def __call__(self, payload: Payload) -> None:
        self.heard.append(payload)
        self.begun.set()
        await self.go_on.wait()
        if self.failure:
            raise self.failure


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def heard(listener: Listener) -> Extensions:
    return Extensions(doors(), {"slack": listener, "teams": listener})


# ── What reaches a listener ──────────────────────────────────────────────────────────────


async def test_a_mention_reaches_it_once_per_stored_event(
    heard: Extensions, listener: Listener, shape: Shape
) -> None:
    heard.hear(TENANT, row(shape("app_mention")))
    heard.hear(TENANT, row(message(), "teams"))
    await heard.close()

    assert listener.heard == [shape("app_mention"), message()]


async def test_what_we_tell_ourselves_and_webhooks_do_not(
    heard: Extensions, listener: Listener, shape: Shape
) -> None:
    heard.hear(TENANT, row(shape("app_mention"), "us"))
    heard.hear(TENANT, row({"_": "events.Approved"}, "us", EVENT))
    heard.hear(TENANT, row({"id": "evt_1"}, "stripe", DELIVERY))
    heard.hear(TENANT, row({"id": "evt_1"}, "slack", DELIVERY))
    await heard.close()

    assert listener.heard == []


def test_a_mention_that_came_as_a_message_is_heard_as_a_mention(shape: Shape) -> None:
    twin = shape("mention_twin")
    turn: Any = SlackDoor("").to_turn(twin)

    assert twin["event"]["type"] == "message"
    assert as_heard(twin, turn)["event"]["type"] == "app_mention"
    assert as_heard(twin, turn)["event"]["text"] == twin["event"]["text"]


def test_a_follow_up_and_a_direct_message_stay_messages(shape: Shape) -> None:
    for name in ("thread_reply", "direct_message"):
        turn: Any = SlackDoor("").to_turn(shape(name))
        assert as_heard(shape(name), turn) == shape(name)


# ── In nobody's way ──────────────────────────────────────────────────────────────────────


async def test_to_hear_takes_no_time_however_slow_the_listener(
    heard: Extensions, listener: Listener, shape: Shape
) -> None:
    listener.go_on.clear()
    heard.hear(TENANT, row(shape("app_mention")))  # does not even await
    await listener.begun.wait()
    listener.go_on.set()
    await heard.close()

    assert len(listener.heard) == 1


async def test_one_that_fails_is_noted_without_what_it_said(
    heard: Extensions, listener: Listener, shape: Shape, capsys: pytest.CaptureFixture[str]
) -> None:
    listener.failure = RuntimeError("hunter2")
    heard.hear(TENANT, row(shape("app_mention")))
    await heard.close()

    said = capsys.readouterr().out
    assert "extensions.failed" in said
    assert "hunter2" not in said


async def test_a_listener_that_hangs_loses_its_own_events_and_holds_a_limit(
    heard: Extensions, listener: Listener, shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extensions, "AT_ONCE", 3)
    monkeypatch.setattr(extensions, "DRAIN", 0.05)
    listener.go_on.clear()
    for _ in range(10):
        heard.hear(TENANT, row(shape("app_mention")))
    await heard.close()

    assert len(listener.heard) == 3


@pytest.mark.twin
async def test_twin_without_the_limit_a_hanging_listener_piles_up(
    heard: Extensions, listener: Listener, shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extensions, "AT_ONCE", 10**9)
    monkeypatch.setattr(extensions, "DRAIN", 0.05)
    listener.go_on.clear()
    for _ in range(400):
        heard.hear(TENANT, row(shape("app_mention")))
    await heard.close()

    assert len(listener.heard) == 400


# ── Loading ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    made = ModuleType("of_a_test")
    monkeypatch.setitem(sys.modules, "of_a_test", made)
    return made


async def test_a_bolt_listener_hears_a_mention_and_speaks_where_it_came_from(
    module: ModuleType,
    settings: Settings,
    session: aiohttp.ClientSession,
    stand_in: Any,
    shape: Shape,
) -> None:
    heard: list[str] = []

    def register(slack: Any, teams: Any) -> None:
        assert teams is None

        @slack.event("app_mention")  # type: ignore[untyped-decorator]
        async def also(event: Any, say: Any) -> None:
            heard.append(event["text"])
            await say("Filed.", thread_ts=event["ts"])

    module.register = register  # type: ignore[attr-defined]
    given = settings.model_copy(update={"extensions": " of_a_test ,"})
    found = load(given, session, {"slack": SlackDoor("")}, StaticToken("xoxb-1-secret"))
    assert found is not None
    found.hear(TENANT, row(shape("app_mention")))
    await found.close()

    assert heard == [shape("app_mention")["event"]["text"]]
    assert stand_in.arguments("chat.postMessage")[0]["text"] == "Filed."


async def test_a_botbuilder_handler_hears_a_message_once_and_answers_it(
    module: ModuleType, world: Everything, session: aiohttp.ClientSession
) -> None:
    heard: list[str] = []

    class Also(Echo):
        async def on_message_activity(self, turn_context: Any) -> None:
            heard.append(turn_context.activity.text)
            await super().on_message_activity(turn_context)

    def register(slack: Any, teams: Any) -> None:
        assert slack is None
        teams.extend(Also)

    module.register = register  # type: ignore[attr-defined]
    given = world.settings.model_copy(update={"extensions": "of_a_test"})
    found = load(given, session, {"teams": doors()["teams"]}, None)
    assert found is not None
    found.hear(TENANT, row(world.message(), "teams"))
    found.hear(
        TENANT, row(activity("typing", serviceUrl=world.connector.url), "teams")
    )  # not what we would store
    await found.close()

    assert heard == ["ping"]
    assert [call.body["text"] for call in world.connector.calls] == ["pong"]


@pytest.mark.parametrize(
    ("name", "what"),
    [("no_such_module_here", "cannot be imported"), ("json", "no `def register"), ("of_a_test", "failed")],
)
async def test_a_module_that_cannot_be_used_is_named(
    module: ModuleType, settings: Settings, session: aiohttp.ClientSession, name: str, what: str
) -> None:
    def register(slack: Any, teams: Any) -> None:
        raise RuntimeError("hunter2")

    module.register = register  # type: ignore[attr-defined]
    given = settings.model_copy(update={"extensions": name})
    with pytest.raises(ConfigurationError, match=what) as caught:
        load(given, session, {"slack": SlackDoor("")}, StaticToken("xoxb-1"))
    assert name in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_unset_it_costs_nothing() -> None:
    script = (
        "import sys, workers.extensions as e; from bot.settings import Settings\n"
        "assert e.load(Settings(_env_file=None), None, {}, None) is None\n"
        "heavy = {'slack_bolt', 'botbuilder', 'slack_sdk'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=60)
