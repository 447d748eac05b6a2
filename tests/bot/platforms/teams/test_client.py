"""What is sent to Teams, and what its refusals mean."""

from __future__ import annotations

import asyncio

import pytest

from bot.errors import PlatformError
from bot.platforms.teams.client import TeamsClient
from bot.reply import Button, Buttons, Field, Form, Paragraph, Reply
from bot.turn import Place
from tests.bot.platforms.teams.connector_stand import ACCOUNT, Connector
from tests.bot.platforms.teams.stand import ADA, APP, CHANNEL, TENANT

HELLO = Reply("hello")
CARD = Reply("Approve?", (Paragraph("Approve?"), Buttons((Button("Yes", "approve", "1"),))))


async def test_a_message_is_posted_with_our_token_and_our_marker(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair

    sent = await client.post(teams.place(), HELLO, marker="m-1")

    assert (sent.id, sent.thread) == ("1767000000099", None)
    assert (teams.last.method, teams.last.path) == ("POST", "/teams/v3/conversations/a:ada/activities")
    assert teams.last.authorization == "Bearer token-1"
    assert teams.last.body == {
        "type": "message",
        "text": "hello",
        "textFormat": "plain",
        "channelData": {"countersign": "m-1"},
        "from": {"id": f"28:{APP}"},
    }


async def test_an_answer_in_a_channel_goes_to_its_thread(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair

    sent = await client.post(teams.place(CHANNEL, "17"), HELLO, marker="")

    assert teams.last.path.endswith(f"/v3/conversations/{CHANNEL};messageid=17/activities")
    assert sent.thread == "17"


async def test_a_new_root_message_names_the_thread_it_starts(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair

    sent = await client.post(teams.place(CHANNEL), HELLO, marker="")

    assert teams.last.path.endswith(f"/v3/conversations/{CHANNEL}/activities")
    assert sent.thread == sent.id == "1767000000099"


async def test_an_odd_conversation_id_cannot_lead_to_another_path(
    pair: tuple[Connector, TeamsClient],
) -> None:
    teams, client = pair

    await client.post(teams.place("a/../../../login?x=1#y"), HELLO, marker="")

    assert teams.last.path.startswith("/teams/v3/conversations/")
    assert teams.last.query == ""


async def test_a_card_is_updated_for_everybody(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair

    await client.update(teams.place(CHANNEL, "17"), "99", CARD, marker="m-2")

    assert (teams.last.method, teams.last.body["id"]) == ("PUT", "99")
    assert teams.last.path.endswith(f"{CHANNEL};messageid=17/activities/99")


async def test_a_token_is_fetched_once_for_many_calls_at_once(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair

    await asyncio.gather(*(client.post(teams.place(), HELLO, marker=str(n)) for n in range(30)))

    assert teams.logins == 1


async def test_a_refused_token_is_replaced(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair
    await client.warm()
    teams.answers = [(401, {}, {"error": {"code": "Unauthorized"}})]

    with pytest.raises(PlatformError) as refused:
        await client.post(teams.place(), HELLO, marker="")
    assert refused.value.retryable
    await client.post(teams.place(), HELLO, marker="")

    assert teams.last.authorization == "Bearer token-2"


async def test_a_whisper_in_a_channel_is_seen_by_one(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair

    await client.whisper(teams.place(CHANNEL, "17"), ACCOUNT, HELLO)

    assert teams.last.query == "isTargetedActivity=true"
    assert teams.last.path.endswith(f"{CHANNEL};messageid=17/activities")
    assert teams.last.body["recipient"] == {"id": ADA, "aadObjectId": ADA}


async def test_a_whisper_that_teams_refuses_goes_to_our_private_chat(
    pair: tuple[Connector, TeamsClient],
) -> None:
    teams, client = pair
    teams.answers = [(400, {}, {})]

    await client.whisper(teams.place(CHANNEL), ACCOUNT, HELLO)

    assert [call.path.partition("/v3")[2] for call in teams.calls[1:]] == [
        "/conversations",
        "/conversations/a:new/activities",
    ]
    assert "recipient" not in teams.last.body


async def test_a_whisper_that_may_succeed_later_is_not_sent_elsewhere(
    pair: tuple[Connector, TeamsClient],
) -> None:
    teams, client = pair
    teams.answers = [(429, {}, {})]

    with pytest.raises(PlatformError):
        await client.whisper(teams.place(CHANNEL), ACCOUNT, HELLO)

    assert len(teams.calls) == 1


async def test_a_whisper_in_private_is_an_ordinary_message(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair

    await client.whisper(teams.place(private=True), ACCOUNT, HELLO)

    assert teams.last.query == ""


async def test_a_form_is_a_card_for_one(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair

    await client.open_form(
        teams.place(CHANNEL), ACCOUNT, "", Form("reject", "ap", "Why?", (Field("reason", "Reason"),))
    )

    assert teams.last.query == "isTargetedActivity=true"
    assert teams.last.body["attachments"][0]["content"]["body"][0]["text"] == "Why?"


async def test_a_private_chat_is_opened_once(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair
    await client.post(teams.place(), HELLO, marker="")

    first, second = await client.direct(ACCOUNT), await client.direct(ACCOUNT)

    assert first == second == Place("teams", TENANT, "a:new", via=teams.url, private=True)
    assert len(teams.calls) == 2
    assert teams.last.body == {
        "bot": {"id": f"28:{APP}"},
        "isGroup": False,
        "members": [{"id": ADA}],
        "tenantId": TENANT,
        "channelData": {"tenant": {"id": TENANT}},
    }


async def test_before_the_sandbox_has_spoken_its_address_is_not_guessed(
    pair: tuple[Connector, TeamsClient],
) -> None:
    _, client = pair

    with pytest.raises(PlatformError, match="address"):
        await client.direct(ACCOUNT)


async def test_typing_is_shown_and_its_failure_is_nobodys_concern(
    pair: tuple[Connector, TeamsClient],
) -> None:
    teams, client = pair

    await client.working(teams.place(CHANNEL, "17"), ACCOUNT)
    assert teams.last.body == {"type": "typing", "from": {"id": f"28:{APP}"}}

    teams.answers = [(500, {}, "")]
    await client.working(teams.place(), ACCOUNT)


async def test_there_is_no_look_up(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair

    with pytest.raises(PlatformError) as caught:
        await client.find(teams.place(), marker="m", since=0.0)

    assert caught.value.unknown
    assert (await client.show_home(ACCOUNT, HELLO)) is None  # type: ignore[func-returns-value]
