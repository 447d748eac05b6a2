"""A model that reads is told what was before, in this place alone, and can say that words point back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from bot.embedded import Servers, private
from integrations.models.breaker import forget_breakers
from tests.models_server import ModelsServer, Talk, serving
from tests.stack import Stack, running
from workers.store import memories

Json = dict[str, Any]


def answer(asked: Json) -> Talk:
    """A model that takes any first words for an order, and “what I had” for words that point back."""
    if "response_format" not in asked:
        return Talk("Written [1].")
    data = told(asked)
    back, slot = "had" in data["message"], data["asked"]["slot"]
    products = (
        []
        if back or not slot
        else [word for word in ("Margherita", "Cola") if word.lower() in data["message"]]
    )
    changes = [
        {"op": "add", "item": each, "quantity": 1, "options": [], "remove_options": [],
         "words": each.lower(), "confidence": 0.95}
        for each in products
    ]  # fmt: skip
    reading: Json = {
        "intent": "value" if changes else "route", "flow": "" if slot else "order", "flow_words": "",
        "changes": changes, "value": "", "leftover": "", "confidence": 0.95,
    }  # fmt: skip
    if "before" in data:
        reading["again"] = back
    return Talk(json.dumps(reading))


def told(asked: Json) -> Json:
    content = asked["messages"][-1]["content"]
    found: Json = json.loads(content.removeprefix("<data>\n").removesuffix("\n</data>"))
    return found


@dataclass
class Bot:
    stack: Stack
    model: ModelsServer
    servers: Servers

    def questions(self, message: str) -> list[Json]:
        """What was asked about sentences that hold these words."""
        read = [told(each) for each in self.model.seen if "response_format" in each]
        return [each for each in read if message in each["message"]]

    async def order(self, text: str, channel: str) -> None:
        slack = self.stack.world.slack
        said = await slack.say("ada", channel, f"@Countersign {text}")
        card = await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it", timeout=40)
        await slack.press("ada", card, "Yes, order it")
        await slack.wait_for("Receipt", thread=said, timeout=40)


@pytest_asyncio.fixture(scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    forget_breakers()
    with private() as servers:
        async with serving() as model:
            model.answer = answer
            more = {"model": "vllm", "vllm_url": model.url, "vllm_model": "test"}
            async with running(servers, tmp_path_factory.mktemp("bot"), **more) as stack:
                yield Bot(stack, model, servers)
    forget_breakers()


@pytest.fixture
async def fresh(bot: Bot) -> Bot:
    rows = await bot.stack.fetch("select id from people where email = 'ada@example.com'")
    for row in rows:
        who: UUID = row["id"]
        async with bot.stack.db.tenant(bot.stack.tenant) as c:
            await memories.forget_all(c, bot.stack.tenant, who)
    bot.model.seen.clear()
    return bot


async def test_a_model_that_says_the_words_point_back_has_the_memory_filled_in_and_shown(fresh: Bot) -> None:
    slack = fresh.stack.world.slack
    await fresh.order("order a margherita", "general")
    fresh.model.seen.clear()

    said = await slack.say("ada", "general", "@Countersign order for me whatever it was that I had")
    card = await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it", timeout=40)

    assert "1 × Margherita" in card.words
    [asked, *_] = fresh.questions("whatever it was")
    assert any("order: 1 × Margherita" in line for line in asked["remembered"])


async def test_nothing_of_a_private_chat_is_told_to_a_model_that_reads_in_a_channel(fresh: Bot) -> None:
    slack = fresh.stack.world.slack
    await fresh.order("order a margherita", "dm")
    fresh.model.seen.clear()

    said = await slack.say("ada", "general", "@Countersign order a cola, canary")
    await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it", timeout=40)
    assert fresh.questions("canary")
    assert not any("Margherita" in str(each.get("remembered")) for each in fresh.questions("canary"))

    await slack.say("ada", "dm", "order a margherita, sparrow")
    await slack.wait_for("Confirm your cart", channel="dm", who="ada", button="Yes, order it", timeout=40)
    assert any("Margherita" in str(each.get("remembered")) for each in fresh.questions("sparrow"))


async def test_the_last_lines_of_the_thread_are_told_and_survive_the_loss_of_valkey(fresh: Bot) -> None:
    slack = fresh.stack.world.slack
    said = await slack.say("ada", "general", "@Countersign order a margherita for the heron")
    first = await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it", timeout=40)
    await slack.say("ada", "general", "and a cola for the otter", thread=said)
    second = await slack.wait_for(
        "Confirm your cart", thread=said, after=first, button="Yes, order it", timeout=40
    )
    lines = fresh.questions("otter")[-1]["before"]
    assert any(line.endswith("order a margherita for the heron") for line in lines)
    assert any(line.startswith("Countersign: Confirm your cart") for line in lines)

    memory = fresh.stack.engine.tools.memory
    assert memory is not None
    assert memory.recent is not None
    await memory.recent._redis.flushall()
    await slack.say("ada", "general", "one more cola for the lynx", thread=said)
    await slack.wait_for("Confirm your cart", thread=said, after=second, button="Yes, order it", timeout=40)
    lines = fresh.questions("lynx")[-1]["before"]
    assert any("heron" in line for line in lines)
    assert any("otter" in line for line in lines)


async def test_another_thread_hears_nothing_of_it(fresh: Bot) -> None:
    slack = fresh.stack.world.slack
    said = await slack.say("ada", "general", "@Countersign order a cola for the weasel")
    await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it", timeout=40)
    said = await slack.say("ada", "general", "@Countersign order a cola for the beaver")
    await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it", timeout=40)
    assert fresh.questions("beaver")
    assert not any("weasel" in str(each.get("before")) for each in fresh.questions("beaver"))
