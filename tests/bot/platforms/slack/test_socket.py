"""Socket Mode against a small Slack with a real websocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.errors import ConfigurationError
from bot.platforms.base import HttpAnswer, Payload
from bot.platforms.slack import SlackDoor
from bot.platforms.slack.socket import SocketMode
from bot.settings import Settings

Shape = Callable[[str], dict[str, Any]]


class Inbox:
    def __init__(self) -> None:
        self.stored: asyncio.Queue[Payload] = asyncio.Queue()
        self.open = asyncio.Event()
        self.open.set()
        self.answer: HttpAnswer | None = None
        self.failure: Exception | None = None

    async def store(self, payload: Payload) -> HttpAnswer | None:
        await self.stored.put(payload)
        await self.open.wait()
        if self.failure is not None:
            raise self.failure
        return self.answer


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def connected(
    settings: Settings, session: aiohttp.ClientSession, stand_in: Any, inbox: Inbox
) -> Callable[[], Any]:
    stand_in.answers["apps.connections.open"] = {
        "ok": True,
        "url": stand_in.url.replace("http", "ws") + "/link",
    }

    @asynccontextmanager
    async def connect() -> AsyncIterator[Any]:
        socket = SocketMode(settings, session, SlackDoor(""), inbox.store, connections=1, first_pause=0.01)
        running = asyncio.create_task(socket.run())
        try:
            yield await soon(stand_in.sockets.get())
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    return connect


async def soon(waited: Awaitable[Any]) -> Any:
    async with asyncio.timeout(5):
        return await waited


def envelope(payload: Any, name: str = "e1", **more: Any) -> dict[str, Any]:
    return {"envelope_id": name, "type": "events_api", "payload": payload} | more


async def test_an_event_is_acknowledged_once_it_is_stored_and_not_before(
    connected: Any, stand_in: Any, inbox: Inbox, shape: Shape
) -> None:
    inbox.open.clear()
    async with connected() as slack:
        await slack.send_json(envelope(shape("app_mention")))
        assert await soon(inbox.stored.get()) == shape("app_mention")
        assert stand_in.heard.empty()
        inbox.open.set()
        assert await soon(stand_in.heard.get()) == {"envelope_id": "e1"}


async def test_what_could_not_be_stored_is_not_acknowledged(
    connected: Any, stand_in: Any, inbox: Inbox, shape: Shape
) -> None:
    inbox.failure = RuntimeError("no database")
    async with connected() as slack:
        await slack.send_json(envelope(shape("app_mention")))
        await soon(inbox.stored.get())
        inbox.failure = None
        await slack.send_json(envelope(shape("thread_reply"), "e2"))
        assert await soon(stand_in.heard.get()) == {"envelope_id": "e2"}


async def test_what_is_not_for_us_is_acknowledged_and_not_stored(
    connected: Any, stand_in: Any, inbox: Inbox, shape: Shape
) -> None:
    async with connected() as slack:
        for name in ("chatter", "reaction", "rate_limited"):
            await slack.send_json(envelope(shape(name), name))
            assert await soon(stand_in.heard.get()) == {"envelope_id": name}
    assert inbox.stored.empty()


async def test_a_form_gets_its_answer_in_the_acknowledgement(
    connected: Any, stand_in: Any, inbox: Inbox, shape: Shape
) -> None:
    inbox.answer = HttpAnswer(body={"response_action": "clear"})
    sent = envelope(shape("submitted"), type="interactive", accepts_response_payload=True)
    async with connected() as slack:
        await slack.send_json(sent)
        assert await soon(stand_in.heard.get()) == {
            "envelope_id": "e1",
            "payload": {"response_action": "clear"},
        }


@pytest.mark.parametrize("noise", ["not json", "[]", '{"a":1,"a":2}', '{"a":' + "[" * 90 + "]" * 90 + "}"])
async def test_noise_is_passed_over_and_the_next_event_is_heard(
    connected: Any, stand_in: Any, inbox: Inbox, shape: Shape, noise: str
) -> None:
    async with connected() as slack:
        await slack.send_str(noise)
        await slack.send_json(envelope({"type": "block_actions"}, "broken"))
        assert await soon(stand_in.heard.get()) == {"envelope_id": "broken"}
        await slack.send_json(envelope(shape("command")))
        assert await soon(stand_in.heard.get()) == {"envelope_id": "e1"}


async def test_told_to_disconnect_it_finishes_what_it_began_and_connects_again(
    connected: Any, stand_in: Any, inbox: Inbox, shape: Shape
) -> None:
    inbox.open.clear()
    async with connected() as slack:
        await slack.send_json(envelope(shape("app_mention")))
        await soon(inbox.stored.get())
        await slack.send_json({"type": "disconnect", "reason": "refresh_requested"})
        inbox.open.set()
        assert await soon(stand_in.heard.get()) == {"envelope_id": "e1"}
        again = await soon(stand_in.sockets.get())
        await again.send_json(envelope(shape("thread_reply"), "e2"))
        assert await soon(stand_in.heard.get()) == {"envelope_id": "e2"}


async def test_a_lost_connection_is_made_again(connected: Any, stand_in: Any, shape: Shape) -> None:
    async with connected() as slack:
        await slack.close()
        again = await soon(stand_in.sockets.get())
        await again.send_json(envelope(shape("app_mention")))
        assert await soon(stand_in.heard.get()) == {"envelope_id": "e1"}


async def test_slack_out_of_order_for_a_while_is_waited_for(
    connected: Any, stand_in: Any, shape: Shape
) -> None:
    address = stand_in.answers["apps.connections.open"]
    stand_in.answers["apps.connections.open"] = [
        {"ok": False, "error": "internal_error"},
        {"ok": True},
        address,
    ]
    async with connected() as slack:
        await slack.send_json(envelope(shape("app_mention")))
        assert await soon(stand_in.heard.get()) == {"envelope_id": "e1"}


async def test_a_refused_app_token_is_said_and_not_tried_forever(
    settings: Settings, session: aiohttp.ClientSession, stand_in: Any, inbox: Inbox
) -> None:
    stand_in.answers["apps.connections.open"] = {"ok": False, "error": "invalid_auth"}
    socket = SocketMode(settings, session, SlackDoor(""), inbox.store)
    with pytest.raises(ConfigurationError, match="SLACK_APP_TOKEN") as caught:
        await soon(socket.run())
    assert "xapp-1" not in str(caught.value)


def test_an_unencrypted_address_is_taken_from_the_sandbox_only(
    settings: Settings, session: aiohttp.ClientSession, inbox: Inbox
) -> None:
    real = Settings(_env_file=None, slack_app_token="xapp-1")
    for found, url, safe in (
        (real, "wss://wss-primary.slack.com/link?ticket=1", True),
        (real, "ws://wss-primary.slack.com/link", False),
        (real, "ws://127.0.0.1/link", False),
        (real, "https://slack.com/link", False),
        (settings, "ws://127.0.0.1/link", True),
        (settings, "ws://elsewhere.example/link", False),
    ):
        socket = SocketMode(found, session, SlackDoor(""), inbox.store)
        assert socket._is_safe(url) is safe


@pytest.mark.twin
async def test_twin_without_the_address_check_events_would_travel_unencrypted(
    session: aiohttp.ClientSession, stand_in: Any, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    socket = SocketMode(
        Settings(_env_file=None, slack_app_token="xapp-1"), session, SlackDoor(""), inbox.store
    )
    socket._web.base_url = f"{stand_in.url}/api/"
    stand_in.answers["apps.connections.open"] = {"ok": True, "url": "ws://elsewhere.example/link"}
    monkeypatch.setattr(socket, "_is_safe", lambda url: True)
    assert await socket._address() == "ws://elsewhere.example/link"


@pytest.mark.twin
async def test_twin_that_acknowledges_first_loses_what_is_not_stored(
    connected: Any, stand_in: Any, inbox: Inbox, shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(self: SocketMode, message: Any) -> None:
        return None

    monkeypatch.setattr(SocketMode, "_stored", at_once)
    inbox.failure = RuntimeError("no database")
    async with connected() as slack:
        await slack.send_json(envelope(shape("app_mention")))
        assert await soon(stand_in.heard.get()) == {"envelope_id": "e1"}
    assert inbox.stored.empty()
