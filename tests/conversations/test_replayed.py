"""What was lived through on the whole bot is decided alike when it is played again from the database."""

from __future__ import annotations

from flows.loader import load_stored
from integrations import tools
from tests.conversations.test_order import LARGE, SMALL, asked, ordered
from tests.stack import Stack
from workers import flows_diff
from workers.store import definitions, history

WEATHER = {
    "id": "weather",
    "description": "Tell the weather",
    "examples": ["what is the weather like"],
    "steps": [
        {"id": "told", "type": "message", "text": "It is sunny.", "next": "done"},
        {"id": "done", "type": "end"},
    ],
}


async def test_a_flow_that_is_over_at_once_comes_back_to_the_one_it_interrupted(stack: Stack) -> None:
    """One turn moves the order, the weather, and the order again; each is stored once."""
    flow = load_stored(WEATHER, tools())
    async with stack.db.tenant(stack.tenant) as c:
        await definitions.keep_flow(c, stack.tenant, flow.id, flow.version, flow.source)
        await definitions.activate_flow(c, stack.tenant, flow.id, flow.version)
    try:
        slack = stack.world.slack
        said, card = await ordered(stack, SMALL)
        await slack.say("ada", "orders", "what is the weather like", thread=said)
        await slack.wait_for("It is sunny.", thread=said)
        again = await slack.wait_for("Confirm your cart", thread=said, button="Yes, order it", after=card)
        await slack.press("ada", again, "Yes, order it")
        await slack.wait_for("Receipt", thread=said)
    finally:
        async with stack.db.tenant(stack.tenant) as c:
            await c.execute("delete from active_flows where flow = 'weather'")


async def test_every_recorded_run_of_the_bot_is_decided_alike_when_it_is_played_again(stack: Stack) -> None:
    slack = stack.world.slack
    said, ask = await asked(stack, LARGE)
    await slack.press("grace", ask, "Approve")
    await slack.wait_for("Receipt", thread=said)

    async with stack.db.tenant(stack.tenant) as c:
        active = (await definitions.active_flows(c, stack.tenant))["order"]
        definition = await definitions.flow_definition(c, stack.tenant, "order", active)
        draft = load_stored(definition or {}, tools())
        recorded = await history.newest(c, stack.tenant, "order", 100)
        # As if it were another version, so that it is played: nothing may come out otherwise.
        found = await flows_diff.diff(c, stack.tenant, active, draft, "the same", "order", 100)

    assert found.runs == len(recorded) > 0
    assert found.unplayable == 0
    assert found.inexact == ()
    assert found.changed == ()
    assert max(len(rows) for *_, rows in recorded) >= 6
