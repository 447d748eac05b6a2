"""Door and client together, against the workbench's Teams: the whole way there and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.platforms.base import HttpAnswer
from bot.platforms.teams import connect, door
from bot.platforms.teams.client import TeamsClient
from bot.reply import Ask, Button, Buttons, Facts, Heading, Lines, Paragraph, Reply, Style, Tone
from bot.turn import Installed, Pressed, Said, Turn
from bot.workbench.driver import LocalWorld, stand_ins

APPROVAL = Reply(
    "Ada asks to charge 50.00 usd.",
    (
        Heading("Approve this charge?"),
        Facts((("Asked by", "Ada Reyes"), ("Amount", "50.00 usd"))),
        Lines((("2 × Margherita", "38.00 usd"), ("1 × Cola", "12.00 usd"))),
        Ask("reason", "Reason"),
        Buttons((Button("Approve", "approve", "ap-1", Style.PRIMARY), Button("Reject", "reject", "ap-1"))),
    ),
)


class SmallBot:
    """Answers words with the approval, and the press with who it was."""

    def __init__(self, world: LocalWorld, session: aiohttp.ClientSession) -> None:
        settings = world.settings()
        self.door = door(settings)
        self.client: TeamsClient = connect(settings, session)
        self.turns: list[Turn] = []

    async def receive(self, request: web.Request) -> web.Response:
        payload = await self.door.verify(request.headers, await request.read())
        turn = self.door.to_turn(payload)
        if not isinstance(turn, Turn):
            return web.Response()
        self.turns.append(turn)
        self.client.saw(turn.place)
        answer = await self.act(turn)
        return (
            web.json_response(answer.body) if answer.body is not None else web.Response(status=answer.status)
        )

    async def act(self, turn: Turn) -> HttpAnswer:
        match turn.act:
            case Said():
                await self.client.post(turn.place, APPROVAL, marker=str(turn.id))
            case Pressed(message=card) as press if card is not None:
                person = await self.client.profile(turn.account, turn.place)
                decided = Reply("Decided.", (Paragraph(f"{press.action} by {person.email}", Tone.GOOD),))
                await self.client.update(turn.place, card.id, decided, marker="")
                await self.client.whisper(
                    turn.place, turn.account, Reply(f"Noted: {press.answers['reason']}")
                )
                return self.door.answer(turn, decided)
            case Installed():
                place = await self.client.direct(turn.account)
                assert place == turn.place
                await self.client.post(place, Reply("Hello, I am Countersign."), marker=str(turn.id))
            case _:
                pass
        return self.door.answer(turn, None)


@asynccontextmanager
async def a_small_bot(tmp_path: Path) -> AsyncIterator[tuple[LocalWorld, SmallBot]]:
    async with stand_ins(tmp_path) as world, aiohttp.ClientSession() as session:
        bot = SmallBot(world, session)
        app = web.Application()
        app.router.add_post("/api/messages", bot.receive)
        async with TestServer(app) as server:
            world.bot_url = str(server.make_url("")).rstrip("/")
            yield world, bot


@pytest.mark.parametrize("chat", ["orders", "lunch club", "personal"])
async def test_a_card_is_posted_pressed_answered_and_updated(tmp_path: Path, chat: str) -> None:
    async with a_small_bot(tmp_path) as (world, bot):
        said = await world.teams.say("ada", chat, "@Countersign order two margheritas")
        card = await world.teams.wait_for(button="Approve", chat=chat, who="ada")
        await world.teams.press("ada", card, "Approve", reason="fine")
        await world.teams.wait_until(card, "approve by ada@example.com")
        await world.teams.wait_for("Noted: fine", who="ada")

    assert isinstance(bot.turns[0].act, Said)
    assert bot.turns[0].act.text == "order two margheritas"
    assert bot.turns[0].place.private == (chat == "personal")
    assert bot.turns[1].place.conversation == bot.turns[0].place.conversation
    assert said.thread == card.thread or chat != "orders"


async def test_an_install_is_told_twice_with_one_id_and_greeted_in_the_private_chat(tmp_path: Path) -> None:
    async with a_small_bot(tmp_path) as (world, bot):
        await world.teams.install("grace")
        first = await world.teams.wait_for("Hello", chat="personal", who="grace")
        await world.teams.wait_for("Hello", chat="personal", who="grace", after=first)

    assert [turn.act for turn in bot.turns] == [Installed(), Installed()]
    assert len({turn.id for turn in bot.turns}) == 1


async def test_old_clients_press_too(tmp_path: Path) -> None:
    async with a_small_bot(tmp_path) as (world, bot):
        await world.teams.say("ada", "orders", "@Countersign order two margheritas")
        card = await world.teams.wait_for(button="Approve", chat="orders")
        data: dict[str, Any] = {"action": "approve", "value": "ap-1", "reason": "old"}
        await world.teams.press_raw("grace", card, kind="submit", data=data)
        await world.teams.wait_until(card, "approve by grace@example.com")

    assert not bot.turns[-1].wants_answer
