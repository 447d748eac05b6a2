"""The Web API stand-in, called by Slack's own SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workbench import cast
from bot.workbench.driver import LocalWorld

ORDERS = "C0ORDERS00"


@pytest.fixture
async def slack(world: LocalWorld) -> AsyncIterator[AsyncWebClient]:
    variables = world.environment
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(
            token=variables["SLACK_BOT_TOKEN"],
            base_url=variables["SLACK_API_URL"],
            session=session,
            retry_handlers=[],
        )


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_a_posted_message_is_there_for_everybody_and_in_history(
    world: LocalWorld, slack: AsyncWebClient
) -> None:
    posted = await slack.chat_postMessage(channel=ORDERS, text="hello")

    seen = await world.slack.wait_for("hello", channel="orders")
    history = await slack.conversations_history(channel=ORDERS)
    assert seen.ts == posted["ts"]
    assert history["messages"][0]["text"] == "hello"
    assert history["messages"][0]["bot_id"] == cast.BOT_ID


async def test_auth_test_says_who_the_bot_is(slack: AsyncWebClient) -> None:
    said = await slack.auth_test()

    assert (said["team_id"], said["user_id"], said["bot_id"]) == (cast.TEAM, cast.BOT_USER, cast.BOT_ID)


async def test_a_wrong_token_is_refused_and_no_token_is_told_apart(
    world: LocalWorld, slack: AsyncWebClient
) -> None:
    stranger = AsyncWebClient(token="xoxb-wrong", base_url=world.environment["SLACK_API_URL"])
    assert await refusal(stranger.chat_postMessage(channel=ORDERS, text="x")) == "invalid_auth"
    async with aiohttp.ClientSession() as session, session.post(slack.base_url + "auth.test") as answer:
        assert await answer.json() == {"ok": False, "error": "not_authed"}
    assert world.slack.messages("orders") == []


async def test_form_bodies_with_json_inside_work_like_json_bodies(
    world: LocalWorld, slack: AsyncWebClient
) -> None:
    form = {"channel": ORDERS, "text": "form", "blocks": '[{"type": "divider"}]', "token": slack.token or ""}
    async with (
        aiohttp.ClientSession() as session,
        session.post(slack.base_url + "chat.postMessage", data=form) as answer,
    ):
        assert (await answer.json())["ok"] is True
    assert (await world.slack.wait_for("form")).blocks[0]["type"] == "divider"


async def test_two_messages_at_the_same_instant_get_different_time_stamps(slack: AsyncWebClient) -> None:
    stamps = {(await slack.chat_postMessage(channel=ORDERS, text=str(n)))["ts"] for n in range(30)}

    assert len(stamps) == 30


async def test_control_sequences_are_kept_as_sent_so_that_a_test_can_see_a_ping(
    world: LocalWorld, slack: AsyncWebClient
) -> None:
    await slack.chat_postMessage(channel=ORDERS, text="<!channel> wake up")

    assert "<!channel>" in (await world.slack.wait_for("wake up")).text


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": ORDERS}, "no_text"),
        ({"channel": ORDERS, "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": ORDERS, "text": "x", "thread_ts": "1.000001"}, "cannot_reply_to_message"),
        ({"channel": ORDERS, "text": "x", "blocks": [{"type": "carousel-of-doom"}]}, "invalid_blocks"),
        ({"channel": ORDERS, "text": "x", "blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"channel": ORDERS, "text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata"),
        (
            {
                "channel": ORDERS,
                "text": "x",
                "blocks": [{"type": "section", "text": {"type": "plain_text", "text": "y" * 2999}}] * 5,
            },
            "msg_blocks_too_long",
        ),
    ],
)
async def test_what_slack_would_refuse_is_refused(
    slack: AsyncWebClient, message: dict[str, Any], error: str
) -> None:
    assert await refusal(slack.api_call("chat.postMessage", json=message)) == error


async def test_an_unknown_method_is_named_unknown(slack: AsyncWebClient) -> None:
    assert await refusal(slack.api_call("chat.whistle")) == "unknown_method"


async def test_an_update_with_text_alone_takes_the_blocks_away(
    world: LocalWorld, slack: AsyncWebClient
) -> None:
    posted = await slack.chat_postMessage(channel=ORDERS, text="card", blocks=[{"type": "divider"}])
    await slack.chat_update(channel=ORDERS, ts=posted["ts"], text="done")

    now = await world.slack.wait_for("done")
    assert (now.ts, now.blocks) == (posted["ts"], [])


async def test_the_bot_changes_and_deletes_its_own_messages_only(
    world: LocalWorld, slack: AsyncWebClient
) -> None:
    said = await world.slack.say("ada", "orders", "mine")

    assert await refusal(slack.chat_update(channel=ORDERS, ts=said.ts, text="x")) == "cant_update_message"
    assert await refusal(slack.chat_delete(channel=ORDERS, ts=said.ts)) == "cant_delete_message"
    assert await refusal(slack.chat_update(channel=ORDERS, ts="1.000001", text="x")) == "message_not_found"
    posted = await slack.chat_postMessage(channel=ORDERS, text="soon gone")
    await slack.chat_delete(channel=ORDERS, ts=posted["ts"])
    await world.until(lambda: len(world.slack.messages("orders")) == 1, "the deleted message to go")


async def test_a_whisper_is_for_one_member_and_not_in_history(
    world: LocalWorld, slack: AsyncWebClient
) -> None:
    await slack.chat_postEphemeral(channel=ORDERS, user=cast.OMAR.slack, text="psst")

    whisper = await world.slack.wait_for("psst", who="omar")
    assert world.slack.messages("orders", who="ada") == []
    assert (await slack.conversations_history(channel=ORDERS))["messages"] == []
    assert await refusal(slack.chat_update(channel=ORDERS, ts=whisper.ts, text="x")) == "message_not_found"
    other = slack.chat_postEphemeral(channel=cast.ADA.dm, user=cast.OMAR.slack, text="psst")
    assert await refusal(other) == "user_not_in_channel"


async def test_replies_come_in_order_under_their_root_with_metadata_where_asked_for(
    world: LocalWorld, slack: AsyncWebClient
) -> None:
    root = await world.slack.say("ada", "orders", "root")
    marked = {"event_type": "countersign_message", "event_payload": {"marker": "m1"}}
    await slack.chat_postMessage(channel=ORDERS, thread_ts=root.ts, text="one", metadata=marked)
    await slack.chat_postMessage(channel=ORDERS, thread_ts=root.ts, text="two")

    plain = await slack.conversations_replies(channel=ORDERS, ts=root.ts)
    full = await slack.conversations_replies(channel=ORDERS, ts=root.ts, include_all_metadata=True)
    assert [message["text"] for message in plain["messages"]] == ["root", "one", "two"]
    assert plain["messages"][0]["reply_count"] == 2
    assert "metadata" not in plain["messages"][1]
    assert full["messages"][1]["metadata"] == marked
    assert [m["text"] for m in (await slack.conversations_history(channel=ORDERS))["messages"]] == ["root"]


async def test_history_is_paged_by_a_cursor(slack: AsyncWebClient) -> None:
    for number in range(5):
        await slack.chat_postMessage(channel=ORDERS, text=str(number))

    texts: list[str] = []
    cursor = ""
    while True:
        page = await slack.conversations_history(channel=ORDERS, limit=2, cursor=cursor)
        texts += [message["text"] for message in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert texts == ["4", "3", "2", "1", "0"]


async def test_people_have_confirmed_addresses_and_the_bot_is_a_bot(slack: AsyncWebClient) -> None:
    ada = (await slack.users_info(user=cast.ADA.slack))["user"]
    bot = (await slack.users_info(user=cast.BOT_USER))["user"]

    assert (ada["profile"]["email"], ada["is_email_confirmed"], ada["is_bot"]) == (
        "ada@example.com",
        True,
        False,
    )
    assert bot["is_bot"] is True
    assert (await slack.users_lookupByEmail(email="grace@example.com"))["user"]["id"] == cast.GRACE.slack
    assert await refusal(slack.users_info(user="U0NOBODY")) == "user_not_found"


async def test_a_direct_message_is_opened_and_a_person_stands_for_it(
    world: LocalWorld, slack: AsyncWebClient
) -> None:
    opened = await slack.conversations_open(users=cast.GRACE.slack)
    assert opened["channel"]["id"] == cast.GRACE.dm
    posted = await slack.chat_postMessage(channel=cast.GRACE.slack, text="hi")
    assert posted["channel"] == cast.GRACE.dm
    assert (await slack.conversations_info(channel=cast.GRACE.dm))["channel"]["is_im"] is True
    assert set((await slack.conversations_members(channel=ORDERS))["members"]) == {
        *cast.BY_SLACK,
        cast.BOT_USER,
    }


async def test_a_status_shows_until_the_bot_answers_in_that_thread(
    world: LocalWorld, slack: AsyncWebClient
) -> None:
    root = await world.slack.say("ada", "orders", "root")
    key = f"{ORDERS}:{root.ts}"
    await slack.assistant_threads_setStatus(channel_id=ORDERS, thread_ts=root.ts, status="is thinking…")
    await world.until(lambda: world.statuses.get(key) == "is thinking…", "the status")
    await slack.chat_postMessage(channel=ORDERS, thread_ts=root.ts, text="done")
    await world.until(lambda: world.statuses.get(key) == "", "the status to end")


async def test_a_stream_grows_and_ends(world: LocalWorld, slack: AsyncWebClient) -> None:
    root = await world.slack.say("ada", "orders", "root")
    whom = {"recipient_user_id": cast.ADA.slack, "recipient_team_id": cast.TEAM}
    begun = await slack.chat_startStream(channel=ORDERS, thread_ts=root.ts, markdown_text="one ", **whom)
    await slack.chat_appendStream(channel=ORDERS, ts=begun["ts"], markdown_text="two ")
    await slack.chat_stopStream(channel=ORDERS, ts=begun["ts"], markdown_text="three")

    assert (await world.slack.wait_for("three")).text == "one two three"
    again = slack.chat_appendStream(channel=ORDERS, ts=begun["ts"], markdown_text="x")
    assert await refusal(again) == "message_not_in_streaming_state"
    alone = slack.chat_startStream(channel=ORDERS, thread_ts=root.ts)
    assert await refusal(alone) == "missing_recipient_user_id"


async def test_rate_limits_carry_retry_after_and_nothing_is_posted(
    world: LocalWorld, slack: AsyncWebClient
) -> None:
    await world.fault("slack", "429", method="chat.postMessage", seconds=7)

    with pytest.raises(SlackApiError) as caught:
        await slack.chat_postMessage(channel=ORDERS, text="once")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"
    assert world.slack.messages("orders") == []
    await slack.chat_postMessage(channel=ORDERS, text="twice")


async def test_a_post_whose_answer_is_lost_is_there_all_the_same(
    world: LocalWorld, slack: AsyncWebClient
) -> None:
    await world.fault("slack", "drop_after", method="chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await slack.chat_postMessage(channel=ORDERS, text="was it posted?")

    assert await world.slack.wait_for("was it posted?")


async def test_oauth_gives_the_token_for_our_secret_alone(world: LocalWorld, slack: AsyncWebClient) -> None:
    from bot.workbench.keys import keys

    secret = keys(world.bench.settings.state_dir).slack_client_secret
    done = await slack.oauth_v2_access(client_id="1.2", client_secret=secret, code="any")
    assert (done["access_token"], done["team"]["id"]) == (slack.token, cast.TEAM)
    wrong = slack.oauth_v2_access(client_id="1.2", client_secret="guess", code="any")
    assert await refusal(wrong) == "bad_client_secret"
    rows = " ".join(str(row) for row in world.wire)
    assert secret not in rows


async def test_no_token_ever_shows_in_the_wire_log(world: LocalWorld, slack: AsyncWebClient) -> None:
    await slack.chat_postMessage(channel=ORDERS, text="x")
    async with aiohttp.ClientSession() as session:
        await session.post(slack.base_url + "auth.test", data={"token": slack.token})
        await session.get(slack.base_url + "auth.test", params={"token": slack.token or ""})

    row = await world.wait_for_wire("chat.postMessage")
    assert (row["verified"], row["status"]) == ("bearer ✓", 200)
    assert slack.token
    assert slack.token not in str(world.bench.store.wire(200))


@pytest.mark.twin
async def test_twin_without_the_bearer_check_a_stranger_posts_as_the_bot(
    world: LocalWorld, slack: AsyncWebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.workbench.slack_api import SlackApi

    monkeypatch.setattr(SlackApi, "_authorize", lambda *_: None)
    stranger = AsyncWebClient(token="xoxb-wrong", base_url=slack.base_url)
    await stranger.chat_postMessage(channel=ORDERS, text="forged")

    assert (await world.slack.wait_for("forged")).bot


@pytest.mark.twin
async def test_twin_without_redaction_the_wire_log_shows_the_token(
    world: LocalWorld, slack: AsyncWebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.workbench import wire

    monkeypatch.setattr(wire, "without_secrets", lambda text: text)
    monkeypatch.setattr(wire, "SECRET_HEADERS", frozenset())
    async with aiohttp.ClientSession() as session:
        await session.post(slack.base_url + "auth.test", data={"token": slack.token})

    assert str(slack.token) in str(world.bench.store.wire(200))
