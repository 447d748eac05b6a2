"""What one person alone sees and presses is answered in its place, at Slack's address for that only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import net
from bot.errors import PlatformError
from bot.platforms.base import Replaces
from bot.platforms.slack import instead
from bot.platforms.slack.client import SlackClient
from bot.platforms.slack.inbound import to_turn
from bot.platforms.slack.tokens import StaticToken
from bot.reply import Reply
from bot.turn import Account, Place, Pressed, Turn
from tests.bot.platforms.slack.conftest import Shape

PLACE = Place("slack", "T0ACME", "C0ORDERS", "1.000100")
ADA = Account("slack", "T0ACME", "U0ADA")
OURS = "https://hooks.slack.com/actions/T0ACME/1/x"


@dataclass
class Hooks:
    """Takes what comes to a response_url, and what comes to the Web API."""

    url: str = ""
    status: int = 200
    came: list[dict[str, Any]] = field(default_factory=list)
    whispered: list[str] = field(default_factory=list)

    async def hook(self, request: web.Request) -> web.Response:
        self.came.append(orjson.loads(await request.read()))
        return web.Response(status=self.status, text="ok")

    async def whisper(self, request: web.Request) -> web.Response:
        self.whispered.append(request.match_info["method"])
        return web.json_response({"ok": True, "message_ts": "1.2"})


@pytest_asyncio.fixture
async def hooks() -> AsyncIterator[tuple[Hooks, SlackClient]]:
    held = Hooks()
    app = web.Application()
    app.router.add_post("/hooks/{token}", held.hook)
    app.router.add_post("/api/{method}", held.whisper)
    async with TestServer(app) as server, net.session(allow_loopback=True) as session:
        held.url = str(server.make_url("/hooks/t1"))
        client = instead_client(str(server.make_url("/api/")), session)
        yield held, client


def instead_client(url: str, session: aiohttp.ClientSession) -> SlackClient:
    from bot.platforms.slack.call import web_client

    return SlackClient(web_client(url, session), StaticToken("xoxb-1-secret"))


def test_only_a_press_on_what_one_person_sees_brings_the_address(shape: Shape) -> None:
    hidden, open_ = to_turn(shape("pressed_ephemeral")), to_turn(shape("pressed"))
    assert isinstance(hidden, Turn)
    assert isinstance(open_, Turn)
    assert isinstance(hidden.act, Pressed)
    assert isinstance(open_.act, Pressed)
    assert (hidden.act.instead, open_.act.instead) == (OURS, "")


@pytest.mark.parametrize("address", ["x" * 501, 7, None])
def test_an_address_of_no_known_shape_is_none(shape: Shape, address: Any) -> None:
    turn = to_turn(shape("pressed_ephemeral") | {"response_url": address})
    assert isinstance(turn, Turn)
    assert isinstance(turn.act, Pressed)
    assert turn.act.instead == ""


async def test_the_answer_takes_the_place_of_what_was_pressed(hooks: tuple[Hooks, SlackClient]) -> None:
    held, client = hooks
    assert isinstance(client, Replaces)
    await client.whisper_instead(PLACE, ADA, Reply("Approved by <!channel>."), instead=held.url)

    [came] = held.came
    assert came["replace_original"] is True
    assert "<!channel>" not in came["text"]
    assert held.whispered == []


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_where_it_is_too_late_for_that_it_is_whispered(
    hooks: tuple[Hooks, SlackClient], status: int
) -> None:
    held, client = hooks
    held.status = status
    await client.whisper_instead(PLACE, ADA, Reply("Approved."), instead=held.url)
    assert held.whispered == ["chat.postEphemeral"]


ELSEWHERE = [
    "https://evil.example/actions/T0ACME/1/x",
    "https://hooks.slack.com.evil.example/x",
    "https://hooks.slack.com@evil.example/x",
    "http://169.254.169.254/latest/meta-data",
    "file:///etc/passwd",
    "not an address",
]


@pytest.mark.parametrize("address", ELSEWHERE)
async def test_an_address_of_somebody_else_hears_nothing(
    hooks: tuple[Hooks, SlackClient], address: str
) -> None:
    held, client = hooks
    with pytest.raises(PlatformError, match="not its own"):
        await instead.respond(client._web, address, {"text": "x"})
    await client.whisper_instead(PLACE, ADA, Reply("Approved."), instead=address)
    assert held.whispered == ["chat.postEphemeral"]


@pytest.mark.parametrize("url", ["https://slack.com/api/"])
async def test_beside_the_real_slack_this_machine_is_somebody_else_too(
    hooks: tuple[Hooks, SlackClient], url: str
) -> None:
    held, _ = hooks
    async with net.session(allow_loopback=True) as session:
        client = instead_client(url, session)
        with pytest.raises(PlatformError, match="not its own"):
            await instead.respond(client._web, held.url, {"text": "x"})
    assert held.came == []


@pytest.mark.twin
async def test_twin_without_the_check_of_the_host_this_machine_would_hear_it(
    hooks: tuple[Hooks, SlackClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    held, _ = hooks
    monkeypatch.setattr(instead, "check_host", lambda address, hosts, **_: address)
    async with net.session(allow_loopback=True) as session:
        await instead.respond(instead_client("https://slack.com/api/", session)._web, held.url, {"text": "x"})
    assert len(held.came) == 1
