"""Where our token goes, who is believed to be whom, and what Teams' refusals mean."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import pytest

from bot.errors import ConfigurationError, PlatformError
from bot.platforms.teams import connect
from bot.platforms.teams import connector as connector_module
from bot.platforms.teams.client import TeamsClient
from bot.platforms.teams.connector import Connector as RealConnector
from bot.platforms.teams.connector import retry_after
from bot.platforms.teams.hosts import may_be_called
from bot.platforms.teams.people import verified_email
from bot.platforms.teams.tokens import Token, Tokens
from bot.reply import Reply
from bot.turn import Account, Place
from tests.bot.platforms.teams.connector_stand import ACCOUNT, Connector, a_connector, bare_session
from tests.bot.platforms.teams.stand import ADA, CHANNEL, TENANT, Clock, settings

HELLO = Reply("hello")

REFUSALS: list[tuple[int, dict[str, str], Any, dict[str, Any]]] = [
    (429, {"Retry-After": "7"}, {}, {"retryable": True, "retry_after": 7.0}),
    (429, {}, "slow down", {"retryable": True, "retry_after": None}),
    (412, {}, {}, {"retryable": True}),
    (502, {}, "<html>", {"retryable": True}),
    (503, {"Retry-After": "2.5"}, "", {"retryable": True, "retry_after": 2.5}),
    (504, {}, "", {"retryable": True}),
    (500, {}, "", {"retryable": True, "unknown": True}),
    (
        403,
        {},
        {"error": {"code": "Forbidden", "innerHttpError": {"subCode": "MessageWritesBlocked"}}},
        {"gone": True},
    ),
    (403, {}, {"error": {"code": "BotNotInConversationRoster"}}, {"gone": True}),
    (403, {}, {"error": {"code": "MessageWritesBlocked"}}, {"gone": True}),
    (403, {}, {"subCode": "MessageWritesBlocked"}, {"gone": True}),
    (403, {}, ["x"], {"gone": False}),
    (404, {}, {"error": {"code": "ConversationNotFound"}}, {"gone": True}),
    (400, {}, {"error": {"message": "the body you sent was: hello"}}, {"retryable": False, "gone": False}),
    (413, {}, {}, {"retryable": False}),
    (302, {"Location": "https://evil.example/"}, "", {"retryable": False, "unknown": False}),
]


@pytest.mark.parametrize(("status", "headers", "body", "meant"), REFUSALS)
async def test_each_refusal_says_what_can_be_done(
    pair: tuple[Connector, TeamsClient],
    status: int,
    headers: dict[str, str],
    body: Any,
    meant: dict[str, Any],
) -> None:
    teams, client = pair
    teams.answers = [(status, headers, body)]

    with pytest.raises(PlatformError) as caught:
        await client.post(teams.place(), HELLO, marker="")

    expected = {"unknown": False, "gone": False} | meant
    assert {name: getattr(caught.value, name) for name in expected} == expected
    assert "hello" not in str(caught.value)
    assert "token-1" not in str(caught.value)


async def test_an_update_may_always_be_repeated(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair
    teams.answers = [(500, {}, "")]

    with pytest.raises(PlatformError) as caught:
        await client.update(teams.place(), "9", HELLO, marker="")

    assert (caught.value.retryable, caught.value.unknown) == (True, False)


async def test_a_post_that_is_never_answered_may_have_been_carried_out(
    pair: tuple[Connector, TeamsClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    teams, client = pair
    await client.warm()
    monkeypatch.setattr(connector_module, "DEADLINE", 0.2)
    teams.hang = True

    with pytest.raises(PlatformError) as caught:
        await client.post(teams.place(), HELLO, marker="")

    assert len(teams.calls) == 1
    assert (caught.value.retryable, caught.value.unknown) == (True, True)


async def test_a_connection_dropped_after_the_request_may_have_been_carried_out(
    pair: tuple[Connector, TeamsClient],
) -> None:
    teams, client = pair
    teams.drop = True

    with pytest.raises(PlatformError) as caught:
        await client.post(teams.place(), HELLO, marker="")

    assert caught.value.unknown


async def test_nobody_listening_is_tried_again_freely(pair: tuple[Connector, TeamsClient]) -> None:
    _, client = pair
    nobody = Place("teams", TENANT, "a:ada", via="http://127.0.0.1:1/")

    with pytest.raises(PlatformError) as caught:
        await client.post(nobody, HELLO, marker="")

    assert (caught.value.retryable, caught.value.unknown) == (True, False)


async def test_a_success_that_is_no_json_is_still_a_success(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair
    teams.answers = [(200, {}, "<html>"), (202, {}, "")]

    assert (await client.post(teams.place(), HELLO, marker="")).id == ""
    assert (await client.post(teams.place(CHANNEL), HELLO, marker="")).thread is None


EVIL = "https://evil.example/"


@pytest.mark.parametrize(
    "via", [EVIL, "http://smba.trafficmanager.net/", "http://169.254.169.254/", "ftp://127.0.0.1/"]
)
async def test_our_token_goes_to_no_other_host(pair: tuple[Connector, TeamsClient], via: str) -> None:
    teams, client = pair

    with pytest.raises(PlatformError, match="not its own"):
        await client.post(Place("teams", TENANT, "a:ada", via=via), HELLO, marker="")

    assert teams.logins == 0


async def a_token() -> Token:
    return Token("real-secret", time.monotonic() + 3600)


async def test_the_real_token_never_goes_to_this_machine(pair: tuple[Connector, TeamsClient]) -> None:
    teams, _ = pair
    async with bare_session() as session:
        real = RealConnector(session, Tokens(a_token), sandbox=False)
        with pytest.raises(PlatformError):
            await real.call("POST", teams.url, ("v3",), {})

    assert teams.calls == []


@pytest.mark.twin
async def test_without_the_host_list_the_real_token_would_go_anywhere(
    pair: tuple[Connector, TeamsClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    teams, _ = pair
    monkeypatch.setattr(connector_module, "may_be_called", lambda *_, **__: True)
    async with bare_session() as session:
        await RealConnector(session, Tokens(a_token), sandbox=False).call("POST", teams.url, ("v3",), {})

    assert teams.last.authorization == "Bearer real-secret"


@pytest.mark.twin
async def test_without_refusing_redirects_a_call_would_be_led_away(
    pair: tuple[Connector, TeamsClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    teams, _ = pair
    elsewhere = teams.url + "elsewhere"
    async with bare_session() as session:
        teams.answers = [(307, {"Location": elsewhere}, "")]
        with pytest.raises(PlatformError):
            await RealConnector(session, Tokens(a_token), sandbox=True).call("POST", teams.url, ("v3",), {})
        assert not teams.last.path.endswith("elsewhere")

        request = session.request
        monkeypatch.setattr(
            session, "request", lambda *a, **k: request(*a, **(k | {"allow_redirects": True}))
        )
        teams.answers = [(307, {"Location": elsewhere}, "")]
        await RealConnector(session, Tokens(a_token), sandbox=True).call("POST", teams.url, ("v3",), {})

    assert (teams.last.path, teams.last.authorization) == ("/teams/elsewhere", "Bearer real-secret")


async def test_a_message_too_large_for_teams_is_not_sent(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair

    with pytest.raises(PlatformError, match="size"):
        await client.post(teams.place(), Reply("x" * 60_000), marker="")

    assert teams.calls == []


async def test_a_profile_is_what_entra_vouches_for(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair
    teams.members[ADA] = {
        "name": "Ada Reyes",
        "email": "Ada@example.com",
        "userPrincipalName": "ada.r@example.com",
    }

    found = await client.profile(ACCOUNT, teams.place(CHANNEL, "17"))

    assert teams.last.path.endswith(f"/v3/conversations/{CHANNEL}/members/{ADA}")
    assert (found.name, found.email, found.is_guest, found.is_bot) == (
        "Ada Reyes",
        "ada@example.com",
        False,
        False,
    )


async def test_a_guest_has_no_address_that_we_believe(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair
    upn = "ceo_corp.example#EXT#@tenant.onmicrosoft.com"
    teams.members[ADA] = {"name": "Guest", "email": "ceo@corp.example", "userPrincipalName": upn}

    found = await client.profile(ACCOUNT, teams.place())

    assert (found.email, found.is_guest) == ("", True)


async def test_an_answer_that_is_no_person_is_an_error_of_the_platform(
    pair: tuple[Connector, TeamsClient],
) -> None:
    teams, client = pair
    teams.answers = [(200, {}, [])]

    with pytest.raises(PlatformError):
        await client.profile(ACCOUNT, teams.place())


@pytest.mark.parametrize(
    ("mail", "principal", "believed"),
    [
        ("ada@example.com", "ada@example.com", "ada@example.com"),
        ("ceo@victim.example", "eve@evil.example", "eve@evil.example"),
        ("", "ada@example.com", "ada@example.com"),
        ("ada@example.com", "", ""),
        ("ada@example.com", "not-an-address", ""),
        ("a@b@example.com", "ada@example.com", "ada@example.com"),
    ],
)
def test_a_mail_attribute_is_believed_only_within_the_tenants_own_domain(
    mail: str, principal: str, believed: str
) -> None:
    assert verified_email(mail, principal) == believed


@pytest.mark.twin
async def test_without_comparing_domains_one_could_pay_with_the_ceos_card(
    pair: tuple[Connector, TeamsClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.platforms.teams import people

    teams, client = pair
    teams.members[ADA] = {
        "name": "Eve",
        "email": "ceo@victim.example",
        "userPrincipalName": "eve@evil.example",
    }
    monkeypatch.setattr(people, "_domain", lambda _: "same")

    assert (await client.profile(ACCOUNT, teams.place())).email == "ceo@victim.example"


async def test_a_mention_carries_the_persons_name(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair
    teams.members[ADA] = {"name": "Ada Reyes", "userPrincipalName": "ada@example.com"}

    for _ in range(2):
        await client.post(teams.place(CHANNEL, "17"), Reply("Please decide.", mentions=(ADA,)), marker="")

    entity = teams.last.body["attachments"][0]["content"]["msteams"]["entities"][0]
    assert entity == {
        "type": "mention",
        "text": "<at>Ada Reyes</at>",
        "mentioned": {"id": ADA, "name": "Ada Reyes"},
    }
    assert len(teams.calls) == 3


async def test_the_playground_is_answered_without_a_token() -> None:
    async with a_connector(microsoft_app_id="", teams_login_url="", teams_anonymous=True) as (teams, client):
        await client.post(teams.place(), HELLO, marker="")
        assert teams.last.authorization == ""

        with pytest.raises(PlatformError, match="MICROSOFT_APP_ID"):
            await client.post(
                Place("teams", TENANT, "a", via="https://smba.trafficmanager.net/"), HELLO, marker=""
            )


async def test_a_login_address_elsewhere_is_refused() -> None:
    async with bare_session() as session:
        with pytest.raises(ConfigurationError, match="TEAMS_LOGIN_URL"):
            connect(settings(teams_login_url="https://evil.example/login"), session)


@pytest.mark.parametrize(
    "answer", [{"error": "invalid_client", "error_description": "secret xyz"}, {"x": 1}, [1]]
)
async def test_a_refused_login_says_so_without_details(
    pair: tuple[Connector, TeamsClient], answer: Any
) -> None:
    teams, client = pair
    teams.login_answer = answer

    with pytest.raises(PlatformError, match="access token") as caught:
        await client.post(teams.place(), HELLO, marker="")

    assert "xyz" not in str(caught.value)


async def test_a_token_is_renewed_early_and_an_old_one_bridges_a_failure() -> None:
    clock = Clock()
    made: list[Token] = []

    async def fetch() -> Token:
        if len(made) == 1:
            made.append(made[0])
            raise PlatformError("Teams", "is away")
        made.append(Token(f"t{len(made)}", clock.now + 3600))
        return made[-1]

    tokens = Tokens(fetch, clock=clock)
    assert await tokens.get() == "t0"
    clock.now += 3000
    assert await tokens.get() == "t0"
    clock.now += 400
    assert await tokens.get() == "t0"  # asked, failed, still good
    assert await tokens.get() == "t2"
    assert "t2" not in repr(made[-1])


def test_retry_after_is_read_in_both_forms_and_bounded() -> None:
    assert retry_after({"retry-after": "3"}) == 3.0
    assert retry_after({"Retry-After": "999999"}) == 3600.0
    assert retry_after({"Retry-After": "-5"}) == 0.0
    assert retry_after({"Retry-After": "nan"}) is None
    assert retry_after({"Retry-After": "soon"}) is None
    assert retry_after({}) is None
    in_a_minute = retry_after({"Retry-After": formatdate(time.time() + 60, usegmt=True)})
    assert in_a_minute is not None
    assert 50 < in_a_minute <= 60


def test_the_connectors_own_hosts_may_be_called() -> None:
    for url in (
        "https://smba.trafficmanager.net/emea/",
        "https://europe.webchat.botframework.com/",
        "https://smba.infra.gov.teams.microsoft.us/teams",
    ):
        assert may_be_called(url)
    assert not may_be_called("https://botframework.com.evil.example/")
    assert not may_be_called("http://127.0.0.1:1/")


async def test_a_bot_is_known_as_one(pair: tuple[Connector, TeamsClient]) -> None:
    teams, client = pair
    teams.members["28:bot"] = {"name": "Bot"}

    assert (await client.profile(Account("teams", TENANT, "28:bot"), teams.place())).is_bot
