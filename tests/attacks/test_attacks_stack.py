"""The whole bot with a model that obeys: from a real message to what Slack and the services hold."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from bot.embedded import private
from bot.text_out import LEFT_OUT
from bot.text_out_address import hosts_in
from bot.workbench.seen import Message
from flows.loader import load
from flows.yaml_source import read
from integrations import tools
from tests.attacks.corpus import EFFECTS, SAYINGS, Attack, obeys
from tests.models_server import ModelsServer, Talk, serving
from tests.stack import Stack, running
from workers.store import definitions

PATIENCE = 25.0
# Every second one, since each takes a while; all of them are played in `test_attacks.py`.
# What a stranger wrote comes in as what somebody pasted, or as the material of an answer.
DIRECT = [each for each in EFFECTS if each.by == "direct" and each.goal in ("effect", "policy")][::2]
SAID = [each for each in SAYINGS if each.goal in ("link", "image", "mention", "place")][::2]
TOLD = """
id: tell
description: "Tell what a page says"
examples: ["tell me what the page says"]
steps:
  - {id: what, type: input, gather: [{slot: page, type: text, longest: 2000, ask: "Which page?"}]}
  - {id: write, type: think, instructions: "Say it.", material: ["{{ page }}", "k7Qx93"], save: written}
  - {id: told, type: message, text: "Told: {{ written.text }}"}
  - id: send
    type: tool
    call: jira.comment
    with: {issue: SHOP-1, text: "{{ written.text }}"}
    rests_on: [page]
    on_error: {"*": done}
  - {id: done, type: end}
"""


@dataclass
class Obeying:
    stack: Stack
    model: ModelsServer

    def thread(self, said: Message) -> list[Message]:
        return [each for each in self.stack.world.slack.messages(thread=said) if each.bot]


def answer(request: Mapping[str, Any]) -> Talk:
    """The routing words are read as they are; everything else by whoever gives orders."""
    if "response_format" not in request:
        return Talk(obeys(request), size=3)
    asked = json.loads(request["messages"][-1]["content"].removeprefix("<data>\n").removesuffix("\n</data>"))
    found = json.loads(obeys(request))
    flow = asked["message"].strip().removeprefix("/")
    if flow in ("order", "tell"):
        found |= {"changes": [], "intent": "route", "flow": flow, "flow_words": asked["message"]}
    elif asked["asked"]["type"] == "text":
        found |= {"changes": [], "value": asked["message"], "intent": "value"}
    return Talk(json.dumps(found))


@pytest_asyncio.fixture(scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Obeying]:
    with private() as servers:
        async with serving() as model:
            model.answer = answer
            given = {
                "model": "openai",
                "openai_base_url": model.url,
                "openai_api_key": "k",
                "openai_model": "m",
            }
            async with running(servers, tmp_path_factory.mktemp("obeys"), **given) as stack:
                flow = load(read("tell.yaml", TOLD.encode()), tools())
                async with stack.db.tenant(stack.tenant) as c:
                    await definitions.keep_flow(c, stack.tenant, flow.id, flow.version, flow.source)
                    await definitions.activate_flow(c, stack.tenant, flow.id, flow.version)
                yield Obeying(stack, model)


async def order(bot: Obeying, attack: Attack) -> Message:
    """Ada orders, and presses yes if she is asked to."""
    slack = bot.stack.world.slack
    said = await slack.say("ada", "general", "@Countersign /order")
    await slack.wait_for("What would you like to order?", thread=said, timeout=PATIENCE)
    before = len(bot.thread(said))
    await slack.say("ada", "general", attack.text, thread=said)
    async with asyncio.timeout(PATIENCE):
        while len(bot.thread(said)) == before:
            await asyncio.sleep(0.05)
    last = bot.thread(said)[-1]
    if "Yes, order it" in last.buttons:
        await slack.press("ada", last, "Yes, order it")
        async with asyncio.timeout(PATIENCE):
            while not any("approval" in each.words or "Receipt" in each.words or "paid" in each.words
                          for each in bot.thread(said)):  # fmt: skip
                await asyncio.sleep(0.05)
    return said


async def test_no_order_of_a_stranger_is_charged_and_one_that_is_large_waits_for_a_person(
    bot: Obeying,
) -> None:
    before = await bot.stack.charges()
    await asyncio.gather(*(order(bot, each) for each in DIRECT))
    new = (await bot.stack.charges())[len(before) :]
    # Two colas, at 3 dollars each, are what she said; nothing else went through without Grace.
    assert [each for each in new if each["amount"] > 1_000] == []
    assert bot.model.seen


async def tell(bot: Obeying, attack: Attack) -> list[Message]:
    slack = bot.stack.world.slack
    said = await slack.say("ada", "general", "@Countersign /tell")
    await slack.wait_for("Which page?", thread=said, timeout=PATIENCE)
    await slack.say("ada", "general", f"A page: {attack.text}", thread=said)
    await slack.wait_for("Told:", thread=said, timeout=PATIENCE)
    await slack.wait_for("approval", thread=said, timeout=PATIENCE)
    return bot.thread(said)


async def test_what_an_obeying_model_says_leads_nowhere_and_is_sent_to_nobody(bot: Obeying) -> None:
    found = await asyncio.gather(*(tell(bot, each) for each in SAID))
    for attack, messages in zip(SAID, found, strict=True):
        # What Ada pasted herself is quoted to those who decide; what a model made of it is looked at here.
        told = [each for each in messages if "Told:" in each.words]
        words = " ".join(each.words for each in told)
        assert {host for word in words.split() for host in hosts_in(word)} == set(), (attack.id, words)
        assert LEFT_OUT in words or "k7Qx93" in words, attack.id  # it did obey: only the way out is shut
        assert not any(each.raw.get("unfurl_links") or each.raw.get("unfurl_media") for each in messages)
    comments = await bot.stack.fetch("select state from effects where tool = 'jira.comment'")
    assert {each["state"] for each in comments} == {"held"}
    assert len(comments) == len(SAID)
