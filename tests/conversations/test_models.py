"""MODEL=hybrid through the whole bot: what is sensitive never reaches the cloud, and is noted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bot.embedded import private
from flows.loader import load
from flows.yaml_source import read
from integrations import tools
from integrations.models import hybrid
from integrations.models.breaker import forget_breakers
from tests.models_server import ModelsServer, Talk, serving
from tests.stack import Stack, running
from workers.store import definitions

FLOW = """
id: hush
description: "Note something and say what it comes to"
examples: ["hush"]
steps:
  - id: ask
    type: input
    gather:
      - {slot: note, type: text, ask: "What is it about?"}
  - id: think
    type: think
    instructions: "Say it in one sentence."
    material: ["{{ note }}"]
    save: summary
    on_error: {"*": failed}
  - {id: told, type: message, text: "It comes to: {{ summary.text }}"}
  - {id: done, type: end}
  - {id: failed, type: end, status: cancelled, text: "It failed: {{ error.sentence }}"}
"""
CARD, MAIL = "4242 4242 4242 4242", "canary@example.com"


def answer(name: str) -> Any:
    """As a model that understands little, and says who it is."""

    def made(asked: dict[str, Any]) -> Talk:
        if "response_format" not in asked:
            return Talk(f"Written by the {name} one [1].")
        data = json.loads(asked["messages"][-1]["content"].removeprefix("<data>\n").removesuffix("\n</data>"))
        begins = "hush" in data["message"] and not data["asked"]["slot"]
        reading = {
            "intent": "route" if begins else "value" if data["asked"]["slot"] else "unknown",
            "flow": "hush" if begins else "", "flow_words": "hush" if begins else "", "changes": [],
            "value": data["message"] if data["asked"]["slot"] else "", "leftover": "", "confidence": 0.95,
        }  # fmt: skip
        return Talk(json.dumps(reading))

    return made


@dataclass
class Bot:
    stack: Stack
    far: ModelsServer
    near: ModelsServer

    async def noted(self) -> list[dict[str, Any]]:
        rows = await self.stack.fetch("select entry from audit order by id")
        entries = [json.loads(bytes(row["entry"])) for row in rows]
        return [each for each in entries if each["what"] == "model.asked"]

    async def hush(self, words: str, wanted: str) -> None:
        slack = self.stack.world.slack
        said = await slack.say("ada", "general", "@Countersign hush")
        await slack.wait_for("What is it about?", thread=said)
        await slack.say("ada", "general", words, thread=said)
        await slack.wait_for(wanted, thread=said, timeout=40)


@pytest_asyncio.fixture(scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    forget_breakers()
    with private() as servers:
        async with serving() as far, serving() as near:
            far.answer, near.answer = answer("far"), answer("near")
            given = {
                "model": "hybrid", "openai_base_url": far.url, "openai_api_key": "k", "openai_model": "far",
                "edge_url": near.url, "edge_model": "near", "model_prices": "far=2/8",
            }  # fmt: skip
            async with running(servers, tmp_path_factory.mktemp("hush"), **given) as stack:
                flow = load(read("hush.yaml", FLOW.encode()), tools())
                async with stack.db.tenant(stack.tenant) as c:
                    await definitions.keep_flow(c, stack.tenant, flow.id, flow.version, flow.source)
                    await definitions.activate_flow(c, stack.tenant, flow.id, flow.version)
                yield Bot(stack, far, near)


async def test_a_card_and_an_address_stay_near_when_read_and_when_written_about(bot: Bot) -> None:
    await bot.hush("a red lamp in the hall", "Written by the far one")
    await bot.hush(f"the card {CARD} of {MAIL}", "Written by the near one")

    assert "4242" not in bot.far.text_seen()
    assert "canary" not in bot.far.text_seen()
    assert "canary" in bot.near.text_seen()
    noted = await bot.noted()
    assert {(each["to"], tuple(each["kinds"])) for each in noted} >= {
        ("openai:far", ()),
        ("edge:near", ("card", "email")),
    }
    assert "4242" not in json.dumps(noted)


async def test_what_it_cost_is_counted_for_who_asked(bot: Bot) -> None:
    await bot.hush("a blue lamp", "Written by the far one")
    async with asyncio.timeout(10):
        while not (found := await bot.stack.fetch(
            "select model, sum(calls) as calls, sum(cost) as cost, max(p.name) as who from model_use u"
            " join people p on p.id = u.person where model = 'openai:far' group by model"
        )):  # fmt: skip
            await asyncio.sleep(0.05)
    [row] = found

    assert row["calls"] >= 1
    assert row["cost"] >= 480  # 120 tokens asked and 30 answered, at 2 and 8 dollars a million
    assert row["who"].startswith("Ada")


async def test_with_the_near_one_down_nothing_sensitive_is_sent_elsewhere(bot: Bot) -> None:
    bot.near.answer = lambda _asked: Talk(status=500)
    slack = bot.stack.world.slack
    said = await slack.say("ada", "general", f"@Countersign ask {MAIL} about hush")
    async with asyncio.timeout(20):
        while not [each for each in slack.messages(thread=said) if each.bot]:
            await asyncio.sleep(0.02)
    bot.near.answer = answer("near")
    forget_breakers()

    assert "canary" not in bot.far.text_seen()


async def test_with_the_cloud_down_the_near_one_goes_on(bot: Bot) -> None:
    bot.far.answer = lambda _asked: Talk(status=500)
    try:
        await bot.hush("a green lamp", "Written by the near one")
    finally:
        bot.far.answer = answer("far")
        forget_breakers()


@pytest.mark.twin
async def test_twin_without_the_look_a_card_is_read_in_the_cloud(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hybrid, "kinds_in", lambda _texts: ())
    asked = len(bot.far.seen)
    slack = bot.stack.world.slack
    said = await slack.say("ada", "general", "@Countersign hush")
    await slack.wait_for("What is it about?", thread=said)
    await slack.say("ada", "general", "the card 5555 5555 5555 4444", thread=said)
    await slack.wait_for(
        "Written by the near one", thread=said, timeout=40
    )  # the worker is another process, and looks

    assert "5555" in json.dumps(bot.far.seen[asked:])
