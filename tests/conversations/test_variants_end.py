"""A flow with variants, from a signed webhook to what is known of the person's arm."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from flows.flow import Flow
from flows.loader import load
from flows.variants import assigned
from flows.yaml_source import read
from tests.stack import Stack
from workers.store import definitions, experiments

NAME = "survey.ask.text"
WORDS = {"a": "Shall I count you in?", "b": "Count you in?"}
SURVEY = f"""
id: survey
description: "Count who wants to be counted"
examples: ["take the survey"]
steps:
  - id: ask
    type: confirm
    text: {{variants: {{a: "{WORDS["a"]}", b: "{WORDS["b"]}"}}}}
    button: "Count me in"
  - id: done
    type: end
    text: "You are counted."
"""


@pytest_asyncio.fixture
async def survey(stack: Stack) -> AsyncIterator[Flow]:
    """Active while it is needed: other conversations do not know of it."""
    flow = load(read("survey.yaml", SURVEY.encode()), frozenset())
    async with stack.db.tenant(stack.tenant) as c:
        await definitions.keep_flow(c, stack.tenant, flow.id, flow.version, flow.source)
        await definitions.activate_flow(c, stack.tenant, flow.id, flow.version)
    yield flow
    async with stack.db.tenant(stack.tenant) as c:
        await c.execute("delete from active_flows where flow = 'survey'")


async def test_each_gets_their_words_and_what_came_of_it_is_counted_once(stack: Stack, survey: Flow) -> None:
    slack = stack.world.slack
    said = await slack.say("ada", "general", "@Countersign /survey")
    card = await slack.wait_for(None, thread=said, button="Count me in")
    await slack.press("ada", card, "Count me in")
    await slack.wait_for("You are counted.", thread=said)
    [row] = await stack.fetch("select * from experiment_outcomes where experiment = $1", NAME)
    arm = assigned(survey.experiments[0], str(row["person_id"]))
    assert WORDS[arm] in card.words
    assert (row["arm"], row["outcome"], row["good"], row["bad"]) == (arm, "done", True, False)


async def test_from_the_next_turn_on_nobody_gets_an_arm_that_was_stopped(stack: Stack, survey: Flow) -> None:
    slack = stack.world.slack
    for arm in WORDS:
        async with stack.db.tenant(stack.tenant) as c:
            await experiments.stop(c, stack.tenant, NAME, arm, "operator", "")
    said = await slack.say("omar", "general", "@Countersign /survey")
    card = await slack.wait_for(None, thread=said, button="Count me in")
    assert WORDS["a"] in card.words
    await slack.press("omar", card, "Cancel")
    await slack.wait_for("Cancelled", thread=said)
    async with stack.db.tenant(stack.tenant) as c:
        await experiments.start(c, stack.tenant, NAME, list(WORDS))
