"""What a model writes is seen while it writes it, in Slack and in Teams; and is one message in the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

from bot.embedded import private
from bot.workbench.seen import Message
from integrations.models.offline import OfflineReader
from tests.scripted import Script, activate, scripted
from tests.stack import Stack, running

PATIENCE = 20.0


@dataclass
class Muse:
    """A bot of its own, with a model that says what it is told to."""

    stack: Stack
    model: Script

    async def begun(self, channel: str = "general") -> Message:
        """The thread in which it is asked, once the model is."""
        self.model.begin()
        said = await self.stack.world.slack.say("ada", channel, "@Countersign /muse")
        await asyncio.wait_for(self.model.asked.wait(), PATIENCE)
        return said

    def in_thread(self, said: Message) -> list[Message]:
        found = self.stack.world.slack.messages(thread=said)
        return [each for each in found if each.bot and not each.ephemeral_to]


@pytest_asyncio.fixture(scope="module")
async def muse(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Muse]:
    with private() as servers:
        async with scripted() as model:
            given = {"model": "openai", "openai_base_url": model.url, "openai_api_key": "k"}
            folder = tmp_path_factory.mktemp("muse")
            async with running(servers, folder, openai_model="m", **given) as stack:
                stack.engine.tools = replace(stack.engine.tools, reader=OfflineReader())
                await activate(stack.db, stack.tenant)
                yield Muse(stack, model)


async def test_words_appear_in_slack_as_they_come_and_are_one_message_in_the_end(muse: Muse) -> None:
    slack = muse.stack.world.slack
    said = await muse.begun()
    muse.model.say("The lamp ")
    muse.model.say("is red")
    growing = await slack.wait_for("The lamp is red", thread=said)
    assert growing.raw.get("streaming")
    muse.model.say(" and old.")
    await slack.wait_until(growing, "The lamp is red and old")
    muse.model.end()

    done = await slack.wait_until(
        growing, lambda now: not now.raw.get("streaming") and "Written by AI" in now.words
    )
    assert "The lamp is red and old." in done.words
    assert [each.ts for each in muse.in_thread(said)] == [done.ts]
    assert muse.stack.world.statuses.get(f"{said.channel}:{said.ts}", "") == ""


async def test_what_is_typed_to_stop_it_stops_the_model_and_what_was_written_stays(muse: Muse) -> None:
    slack = muse.stack.world.slack
    said = await muse.begun()
    muse.model.say("Once upon a time")
    growing = await slack.wait_for("Once upon a time", thread=said)
    began = time.monotonic()
    await slack.say("ada", "general", "stop", thread=said)
    await asyncio.wait_for(muse.model.left.wait(), PATIENCE)
    assert time.monotonic() - began < 1.5

    done = await slack.wait_until(growing, "Once upon a time … (stopped)")
    assert [each.ts for each in muse.in_thread(said)] == [done.ts]


async def test_slacks_own_stop_does_the_same_and_a_strangers_press_does_not(muse: Muse) -> None:
    slack = muse.stack.world.slack
    said = await muse.begun()
    muse.model.say("Far away")
    growing = await slack.wait_for("Far away", thread=said)
    await slack.stop("grace", growing)
    await slack.wait_for("Only the person who asked can stop this.", who="grace", thread=said)
    muse.model.say(" there was")
    await slack.wait_until(growing, "Far away there was")
    await slack.stop("ada", growing)
    await asyncio.wait_for(muse.model.left.wait(), PATIENCE)
    await slack.wait_until(growing, "(stopped)")


async def test_where_slack_refuses_streams_the_message_is_edited_and_has_a_stop_of_ours(muse: Muse) -> None:
    slack = muse.stack.world.slack
    await muse.stack.world.fault("slack", "error", "chat.startStream", error="not_allowed_token_type")
    growing_in = muse.stack.engine.tools.clients["slack"].streams  # type: ignore[attr-defined]  # Slack's has
    said = await muse.begun()
    muse.model.say("A short tale")
    try:
        growing = await slack.wait_for("A short tale", thread=said, button="Stop")
        assert not growing.raw.get("streaming")
        muse.model.say(" of a lamp")
        await slack.wait_until(growing, "A short tale of a lamp")
        await slack.press("ada", growing, "Stop")
        done = await slack.wait_until(growing, "A short tale of a lamp … (stopped)")
        assert done.buttons == []
        assert [each.ts for each in muse.in_thread(said)] == [done.ts]
    finally:
        growing_in._refused.clear()


async def test_a_thumb_is_kept_once_for_each_person_and_message(muse: Muse) -> None:
    slack = muse.stack.world.slack
    said = await muse.begun()
    muse.model.say("Good.")
    muse.model.end()
    done = await slack.wait_for("Written by AI", thread=said)
    await slack.judge("ada", done, up=True)
    await slack.wait_for("Thank you, noted.", who="ada", thread=said)
    await slack.judge("ada", done, up=False)
    await slack.wait_for("this replaces what you said before", who="ada", thread=said)
    await slack.judge("grace", done, up=True)
    await slack.wait_for("Thank you, noted.", who="grace", thread=said)
    kept = await muse.stack.fetch("select up from feedback where message = $1 order by at", done.ts)
    assert [row["up"] for row in kept] == [False, True]


async def test_in_a_personal_chat_of_teams_the_words_grow_and_the_last_message_is_labelled(
    muse: Muse,
) -> None:
    teams = muse.stack.world.teams
    muse.model.begin()
    await teams.say("ada", "personal", "/muse")
    thinking = await teams.wait_for("Thinking…", chat="personal", who="ada", timeout=PATIENCE)
    await asyncio.wait_for(muse.model.asked.wait(), PATIENCE)
    muse.model.say("The lamp")
    await teams.wait_until(thinking, "The lamp")
    muse.model.say(" is red.")
    muse.model.end()
    done = await teams.wait_until(thinking, lambda now: not now.raw.get("streaming"))
    assert done.text == "The lamp is red."
    assert "AIGeneratedContent" in str(done.raw["entities"])
    after = [each for each in teams.activities("personal", who="ada") if int(each.id) >= int(done.id)]
    assert [each.id for each in after if each.bot] == [done.id]

    await teams.judge("ada", done, "dislike", "too short")
    async with asyncio.timeout(PATIENCE):
        while not (kept := await muse.stack.fetch("select * from feedback where message = $1", done.id)):
            await asyncio.sleep(0.02)
    assert (kept[0]["up"], kept[0]["words"]) == (False, "too short")


async def test_stop_in_teams_stops_the_model(muse: Muse) -> None:
    teams = muse.stack.world.teams
    muse.model.begin()
    await teams.say("grace", "personal", "/muse")
    await asyncio.wait_for(muse.model.asked.wait(), PATIENCE)
    muse.model.say("Never")
    growing = await teams.wait_for("Never", chat="personal", who="grace", timeout=PATIENCE)
    await teams.stop("grace", growing)
    muse.model.say(" again")
    await asyncio.wait_for(muse.model.left.wait(), PATIENCE)
    done = await teams.wait_until(growing, "(stopped)")
    assert done.text.startswith("Never again")


async def test_in_a_channel_of_teams_there_is_one_whole_message(muse: Muse) -> None:
    teams = muse.stack.world.teams
    muse.model.begin()
    said = await teams.say("ada", "Orders", "@Countersign /muse")
    await asyncio.wait_for(muse.model.asked.wait(), PATIENCE)
    muse.model.say("All ", "at ", "once.")
    muse.model.end()
    done = await teams.wait_for("All at once.", thread=said, timeout=PATIENCE)
    assert [each.id for each in teams.activities("Orders", thread=said) if each.bot] == [done.id]


async def test_a_model_that_breaks_off_is_asked_again_and_there_is_one_whole_message(muse: Muse) -> None:
    slack = muse.stack.world.slack
    said = await muse.begun()
    muse.model.say("Half a")
    growing = await slack.wait_for("Half a", thread=said)
    muse.model.asked.clear()
    muse.model.break_off()
    await asyncio.wait_for(muse.model.asked.wait(), PATIENCE)
    muse.model.say("A whole", " sentence.")
    muse.model.end()
    await slack.wait_until(growing, "A whole sentence.")
    assert len(muse.in_thread(said)) == 1
