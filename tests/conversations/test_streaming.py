"""What a model writes is seen while it writes it, in Slack and in Teams; and is one message in the end."""

from __future__ import annotations

import asyncio
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
