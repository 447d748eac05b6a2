"""What a person does in the Slack stand-in reaches the bot as real Slack sends it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.workbench import cast, slack_text
from bot.workbench.driver import LocalWorld, Refused
from bot.workbench.seen import Message
from tests.bot.workbench.listener import Listener

ORDERS = "C0ORDERS00"
CARD = [
    {"type": "section", "block_id": "words", "text": {"type": "plain_text", "text": "Two colas, right?"}},
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "confirm",
                "text": {"type": "plain_text", "text": "Yes"},
                "value": "run-1",
            },
            {
                "type": "static_select",
                "action_id": "size",
                "options": [
                    {"text": {"type": "plain_text", "text": "Large"}, "value": "l"},
                    {"text": {"type": "plain_text", "text": "Small"}, "value": "s"},
                ],
            },
        ],
    },
]


@pytest.fixture
async def slack(world: LocalWorld) -> AsyncIterator[AsyncWebClient]:
    variables = world.environment
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(
            token=variables["SLACK_BOT_TOKEN"], base_url=variables["SLACK_API_URL"], session=session
        )


async def card(world: LocalWorld, slack: AsyncWebClient) -> Message:
    await slack.chat_postMessage(channel=ORDERS, text="Two colas?", blocks=CARD)
    return await world.slack.wait_for("Two colas?")


# ── words ──
async def test_a_mention_is_heard_twice_with_two_event_ids_and_one_time_stamp(
    world: LocalWorld, listener: Listener
) -> None:
    said = await world.slack.say("ada", "orders", "@Countersign order two colas")

    (mention,) = await listener.event("app_mention")
    (message,) = await listener.event("message")
    assert mention.event["text"] == f"<@{cast.BOT_USER}> order two colas"
    assert mention.payload["event_id"] != message.payload["event_id"]
    assert mention.event["ts"] == message.event["ts"] == said.ts
    assert message.event["channel_type"] == "channel"
    assert mention.payload["authorizations"][0]["user_id"] == cast.BOT_USER


async def test_every_request_carries_slacks_signature(world: LocalWorld, listener: Listener) -> None:
    await world.slack.say("ada", "orders", "@Countersign hello")
    await world.slack.command("ada", "orders", "/order two colas")

    await listener.event("app_mention")
    verifier = SignatureVerifier(world.environment["SLACK_SIGNING_SECRET"])
    assert len(listener.heard) >= 2
    assert all(verifier.is_valid_request(heard.body, heard.headers) for heard in listener.heard)


async def test_a_direct_message_is_heard_once_and_needs_no_mention(
    world: LocalWorld, listener: Listener
) -> None:
    await world.slack.say("grace", "dm", "order two colas")

    (heard,) = await listener.event("message")
    assert (heard.event["channel"], heard.event["channel_type"]) == (cast.GRACE.dm, "im")
    await world.settled()
    assert len(listener.heard) == 1


async def test_a_reply_names_its_root(world: LocalWorld, listener: Listener) -> None:
    root = await world.slack.say("ada", "orders", "@Countersign order")
    reply = await world.slack.say("ada", "orders", "two colas", thread=root)
    below = await world.slack.say("omar", "orders", "three", thread=reply)

    heard = await listener.wait_for(lambda payload: payload["event"]["text"] == "three")
    assert heard[0].event["thread_ts"] == root.ts == reply.thread == below.thread
    assert world.slack.now(root).raw["reply_count"] == 2


def test_typed_control_sequences_are_escaped_and_names_become_mentions() -> None:
    text, blocks = slack_text.sent(
        "<!channel> & @Countersign, @grace: see https://example.com/a?b=1 @here a@b.co"
    )

    assert text == (
        f"&lt;!channel&gt; &amp; <@{cast.BOT_USER}>, <@{cast.GRACE.slack}>: see "
        "<https://example.com/a?b=1> <!here> <mailto:a@b.co|a@b.co>"
    )
    assert blocks[0]["elements"][0]["elements"][0] == {"type": "text", "text": "<!channel> & "}


@pytest.mark.parametrize(
    "text", ["x" * 40_000, "a@" * 20_000, "a.b+c-" * 6_000, "@" * 40_000, "http://" * 5_000]
)
def test_whatever_is_typed_is_read_in_a_moment(text: str) -> None:
    began = time.perf_counter()
    slack_text.sent(text)

    assert time.perf_counter() - began < 1.0


async def test_nobody_speaks_in_somebody_elses_direct_message(world: LocalWorld, listener: Listener) -> None:
    with pytest.raises(Refused, match="not in that channel"):
        await world.act("slack.say", as_="omar", channel=cast.ADA.dm, text="hello")
    with pytest.raises(Refused, match="nothing to send"):
        await world.act("slack.say", as_="ada", channel=ORDERS, text="  ")
    with pytest.raises(Refused, match="40,000"):
        await world.act("slack.say", as_="ada", channel=ORDERS, text="x" * 40_001)
    assert listener.heard == []


async def test_the_bot_hears_the_echo_of_its_own_posts_and_updates(
    world: LocalWorld, slack: AsyncWebClient, listener: Listener
) -> None:
    posted = await slack.chat_postMessage(channel=ORDERS, text="hello")
    await slack.chat_update(channel=ORDERS, ts=posted["ts"], text="hello again")

    heard = await listener.event("message", 2)
    assert heard[0].event["bot_id"] == cast.BOT_ID
    assert heard[1].event["subtype"] == "message_changed"


# ── redelivery ──
async def test_an_unanswered_event_comes_again_three_times_with_retry_headers(
    world: LocalWorld, listener: Listener
) -> None:
    listener.answer = lambda heard: web.Response(status=503)
    await world.slack.say("ada", "dm", "hello")
    await world.settled()

    assert [heard.headers.get("X-Slack-Retry-Num") for heard in listener.heard] == [None, "1", "2", "3"]
    assert listener.heard[1].headers["X-Slack-Retry-Reason"] == "http_error"
    assert len({heard.body for heard in listener.heard}) == 1


async def test_a_refusal_with_no_retry_is_final(world: LocalWorld, listener: Listener) -> None:
    listener.answer = lambda heard: web.Response(status=500, headers={"X-Slack-No-Retry": "1"})
    await world.slack.say("ada", "dm", "hello")
    await world.settled()

    assert len(listener.heard) == 1


async def test_an_event_is_not_sent_again_once_it_is_taken(world: LocalWorld, listener: Listener) -> None:
    answers = iter([503, 200])
    listener.answer = lambda heard: web.Response(status=next(answers))
    await world.slack.say("ada", "dm", "hello")
    await world.settled()

    assert len(listener.heard) == 2
    assert world.bench.store.newest("parcel") == []


# ── commands ──
async def test_a_slash_command_is_a_form_and_its_answer_a_whisper(
    world: LocalWorld, listener: Listener
) -> None:
    listener.answer = lambda heard: web.json_response({"text": "On it."})
    await world.slack.command("ada", "orders", "/order two colas")

    form = listener.heard[0].payload
    assert (form["command"], form["text"], form["channel_name"]) == ("/order", "two colas", "orders")
    assert form["is_enterprise_install"] == "false"
    assert "thread_ts" not in form
    whisper = await world.slack.wait_for("On it.", who="ada")
    assert whisper.ephemeral_to == cast.ADA.slack
    assert world.slack.messages("orders", who="grace") == []


async def test_commands_do_not_work_in_threads_and_unknown_ones_nowhere(
    world: LocalWorld, listener: Listener
) -> None:
    root = await world.slack.say("ada", "general", "hello")
    await world.settled()
    listener.heard.clear()
    with pytest.raises(Refused, match="not supported in threads"):
        await world.act("slack.say", as_="ada", channel=ORDERS, text="/order x", thread_ts=root.ts)
    with pytest.raises(Refused, match="not a command"):
        await world.slack.command("ada", "orders", "/destroy everything")
    assert listener.heard == []


async def test_a_command_that_fails_is_told_and_not_repeated(world: LocalWorld, listener: Listener) -> None:
    listener.answer = lambda heard: web.Response(status=503)
    with pytest.raises(Refused, match="503"):
        await world.slack.command("ada", "orders", "/order x")
    await world.settled()

    assert len(listener.heard) == 1


# ── presses ──
async def test_a_press_carries_what_slack_sends(
    world: LocalWorld, slack: AsyncWebClient, listener: Listener
) -> None:
    shown = await card(world, slack)
    await world.slack.press("grace", shown, "Yes", state={"values": {"b": {"a": {"value": "x"}}}})

    payload = (await listener.interaction("block_actions"))[0].payload
    (action,) = payload["actions"]
    assert (action["action_id"], action["value"], action["type"]) == ("confirm", "run-1", "button")
    assert action["block_id"] == shown.control("confirm")["block_id"] != ""
    assert payload["container"]["message_ts"] == payload["message"]["ts"] == shown.ts
    assert payload["user"]["id"] == cast.GRACE.slack
    assert payload["state"]["values"] == {"b": {"a": {"value": "x"}}}
    assert payload["response_url"].startswith(world.url)


async def test_a_choice_carries_the_whole_option(
    world: LocalWorld, slack: AsyncWebClient, listener: Listener
) -> None:
    await world.slack.choose("grace", await card(world, slack), "size", "Small")

    payload = (await listener.interaction("block_actions"))[0].payload
    assert payload["actions"][0]["selected_option"]["value"] == "s"


async def test_a_response_url_replaces_answers_and_runs_out(
    world: LocalWorld, slack: AsyncWebClient, listener: Listener
) -> None:
    shown = await card(world, slack)
    await world.slack.press("ada", shown, "confirm")
    url = (await listener.interaction("block_actions"))[0].payload["response_url"]

    async with aiohttp.ClientSession() as session:

        async def post(body: Any) -> int:
            async with session.post(url, json=body) as answer:
                return answer.status

        assert await post({"text": "only you"}) == 200
        assert (await world.slack.wait_for("only you")).ephemeral_to == cast.ADA.slack
        assert await post({"text": "changed", "replace_original": True}) == 200
        await world.slack.wait_until(shown, lambda now: now.text == "changed" and not now.blocks)
        assert await post([1]) == 400
        assert [await post({"text": "x"}) for _ in range(4)] == [200, 200, 200, 404]
        async with session.post(url + "x", json={"text": "x"}) as answer:
            assert answer.status == 404


# ── the rest ──
async def test_app_home_is_opened_drawn_and_pressed_on(
    world: LocalWorld, slack: AsyncWebClient, listener: Listener
) -> None:
    await world.slack.open_home("grace")
    (opened,) = await listener.event("app_home_opened")
    assert (opened.event["user"], opened.event["tab"]) == (cast.GRACE.slack, "home")
    await slack.views_publish(user_id=cast.GRACE.slack, view={"type": "home", "blocks": CARD})
    blocks = await world.slack.home("grace")
    assert blocks[0]["block_id"] == "words"
    pressed = {"type": "button", "action_id": "confirm", "block_id": blocks[1]["block_id"], "value": "run-1"}
    await world.act("slack.press", as_="grace", channel="home", ts="", action=pressed)
    payload = (await listener.interaction("block_actions"))[0].payload
    assert (payload["view"]["type"], payload["container"]["type"]) == ("home", "view")


async def test_a_message_shortcut_works_in_a_thread_and_carries_the_message(
    world: LocalWorld, listener: Listener
) -> None:
    root = await world.slack.say("ada", "general", "lunch?")
    reply = await world.slack.say("omar", "general", "pizza", thread=root)
    await world.slack.shortcut("grace", reply)

    payload = (await listener.interaction("message_action"))[0].payload
    assert (payload["callback_id"], payload["message"]["text"]) == ("ask", "pizza")
    assert payload["message"]["thread_ts"] == root.ts
    assert re.fullmatch(r"\d+\.\d+\.[0-9a-f]{32}", payload["trigger_id"])


async def test_a_reaction_is_an_event(world: LocalWorld, listener: Listener) -> None:
    said = await world.slack.say("ada", "general", "done")
    await world.slack.react("omar", said, ":+1:")

    (heard,) = await listener.event("reaction_added")
    assert (heard.event["reaction"], heard.event["item"]["ts"]) == ("+1", said.ts)


async def test_a_bot_that_hangs_is_told_of_as_a_time_out(
    world: LocalWorld, slack: AsyncWebClient, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await card(world, slack)
    await world.settled()

    async def out_of_time(*_: object) -> Any:
        raise TimeoutError

    monkeypatch.setattr(aiohttp.ClientSession, "_request", _only_for("/slack/events", out_of_time))
    with pytest.raises(Refused, match="operation_timeout"):
        await world.slack.press("ada", shown, "confirm")


def _only_for(path: str, instead: Any) -> Any:
    real = aiohttp.ClientSession._request

    async def request(self: Any, method: str, url: Any, **more: Any) -> Any:
        if str(url).endswith(path):
            return await instead()
        return await real(self, method, url, **more)

    return request


async def test_twenty_people_at_once_are_all_heard(world: LocalWorld, listener: Listener) -> None:
    await asyncio.gather(*(world.slack.say("ada", "dm", f"message {number}") for number in range(20)))

    heard = await listener.event("message", 20)
    assert len({item.event["ts"] for item in heard}) == 20
