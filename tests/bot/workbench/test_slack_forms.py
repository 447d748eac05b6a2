"""Modals of the Slack stand-in: tickets, the stack, what their answers do, and whose they are."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workbench.driver import LocalWorld, Refused
from tests.bot.workbench.listener import Listener
from tests.bot.workbench.test_slack_people import card

MODAL = {
    "type": "modal",
    "callback_id": "reject",
    "private_metadata": "approval-1",
    "notify_on_close": True,
    "title": {"type": "plain_text", "text": "Reject"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "label": {"type": "plain_text", "text": "Why?"},
            "element": {"type": "plain_text_input", "action_id": "reason"},
        }
    ],
}


@pytest.fixture
async def slack(world: LocalWorld) -> AsyncIterator[AsyncWebClient]:
    variables = world.environment
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(
            token=variables["SLACK_BOT_TOKEN"], base_url=variables["SLACK_API_URL"], session=session
        )


async def trigger(world: LocalWorld, slack: AsyncWebClient, listener: Listener) -> str:
    await world.slack.press("ada", await card(world, slack), "confirm")
    return str((await listener.interaction("block_actions"))[-1].payload["trigger_id"])


async def test_a_form_is_opened_filled_in_and_sent(
    world: LocalWorld, slack: AsyncWebClient, listener: Listener
) -> None:
    await slack.views_open(trigger_id=await trigger(world, slack, listener), view=MODAL)
    modal = await world.slack.modal("ada")
    await world.slack.submit("ada", modal, reason="too dear")

    payload = (await listener.interaction("view_submission"))[0].payload
    assert payload["view"]["private_metadata"] == "approval-1"
    assert payload["view"]["state"]["values"]["reason"]["reason"]["value"] == "too dear"
    await world.slack.no_modal("ada")


async def test_a_trigger_works_once_and_only_a_real_one(
    world: LocalWorld, slack: AsyncWebClient, listener: Listener
) -> None:
    ticket = await trigger(world, slack, listener)
    await slack.views_open(trigger_id=ticket, view=MODAL)

    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await slack.views_open(trigger_id=ticket, view=MODAL)
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await slack.views_open(trigger_id="1.2.3", view=MODAL)


async def test_a_trigger_is_too_old_after_three_seconds(
    world: LocalWorld, slack: AsyncWebClient, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await trigger(world, slack, listener)
    now = world.bench.store.clock
    monkeypatch.setattr(world.bench.store, "clock", lambda: now() + 3.1)

    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        await slack.views_open(trigger_id=ticket, view=MODAL)


async def test_errors_keep_the_form_open_under_their_fields(
    world: LocalWorld, slack: AsyncWebClient, listener: Listener
) -> None:
    await slack.views_open(trigger_id=await trigger(world, slack, listener), view=MODAL)
    refused = {"response_action": "errors", "errors": {"reason": "Say more."}}
    listener.answer = lambda heard: web.json_response(refused)
    await world.slack.submit("ada", await world.slack.modal("ada"), reason="no")

    assert (await world.slack.modal("ada", errors=True))["errors"] == {"reason": "Say more."}


async def test_a_required_field_left_empty_never_reaches_the_bot(
    world: LocalWorld, slack: AsyncWebClient, listener: Listener
) -> None:
    await slack.views_open(trigger_id=await trigger(world, slack, listener), view=MODAL)
    await world.slack.submit("ada", await world.slack.modal("ada"))

    assert "reason" in (await world.slack.modal("ada", errors=True))["errors"]
    assert not [heard for heard in listener.heard if heard.payload.get("type") == "view_submission"]


async def test_a_form_can_be_replaced_pushed_upon_and_cleared_by_its_answer(
    world: LocalWorld, slack: AsyncWebClient, listener: Listener
) -> None:
    await slack.views_open(trigger_id=await trigger(world, slack, listener), view=MODAL)
    first = await world.slack.modal("ada")
    second = MODAL | {"callback_id": "second"}
    listener.answer = lambda heard: web.json_response({"response_action": "push", "view": second})
    await world.slack.submit("ada", first, reason="x")
    await world.until(lambda: len(world.modals) == 2, "a second form")
    pushed = await world.slack.modal("ada")
    assert pushed["view"]["previous_view_id"] == first["view_id"] == pushed["view"]["root_view_id"]
    third = MODAL | {"callback_id": "third"}
    listener.answer = lambda heard: web.json_response({"response_action": "update", "view": third})
    await world.slack.submit("ada", pushed, reason="x")
    await world.until(
        lambda: world.modals[pushed["view_id"]]["view"]["callback_id"] == "third", "the form to be replaced"
    )
    listener.answer = lambda heard: web.json_response({"response_action": "clear"})
    await world.slack.submit("ada", await world.slack.modal("ada"), reason="x")
    await world.slack.no_modal("ada")


async def test_closing_a_form_is_told_where_asked_for(
    world: LocalWorld, slack: AsyncWebClient, listener: Listener
) -> None:
    await slack.views_open(trigger_id=await trigger(world, slack, listener), view=MODAL)
    await world.slack.close("ada", await world.slack.modal("ada"))

    assert (await listener.interaction("view_closed"))[0].payload["view"]["callback_id"] == "reject"
    await world.slack.no_modal("ada")


async def test_a_form_on_my_screen_is_not_yours(
    world: LocalWorld, slack: AsyncWebClient, listener: Listener
) -> None:
    await slack.views_open(trigger_id=await trigger(world, slack, listener), view=MODAL)

    with pytest.raises(Refused, match="not open"):
        await world.slack.submit("omar", await world.slack.modal("ada"), reason="x")
