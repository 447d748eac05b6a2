"""The flow language from end to end: typed slots, people asked, a wait, an extract, another flow between."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from flows.flow import Flow
from flows.loader import load
from flows.yaml_source import read
from integrations import tools
from tests.stack import Stack
from workers.store import definitions

FLOW = """
id: desk
description: "Ask for something at the desk"
examples: ["go to the desk"]
steps:
  - id: ask
    type: input
    gather:
      - {slot: what, type: text, ask: "What do you need?"}
      - {slot: how_many, type: integer, min: 1, max: 9, ask: "How many?"}
      - {slot: when, type: date, min: today, ask: "By when?"}
  - id: which
    type: choice
    text: "From which store?"
    options: [{label: North, value: n}, {label: South, value: s}]
    save: store
  - id: allowed
    type: approve
    question: "May {{ requester.name }} have {{ how_many }} × {{ what }}?"
    facts: {Store: "{{ store }}"}
    approvers: [OMAR]
    save: decision
    if_rejected: no_
  - {id: nap, type: wait, for: 1 second, text: "Allowed by {{ decision.by }}."}
  - id: sum
    type: think
    instructions: "Say it in one sentence."
    material: ["{{ what }} is what somebody needs from the store today."]
    save: summary
  - {id: told, type: message, text: "{{ summary.label }} {{ summary.text }}"}
  - {id: done, type: end}
  - {id: no_, type: end, status: cancelled, text: "{{ error.sentence }}"}
"""


@pytest_asyncio.fixture
async def desk(stack: Stack) -> AsyncIterator[Flow]:
    """Active while it is needed: other conversations do not know of it."""
    flow = load(read("desk.yaml", FLOW.replace("OMAR", OMAR).encode()), tools())
    async with stack.db.tenant(stack.tenant) as c:
        await definitions.keep_flow(c, stack.tenant, flow.id, flow.version, flow.source)
        await definitions.activate_flow(c, stack.tenant, flow.id, flow.version)
    yield flow
    async with stack.db.tenant(stack.tenant) as c:
        await c.execute("delete from active_flows where flow = 'desk'")


OMAR = "omar@example.com"


async def test_typed_slots_another_flow_between_a_named_approver_a_wait_and_an_extract(
    stack: Stack, desk: Flow
) -> None:
    slack = stack.world.slack
    said = await slack.say("ada", "general", "@Countersign /desk")
    await slack.wait_for("What do you need?", thread=said)
    await slack.say("ada", "general", "A red lamp for the hall", thread=said)
    await slack.wait_for("How many?", thread=said)
    await slack.say("ada", "general", "twelve", thread=said)
    await slack.wait_for("it can be at most 9", thread=said)

    await slack.say("ada", "general", "I would like to place an order", thread=said)
    await slack.wait_for("then I come back to “desk”", thread=said)
    await slack.wait_for("What would you like to order?", thread=said)
    await slack.say("ada", "general", "cancel", thread=said)
    await slack.wait_for("Back to “desk”.", thread=said)

    await slack.say("ada", "general", "three", thread=said)
    await slack.wait_for("By when?", thread=said)
    await slack.say("ada", "general", "tomorrow", thread=said)
    store = await slack.wait_for("From which store?", thread=said, button="South")
    before = slack.messages("approvals")
    await slack.press("ada", store, "South")
    asked = await slack.wait_for(
        "May Ada Reyes have 3 × A red lamp for the hall?",
        channel="approvals", button="Approve", after=before[-1] if before else None,
    )  # fmt: skip
    await slack.press("grace", asked, "Approve")
    await slack.wait_for("Only the named approvers can decide this.", who="grace", channel="approvals")
    await slack.press("omar", asked, "Approve")
    await slack.wait_for("Allowed by Omar", thread=said)
    await slack.wait_for("Extract, not written by a model", thread=said)
    [run] = await stack.fetch("select status from runs where flow = 'desk' order by started_at desc limit 1")
    assert run["status"] == "done"
