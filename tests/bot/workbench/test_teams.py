"""The Teams stand-in: signed activities, the Bot Connector, cards and who sees them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import aiohttp
import jwt
import pytest
from aiohttp import web

from bot.workbench import cast
from bot.workbench.driver import LocalWorld, Refused
from bot.workbench.driver_teams import chat_id
from bot.workbench.seen import Activity
from tests.bot.workbench.listener import Listener

CARD: dict[str, Any] = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {"type": "TextBlock", "text": "Approve 27.00?"},
        {"type": "FactSet", "facts": [{"title": "For", "value": "Ada"}]},
    ],
    "actions": [
        {
            "type": "Action.Execute",
            "title": "Approve",
            "verb": "approve",
            "data": {"id": "a-1"},
            "fallback": {"type": "Action.Submit", "title": "Approve", "data": {"id": "a-1"}},
        }
    ],
}


class Connector:
    """A bare client of the Bot Connector, with the token that the login gave."""

    def __init__(self, session: aiohttp.ClientSession, base: str, token: str) -> None:
        self._session = session
        self._base = base
        self.token = token

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self._base}/standin/teams/service/v3/conversations{path}"
        async with self._session.request(method, url, json=body, headers=headers) as answer:
            said = await answer.read()
            return answer.status, json.loads(said) if said else None

    async def post(self, chat: str, activity: dict[str, Any], query: str = "") -> tuple[int, Any]:
        body = {"type": "message", **activity}
        return await self.call("POST", f"/{quote(chat, safe='')}/activities{query}", body)


async def login(world: LocalWorld, session: aiohttp.ClientSession, secret: str) -> tuple[int, Any]:
    form = {
        "grant_type": "client_credentials",
        "client_id": world.environment["MICROSOFT_APP_ID"],
        "client_secret": secret,
        "scope": "https://api.botframework.com/.default",
    }
    async with session.post(world.environment["TEAMS_LOGIN_URL"], data=form) as answer:
        return answer.status, await answer.json()


@pytest.fixture
async def connector(world: LocalWorld) -> AsyncIterator[Connector]:
    async with aiohttp.ClientSession() as session:
        _, said = await login(world, session, world.environment["MICROSOFT_APP_PASSWORD"])
        yield Connector(session, world.url, said["access_token"])


def attached(card: dict[str, Any]) -> dict[str, Any]:
    return {"attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]}


async def shown(world: LocalWorld, connector: Connector, chat: str = "approvals") -> Activity:
    await connector.post(chat_id(chat), attached(CARD))
    return await world.teams.wait_for("Approve 27.00?", chat=chat)


# ── identity ──
async def test_an_activity_is_signed_by_a_key_that_the_openid_document_leads_to(
    world: LocalWorld, listener: Listener
) -> None:
    await world.teams.say("ada", "personal", "hello")
    (heard,) = await listener.wait_for(lambda payload: payload.get("type") == "message")
    async with aiohttp.ClientSession() as session:
        document = await (await session.get(world.environment["TEAMS_OPENID_URL"])).json()
        (key,) = (await (await session.get(document["jwks_uri"])).json())["keys"]
    claims = jwt.decode(
        heard.headers["Authorization"].removeprefix("Bearer "),
        jwt.PyJWK(key).key,
        algorithms=["RS256"],
        audience=world.environment["MICROSOFT_APP_ID"],
        issuer=world.environment["TEAMS_ISSUER"],
    )

    assert key["endorsements"] == ["msteams"]
    assert claims["serviceurl"] == heard.payload["serviceUrl"]


async def test_a_wrong_secret_gets_no_token(world: LocalWorld) -> None:
    async with aiohttp.ClientSession() as session:
        assert (await login(world, session, "guess"))[0] == 401


async def test_the_connector_takes_the_logins_token_and_no_other(
    world: LocalWorld, listener: Listener, connector: Connector
) -> None:
    assert (await connector.post(chat_id("orders"), {"text": "hello"}))[0] == 201
    await world.teams.say("ada", "personal", "hello")
    (heard,) = await listener.wait_for(lambda payload: payload.get("type") == "message")
    for other in ("", "nonsense", heard.headers["Authorization"].removeprefix("Bearer ")):
        connector.token = other
        assert (await connector.post(chat_id("orders"), {"text": "forged"}))[0] == 401
    assert [activity.text for activity in world.teams.activities("orders")] == ["hello"]


@pytest.mark.twin
async def test_twin_without_the_connectors_check_a_token_sent_to_the_bot_posts_as_the_bot(
    world: LocalWorld, listener: Listener, connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.bench.tokens, "is_bot", lambda authorization: True)
    connector.token = "nonsense"

    assert (await connector.post(chat_id("orders"), {"text": "forged"}))[0] == 201


# ── words ──
async def test_a_mention_in_a_channel_starts_a_thread_and_is_an_entity(
    world: LocalWorld, listener: Listener
) -> None:
    said = await world.teams.say("ada", "orders", "@Countersign order <b>two</b> colas")

    payload = (await listener.wait_for(lambda heard: heard.get("type") == "message"))[0].payload
    assert payload["conversation"]["id"] == f"{said.conversation};messageid={said.id}"
    assert payload["entities"][0]["mentioned"]["id"] == payload["recipient"]["id"] == cast.TEAMS_BOT
    assert payload["text"] == "<at>Countersign</at> order <b>two</b> colas"
    assert "&lt;b&gt;two&lt;/b&gt;" in payload["attachments"][0]["content"]
    assert payload["from"]["aadObjectId"] == cast.ADA.aad
    assert payload["channelData"]["tenant"]["id"] == cast.TENANT
    reply = await world.teams.say("ada", "orders", "@Countersign three", thread=said)
    again = await listener.wait_for(lambda heard: heard.get("type") == "message", 2)
    assert again[1].payload["conversation"]["id"].endswith(f";messageid={said.id}")
    assert reply.root == said.id


async def test_without_a_mention_a_channel_is_deaf_and_a_personal_chat_is_not(
    world: LocalWorld, listener: Listener
) -> None:
    done = await world.act("teams.say", as_="ada", conversation=chat_id("lunch club"), text="order a cola")
    assert "mentions" in done["note"]
    await world.teams.say("ada", "personal", "order a cola")
    await world.settled()
    assert len(listener.heard) == 1
    assert listener.heard[0].payload["conversation"]["conversationType"] == "personal"


async def test_nobody_is_in_somebody_elses_personal_chat(world: LocalWorld) -> None:
    with pytest.raises(Refused, match="not in that conversation"):
        await world.act("teams.say", as_="omar", conversation=cast.ADA.chat, text="x")


async def test_an_activity_that_was_refused_comes_again(world: LocalWorld, listener: Listener) -> None:
    answers = iter([503, 200])
    listener.answer = lambda heard: web.Response(status=next(answers))
    await world.teams.say("ada", "personal", "hello")
    await world.settled()

    assert len(listener.heard) == 2


# ── the connector ──
async def test_replies_go_into_the_thread_that_the_conversation_names(
    world: LocalWorld, connector: Connector
) -> None:
    said = await world.teams.say("ada", "orders", "@Countersign order")
    await connector.post(f"{said.conversation};messageid={said.id}", {"text": "in the thread"})
    status, answer = await connector.call(
        "POST",
        f"/{quote(said.conversation, safe='')}/activities/{said.id}",
        {"type": "message", "text": "also"},
    )

    assert status == 201
    assert answer["id"].isdigit()
    assert (await world.teams.wait_for("in the thread")).root == said.id
    assert (await world.teams.wait_for("also")).root == said.id


async def test_a_new_thread_and_a_personal_chat_are_made_and_a_group_is_not(
    world: LocalWorld, connector: Connector
) -> None:
    start = {
        "isGroup": True,
        "channelData": {"channel": {"id": chat_id("orders")}},
        "activity": {"type": "message", "text": "a new thread"},
    }
    status, made = await connector.call("POST", "", start)
    assert (status, made["id"]) == (201, f"{chat_id('orders')};messageid={made['activityId']}")
    alone = {"members": [{"id": cast.GRACE.aad}], "tenantId": cast.TENANT}
    assert (await connector.call("POST", "", alone))[1]["id"] == cast.GRACE.chat
    assert (await connector.call("POST", "", alone | {"isGroup": True}))[0] == 400
    assert (await connector.call("POST", "", alone | {"members": [{"id": "29:nobody"}]}))[0] == 403
    assert (await connector.call("POST", "", alone | {"tenantId": "other"}))[0] == 400


@pytest.mark.parametrize(
    ("activity", "status"),
    [
        ({"text": "x" * 60_000}, 413),
        ({"text": ""}, 400),
        ({"type": "banana", "text": "x"}, 400),
        (attached({"type": "NoCard"}), 400),
        ({"attachments": ["x"]}, 400),
    ],
)
async def test_what_teams_would_refuse_is_refused(
    world: LocalWorld, connector: Connector, activity: dict[str, Any], status: int
) -> None:
    answered, body = await connector.post(chat_id("orders"), activity)

    assert answered == status
    assert set(body["error"]) == {"code", "message"}
    assert world.teams.activities("orders") == []


async def test_members_have_addresses_and_strangers_are_not_found(connector: Connector) -> None:
    chat = quote(chat_id("orders"), safe="")
    _, ada = await connector.call("GET", f"/{chat}/members/{quote(cast.ADA.teams, safe='')}")
    assert (ada["email"], ada["userPrincipalName"], ada["aadObjectId"]) == (
        *["ada@example.com"] * 2,
        cast.ADA.aad,
    )
    assert len((await connector.call("GET", f"/{chat}/members"))[1]) == 3
    assert (await connector.call("GET", f"/{chat}/members/29:nobody"))[0] == 404
    assert (await connector.call("GET", "/19:nowhere/members"))[0] == 404


async def test_the_bot_changes_and_deletes_only_what_it_wrote(
    world: LocalWorld, connector: Connector
) -> None:
    card = await shown(world, connector)
    said = await world.teams.say("ada", "approvals", "mine")
    chat = quote(card.conversation, safe="")
    new = {"type": "message", "text": "done"}
    assert (await connector.call("PUT", f"/{chat}/activities/{card.id}", new))[0] == 200
    assert (await world.teams.wait_until(card, "done")).card is None
    assert (await connector.call("PUT", f"/{chat}/activities/{said.id}", new))[0] == 403
    assert (await connector.call("DELETE", f"/{chat}/activities/{said.id}"))[0] == 403
    assert (await connector.call("DELETE", f"/{chat}/activities/{card.id}"))[0] == 200
    assert (await connector.call("DELETE", f"/{chat}/activities/{card.id}"))[0] == 404


async def test_a_targeted_message_is_seen_by_one_and_not_possible_alone(
    world: LocalWorld, connector: Connector
) -> None:
    to = {"text": "psst", "recipient": {"id": cast.OMAR.teams}}
    query = "?isTargetedActivity=true"
    assert (await connector.post(chat_id("orders"), to, query))[0] == 201
    await world.teams.wait_for("psst", who="omar")
    assert world.teams.activities("orders", who="ada") == []
    assert (await connector.post(cast.OMAR.chat, to, query))[0] == 400


async def test_typing_shows_until_the_message(world: LocalWorld, connector: Connector) -> None:
    await connector.post(cast.ADA.chat, {"type": "typing"})
    await world.until(lambda: cast.ADA.chat in world.typing, "typing")
    await connector.post(cast.ADA.chat, {"text": "hello"})
    await world.until(lambda: cast.ADA.chat not in world.typing, "the end of typing")


async def test_throttling_has_a_retry_after(world: LocalWorld, connector: Connector) -> None:
    await world.fault("teams", "429", method="sendActivity", seconds=3)

    assert (await connector.post(chat_id("orders"), {"text": "x"}))[0] == 429
    assert (await connector.post(chat_id("orders"), {"text": "x"}))[0] == 201


# ── cards ──
async def test_a_press_is_an_invoke_and_its_card_is_shown_to_the_presser_until_an_update(
    world: LocalWorld, listener: Listener, connector: Connector
) -> None:
    card = await shown(world, connector)
    answer = CARD | {"body": [{"type": "TextBlock", "text": "You approved."}], "actions": []}
    kind = "application/vnd.microsoft.card.adaptive"
    listener.answer = lambda heard: web.json_response({"statusCode": 200, "type": kind, "value": answer})
    await world.teams.press("grace", card, "Approve", note="fine")

    payload = (await listener.interaction("invoke"))[0].payload
    assert payload["name"] == "adaptiveCard/action"
    assert payload["value"]["action"] == {
        "type": "Action.Execute",
        "verb": "approve",
        "data": {"id": "a-1", "note": "fine"},
    }
    assert (payload["replyToId"], payload["from"]["aadObjectId"]) == (card.id, cast.GRACE.aad)
    now = await world.until(lambda: world.teams.now(card).card_of("grace") == answer, "grace's card") and (
        world.teams.now(card)
    )
    assert now.card_of("omar") == CARD
    await connector.call(
        "PUT",
        f"/{quote(card.conversation, safe='')}/activities/{card.id}",
        {"type": "message"} | attached(CARD),
    )
    await world.until(lambda: world.teams.now(card).card_of("grace") == CARD, "the update for everybody")


async def test_an_answer_in_words_is_a_note_and_an_error_is_told(
    world: LocalWorld, listener: Listener, connector: Connector
) -> None:
    card = await shown(world, connector)
    words = {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Counted."}
    listener.answer = lambda heard: web.json_response(words)
    assert await world.teams.press("grace", card, "approve") == "Counted."
    error = {"statusCode": 403, "type": "application/vnd.microsoft.error", "value": {"message": "Not yours."}}
    listener.answer = lambda heard: web.json_response(error)
    with pytest.raises(Refused, match="Not yours"):
        await world.teams.press("omar", card, "approve")
    listener.answer = lambda heard: web.Response(text="null")
    with pytest.raises(Refused, match="Something went wrong"):
        await world.teams.press("omar", card, "approve")
    listener.answer = lambda heard: web.Response(status=500)
    with pytest.raises(Refused, match="Unable to reach app"):
        await world.teams.press("omar", card, "approve")


async def test_a_submit_is_a_message_with_a_value_and_no_words(
    world: LocalWorld, listener: Listener, connector: Connector
) -> None:
    card = await shown(world, connector)
    await world.teams.press_raw("grace", card, kind="submit", data={"id": "a-1"})

    payload = (await listener.wait_for(lambda heard: "value" in heard))[0].payload
    assert (payload["type"], payload["value"], payload["replyToId"]) == ("message", {"id": "a-1"}, card.id)
    assert "text" not in payload


async def test_an_install_is_told_as_teams_does(world: LocalWorld, listener: Listener) -> None:
    await world.teams.install("grace", "approvals")

    heard = await listener.wait_for(lambda payload: "membersAdded" in payload or "action" in payload, 2)
    kinds = {item.payload["type"] for item in heard}
    assert kinds == {"installationUpdate", "conversationUpdate"}


async def test_ids_of_activities_never_repeat(world: LocalWorld, connector: Connector) -> None:
    answers = await asyncio.gather(*(connector.post(chat_id("orders"), {"text": str(n)}) for n in range(20)))

    assert len({answer["id"] for _, answer in answers}) == 20
