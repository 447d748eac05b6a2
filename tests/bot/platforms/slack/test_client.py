"""The client against a small Slack that can be late, broken, strict or wrong."""

from __future__ import annotations

import asyncio
import logging
import socket as sockets
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.errors import ConfigurationError, PlatformError
from bot.platforms.base import Client, Sent
from bot.platforms.slack import call as calls
from bot.platforms.slack import client as clients
from bot.platforms.slack.client import SlackClient, connect
from bot.reply import Field, Form, Paragraph, Reply
from bot.settings import Settings
from bot.turn import Account, Place

PLACE = Place("slack", "T0ACME", "C0ORDERS", "1.000100")
HOME = Place("slack", "T0ACME", "U0ADA", private=True)
ADA = Account("slack", "T0ACME", "U0ADA")
POSTED = {"ok": True, "ts": "2.000200", "channel": "C0ORDERS"}
FORM = Form("reject", "apr_1", "Reject", (Field("reason", "Reason"),))


@pytest.fixture
def client(settings: Settings, session: aiohttp.ClientSession) -> SlackClient:
    return connect(settings, session)


def answer(status: int, body: Any = None, **headers: str) -> Callable[[Any], Awaitable[web.Response]]:
    async def give(arguments: Any) -> web.Response:
        if isinstance(body, str):
            return web.Response(status=status, text=body, content_type="text/html", headers=headers)
        return web.json_response(body, status=status, headers=headers)

    return give


def the_client_is_one(client: SlackClient) -> Client:
    """mypy holds the class against the interface."""
    return client


async def test_a_post_goes_to_its_thread_marked_and_inert(client: SlackClient, stand_in: Any) -> None:
    stand_in.answers["chat.postMessage"] = POSTED
    sent = await client.post(PLACE, Reply("Two <!channel> pizzas"), marker="m1")

    assert sent == Sent("2.000200", "1.000100")
    [(_, message, authorization)] = stand_in.asked
    assert authorization == "Bearer xoxb-1-secret"
    assert (message["channel"], message["thread_ts"]) == ("C0ORDERS", "1.000100")
    assert message["text"] == "Two &lt;!channel&gt; pizzas"
    assert message["metadata"] == {"event_type": "countersign_message", "event_payload": {"marker": "m1"}}
    assert message["unfurl_links"] is False
    assert message["unfurl_media"] is False
    assert message["link_names"] is False
    assert message["parse"] == "none"
    assert "token" not in message


@pytest.mark.twin
async def test_twin_without_the_switch_an_address_in_a_message_would_be_fetched(
    client: SlackClient, stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "SLACK_INERT", {})
    stand_in.answers["chat.postMessage"] = POSTED
    await client.post(PLACE, Reply("https://evil.example"), marker="m1")
    assert "unfurl_links" not in stand_in.arguments("chat.postMessage")[0]


async def test_a_root_message_starts_the_thread_it_is(client: SlackClient, stand_in: Any) -> None:
    stand_in.answers["chat.postMessage"] = POSTED
    sent = await client.post(Place("slack", "T0ACME", "C0ORDERS"), Reply("Order"), marker="m1")
    assert sent == Sent("2.000200", "2.000200")
    assert "thread_ts" not in stand_in.arguments("chat.postMessage")[0]


async def test_a_message_to_a_person_says_which_channel_it_became(client: SlackClient, stand_in: Any) -> None:
    stand_in.answers["chat.postMessage"] = POSTED | {"channel": "D0ADA"}
    sent = await client.post(HOME, Reply("Hello"), marker="m1")
    assert sent.extra == {"channel": "D0ADA"}


async def test_a_card_is_updated_with_new_block_ids(client: SlackClient, stand_in: Any) -> None:
    for _ in range(2):
        await client.update(PLACE, "2.000200", Reply("Done", (Paragraph("Paid"),)), marker="m1")
    first, second = stand_in.arguments("chat.update")
    assert first["ts"] == "2.000200"
    assert first["blocks"][0]["block_id"] != second["blocks"][0]["block_id"]


async def test_a_whisper_stays_in_its_thread_and_with_its_person(client: SlackClient, stand_in: Any) -> None:
    await client.whisper(PLACE, ADA, Reply("Only the named approvers can decide this."))
    [said] = stand_in.arguments("chat.postEphemeral")
    assert (said["channel"], said["user"], said["thread_ts"]) == ("C0ORDERS", "U0ADA", "1.000100")


async def test_a_whisper_where_only_the_person_is_becomes_a_direct_message(
    client: SlackClient, stand_in: Any
) -> None:
    await client.whisper(HOME, ADA, Reply("Seen."))
    assert stand_in.arguments("chat.postMessage")[0]["channel"] == "U0ADA"


# ── Failures ─────────────────────────────────────────────────────────────────────────────


async def test_asked_to_slow_down_it_says_for_how_long_and_does_not_retry(
    client: SlackClient, stand_in: Any
) -> None:
    limited = {"ok": False, "error": "ratelimited"}
    stand_in.answers["chat.postMessage"] = answer(429, limited, **{"Retry-After": "7"})
    with pytest.raises(PlatformError) as caught:
        await client.post(PLACE, Reply("x"), marker="m1")
    assert caught.value.retry_after == 7
    assert caught.value.retryable
    assert not caught.value.unknown
    assert len(stand_in.asked) == 1


@pytest.mark.parametrize("pause", ["soon", "-5", "nan", "1e99", ""])
async def test_a_strange_pause_is_still_a_pause(client: SlackClient, stand_in: Any, pause: str) -> None:
    stand_in.answers["chat.postMessage"] = answer(429, {"ok": False}, **{"Retry-After": pause})
    with pytest.raises(PlatformError) as caught:
        await client.post(PLACE, Reply("x"), marker="m1")
    assert caught.value.retry_after is not None
    assert 0 <= caught.value.retry_after <= 3600


@pytest.mark.parametrize(
    "reply",
    [
        answer(500, {"ok": False, "error": "internal_error"}),
        answer(503, "<html>down</html>"),
        answer(200, "<html>log in</html>"),
        answer(200, {"ok": False, "error": "fatal_error"}),
        answer(200, []),
        answer(200, None),
        answer(200, {"ok": True}),
        answer(200, {"ok": False, "error": 7}),
    ],
)
async def test_a_post_whose_answer_says_nothing_may_have_been_made(
    client: SlackClient, stand_in: Any, reply: Any
) -> None:
    stand_in.answers["chat.postMessage"] = reply
    with pytest.raises(PlatformError) as caught:
        await client.post(PLACE, Reply("x"), marker="m1")
    assert caught.value.unknown
    assert caught.value.retryable
    assert len(stand_in.asked) == 1


async def test_a_post_that_hangs_ends_at_its_deadline_and_may_have_been_made(
    client: SlackClient, stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = asyncio.Event()

    async def hang(arguments: Any) -> dict[str, Any]:
        await release.wait()
        return POSTED

    stand_in.answers["chat.postMessage"] = hang
    monkeypatch.setattr(client, "_deadline", 0.1)
    with pytest.raises(PlatformError) as caught:
        await client.post(PLACE, Reply("x"), marker="m1")
    release.set()
    assert caught.value.unknown
    assert caught.value.retryable


async def test_a_connection_cut_after_the_post_leaves_it_unknown(client: SlackClient, stand_in: Any) -> None:
    async def dropping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(dropping, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client._web.base_url = f"http://127.0.0.1:{port}/api/"
    with pytest.raises(PlatformError) as caught:
        await client.post(PLACE, Reply("x"), marker="m1")
    server.close()
    assert caught.value.unknown


async def test_a_refused_connection_is_tried_again_freely(client: SlackClient) -> None:
    with sockets.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client._web.base_url = f"http://127.0.0.1:{port}/api/"
    with pytest.raises(PlatformError) as caught:
        await client.post(PLACE, Reply("x"), marker="m1")
    assert caught.value.retryable
    assert not caught.value.unknown


@pytest.mark.parametrize(
    "code",
    [
        "channel_not_found",
        "is_archived",
        "not_in_channel",
        "account_inactive",
        "token_revoked",
        "message_not_found",
    ],
)
async def test_what_is_gone_is_said_to_be_gone(client: SlackClient, stand_in: Any, code: str) -> None:
    stand_in.answers["chat.update"] = {"ok": False, "error": code}
    with pytest.raises(PlatformError) as caught:
        await client.update(PLACE, "2.0", Reply("x"), marker="m1")
    assert caught.value.gone
    assert not caught.value.retryable


async def test_a_missing_scope_is_named(client: SlackClient, stand_in: Any) -> None:
    stand_in.answers["views.open"] = {"ok": False, "error": "missing_scope", "needed": "chat:write"}
    with pytest.raises(PlatformError, match="chat:write"):
        await client.open_form(PLACE, ADA, "1.2.3", FORM)


async def test_no_error_holds_a_token_an_address_or_words_of_the_answer(
    client: SlackClient, stand_in: Any
) -> None:
    secret = "xoxb-1-secret said <b>everything</b>"
    for reply in (answer(200, {"ok": False, "error": secret}), answer(500, secret), answer(200, secret)):
        stand_in.answers["chat.postMessage"] = reply
        with pytest.raises(PlatformError) as caught:
            await client.post(PLACE, Reply("body text"), marker="m1")
        seen: BaseException | None = caught.value
        while seen is not None:
            assert "xoxb" not in str(seen)
            assert "everything" not in str(seen)
            assert "127.0.0.1" not in str(seen)
            seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


async def test_no_token_and_no_body_reaches_a_log(
    client: SlackClient, stand_in: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    stand_in.answers["chat.postMessage"] = POSTED
    await client.post(PLACE, Reply("very private words"), marker="m1")
    assert "xoxb" not in caplog.text
    assert "private words" not in caplog.text


@pytest.mark.twin
async def test_twin_with_the_sdks_own_logger_the_words_are_in_the_log(
    settings: Settings,
    session: aiohttp.ClientSession,
    stand_in: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loud = logging.getLogger("loud")
    loud.setLevel(logging.DEBUG)
    monkeypatch.setattr(calls, "SILENT", loud)
    caplog.set_level(logging.DEBUG)
    stand_in.answers["chat.postMessage"] = POSTED
    await connect(settings, session).post(PLACE, Reply("very private words"), marker="m1")
    assert "private words" in caplog.text


@pytest.mark.twin
async def test_twin_with_the_sdks_retries_one_post_becomes_two(client: SlackClient, stand_in: Any) -> None:
    from slack_sdk.http_retry.builtin_async_handlers import AsyncServerErrorRetryHandler

    stand_in.answers["chat.postMessage"] = [answer(500, {"ok": False}), POSTED]
    client._web.retry_handlers = [AsyncServerErrorRetryHandler(max_retry_count=1)]
    await client.post(PLACE, Reply("x"), marker="m1")
    assert len(stand_in.asked) == 2


async def test_without_a_token_nothing_is_asked(session: aiohttp.ClientSession, stand_in: Any) -> None:
    bare = connect(Settings(_env_file=None, slack_api_url=f"{stand_in.url}/api/"), session)
    with pytest.raises(PlatformError, match="SLACK_BOT_TOKEN"):
        await bare.post(PLACE, Reply("x"), marker="m1")
    assert stand_in.asked == []


async def test_a_workspace_without_a_token_is_a_platforms_error_like_any_other(
    settings: Settings, session: aiohttp.ClientSession
) -> None:
    class Unset:
        async def token(self, workspace: str) -> str:
            raise ConfigurationError("Install the app there again.")

    with pytest.raises(PlatformError, match="Install the app") as caught:
        await connect(settings, session, Unset()).post(PLACE, Reply("x"), marker="m1")
    assert caught.value.gone


# ── Looking things up ────────────────────────────────────────────────────────────────────


def marked(marker: str, ts: str, **more: Any) -> dict[str, Any]:
    metadata = {"event_type": "countersign_message", "event_payload": {"marker": marker}}
    return {"ts": ts, "bot_id": "B1", "metadata": metadata} | more


async def test_a_lost_message_is_found_in_its_thread_by_its_marker(
    client: SlackClient, stand_in: Any
) -> None:
    page = {"ok": True, "messages": [{"ts": "1.000100"}], "response_metadata": {"next_cursor": "c2"}}
    stand_in.answers["conversations.replies"] = [page, {"ok": True, "messages": [marked("m1", "3.000300")]}]
    assert await client.find(PLACE, marker="m1", since=1000.0) == Sent("3.000300", "1.000100")
    first, second = stand_in.arguments("conversations.replies")
    assert (first["ts"], first["oldest"], first["include_all_metadata"]) == ("1.000100", "940.000000", "1")
    assert second["cursor"] == "c2"


async def test_a_root_message_is_looked_for_in_the_channel(client: SlackClient, stand_in: Any) -> None:
    stand_in.answers["conversations.history"] = {"ok": True, "messages": [marked("m2", "3.0")]}
    place = Place("slack", "T0ACME", "C0ORDERS")
    assert await client.find(place, marker="m1", since=0.0) is None
    assert await client.find(place, marker="m2", since=0.0) == Sent("3.0", "3.0")


async def test_a_persons_imitation_of_our_marker_is_not_our_message(
    client: SlackClient, stand_in: Any
) -> None:
    forged = marked("m1", "3.0", user="U0OMAR")
    del forged["bot_id"]
    stand_in.answers["conversations.replies"] = {"ok": True, "messages": [forged, None, 7]}
    assert await client.find(PLACE, marker="m1", since=0.0) is None


async def test_a_look_up_without_an_end_leaves_the_question_open(client: SlackClient, stand_in: Any) -> None:
    endless = {"ok": True, "messages": [], "response_metadata": {"next_cursor": "more"}}
    stand_in.answers["conversations.replies"] = endless
    with pytest.raises(PlatformError) as caught:
        await client.find(PLACE, marker="m1", since=0.0)
    assert caught.value.unknown


USER = {
    "id": "U0ADA",
    "name": "ada",
    "tz": "Europe/Lisbon",
    "is_email_confirmed": True,
    "profile": {"display_name": "Ada", "real_name": "Ada Reyes", "email": "ada@acme.example"},
}


async def test_a_profile_carries_the_confirmed_e_mail(client: SlackClient, stand_in: Any) -> None:
    stand_in.answers["users.info"] = {"ok": True, "user": USER}
    found = await client.profile(ADA, PLACE)
    assert (found.name, found.email, found.time_zone) == ("Ada", "ada@acme.example", "Europe/Lisbon")


@pytest.mark.parametrize(
    "change",
    [{"is_email_confirmed": False}, {"is_email_confirmed": None}, {"is_bot": True}, {"profile": None}],
)
async def test_an_e_mail_that_slack_does_not_vouch_for_is_no_e_mail(
    client: SlackClient, stand_in: Any, change: dict[str, Any]
) -> None:
    stand_in.answers["users.info"] = {"ok": True, "user": USER | change}
    assert (await client.profile(ADA, PLACE)).email == ""


async def test_guests_are_known_as_guests_and_the_departed_as_gone(
    client: SlackClient, stand_in: Any
) -> None:
    stand_in.answers["users.info"] = {"ok": True, "user": USER | {"is_stranger": True}}
    assert (await client.profile(ADA, PLACE)).is_guest
    stand_in.answers["users.info"] = {"ok": True, "user": USER | {"deleted": True}}
    with pytest.raises(PlatformError) as caught:
        await client.profile(ADA, PLACE)
    assert caught.value.gone


async def test_a_direct_place_is_opened(client: SlackClient, stand_in: Any) -> None:
    stand_in.answers["conversations.open"] = {"ok": True, "channel": {"id": "D0ADA"}}
    assert await client.direct(ADA) == Place("slack", "T0ACME", "D0ADA", private=True)


async def test_a_form_and_a_home_page_are_shown(client: SlackClient, stand_in: Any) -> None:
    await client.open_form(PLACE, ADA, "1.2.3", FORM)
    await client.show_home(ADA, Reply("Home"))
    assert stand_in.arguments("views.open")[0]["trigger_id"] == "1.2.3"
    assert stand_in.arguments("views.open")[0]["view"]["callback_id"] == "reject"
    assert stand_in.arguments("views.publish")[0]["user_id"] == "U0ADA"
    assert stand_in.arguments("views.publish")[0]["view"]["type"] == "home"


async def test_showing_work_never_fails_and_needs_a_thread(client: SlackClient, stand_in: Any) -> None:
    stand_in.answers["assistant.threads.setStatus"] = answer(500, {"ok": False})
    await client.working(PLACE, ADA)
    await client.working(HOME, ADA)
    assert [asked["thread_ts"] for asked in stand_in.arguments("assistant.threads.setStatus")] == ["1.000100"]
