"""The bot's own doors and clients against the stand-ins: what one says, the other understands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

import bot.platforms.slack
import bot.platforms.slack.client
import bot.platforms.teams
from bot.errors import PlatformError
from bot.platforms.base import Client, Door
from bot.reply import Button, Buttons, Facts, Field, Form, Heading, Lines, Paragraph, Reply, Style, Tone
from bot.turn import Account, Ignored, Immediate, OpenedHome, Place, Pressed, Said, Shortcut, Submitted, Turn
from bot.workbench import cast
from bot.workbench.driver import LocalWorld, Refused

REPLY = Reply(
    text="Approve 27.00 USD for Ada Reyes?",
    blocks=(
        Heading("Approval"),
        Paragraph("Ada Reyes asks <!channel> *now* & then", Tone.STRONG),
        Facts((("For", "Ada Reyes"), ("Amount", "27.00 USD"))),
        Lines((("2 × Margherita", "18.00"), ("1 × Cola", "9.00"))),
        Buttons((Button("Approve", "approve", "a-1", Style.PRIMARY), Button("Reject", "reject", "a-1"))),
    ),
)
FORM = Form("reject", "a-1", "Reject", (Field("reason", "Why?", multiline=True),))


@dataclass
class Bot:
    """Verifies and translates everything that comes, and keeps it."""

    slack: Client
    teams: Client
    turns: list[Turn] = field(default_factory=list)
    others: list[Ignored | Immediate] = field(default_factory=list)
    doors: dict[str, Door] = field(default_factory=dict)

    async def hear(self, request: web.Request) -> web.Response:
        door = self.doors[request.path]
        turn = door.to_turn(await door.verify(request.headers, await request.read()))
        if isinstance(turn, Turn):
            self.turns.append(turn)
            answer = door.answer(turn, Reply("Recorded.") if turn.wants_answer else None)
            return web.json_response(answer.body, status=answer.status) if answer.body else web.Response()
        self.others.append(turn)
        return web.Response()

    def heard(self, act: type) -> list[Turn]:
        return [turn for turn in self.turns if isinstance(turn.act, act)]


@pytest.fixture
async def our_bot(world: LocalWorld) -> AsyncIterator[Bot]:
    settings = world.settings()
    async with aiohttp.ClientSession() as session:
        doors: list[Door] = [bot.platforms.slack.door(settings), bot.platforms.teams.door(settings)]
        made = Bot(
            slack=bot.platforms.slack.client.connect(settings, session),
            teams=bot.platforms.teams.connect(settings, session),
            doors={door.path: door for door in doors},
        )
        app = web.Application()
        for path in made.doors:
            app.router.add_post(path, made.hear)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server: Any = site._server
        world.bot_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield made
        await world.settled()
        await runner.cleanup()


async def test_a_slack_mention_is_one_turn_and_its_answer_lands_in_the_thread(
    world: LocalWorld, our_bot: Bot
) -> None:
    said = await world.slack.say("ada", "orders", "@Countersign order two <b> colas & ice")
    await world.settled()

    assert {turn.id for turn in our_bot.turns} == {our_bot.turns[0].id}
    turn = our_bot.turns[0]
    assert turn.act == Said("order two <b> colas & ice", mentioned=True)
    assert turn.account == Account("slack", cast.TEAM, cast.ADA.slack)
    sent = await our_bot.slack.post(turn.place, REPLY, marker="m-1")
    answer = await world.slack.wait_for("27.00 USD", thread=said)
    assert (answer.ts, answer.buttons) == (sent.id, ["Approve", "Reject"])
    assert "For: Ada Reyes" in answer.words.replace("\n", "")
    assert "<!channel>" not in answer.text
    found = await our_bot.slack.find(turn.place, marker="m-1", since=float(said.ts))
    assert found is not None
    assert found.id == sent.id
    assert await our_bot.slack.find(turn.place, marker="m-2", since=float(said.ts)) is None


async def test_a_slack_press_opens_a_form_whose_answer_comes_back(world: LocalWorld, our_bot: Bot) -> None:
    place = Place("slack", cast.TEAM, cast.APPROVALS_CHANNEL)
    sent = await our_bot.slack.post(place, REPLY, marker="m-1")
    card = await world.slack.wait_for(button="Reject", channel="approvals")
    await world.slack.press("grace", card, "Reject")

    (pressed,) = our_bot.heard(Pressed)
    assert isinstance(pressed.act, Pressed)
    assert (pressed.act.action, pressed.act.value) == ("reject", "a-1")
    assert pressed.act.message is not None
    assert pressed.act.message.id == sent.id
    await our_bot.slack.open_form(pressed.place, pressed.account, pressed.act.trigger, FORM)
    modal = await world.slack.modal("grace")
    await world.slack.submit("grace", modal, reason="too dear")
    await world.until(lambda: "Recorded." in str(world.modals[modal["view_id"]]["view"]), "the answer")
    (submitted,) = our_bot.heard(Submitted)
    assert submitted.act == Submitted("reject", "a-1", {"reason": "too dear"})
    await our_bot.slack.update(pressed.place, sent.id, Reply("Rejected by Grace"), marker="m-1")
    assert (await world.slack.wait_until(card, "Rejected by Grace")).buttons == []


async def test_slack_commands_shortcuts_home_whispers_and_profiles(world: LocalWorld, our_bot: Bot) -> None:
    await world.slack.command("ada", "orders", "/order two colas")
    said = await world.slack.say("ada", "general", "hello")
    await world.slack.shortcut("grace", said)
    await world.slack.open_home("grace")
    await world.settled()

    assert our_bot.heard(Said)[0].act == Said("/order two colas", mentioned=True, opens_thread=True)
    assert len(our_bot.heard(Shortcut)) == len(our_bot.heard(OpenedHome)) == 1
    grace = Account("slack", cast.TEAM, cast.GRACE.slack)
    await our_bot.slack.show_home(grace, REPLY)
    assert await world.slack.home("grace")
    place = Place("slack", cast.TEAM, "C0GENERAL0", said.ts)
    await our_bot.slack.whisper(place, grace, Reply("only you"))
    assert (await world.slack.wait_for("only you", who="grace")).thread == said.ts
    await our_bot.slack.working(place, grace)
    await world.until(lambda: world.statuses.get(f"C0GENERAL0:{said.ts}"), "a status")
    profile = await our_bot.slack.profile(grace, place)
    assert (profile.name, profile.email) == ("Grace Okafor", "grace@example.com")
    assert (await our_bot.slack.direct(grace)).channel == cast.GRACE.dm


async def test_slacks_bad_days_are_platform_errors(world: LocalWorld, our_bot: Bot) -> None:
    place = Place("slack", cast.TEAM, "C0GENERAL0")
    await world.fault("slack", "429", method="chat.postMessage", seconds=2)
    with pytest.raises(PlatformError) as slow:
        await our_bot.slack.post(place, REPLY, marker="m")
    assert (slow.value.retryable, slow.value.retry_after, slow.value.unknown) == (True, 2.0, False)
    await world.fault("slack", "drop_after", method="chat.postMessage")
    with pytest.raises(PlatformError) as lost:
        await our_bot.slack.post(place, REPLY, marker="lost")
    assert lost.value.unknown
    assert await our_bot.slack.find(place, marker="lost", since=0.0) is not None


async def test_a_teams_mention_is_a_turn_and_its_answer_lands_in_the_thread(
    world: LocalWorld, our_bot: Bot
) -> None:
    said = await world.teams.say("ada", "orders", "@Countersign order two colas")
    await world.settled()

    (turn,) = our_bot.turns
    assert isinstance(turn.act, Said)
    assert (turn.act.text, turn.account.user) == ("order two colas", cast.ADA.aad)
    sent = await our_bot.teams.post(turn.place, REPLY, marker="m-1")
    answer = await world.teams.wait_for("27.00 USD", thread=said)
    assert (answer.id, answer.buttons) == (sent.id, ["Approve", "Reject"])
    profile = await our_bot.teams.profile(turn.account, turn.place)
    assert (profile.name, profile.email) == ("Ada Reyes", "ada@example.com")
    await our_bot.teams.working(turn.place, turn.account)
    await our_bot.teams.whisper(turn.place, turn.account, Reply("only you"))
    assert (await world.teams.wait_for("only you", who="ada")).targeted_to == cast.ADA.aad
    direct = await our_bot.teams.direct(turn.account)
    assert direct.channel == cast.ADA.chat


async def test_a_teams_press_is_answered_and_the_card_updated_for_all(
    world: LocalWorld, our_bot: Bot
) -> None:
    await world.teams.say("grace", "approvals", "@Countersign hello")
    await world.settled()
    place = our_bot.turns[0].place
    sent = await our_bot.teams.post(place, REPLY, marker="m-1")
    card = await world.teams.wait_for(button="Approve", chat="approvals")
    await world.teams.press("grace", card, "Approve")

    (pressed,) = our_bot.heard(Pressed)
    assert isinstance(pressed.act, Pressed)
    assert (pressed.act.action, pressed.act.value) == ("approve", "a-1")
    await our_bot.teams.update(pressed.place, sent.id, Reply("Approved by Grace"), marker="m-1")
    assert (await world.teams.wait_until(card, "Approved by Grace")).buttons == []


async def test_a_bot_with_the_wrong_secrets_is_not_heard_and_does_not_hear(
    world: LocalWorld, our_bot: Bot
) -> None:
    wrong = world.settings(
        slack_signing_secret="wrong", slack_bot_token="xoxb-wrong", microsoft_app_password="wrong"
    )
    async with aiohttp.ClientSession() as session:
        slack = bot.platforms.slack.client.connect(wrong, session)
        teams = bot.platforms.teams.connect(wrong, session)
        with pytest.raises(PlatformError):
            await slack.post(Place("slack", cast.TEAM, "C0GENERAL0"), REPLY, marker="m")
        place = Place("teams", cast.TENANT, cast.APPROVALS_CHAT, via=world.bench.tokens.service_url)
        with pytest.raises(PlatformError):
            await teams.post(place, REPLY, marker="m")
    our_bot.doors["/slack/events"] = bot.platforms.slack.door(wrong)
    with pytest.raises(Refused):
        await world.slack.command("ada", "orders", "/order x")
    assert our_bot.turns == []
